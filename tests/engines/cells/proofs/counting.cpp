// How many roundings lie on the paths to what the kernel computes, beside the indices that its bounds have for them.
//
// A row of a table is an index of gamma or raised, as the code has it, and the least that would do.
#include "counting.h"

namespace polyrelu {

using B = CountingBounds;

// Numbers that are given, no power of two among them.
template <class C> C given(int i) { return {0.3 / (1 + i % 7) * (i % 3 ? 1 : -1), 0, 0}; }
template <class C> C small(double f) { return {f * 0.7, 0, 0}; }

inline void begin() {
    raises().clear();
    gammas().clear();
}
// The longest path that is raised by k.
inline int needed_by(int k) {
    int most = 0;
    for (const Raise &raise : raises())
        if (raise.k == k) most = larger(most, raise.needed);
    return most;
}

class Table {
  public:
    explicit Table(i64 *to) : to_(to) {}
    void row(i64 index, i64 needed) { *to_++ = index, *to_++ = needed; }
    // Of gamma number `which` since begin().
    void gamma(int which, i64 needed) { row(gammas()[std::size_t(which)], needed); }
    // Of a bound that is raised at the end.
    template <class C> void bound(C result) { row(raises().back().k, raises().back().needed + result.count); }

  private:
    i64 *to_;
};

EXPORTED(double, of_bounds)(int dim, i64 *to) {
    Table table(to);
    Array<Counting> c{std::size_t(dim)}, g{std::size_t(dim)};
    for (int j = 0; j < dim; j++) c[std::size_t(j)] = given<Counting>(j), g[std::size_t(j)] = given<Counting>(j + 3);
    const Counting s = given<Counting>(1), e = small<Counting>(1e-9), r = small<Counting>(1e-8);
    const int of_value = value(c.data(), g.data(), dim).count;
    begin();
    const Counting sign = sign_bound(s, e, r, dim);
    table.gamma(0, of_value);
    table.bound(sign);
    begin();
    const Counting inner = inner_bound(s, e, Counting{3.3, 0, 0}, dim);
    table.gamma(0, of_value);
    table.bound(inner);
    Array<B> form{std::size_t(dim) + 2}, up{std::size_t(dim)}, down{std::size_t(dim)}, made{std::size_t(dim)};
    for (int j = 0; j < dim; j++) {
        form[std::size_t(j)] = given<B>(j);
        up[std::size_t(j)] = given<B>(j);
        down[std::size_t(j)] = B{-up[std::size_t(j)].f * (0.83 + 0.01 * j), 0, 0};
    }
    form[std::size_t(dim)] = B{1.1, 0, 0}, form[std::size_t(dim) + 1] = small<B>(1e-12);
    begin();
    const B r_made = meet(form.data(), up.data(), small<B>(1e-12), down.data(), small<B>(1e-12), made.data(), dim);
    table.gamma(0, 2); // two products and their sum
    table.gamma(1, 2); // times a quotient
    table.bound(r_made);
    return 0.0;
}

// Two layers, of `width` and of two coordinates, on dim - 1 inputs; all of them active.
struct Columns {
    Array<Counting> weights, biases, errors;
    i64 weight_start[3], coord_start[3];
    Array<u8> ones, signs, flags;
    Array<i32> places;
    Problem<Counting> P;

    Columns(int dim, int width) {
        const std::size_t inputs = std::size_t(dim) - 1, own = std::size_t(width), count = (inputs + 2) * own;
        weights.room(count);
        biases.room(own + 2);
        places.room(own + 2);
        for (std::size_t k = 0; k < count; k++) weights[k] = given<Counting>(int(k));
        for (std::size_t k = 0; k < own + 2; k++) biases[k] = given<Counting>(int(k)), places[k] = i32(k);
        errors.filled(2, Counting{0.7 * ROUNDOFF, 0, 0});
        weight_start[0] = coord_start[0] = 0;
        weight_start[1] = i64(inputs * own), coord_start[1] = width;
        weight_start[2] = i64(count), coord_start[2] = width + 2;
        ones.filled(own + 2, 1);
        signs.filled(own + 2, ON);
        flags.filled(own + 2, 0);
        P.dim = dim;
        P.target_layer = 1;
        P.weights = {weights.data(), count};
        P.weight_start = {weight_start, 3};
        P.biases = {biases.data(), own + 2};
        P.coord_start = {coord_start, 3};
        P.weight_error = {errors.data(), 2};
        P.relu = {ones.data(), own + 2};
        P.site_of = P.coord_of = {places.data(), own + 2};
        P.equality = P.on_grid = {flags.data(), own + 2};
    }
};

EXPORTED(double, of_forms)(int dim, int width, i64 *to) {
    Table table(to);
    Columns columns(dim, width);
    Forms<Counting> F(columns.P);
    begin();
    F.enter(0, columns.signs.data(), dim);
    table.row(raises()[0].k, raises()[0].needed + F.sum(0).count);
    const int before = larger(F.sum(0).count, F.error(0).count); // is part of what follows, where it is given
    begin();
    F.enter(1, columns.signs.data(), dim);
    int entries = 0;
    for (int j = 0; j < dim; j++) entries = larger(entries, F.row(j)[width].count);
    table.gamma(0, entries + 1); // one more for weights that were rounded
    // The last two are those of an error and a sum; the sum is one of entries as they are.
    const int of_error = raises()[raises().size() - 3].k;
    table.row(of_error, needed_by(of_error) - before + F.error(width).count);
    table.row(raises().back().k, raises().back().needed - entries + F.sum(width).count);
    Array<Counting> low{std::size_t(dim)}, high{std::size_t(dim)};
    for (int j = 0; j < dim; j++) {
        low[std::size_t(j)] = given<Counting>(j);
        high[std::size_t(j)] = given<Counting>(j + 1);
    }
    begin();
    F.decide_by_box(0, low.data(), high.data(), small<Counting>(1e-9), columns.signs.data(), dim);
    table.gamma(0, F.middle(0).count - 1); // of the centre as it is computed
    table.row(raises().back().k, raises().back().needed - before + F.bound(0).count);
    return 0.0;
}

EXPORTED(double, of_reach)(int dim, int width, i64 *to) {
    Table table(to);
    Columns columns(dim, width);
    columns.P.relu = columns.P.equality; // no ReLU silences a term
    Forms<Counting> F(columns.P);
    Reach<Counting> reach(columns.P);
    F.enter(0, columns.signs.data(), dim);
    Array<Counting> g{std::size_t(dim) + 1};
    for (int j = 0; j <= dim; j++) g[std::size_t(j)] = j == dim ? small<Counting>(1e-9) : Counting{0.6, 0, 0};
    begin();
    reach.aim(F, 0, 1, [&](int) { return g.data(); }, dim);
    const int before = larger(F.sum(0).count, F.error(0).count);
    table.gamma(0, dim); // and no less than 4, for v - B, t - r, their quotient and what is taken from it
    table.row(raises()[0].k, raises()[0].needed - before);
    // Sums of products: weights may be rounded, and what is subtracted is computed.
    table.row(gammas().back(), reach.low(width).count - reach.low(0).count + 1);
    return 0.0;
}

// R as given: what elimination rounds is measured, not bounded.
template <> bool Solver<B>::invert(int p, int dim) {
    const int d = dim - 1;
    for (int k = 0; k < d; k++)
        for (int j = 0; j < d; j++) {
            M(k, j, d) = row(k, dim)[j < p ? j : j + 1];
            R(k, j, d) = {k == j ? 1.0 / M(k, j, d).f : 1e-20, 0, 0};
        }
    return true;
}

EXPORTED(double, of_solving)(int dim, i64 *to) {
    const int d = dim - 1;
    Table table(to);
    Solver<B> solver;
    solver.room(64, dim);
    Array<B> g{std::size_t(dim)};
    for (int j = 0; j < dim; j++) g[std::size_t(j)] = j ? B{1e-11, 0, 0} : B{1.0 - ROUNDOFF, 0, 0};
    for (int k = 0; k < d; k++) {
        B *row = solver.row(k, dim);
        for (int j = 0; j < dim; j++) row[j] = j == k + 1 ? B{0.7, 0, 0} : B{1e-15, 0, 0};
        row[dim] = B{0.71, 0, 0}, row[dim + 1] = small<B>(1e-18);
    }
    begin();
    const B r = solver.solve(g.data(), d, dim);
    table.gamma(0, dim);   // of a residual
    table.gamma(d, d + 1); // of an entry of I - R M
    table.row(raises()[0].k, needed_by(raises()[0].k));
    const Raise whole = raises()[raises().size() - 2];
    table.row(whole.k, whole.needed + 2); // one minus alpha, and the quotient
    table.row(gammas().back(), 1);        // of an entry that is divided
    table.row(raises().back().k, raises().back().needed - 2 + r.count); // of that quotient, as it is
    return 0.0;
}

} // namespace polyrelu
