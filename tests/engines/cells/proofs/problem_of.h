// The kernel's problem behind a network of functions.h, with numbers of any type.
#pragma once

#include "functions.h"
#include "problem.h"

namespace polyrelu {

template <class T> Problem<T> problem_of(const Network &network, const T *weights, const T *biases, const T *errors) {
    Problem<T> P;
    const std::size_t coords = std::size_t(network.coords), layers = std::size_t(network.layers);
    P.dim = network.dim;
    P.neurons = network.sites;
    P.target_layer = network.target_layer;
    P.weights = {weights, std::size_t(network.weight_start[layers])};
    P.weight_start = {reinterpret_cast<const i64 *>(network.weight_start), layers + 1};
    P.biases = {biases, coords};
    P.coord_start = {reinterpret_cast<const i64 *>(network.coord_start), layers + 1};
    P.weight_error = {errors, layers};
    P.relu = {network.relu, coords};
    P.site_of = {network.site_of, coords};
    P.coord_of = {network.coord_of, std::size_t(network.sites)};
    P.equality = {network.equality, coords};
    P.on_grid = {network.on_grid, layers};
    return P;
}

} // namespace polyrelu
