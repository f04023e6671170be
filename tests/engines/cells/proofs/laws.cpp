// The laws: each takes an example, asks functions.h for floats, and holds them against exact arithmetic.
//
// What floats stand for is known within e or r only, so an example says how far the exact numbers are from the floats:
// an entry is given as c and dc, and stands for c + dc. A law returns the largest error / bound that it found: more than
// 1 where a bound does not hold, and MALFORMED where the example breaks what the kernel takes for granted. It also writes
// the largest lemma / bound, where the lemma is the bound as its proof states it, in exact arithmetic over the floats
// that go into it: more than 1 where the rounding of the bound itself is not made up for, and NOTHING_SAID where the
// kernel gave up.
#include "functions.h"
#include "problem_of.h"
#include "shadow.h"

namespace polyrelu {

constexpr double MALFORMED = -1.0, BROKEN = HUGE_VAL, NOTHING_SAID = -1.0;

// The quotient, more than 1 if and only if the error exceeds the bound.
inline double ratio(const Rational &error, double bound) {
    if (!(bound < HUGE_VAL)) return 0.0; // nothing is certified
    if (error == 0) return 0.0;
    if (!(bound > 0.0)) return BROKEN;
    const double quotient = Rational(error / Rational(bound)).get_d();
    return error > Rational(bound) ? larger(quotient, 1.0 + 0x1p-40) : smaller(quotient, 1.0);
}

// Vectors of rationals.
class Exact {
  public:
    Exact() = default;
    Exact(const double *values, const double *off, int n) {
        for (int j = 0; j < n; j++) entries_.push_back(Rational(values[j]) + Rational(off[j]));
    }
    explicit Exact(int n) : entries_(std::size_t(n)) {}
    Rational &operator[](int j) { return entries_[std::size_t(j)]; }
    const Rational &operator[](int j) const { return entries_[std::size_t(j)]; }
    int size() const { return int(entries_.size()); }

  private:
    std::deque<Rational> entries_;
};

inline Rational dot(const Exact &a, const Exact &b) {
    Rational sum;
    for (int j = 0; j < a.size(); j++) sum += a[j] * b[j];
    return sum;
}
inline Rational sum_of_moduli(const double *values, int n) {
    Rational sum;
    for (int j = 0; j < n; j++) sum += abs(Rational(values[j]));
    return sum;
}
inline bool is_within(const double *off, double r, int n) {
    for (int j = 0; j < n; j++)
        if (!(modulus(off[j]) <= r)) return false;
    return true;
}
inline bool is_form(const double *c, const double *dc, int dim) {
    return sum_of_moduli(c, dim) <= Rational(c[dim]) && sum_of_moduli(dc, dim) <= Rational(c[dim + 1]);
}
inline bool is_generator(const double *g, const double *dg, double r, int dim) {
    return is_within(g, 1.0, dim) && is_within(dg, r, dim);
}

// B as bounds.h states it.
inline Rational lemma_of_signs(double s, double e, double r, int dim) {
    return exact_gamma(dim) * Rational(s) + Rational(s) * Rational(r) + Rational(e) * (1 + Rational(r));
}

EXPORTED(double, signs)(const Functions *K, int dim, const double *c, const double *dc, const double *g,
                        const double *dg, double r, double *lemma) {
    if (!is_form(c, dc, dim) || !is_generator(g, dg, r, dim)) return MALFORMED;
    const double B = K->sign_bound(c[dim], c[dim + 1], r, dim);
    *lemma = ratio(lemma_of_signs(c[dim], c[dim + 1], r, dim), B);
    return ratio(abs(Rational(K->value(c, g, dim)) - dot(Exact(c, dc, dim), Exact(g, dg, dim))), B);
}

// As write_cell in finish.h.
EXPORTED(double, inside)(const Functions *K, int dim, const double *c, const double *dc, const double *point,
                         double *lemma) {
    if (!is_form(c, dc, dim)) return MALFORMED;
    double v = c[dim - 1], size = 1.0;
    Rational exact = Rational(c[dim - 1]) + Rational(dc[dim - 1]);
    for (int j = 0; j < dim - 1; j++) {
        v += c[j] * point[j];
        exact += (Rational(c[j]) + Rational(dc[j])) * Rational(point[j]);
        size = larger(size, modulus(point[j]));
    }
    *lemma = 0.0;
    if (!is_finite(v)) return 0.0;
    const double B = K->inner_bound(c[dim], c[dim + 1], size, dim);
    *lemma = ratio((exact_gamma(dim) * Rational(c[dim]) + Rational(c[dim + 1])) * Rational(size), B);
    return ratio(abs(Rational(v) - exact), B);
}

EXPORTED(double, meeting)(const Functions *K, int dim, const double *c, const double *dc, const double *up,
                          const double *dup, double r_up, const double *down, const double *ddown, double r_down,
                          double *lemma) {
    if (!is_form(c, dc, dim) || !is_generator(up, dup, r_up, dim) || !is_generator(down, ddown, r_down, dim))
        return MALFORMED;
    *lemma = 0.0;
    Array<double> made{std::size_t(dim)};
    const double r = K->meet(c, up, r_up, down, r_down, made.data(), dim);
    if (r != r) return BROKEN;
    *lemma = NOTHING_SAID;
    if (!(r < HUGE_VAL)) return 0.0;
    if (!is_within(made.data(), 1.0, dim)) return BROKEN;
    const Exact form(c, dc, dim), one(up, dup, dim), other(down, ddown, dim);
    const Rational x = dot(form, one), y = -dot(form, other);
    if (x <= 0 || y <= 0) return BROKEN; // the ends' signs were taken for certain
    const Rational a(K->value(c, up, dim)), b(-K->value(c, down, dim));
    Rational largest, length, error;
    for (int j = 0; j < dim; j++) {
        largest = std::max(largest, Rational(abs(a * Rational(down[j]) + b * Rational(up[j]))));
        length = std::max(length, Rational(abs(Rational(down[j]) - Rational(up[j]))));
    }
    const Rational mu = (a + b) / largest, at = x / (x + y), lambda = a / (a + b);
    for (int j = 0; j < dim; j++) {
        const Rational there = mu * (at * other[j] + (1 - at) * one[j]);
        error = std::max(error, Rational(abs(there - Rational(made[std::size_t(j)]))));
    }
    const Rational A(K->sign_bound(c[dim], c[dim + 1], r_up, dim)), B(K->sign_bound(c[dim], c[dim + 1], r_down, dim));
    const Rational Lambda = ((1 - lambda) * A + lambda * B) / (a - A + b - B);
    const Rational r1(r_up), r2(r_down), slip = exact_gamma(3);
    const Rational stated = mu * (Lambda * (length + r1 + r2) + lambda * r2 + (1 - lambda) * r1 + slip) + slip;
    *lemma = ratio(stated, r);
    return ratio(error, r);
}

// The vector that d = dim - 1 forms vanish on, of largest entry 1; false where there are more.
inline bool null_vector(Exact *rows, int dim, Exact &found) {
    const int d = dim - 1;
    int free = -1, rank = 0, pivots[16];
    for (int c = 0; c < dim; c++) {
        int best = rank;
        while (best < d && rows[best][c] == 0) best++;
        if (best == d) {
            if (free >= 0) return false;
            free = c;
            continue;
        }
        std::swap(rows[best], rows[rank]);
        for (int k = 0; k < d; k++) {
            if (k == rank || rows[k][c] == 0) continue;
            const Rational factor = rows[k][c] / rows[rank][c];
            for (int j = 0; j < dim; j++) rows[k][j] -= factor * rows[rank][j];
        }
        pivots[rank++] = c;
    }
    found = Exact(dim);
    found[free] = 1;
    for (int k = 0; k < d; k++) found[pivots[k]] = -rows[k][free] / rows[k][pivots[k]];
    return true;
}

// How far a vector is from a line at most, in the largest entry: the least over all multiples of the line's vector.
inline Rational distance_to_line(const double *g, const Exact &line) {
    Rational best = -1;
    const auto at = [&](const Rational &factor) {
        Rational most;
        for (int j = 0; j < line.size(); j++) most = std::max(most, Rational(abs(factor * line[j] - Rational(g[j]))));
        if (best < 0 || most < best) best = most;
    };
    // The largest of |factor a_j - g_j| is least where one of them is zero or two are equal.
    for (int j = 0; j < line.size(); j++) {
        if (line[j] != 0) at(Rational(g[j]) / line[j]);
        for (int k = 0; k < j; k++)
            for (const int sign : {1, -1}) {
                const Rational slope = line[j] - sign * line[k];
                if (slope != 0) at((Rational(g[j]) - sign * Rational(g[k])) / slope);
            }
    }
    return best;
}

EXPORTED(double, solving)(const Functions *K, int dim, int count, const double *rows, const double *off, double *g,
                          double *lemma) {
    const int length = dim + 2, d = dim - 1;
    *lemma = 0.0;
    for (int k = 0; k < count; k++)
        if (!is_form(rows + k * length, off + k * dim, dim)) return MALFORMED;
    Array<double> used{std::size_t(count * length)};
    std::memcpy(used.data(), rows, std::size_t(count * length) * sizeof(double));
    const double r = K->solve(g, used.data(), count, dim);
    if (r != r) return BROKEN;
    if (!(r < HUGE_VAL)) {
        *lemma = NOTHING_SAID;
        return 0.0;
    }
    if (!is_within(g, 1.0, dim)) return BROKEN;
    Exact exact[16], line;
    for (int k = 0; k < d; k++) {
        int which = 0;
        const double *own = &used[std::size_t(k * length)];
        while (which < count && std::memcmp(rows + which * length, own, 8 * std::size_t(length))) which++;
        if (which == count) return BROKEN; // it was solved from other rows
        exact[k] = Exact(rows + which * length, off + which * dim, dim);
    }
    if (!null_vector(exact, dim, line)) return BROKEN;
    return ratio(distance_to_line(g, line), r);
}

// The exact form of each coordinate on a cell: weights and biases are given with half of what they are off by.
inline void exact_forms(const Network &N, const double *half_weights, const double *half_biases,
                        const unsigned char *signs, std::deque<Exact> &forms) {
    forms.clear();
    for (int layer = 0; layer < N.layers; layer++) {
        const i64 first = N.coord_start[layer], n = N.coord_start[layer + 1] - first;
        const i64 before = layer ? N.coord_start[layer - 1] : 0, width = layer ? first - before : N.dim - 1;
        for (i64 i = 0; i < n; i++) {
            Exact form(N.dim);
            for (i64 k = 0; k < width; k++) {
                const i64 place = N.weight_start[layer] + k * n + i;
                const Rational w = Rational(N.weights[place]) + Rational(half_weights[place]) / 2;
                const i64 input = before + k;
                if (!layer) form[int(k)] += w;
                else if (!N.relu[input] || signs[N.site_of[input]] == ON)
                    for (int j = 0; j < N.dim; j++) form[j] += w * forms[std::size_t(input)][j];
            }
            form[N.dim - 1] += Rational(N.biases[first + i]) + Rational(half_biases[first + i]) / 2;
            forms.push_back(form);
        }
    }
}

// e of a form computed anew, as forms.h states it, from the errors and sums that the floats of the layer before have.
inline Rational lemma_of_forms(const Network &N, const double *rows, const unsigned char *signs, int layer, i64 i) {
    const i64 first = N.coord_start[layer], n = N.coord_start[layer + 1] - first, before = N.coord_start[layer - 1];
    const int length = N.dim + 2;
    int active = 0;
    for (i64 k = before; k < first; k++) active += !N.relu[k] || signs[N.site_of[k]] == ON;
    if (active == 0 && N.weight_error[layer] == 0.0) return 0; // it is its bias
    const Rational slip = exact_gamma(active + 3);
    Rational e = slip * abs(Rational(N.biases[first + i]));
    for (i64 k = before; k < first; k++) {
        if (N.relu[k] && signs[N.site_of[k]] != ON) continue;
        const double *row = rows + k * length;
        e += abs(Rational(N.weights[N.weight_start[layer] + (k - before) * n + i])) *
             (Rational(row[N.dim + 1]) * (1 + exact_gamma(1)) + slip * Rational(row[N.dim]));
    }
    return e;
}

EXPORTED(double, forms)(const Functions *K, const Network *N, int cells, const unsigned char *signs,
                        const double *half_weights, const double *half_biases, double *lemma) {
    const int length = N->dim + 2;
    Array<double> rows{std::size_t(cells * N->coords * length)};
    K->forms(N, cells, signs, rows.data());
    std::deque<Exact> exact;
    double worst = 0.0;
    *lemma = 0.0;
    for (int cell = 0; cell < cells; cell++) {
        exact_forms(*N, half_weights, half_biases, signs + cell * N->sites, exact);
        const double *own = rows.data() + cell * N->coords * length;
        for (int layer = 0; layer < N->layers; layer++)
            for (i64 c = N->coord_start[layer]; c < N->coord_start[layer + 1]; c++) {
                const double *row = own + c * length, s = row[N->dim], e = row[N->dim + 1];
                Rational off;
                for (int j = 0; j < N->dim; j++) off += abs(exact[std::size_t(c)][j] - Rational(row[j]));
                if (!(s < HUGE_VAL) || !(e < HUGE_VAL)) return BROKEN;
                if (N->on_grid[layer] && e != 0.0) return BROKEN; // nothing is rounded there
                worst = larger(worst, ratio(off, e));
                *lemma = larger(*lemma, ratio(sum_of_moduli(row, N->dim), s));
                if (cell == 0 && layer > 0 && !N->on_grid[layer])
                    *lemma = larger(*lemma, ratio(lemma_of_forms(*N, own, signs, layer, c - N->coord_start[layer]), e));
            }
    }
    return worst;
}

// Generators are rows of d + 1 entries and r.
EXPORTED(double, box)(const Functions *K, const Network *N, const double *half_weights, const double *half_biases,
                      int m, const double *generators, const double *off, double *lemma) {
    const int dim = N->dim, n = int(N->coord_start[1]);
    Array<double> low{std::size_t(dim)}, high{std::size_t(dim)}, middle{std::size_t(n)}, bound{std::size_t(n)};
    Array<u8> signs{std::size_t(N->sites) + 1};
    double r = 0.0, worst = 0.0;
    for (int k = 0; k < m; k++) {
        const double *g = generators + k * (dim + 1);
        if (!is_generator(g, off + k * dim, g[dim], dim)) return MALFORMED;
        for (int j = 0; j < dim; j++) {
            low[std::size_t(j)] = k ? smaller(low[std::size_t(j)], g[j]) : g[j];
            high[std::size_t(j)] = k ? larger(high[std::size_t(j)], g[j]) : g[j];
        }
        r = larger(r, g[dim]);
    }
    for (int i = 0; i < N->sites; i++) signs[std::size_t(i)] = UNDECIDED;
    K->box(N, low.data(), high.data(), r, signs.data(), middle.data(), bound.data());
    Array<double> rows{std::size_t(N->coords * (dim + 2))};
    K->forms(N, 1, signs.data(), rows.data());
    std::deque<Exact> exact;
    exact_forms(*N, half_weights, half_biases, signs.data(), exact);
    *lemma = 0.0;
    for (int i = 0; i < n; i++) {
        const double *form = rows.data() + i * (dim + 2);
        Rational reach = lemma_of_signs(form[dim], form[dim + 1], r, dim);
        for (int j = 0; j < dim; j++) {
            const double mid = 0.5 * low[std::size_t(j)] + 0.5 * high[std::size_t(j)];
            const Rational h = std::max(Rational(Rational(high[std::size_t(j)]) - Rational(mid)),
                                        Rational(Rational(mid) - Rational(low[std::size_t(j)])));
            reach += abs(Rational(form[j])) * h;
        }
        *lemma = larger(*lemma, ratio(reach, bound[std::size_t(i)]));
        for (int k = 0; k < m; k++) {
            const Rational v = dot(exact[std::size_t(i)], Exact(generators + k * (dim + 1), off + k * dim, dim));
            worst = larger(worst, ratio(abs(v - Rational(middle[std::size_t(i)])), bound[std::size_t(i)]));
            const u8 told = N->site_of[i] < 0 ? UNDECIDED : signs[std::size_t(N->site_of[i])];
            if ((told == ON && v <= 0) || (told == OFF && v >= 0)) return BROKEN;
        }
    }
    return worst;
}

struct Interval {
    Rational low, high;
};

// What the exact numbers of a cell with exact vertices can reach, by interval arithmetic without rounding.
inline void exact_reach(const Network &N, const double *half_weights, const double *half_biases,
                        const std::deque<Exact> &vertices, std::deque<Interval> &reach) {
    std::deque<Exact> forms;
    const std::deque<u8> none(std::size_t(N.sites) + 1, u8(OFF));
    const std::string off(std::size_t(N.sites) + 1, char(OFF));
    exact_forms(N, half_weights, half_biases, reinterpret_cast<const unsigned char *>(off.data()), forms);
    reach.clear();
    for (i64 c = 0; c < N.coord_start[1]; c++) {
        Interval values;
        for (std::size_t k = 0; k < vertices.size(); k++) {
            const Rational v = dot(forms[std::size_t(c)], vertices[k]) / vertices[k][N.dim - 1];
            values.low = k ? std::min(values.low, v) : v;
            values.high = k ? std::max(values.high, v) : v;
        }
        reach.push_back(values);
    }
    for (int layer = 1; layer < N.layers; layer++) {
        const i64 before = N.coord_start[layer - 1], first = N.coord_start[layer], n = N.coord_start[layer + 1] - first;
        for (i64 i = 0; i < n; i++) {
            const Rational bias = Rational(N.biases[first + i]) + Rational(half_biases[first + i]) / 2;
            Interval sum{bias, bias};
            for (i64 k = before; k < first; k++) {
                const i64 place = N.weight_start[layer] + (k - before) * n + i;
                const Rational w = Rational(N.weights[place]) + Rational(half_weights[place]) / 2;
                Interval from = reach[std::size_t(k)];
                if (N.relu[k]) from = {std::max(from.low, Rational(0)), std::max(from.high, Rational(0))};
                const Rational one = w * from.low, other = w * from.high;
                sum.low += std::min(one, other);
                sum.high += std::max(one, other);
            }
            reach.push_back(sum);
        }
    }
}

// Error / bound here is how much what is exact reaches beyond what the floats would, by how much was allowed for.
EXPORTED(double, reach)(const Functions *K, const Network *N, const double *half_weights, const double *half_biases,
                        int m, const double *generators, const double *off, double *lemma) {
    const int dim = N->dim;
    const std::size_t coords = std::size_t(N->coords);
    *lemma = 0.0;
    std::deque<Exact> vertices, floats;
    Array<double> low{coords}, high{coords}, zeros;
    zeros.filled(std::size_t(N->weight_start[N->layers]) + coords + std::size_t(dim), 0.0);
    for (int k = 0; k < m; k++) {
        const double *g = generators + k * (dim + 1);
        if (!is_generator(g, off + k * dim, g[dim], dim)) return MALFORMED;
        vertices.push_back(Exact(g, off + k * dim, dim));
        floats.push_back(Exact(g, zeros.data(), dim));
    }
    if (!K->reach(N, m, generators, low.data(), high.data())) {
        *lemma = NOTHING_SAID;
        return 0.0;
    }
    for (const Exact &vertex : vertices)
        if (vertex[dim - 1] <= 0) return BROKEN; // a ray was taken for a vertex
    std::deque<Interval> exact, plain;
    exact_reach(*N, half_weights, half_biases, vertices, exact);
    exact_reach(*N, zeros.data(), zeros.data(), floats, plain);
    double worst = 0.0;
    const auto look = [&](const Rational &beyond, const Rational &allowed) {
        if (beyond <= 0) return;
        const double quotient = allowed <= 0 ? BROKEN : Rational(beyond / allowed).get_d();
        worst = larger(worst, beyond > allowed ? larger(quotient, 1.0 + 0x1p-40) : smaller(quotient, 1.0));
    };
    for (std::size_t c = 0; c < coords; c++) {
        look(plain[c].low - exact[c].low, plain[c].low - Rational(low[c]));
        look(exact[c].high - plain[c].high, Rational(high[c]) - plain[c].high);
        if (exact[c].low < Rational(low[c]) || exact[c].high > Rational(high[c])) worst = larger(worst, 1.0 + 0x1p-40);
    }
    return worst;
}

// The kernel's own templates over Shadows: their floats are the kernel's bit for bit, the exact numbers that they carry
// along are those that are worked out here by themselves, and a bound is at least what it is without rounding.

inline bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
inline void shadows(const double *values, const double *off, std::size_t n, Array<Shadow> &to) {
    to.room(n + 1);
    for (std::size_t k = 0; k < n; k++) to[k] = Shadow::of(values[k], Rational(values[k]) + Rational(off[k]));
}
inline Shadow plain(double f) { return Shadow::of(f, exactly_of(f)); }

EXPORTED(double, shadowed_meeting)(const Functions *K, int dim, const double *c, const double *dc, const double *up,
                                   const double *dup, double r_up, const double *down, const double *ddown,
                                   double r_down, double *lemma) {
    *lemma = 0.0;
    Array<Shadow> form, one, other, made{std::size_t(dim)};
    shadows(c, dc, std::size_t(dim), form);
    form.room(std::size_t(dim) + 2);
    form[std::size_t(dim)] = plain(c[dim]), form[std::size_t(dim) + 1] = plain(c[dim + 1]);
    shadows(up, dup, std::size_t(dim), one);
    shadows(down, ddown, std::size_t(dim), other);
    const Shadow v = value(form.data(), one.data(), dim);
    const Shadow B = sign_bound(form[std::size_t(dim)], form[std::size_t(dim) + 1], plain(r_up), dim);
    if (!same(v.f, K->value(c, up, dim)) || !same(B.f, K->sign_bound(c[dim], c[dim + 1], r_up, dim))) return BROKEN;
    if (*v.x != dot(Exact(c, dc, dim), Exact(up, dup, dim)) || *B.x > Rational(B.f)) return BROKEN;
    Array<double> floats{std::size_t(dim)};
    const double r = K->meet(c, up, r_up, down, r_down, floats.data(), dim);
    const Shadow mine = meet(form.data(), one.data(), plain(r_up), other.data(), plain(r_down), made.data(), dim);
    if (!same(mine.f, r)) return BROKEN;
    if (!(r < HUGE_VAL)) return 0.0;
    Rational on_form; // what was made lies on the form exactly
    for (int j = 0; j < dim; j++) {
        if (!same(made[std::size_t(j)].f, floats[std::size_t(j)])) return BROKEN;
        on_form += *form[std::size_t(j)].x * *made[std::size_t(j)].x;
    }
    return on_form == 0 ? ratio(abs(*v.x - Rational(v.f)), B.f) : BROKEN;
}

EXPORTED(double, shadowed_solving)(const Functions *K, int dim, int count, const double *rows, const double *off,
                                   double *g, double *lemma) {
    *lemma = 0.0;
    const int length = dim + 2;
    Array<double> used{std::size_t(count * length)}, zeros;
    std::memcpy(used.data(), rows, std::size_t(count * length) * sizeof(double));
    zeros.filled(std::size_t(dim), 0.0);
    Array<Shadow> mine;
    shadows(g, zeros.data(), std::size_t(dim), mine);
    Solver<Shadow> solver;
    solver.room(64, dim);
    for (int k = 0; k < count; k++)
        for (int j = 0; j < length; j++) {
            const double entry = rows[k * length + j];
            solver.row(k, dim)[j] = Shadow::of(entry, Rational(entry) + Rational(j < dim ? off[k * dim + j] : 0.0));
        }
    const double r = K->solve(g, used.data(), count, dim);
    const Shadow own = solver.solve(mine.data(), count, dim);
    if (!same(own.f, r)) return BROKEN;
    if (!(r < HUGE_VAL)) return 0.0;
    for (int j = 0; j < dim; j++)
        if (!same(mine[std::size_t(j)].f, g[j])) return BROKEN;
    for (int k = 0; k < dim - 1; k++) { // exact elimination and one step of Newton solve exactly
        Rational rest;
        for (int j = 0; j < dim; j++) rest += *solver.row(k, dim)[j].x * *mine[std::size_t(j)].x;
        if (rest != 0) return BROKEN;
    }
    return 0.0;
}

EXPORTED(double, shadowed_forms)(const Functions *K, const Network *N, int cells, const unsigned char *signs,
                                 const double *half_weights, const double *half_biases, double *lemma) {
    *lemma = 0.0;
    const int length = N->dim + 2;
    const std::size_t weights = std::size_t(N->weight_start[N->layers]), coords = std::size_t(N->coords);
    Array<Shadow> w{weights + 1}, b{coords + 1}, errors{std::size_t(N->layers)};
    for (std::size_t k = 0; k < weights; k++)
        w[k] = Shadow::of(N->weights[k], Rational(N->weights[k]) + Rational(half_weights[k]) / 2);
    for (std::size_t k = 0; k < coords; k++)
        b[k] = Shadow::of(N->biases[k], Rational(N->biases[k]) + Rational(half_biases[k]) / 2);
    for (int k = 0; k < N->layers; k++) errors[std::size_t(k)] = plain(N->weight_error[k]);
    const auto P = problem_of<Shadow>(*N, w.data(), b.data(), errors.data());
    Forms<Shadow> F(P);
    Array<double> rows{std::size_t(cells * N->coords * length)};
    Array<Shadow> row{std::size_t(length)};
    K->forms(N, cells, signs, rows.data());
    std::deque<Exact> exact;
    double worst = 0.0;
    for (int cell = 0; cell < cells; cell++) {
        exact_forms(*N, half_weights, half_biases, signs + cell * N->sites, exact);
        for (int layer = 0; layer < N->layers; layer++) F.enter(layer, signs + cell * N->sites, N->dim);
        for (int c = 0; c < N->coords; c++) {
            F.write(c, row.data(), N->dim);
            const double *floats = rows.data() + (cell * N->coords + c) * length;
            Rational off;
            for (int j = 0; j < length; j++)
                if (!same(row[std::size_t(j)].f, floats[j])) return BROKEN;
            for (int j = 0; j < N->dim; j++) {
                if (*row[std::size_t(j)].x != exact[std::size_t(c)][j]) return BROKEN;
                off += abs(*row[std::size_t(j)].x - Rational(floats[j]));
            }
            worst = larger(worst, ratio(off, floats[N->dim + 1]));
        }
    }
    return worst;
}

EXPORTED(double, empty)() {
    arena().clear();
    return 0.0;
}

} // namespace polyrelu
