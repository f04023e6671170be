// How many roundings lie on the paths to what the kernel computes, beside the indices that its bounds have for them.
//
// A row of a table is an index of gamma or raised in the code, and how much is needed there.
#include "counting.h"

namespace polyrelu {

// Numbers that are given, no power of two among them.
template <class C> C given(int i) { return {0.3 / (1 + i % 7) * (i % 3 ? 1 : -1), 0, 0}; }
template <class C> C small(double f) { return {f * 0.7, 0, 0}; }

class Table {
  public:
    explicit Table(i64 *to) : to_(to) {}
    void row(i64 index, i64 needed) { *to_++ = index, *to_++ = needed; }
    // Of a bound that is raised, with whatever else is raised on its way.
    template <class C> void bound(C result) {
        row(raises().back().k, raises().back().needed + result.count);
        raises().clear();
    }

  private:
    i64 *to_;
};

EXPORTED(double, of_bounds)(int dim, i64 *to) {
    Table table(to);
    Array<Counting> c{std::size_t(dim)}, g{std::size_t(dim)};
    for (int j = 0; j < dim; j++) c[std::size_t(j)] = given<Counting>(j), g[std::size_t(j)] = given<Counting>(j + 3);
    using B = CountingBounds;
    raises().clear();
    const Counting s = given<Counting>(1), e = small<Counting>(1e-9), r = small<Counting>(1e-8);
    table.row(dim, value(c.data(), g.data(), dim).count);
    table.bound(sign_bound(s, e, r, dim));
    table.bound(inner_bound(s, e, Counting{3.3, 0, 0}, dim));
    Array<B> form{std::size_t(dim) + 2}, up{std::size_t(dim)}, down{std::size_t(dim)}, made{std::size_t(dim)};
    for (int j = 0; j < dim; j++) {
        form[std::size_t(j)] = given<B>(j);
        up[std::size_t(j)] = given<B>(j);
        down[std::size_t(j)] = B{-up[std::size_t(j)].f * (0.83 + 0.01 * j), 0, 0};
    }
    form[std::size_t(dim)] = B{1.1, 0, 0}, form[std::size_t(dim) + 1] = small<B>(1e-12);
    table.bound(meet(form.data(), up.data(), small<B>(1e-12), down.data(), small<B>(1e-12), made.data(), dim));
    return 0.0;
}

template <class C> struct Columns {
    Array<C> weights, biases, errors;
    i64 weight_start[3], coord_start[3];
    Array<u8> relu, signs, flags, on_grid;
    Array<i32> site_of, coord_of;
    Problem<C> P;

    // Two layers of `width` and two coordinates on dim - 1 inputs, all of them active.
    Columns(int dim, int width) {
        const std::size_t inputs = std::size_t(dim) - 1, own = std::size_t(width), count = inputs * own + own * 2;
        weights.room(count);
        biases.room(own + 2);
        for (std::size_t k = 0; k < count; k++) weights[k] = given<C>(int(k));
        for (std::size_t k = 0; k < own + 2; k++) biases[k] = given<C>(int(k));
        errors.filled(2, C{0.7 * ROUNDOFF, 0, 0});
        weight_start[0] = 0, weight_start[1] = i64(inputs * own), weight_start[2] = i64(count);
        coord_start[0] = 0, coord_start[1] = width, coord_start[2] = width + 2;
        relu.filled(own + 2, 1);
        signs.filled(own + 2, ON);
        flags.filled(own + 2, 0);
        on_grid.filled(2, 0);
        site_of.room(own + 2);
        for (std::size_t k = 0; k < own + 2; k++) site_of[k] = i32(k);
        P.dim = dim;
        P.target_layer = 1;
        P.neurons = width;
        P.weights = {weights.data(), count};
        P.weight_start = {weight_start, 3};
        P.biases = {biases.data(), own + 2};
        P.coord_start = {coord_start, 3};
        P.weight_error = {errors.data(), 2};
        P.relu = {relu.data(), own + 2};
        P.site_of = {site_of.data(), own + 2};
        P.coord_of = {site_of.data(), own + 2};
        P.equality = {flags.data(), own + 2};
        P.on_grid = {on_grid.data(), 2};
    }
};

EXPORTED(double, of_forms)(int dim, int width, i64 *to) {
    Table table(to);
    Columns<Counting> columns(dim, width);
    Forms<Counting> F(columns.P);
    raises().clear();
    F.enter(0, columns.signs.data(), dim);
    table.row(raises()[0].k, raises()[0].needed + F.sum(0).count);
    // Layer 1's errors are made of those of layer 0, with whatever these have left over counted in.
    const int before = larger(F.sum(0).count, F.error(0).count);
    raises().clear();
    F.enter(1, columns.signs.data(), dim);
    int entries = 0;
    for (int j = 0; j < dim; j++) entries = larger(entries, F.row(j)[width].count);
    table.row(width + 3, entries + 1); // one more for weights that were rounded
    int most = 0;
    for (const Raise &raise : raises())
        if (raise.k == 2 * width + 12) most = larger(most, raise.needed);
    table.row(2 * width + 12, most - before + F.error(width).count);
    most = 0;
    for (const Raise &raise : raises())
        if (raise.k == dim) most = larger(most, raise.needed);
    table.row(dim, most - entries + F.sum(width).count); // of entries as they are
    raises().clear();
    Array<Counting> low{std::size_t(dim)}, high{std::size_t(dim)};
    for (int j = 0; j < dim; j++) low[std::size_t(j)] = given<Counting>(j), high[std::size_t(j)] = given<Counting>(j + 1);
    // Signs that are known already are not written.
    F.decide_by_box(0, low.data(), high.data(), small<Counting>(1e-9), columns.signs.data(), dim);
    table.row(dim, F.middle(0).count - 1); // the centre is given, as it is computed
    int needed = 0;
    for (const Raise &raise : raises()) needed = larger(needed, raise.needed);
    table.row(raises().back().k, needed - before + F.bound(0).count);
    return 0.0;
}

EXPORTED(double, of_reach)(int dim, int width, i64 *to) {
    Table table(to);
    Columns<Counting> columns(dim, width);
    Forms<Counting> F(columns.P);
    Reach<Counting> reach(columns.P);
    F.enter(0, columns.signs.data(), dim);
    Array<Counting> g{std::size_t(dim) + 1};
    for (int j = 0; j <= dim; j++) g[std::size_t(j)] = j == dim ? small<Counting>(1e-9) : Counting{0.6, 0, 0};
    raises().clear();
    reach.misses_target(F, 0, 1, [&](int) { return g.data(); }, dim);
    const int before = larger(F.sum(0).count, F.error(0).count);
    table.row(raises()[0].k, raises()[0].needed - before);
    // Sums of products: weights may be rounded, and what is subtracted is computed.
    table.row(width + 8, reach.low(width).count - reach.low(0).count + 1);
    return 0.0;
}

// One system, with R as given: what elimination rounds is measured, not bounded.
template <> bool Solver<CountingBounds>::invert(int p, int dim) {
    const int d = dim - 1;
    for (int k = 0; k < d; k++)
        for (int j = 0; j < d; j++) {
            M(k, j, d) = row(k, dim)[j < p ? j : j + 1];
            R(k, j, d) = {k == j ? 1.0 / M(k, j, d).f : 1e-20, 0, 0};
        }
    return true;
}

EXPORTED(double, of_solving)(int dim, i64 *to) {
    using B = CountingBounds;
    Table table(to);
    Solver<B> solver;
    solver.room(64, dim);
    Array<B> g{std::size_t(dim)};
    for (int j = 0; j < dim; j++) g[std::size_t(j)] = j ? B{1e-11, 0, 0} : B{1.0 - ROUNDOFF, 0, 0};
    for (int k = 0; k < dim - 1; k++) {
        B *row = solver.row(k, dim);
        for (int j = 0; j < dim; j++) row[j] = j == k + 1 ? B{0.7, 0, 0} : B{1e-15, 0, 0};
        row[dim] = B{0.71, 0, 0}, row[dim + 1] = small<B>(1e-18);
    }
    raises().clear();
    const B r = solver.solve(g.data(), dim - 1, dim);
    int alpha = 0, whole = 0;
    for (const Raise &raise : raises()) {
        if (raise.k == 2 * (dim - 1) + 8) alpha = larger(alpha, raise.needed);
        if (raise.k == 2 * dim + 12) whole = larger(whole, raise.needed);
    }
    table.row(2 * (dim - 1) + 8, alpha);
    table.row(2 * dim + 12, whole + 2); // one minus alpha, and the quotient
    table.row(raises().back().k, raises().back().needed - 2 + r.count); // of that quotient, as it is
    return 0.0;
}

} // namespace polyrelu
