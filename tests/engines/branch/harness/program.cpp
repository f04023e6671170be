// Linear programs in floats and what is made of them, for one call each.
namespace polyrelu {
[[maybe_unused]] static long long pivots = 0; // counted in a variant that adds to it
}
#include "facets.h"

namespace polyrelu {

// Appends n rows one by one; where `after` says so, solves. `went` gets for each row whether it was taken, and whether
// solved, or -1; `rooms` the room then; `ends` the pivots, and how many rows there are.
EXPORTED(solved)(long long dim, long long n, const double *low, const double *high, const double *rows, const double *constants,
                 const std::uint8_t *after, long long *went, double *rooms, double *point, double *multipliers, long long *ends) {
    static Program last; // which forgets
    last.begin(low, high, int(dim));
    pivots = 0;
    Program program = last;
    for (long long k = 0; k < n; k++) {
        program = Program(program); // that of a part goes on
        went[2 * k] = program.append(rows + k * dim, constants[k]);
        went[2 * k + 1] = after[k] ? program.solve() : -1;
        rooms[k] = program.room();
    }
    program.point(point);
    program.multipliers(multipliers);
    ends[0] = pivots, ends[1] = program.rows();
    last = program;
}

// The numbers that a state draws.
EXPORTED(numbers)(long long n, std::uint64_t *state, std::uint64_t *drawn_ones) {
    for (long long i = 0; i < n; i++) drawn_ones[i] = drawn(*state);
}

// n proposals of a point and multipliers, d of each, all spoilt by one liar; and whether each was made at all.
EXPORTED(lied)(long long n, long long d, long long seed, double *points, double *multipliers, std::uint8_t *made) {
    Liar liar{std::uint64_t(seed)};
    for (long long i = 0; i < n; i++) {
        double *x = points + i * d, *y = multipliers + i * d;
        Proposal told = {Floats(x, x + d), Floats(y, y + d)};
        made[i] = liar.spoil(told);
        std::copy(told.point.begin(), told.point.end(), x);
        std::copy(told.multipliers.begin(), told.multipliers.end(), y);
    }
}

// Looks for a point of a box strictly inside n rows, of which the program has some, and is said to have others, the first
// ones; `found` gets the answer and the numbers of programs and pivots. The ends of the box are low, high, and those strictly inside.
EXPORTED(looked)(long long dim, long long n, long long has, long long first, const double *rows, const double *constants, const double *doubts,
                 const double *ends, const double *moduli, double factor, long long known, const double *points, long long lies,
                 double *point, long long *found) {
    const Space space = {int(dim), ends, ends + dim, ends + 2 * dim, ends + 3 * dim, moduli, factor};
    Node cell;
    cell.low.assign(ends, ends + dim), cell.high.assign(ends + dim, ends + 2 * dim);
    cell.points.assign(points, points + known * dim);
    Forms all;
    all.dim = int(dim);
    all.rows.assign(rows, rows + n * dim), all.constants.assign(constants, constants + n), all.doubts.assign(doubts, doubts + n);
    Program program;
    program.begin(cell.low.data(), cell.high.data(), int(dim));
    for (long long k = 0; k < has; k++) program.append(all.row(int(k)), all.constants[std::size_t(k)]);
    pivots = 0;
    Looking looking(space, std::uint64_t(lies));
    Floats own;
    found[0] = looking.look(cell, all, int(first), program, own);
    found[1] = looking.programs, found[2] = pivots;
    std::copy(own.begin(), own.end(), point);
}

// Which of n rows are facets; `ends` as above, and what the box goes beyond them; `spent` gets the pivots.
EXPORTED(faced)(long long dim, long long n, const double *rows, const double *constants, const double *doubts, const int *sides,
                const double *ends, const double *moduli, double factor, const double *point, const double *beyond,
                std::uint8_t *answers, long long *spent) {
    const Space space = {int(dim), ends, ends + dim, ends + 2 * dim, ends + 3 * dim, moduli, factor};
    Forms all;
    all.dim = int(dim);
    all.rows.assign(rows, rows + n * dim), all.constants.assign(constants, constants + n), all.doubts.assign(doubts, doubts + n);
    pivots = 0;
    const std::vector<int> own(sides, sides + n);
    const Floats inside(point, point + dim), further(beyond, beyond + dim);
    const auto found = Facets(all, own, inside, space, further).found();
    std::copy(found.begin(), found.end(), answers);
    spent[0] = pivots;
}

} // namespace polyrelu
