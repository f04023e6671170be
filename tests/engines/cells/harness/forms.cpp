// The forms of a network on some cells, and the signs that boxes tell; with the instructions that avx2.cpp has, if there are
// any.
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#define POLYRELU_AVX2
#endif
#include "forms.h"

namespace polyrelu {

// Whether this machine has them.
EXPORTED(runs)(i64 *does) {
    *does = 1;
#if defined(POLYRELU_AVX2)
    *does = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
}

// A network whose every layer has as many coordinates as it has inputs, but for the first, which has dim - 1 of them.
struct Square {
    Array<double> weights, biases;
    Array<i64> weight_start, coord_start;
    Problem<double> P;

    Square(i64 dim, i64 layers, i64 width, const double *weight_error, const u8 *relu, const i32 *site_of, const u8 *on_grid) {
        const std::size_t own = std::size_t(width), count = std::size_t(layers);
        const std::size_t sizes = own * (std::size_t(dim) - 1) + (count - 1) * own * own;
        weights.room(sizes);
        biases.room(count * own);
        weight_start.room(count + 1);
        coord_start.room(count + 1);
        for (std::size_t l = 0; l <= count; l++) {
            weight_start[l] = l == 0 ? 0 : i64(own * (std::size_t(dim) - 1) + (l - 1) * own * own);
            coord_start[l] = i64(l * own);
        }
        P.dim = int(dim);
        P.target_layer = int(layers);
        P.weights = {weights.data(), sizes};
        P.weight_start = {weight_start.data(), count + 1};
        P.biases = {biases.data(), count * own};
        P.coord_start = {coord_start.data(), count + 1};
        P.weight_error = {weight_error, count};
        P.relu = {relu, count * own};
        P.site_of = {site_of, count * own};
        P.on_grid = {on_grid, count};
    }
};

// Enters all layers on one cell after the other, each with weights and biases of its own, and writes the forms' rows.
EXPORTED(entered)(i64 dim, i64 layers, i64 width, const double *weight_error, const u8 *relu, const i32 *site_of,
                  const u8 *on_grid, i64 cells, i64 sites, const double *weights, const double *biases, const u8 *signs,
                  double *rows) {
    Square own(dim, layers, width, weight_error, relu, site_of, on_grid);
    Forms<double> F(own.P);
    for (i64 cell = 0; cell < cells; cell++, weights += own.P.weights.length, biases += own.P.biases.length) {
        std::memcpy(own.weights.data(), weights, own.P.weights.length * sizeof(double));
        std::memcpy(own.biases.data(), biases, own.P.biases.length * sizeof(double));
        for (int layer = 0; layer < int(layers); layer++) F.enter(layer, signs + cell * sites, int(dim));
        for (i64 c = 0; c < layers * width; c++, rows += dim + 2) F.write(c, rows, int(dim));
    }
}

// Has a box tell signs of the first layer, whose weights may be off by so much of their sums; writes them, the coordinates
// that it leaves open, how many these are, and how many signs it told.
EXPORTED(told)(i64 dim, i64 width, double weight_error, const u8 *relu, const i32 *site_of, const double *weights,
               const double *biases, const double *low, const double *high, double r, u8 *signs, i32 *open, i64 *counts,
               double *middle, double *bound) {
    const u8 zero = 0;
    Square own(dim, 1, width, &weight_error, relu, site_of, &zero);
    std::memcpy(own.weights.data(), weights, own.P.weights.length * sizeof(double));
    std::memcpy(own.biases.data(), biases, own.P.biases.length * sizeof(double));
    Forms<double> F(own.P);
    F.enter(0, signs, int(dim));
    counts[1] = F.decide_by_box(0, low, high, r, signs, int(dim));
    counts[0] = F.crossing_count(0);
    std::memcpy(open, F.crossing(0), std::size_t(counts[0]) * sizeof(i32));
    for (int i = 0; i < int(width); i++) middle[i] = F.middle(i), bound[i] = F.bound(i);
}

// The signs of n times eight forms, and the bits of as many numbers at which masks have ones.
EXPORTED(eight)(i64 n, const double *v, const double *h, u64 *signs) {
    for (i64 k = 0; k < n; k++) signs[k] = eight_signs_in_box(v + 8 * k, h + 8 * k);
}
EXPORTED(packed)(i64 n, const u64 *x, const u64 *masks, u64 *bits) {
    for (i64 k = 0; k < n; k++) bits[k] = compressed(x[k], masks[k]);
}

} // namespace polyrelu
