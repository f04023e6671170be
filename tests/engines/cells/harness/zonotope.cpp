// The steps of a zonotope around the image of a box, or of a cell, one after the other.
#include "halving.h"

namespace polyrelu {

// What is known after a step: entries, a column after the other, errors, and after these sums; of coordinates that vanish
// zeros.
static void write(const Zonotope<double> &Z, const u8 *vanishes, i64 n, i64 most, i64 widest, double *entries, double *errors) {
    for (i64 i = 0; i < n; i++) {
        errors[i] = vanishes != nullptr && vanishes[i] ? 0.0 : Z.error(int(i));
        errors[widest + i] = vanishes != nullptr && vanishes[i] ? 0.0 : Z.sum(int(i));
        for (int k = 0; k < Z.columns() && k < most; k++)
            entries[k * widest + i] = vanishes != nullptr && vanishes[i] ? 0.0 : Z.entry(k, int(i));
    }
}

struct Columns {
    i64 inputs, layers;
    const i64 *coord_start, *weight_start;
    const double *weights, *biases;
    const u8 *relu;
    i64 most, widest;
    double *entries, *errors, *least, *largest, *slopes, *offsets;
    i64 *done;
    i64 rows;
    const double *row_weights, *row_biases;
    const u8 *equality;
    double *row_entries, *row_errors, *found;
    u8 *misses;

    Problem<double> problem() const {
        Problem<double> P;
        P.dim = int(inputs) + 1;
        P.weights = {weights, std::size_t(weight_start[layers])};
        P.weight_start = {weight_start, std::size_t(layers) + 1};
        P.biases = {biases, std::size_t(coord_start[layers])};
        P.coord_start = {coord_start, std::size_t(layers) + 1};
        P.relu = {relu, std::size_t(coord_start[layers])};
        P.target_layer = int(layers);
        return P;
    }
    Conditions<double> conditions() const { return {row_weights, row_biases, equality, int(rows)}; }

    // Writes the latest step, of coordinates that do not vanish.
    void write_step(const Zonotope<double> &Z, const u8 *vanishes, i64 n) const {
        write(Z, vanishes, n, most, widest, entries + *done * most * widest, errors + 2 * *done * widest);
        ++*done;
    }

    // The steps from what enters layer `first` on; whether all were made.
    bool write_from(Zonotope<double> &Z, int first) const {
        Array<u8> vanishes(std::size_t(widest) + 1);
        for (int l = first; l < int(layers); l++) {
            const i64 start = coord_start[l], n = coord_start[l + 1] - start;
            if (l > first && !Z.enter(l)) return false;
            write_step(Z, nullptr, n);
            Z.bend(l);
            for (i64 i = 0; i < n; i++) {
                least[start + i] = Z.low(start + i), largest[start + i] = Z.high(start + i);
                slopes[start + i] = Z.slope(start + i), offsets[start + i] = Z.offset(start + i);
                vanishes[std::size_t(i)] = !(slopes[start + i] > 0.0 || offsets[start + i] > 0.0);
            }
            write_step(Z, vanishes.data(), n);
        }
        return true;
    }

    // What is found of the rows: factors, least and greatest values, spread(), how many neurons may switch; and on a box that
    // is not seen to miss them the input to halve, and the corner that is tried.
    void judge(const Problem<double> &P, Zonotope<double> &Z, const double *low, const double *high) const {
        Combination<double> C(P, Z);
        if (rows == 0 || !C.enclose(conditions())) return;
        write(Z, nullptr, rows, most, widest, row_entries, row_errors);
        double *next = found + rows;
        for (int r = 0; r < int(rows); r++) next[r] = C.row_low(r), next[rows + r] = C.row_high(r);
        next += 2 * rows;
        *next++ = Z.spread(), *next++ = Z.crossing();
        *misses = C.misses(equality);
        bool alone = false; // whether a row is positive by itself; then there is no combination
        for (i64 r = 0; r < rows; r++) alone |= C.row_low(int(r)) > 0.0;
        for (i64 r = 0; r < rows; r++) found[r] = alone ? 0.0 : C.factor(int(r));
        ++*done;
        if (low == nullptr || *misses) return;
        Halving<double> H(P, Z, C);
        H.corner(low, high, next + 1);
        *next = H.best(conditions());
    }
};

// The steps of enclose(): the inputs, and of each layer what enters and leaves its neurons. `done` is how many were made.
EXPORTED(steps)(i64 inputs, i64 layers, const i64 *coord_start, const i64 *weight_start, const double *weights,
                const double *biases, const u8 *relu, i64 most, i64 widest, double *entries, double *errors, double *least,
                double *largest, double *slopes, double *offsets, i64 *done, i64 rows, const double *row_weights,
                const double *row_biases, const u8 *equality, double *row_entries, double *row_errors, double *found,
                u8 *misses, const double *low, const double *high) {
    const Columns own{inputs, layers, coord_start, weight_start, weights, biases, relu, most, widest, entries, errors, least,
                      largest, slopes, offsets, done, rows, row_weights, row_biases, equality, row_entries, row_errors,
                      found, misses};
    const Problem<double> P = own.problem();
    Zonotope<double> Z(P);
    Z.begin(low, high);
    *done = 0;
    own.write_step(Z, nullptr, inputs);
    if (Z.enter(0) && own.write_from(Z, 0)) own.judge(P, Z, low, high);
}

// The same from what enters the first layer on a cell of m generators; and the rows by the zonotope alone.
EXPORTED(cell_steps)(i64 inputs, i64 layers, const i64 *coord_start, const i64 *weight_start, const double *weights,
                     const double *biases, const u8 *relu, i64 most, i64 widest, double *entries, double *errors,
                     double *least, double *largest, double *slopes, double *offsets, i64 *done, i64 rows,
                     const double *row_weights, const double *row_biases, const u8 *equality, double *row_entries,
                     double *row_errors, double *found, u8 *misses, i64 m, const double *generators, double *row_low,
                     double *row_high) {
    const Columns own{inputs, layers, coord_start, weight_start, weights, biases, relu, most, widest, entries, errors, least,
                      largest, slopes, offsets, done, rows, row_weights, row_biases, equality, row_entries, row_errors,
                      found, misses};
    const std::size_t coords = std::size_t(coord_start[layers]);
    Array<double> roundoff(std::size_t(layers) + 1);
    Array<i32> sites(coords + 1);
    Array<u8> flags(coords + 1);
    roundoff.filled(std::size_t(layers), ROUNDOFF), sites.filled(coords, -1), flags.filled(coords, 0);
    Problem<double> P = own.problem();
    P.target_layer = int(layers) - 1;
    P.weight_error = {roundoff.data(), std::size_t(layers)};
    P.site_of = {sites.data(), coords};
    P.equality = {flags.data(), coords};
    Forms<double> F(P);
    Reach<double> reach(P);
    Zonotope<double> Z(P);
    const auto at = [&](int k) { return generators + i64(k) * (inputs + 2); };
    F.enter(0, nullptr, P.dim);
    *done = 0;
    const auto begin = [&] {
        return reach.aim(F, 0, int(m), at, P.dim) != Aim::UNKNOWN && Z.begin(F, 0, int(m), at, &reach.low(0), &reach.high(0));
    };
    if (!begin() || !own.write_from(Z, 0)) return;
    anything(int(rows), row_low, row_high);
    Z.follow(row_weights, row_biases, int(rows), row_low, row_high);
    begin();
    for (int l = 0; l < int(layers); l++) {
        Z.bend(l);
        if (l + 1 < int(layers)) Z.enter(l + 1);
    }
    own.judge(P, Z, nullptr, nullptr);
}

} // namespace polyrelu
