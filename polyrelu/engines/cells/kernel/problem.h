// A network, its target and the facets of its domain, as arrays.
//
// Layers are numbered from 0, the target's rows are one more layer at the end. A *site* is a form that cells are cut
// with: the ReLU neurons of all layers in their order, then the target's rows. Facets are numbered: those of the domain,
// then the sites; -1 is the facet t = 0, at infinity, and NO_FACET a bit that is not in use.
//
// Scaling. The network's coordinates are measured in powers of two (polyrelu/engines/cells/problem.py), which changes no
// sign: relu(2^k z) = 2^k relu(z). They are chosen so that in every row of a layer sum_k |w_ik| + |b_i| <= 1. By
// induction over the layers every form then has sum_j |c_j| <= 1, on every cell, and every product and sum of what
// follows is of numbers of modulus at most d + 3 unless it says otherwise. A weight that this makes subnormal loses
// digits, at most 2^-1075 in absolute terms.
#pragma once

#include "numbers.h"

namespace polyrelu {

template <class Value> struct View {
    const Value *start = nullptr;
    std::size_t length = 0;
    const Value &operator[](std::size_t i) const { return start[i]; }
};

// What is known of a site's sign on a cell. SILENT says that its form vanishes there identically, which by convention
// is off; it matters to its twin, which then vanishes, too. UNTOLD is off, but nobody told whether it is silent.
constexpr u8 OFF = 0, ON = 1, UNDECIDED = 2, SILENT = 4, UNTOLD = 8;

// The same for those who ask: 0, 1 or UNDECIDED.
POLYRELU_INLINE u8 shown(u8 sign) { return sign == SILENT || sign == UNTOLD ? OFF : sign; }

constexpr i32 AT_INFINITY = -1, NO_FACET = -2;

// Two neurons of a layer whose rows are equal or opposite, up to a positive factor: `site` repeats `partner`, which
// comes before it.
struct Twin {
    i32 site, partner, opposite;
};

template <class T> struct Problem {
    int dim = 0;          // d + 1
    i32 neurons = 0;      // how many of the sites are neurons; they come first
    int target_layer = 0; // the target's, which is the number of layers where there is no target

    View<T> weights;           // all layers' transposed weights: layer l is (inputs, outputs) from weight_start[l] on
    View<i64> weight_start;    // a place for each layer
    View<T> biases;            // layer l has coord_start[l] to coord_start[l + 1]
    View<i64> coord_start;     // layers + 1
    View<T> weight_error;      // relative error of a layer's weights: 0 when the floats are the numbers, else u
    View<u8> relu;             // for each coordinate whether it passes through a ReLU, laid out as the biases are
    View<i32> site_of;         // for each coordinate its site, or -1
    View<i32> coord_of;        // for each site its coordinate
    View<u8> equality;         // for each coordinate whether it is a target row that demands equality
    View<u8> strict;           // for each coordinate whether it is a target row that demands less than zero
    View<T> domain_forms;      // (facets, d + 1)
    View<T> domain_sums;       // their s
    View<T> domain_errors;     // their e
    View<u8> on_grid;          // for each layer whether its forms are exact, and multiples of 2^-53, on every cell
    View<u8> without_bias;     // for each layer whether the last entry of its forms is exactly zero on every cell
    View<Twin> twins;          // in the order of their sites
    View<i64> twin_start;      // layer l has twins[twin_start[l]] to twins[twin_start[l + 1]]; layers + 1

    int layers() const { return int(coord_start.length) - 1; }
    // How many layers a cell goes through: those after the last one that has a site cut nothing.
    int layers_with_sites() const {
        int layer = sites() > 0 ? layers() : 0;
        while (layer > 0 && coord_start[std::size_t(layer) - 1] > coord_of[std::size_t(sites() - 1)]) layer--;
        return layer;
    }
    i32 sites() const { return i32(coord_of.length); }
    i32 domain_facets() const { return i32(domain_sums.length); }
    i32 coords() const { return i32(biases.length); }
    int bytes() const { return (neurons + 7) / 8; }
    bool has_target() const { return target_layer < layers(); }
};

} // namespace polyrelu
