// The steps of a zonotope around the image of a box, one after the other.
#include "zonotope.h"

namespace polyrelu {

// What is known after a step: entries, a column after the other, and errors; of coordinates that vanish zeros.
static void write(const Zonotope<double> &Z, const u8 *vanishes, i64 n, i64 most, i64 widest, double *entries, double *errors) {
    for (i64 i = 0; i < n; i++) {
        errors[i] = vanishes != nullptr && vanishes[i] ? 0.0 : Z.error(int(i));
        for (int k = 0; k < Z.columns() && k < most; k++)
            entries[k * widest + i] = vanishes != nullptr && vanishes[i] ? 0.0 : Z.entry(k, int(i));
    }
}

// The steps of enclose(): the inputs, and of each layer what enters and leaves its neurons. `done` is how many were made.
EXPORTED(steps)(i64 inputs, i64 layers, const i64 *coord_start, const i64 *weight_start, const double *weights,
                const double *biases, const u8 *relu, const double *low, const double *high, i64 most, i64 widest,
                double *entries, double *errors, double *least, double *largest, double *slopes, double *offsets, i64 *done,
                i64 rows, const double *row_weights, const double *row_biases, const u8 *equality, double *row_entries,
                double *row_errors, double *factors, u8 *misses) {
    Problem<double> P;
    P.dim = int(inputs) + 1;
    P.weights = {weights, std::size_t(weight_start[layers])};
    P.weight_start = {weight_start, std::size_t(layers) + 1};
    P.biases = {biases, std::size_t(coord_start[layers])};
    P.coord_start = {coord_start, std::size_t(layers) + 1};
    P.relu = {relu, std::size_t(coord_start[layers])};
    P.target_layer = int(layers);
    Zonotope<double> Z(P);
    Array<u8> vanishes(std::size_t(widest) + 1);
    const i64 size = most * widest;
    Z.begin(low, high);
    write(Z, nullptr, inputs, most, widest, entries, errors);
    *done = 1;
    for (int l = 0; l < int(layers); l++) {
        const i64 first = coord_start[l], n = coord_start[l + 1] - first;
        if (!Z.enter(l)) return;
        write(Z, nullptr, n, most, widest, entries + *done * size, errors + *done * widest);
        ++*done;
        Z.bend(l);
        for (i64 i = 0; i < n; i++) {
            const std::size_t at = std::size_t(i);
            least[first + i] = Z.low(first + i), largest[first + i] = Z.high(first + i);
            slopes[first + i] = Z.slope(first + i), offsets[first + i] = Z.offset(first + i);
            vanishes[at] = !(slopes[first + i] > 0.0 || offsets[first + i] > 0.0);
        }
        write(Z, vanishes.data(), n, most, widest, entries + *done * size, errors + *done * widest);
        ++*done;
    }
    const Conditions<double> asked{row_weights, row_biases, equality, int(rows)};
    if (rows == 0 || !Z.enclose(asked)) return;
    write(Z, nullptr, rows, most, widest, row_entries, row_errors);
    *misses = Z.misses(asked);
    bool alone = false; // whether a row is positive by itself; then there is no combination
    for (i64 r = 0; r < rows; r++) alone |= Z.row_low(int(r)) > 0.0;
    for (i64 r = 0; r < rows; r++) factors[r] = alone ? 0.0 : Z.factor(int(r));
    ++*done;
}

} // namespace polyrelu
