// Bounds by intervals, and what they say of a cell.
#include "reach.h"

namespace polyrelu {

// by_intervals(); `told` is whether they tell something.
EXPORTED(intervals)(i64 n, i64 width, const double *W, const double *b, const double *low, const double *high,
                    const u8 *relu, double *own_low, double *own_high, double *size, i64 *told) {
    *told = by_intervals(W, b, int(n), int(width), low, high, relu, own_low, own_high, size);
}

// Of a cell of m generators on which the layers up to `depth` have the given signs, whether its middle seems to be mapped
// into the target, what bounds say, and what these are.
EXPORTED(cell)(i64 inputs, i64 layers, const i64 *coord_start, const i64 *weight_start, const double *weights,
               const double *biases, const u8 *relu, const u8 *equality, const u8 *signs, i64 depth, i64 m,
               const double *generators, double *low, double *high, i64 *told) {
    const std::size_t coords = std::size_t(coord_start[layers]);
    Array<double> errors(std::size_t(layers) + 1);
    errors.filled(std::size_t(layers), 0.0);
    Array<i32> sites(coords + 1);
    i32 count = 0;
    for (std::size_t c = 0; c < coords; c++) sites[c] = relu[c] ? count++ : -1;
    Problem<double> P;
    P.dim = int(inputs) + 1;
    P.target_layer = int(layers) - 1;
    P.weights = {weights, std::size_t(weight_start[layers])};
    P.weight_start = {weight_start, std::size_t(layers) + 1};
    P.biases = {biases, coords};
    P.coord_start = {coord_start, std::size_t(layers) + 1};
    P.relu = {relu, coords};
    P.weight_error = {errors.data(), std::size_t(layers)};
    P.site_of = {sites.data(), coords};
    P.equality = {equality, coords};
    Array<u8> grid(std::size_t(layers) + 1);
    grid.filled(std::size_t(layers) + 1, 0);
    P.on_grid = {grid.data(), std::size_t(layers)};
    Forms<double> F(P);
    Reach<double> reach(P);
    for (int l = 0; l <= int(depth); l++) F.enter(l, signs, P.dim);
    const auto at = [&](int k) { return generators + i64(k) * (inputs + 2); };
    told[0] = reach.seems_to_hit(F, int(depth), int(m), at, P.dim);
    told[1] = i64(reach.aim(F, int(depth), int(m), at, P.dim));
    for (std::size_t c = std::size_t(coord_start[depth]); c < coords; c++)
        low[c] = reach.low(i64(c)), high[c] = reach.high(i64(c));
}

} // namespace polyrelu
