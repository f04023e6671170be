// The kernel's bounds in doubles, for functions.h. PARTS says which of them, so that many variants compile quickly.
#include "functions.h"
#include "grid.h"
#include "problem_of.h"
#include "reach.h"
#include "solving.h"

namespace polyrelu {

namespace {

double value_(const double *form, const double *g, int dim) { return value(form, g, dim); }
double sign_bound_(double s, double e, double r, int dim) { return sign_bound(s, e, r, dim); }
double inner_bound_(double s, double e, double size, int dim) { return inner_bound(s, e, size, dim); }
double meet_(const double *form, const double *up, double r_up, const double *down, double r_down, double *made,
             int dim) {
    return meet(form, up, r_up, down, r_down, made, dim);
}

#if PARTS & 2
double solve_(double *g, double *rows, int count, int dim) {
    Solver<double> solver;
    const std::size_t length = std::size_t(dim) + 2;
    solver.room(larger(count, dim), dim);
    for (int k = 0; k < count; k++) std::memcpy(solver.row(k, dim), rows + std::size_t(k) * length, 8 * length);
    const double r = solver.solve(g, count, dim);
    for (int k = 0; k < count; k++) std::memcpy(rows + std::size_t(k) * length, solver.row(k, dim), 8 * length);
    return r;
}
#else
constexpr auto solve_ = nullptr;
#endif

#if PARTS & 4
void forms_(const Network *network, int cells, const unsigned char *signs, double *rows) {
    const auto P = problem_of(*network, network->weights, network->biases, network->weight_error);
    Forms<double> F(P);
    for (int cell = 0; cell < cells; cell++) {
        for (int layer = 0; layer < P.layers(); layer++) F.enter(layer, signs + cell * network->sites, P.dim);
        for (int c = 0; c < network->coords; c++, rows += P.dim + 2) F.write(c, rows, P.dim);
    }
}

void box_(const Network *network, const double *low, const double *high, double r, unsigned char *signs, double *middle,
          double *bound) {
    const auto P = problem_of(*network, network->weights, network->biases, network->weight_error);
    Forms<double> F(P);
    F.enter(0, signs, P.dim);
    F.decide_by_box(0, low, high, r, signs, P.dim);
    for (int i = 0; i < network->coord_start[1]; i++) middle[i] = F.middle(i), bound[i] = F.bound(i);
}

int reach_(const Network *network, int m, const double *generators, double *low, double *high) {
    const auto P = problem_of(*network, network->weights, network->biases, network->weight_error);
    Forms<double> F(P);
    Reach<double> reach(P);
    F.enter(0, nullptr, P.dim);
    for (int c = 0; c < network->coords; c++) reach.low(c) = reach.high(c) = NAN;
    const Aim aim = reach.aim(F, 0, m, [&](int k) { return generators + k * (P.dim + 1); }, P.dim);
    bool all = aim != Aim::UNKNOWN;
    for (int c = 0; c < network->coords; c++) {
        low[c] = reach.low(c), high[c] = reach.high(c);
        all &= modulus(low[c]) < FAR && modulus(high[c]) < FAR;
    }
    return all;
}
#else
constexpr auto forms_ = nullptr, box_ = nullptr, reach_ = nullptr;
#endif

#if PARTS & 8
void exact_value_(const double *form, const double *g, int dim, unsigned long long *low_and_high) {
    const i128 v = exact_value(form, g, dim);
    low_and_high[0] = u64(u128(v)), low_and_high[1] = u64(u128(v) >> 64);
}

int exact_meet_(const double *form, const double *up, const double *down, double *made, int dim) {
    Array<i128> room{std::size_t(dim)};
    return int(exact_meet(form, up, down, made, room.data(), dim));
}
#else
constexpr auto exact_value_ = nullptr, exact_meet_ = nullptr;
#endif

} // namespace

EXPORTED(functions)() {
    static const Functions table{value_, sign_bound_, inner_bound_, meet_,        solve_,
                                 forms_, box_,        reach_,       exact_value_, exact_meet_};
    return &table;
}

} // namespace polyrelu
