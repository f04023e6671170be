// Whether forms are negative somewhere strictly inside a cell: a linear program in floats names a point, which is held
// against all rows, or multipliers of the rows, whose combination is then positive on the cell's box with all rounding.
#pragma once

#include "cell.h"

namespace polyrelu {

// What a linear program says, before it is believed.
struct Proposal {
    Floats point, multipliers;
};

// Replaces proposals by lies, for tests.
class Liar {
  public:
    explicit Liar(std::uint64_t seed) : state_(seed) {}

    // Whether there is a proposal at all.
    bool spoil(Proposal &told) {
        if (state_ == 0) return true;
        const double lies[] = {0.0, std::nan(""), INFINITE, -INFINITE, -1.0, 1.0, 0x1p1000, 0x1p-1060};
        const auto kind = next() % 5;
        for (double &v : told.point) // a corner, other numbers, or the truth
            if (kind < 3) v = kind == 0 ? lies[next() % 8] : double(next() % 4097) / 2048.0 - 1.0;
        for (double &v : told.multipliers)
            if (kind != 2) v = kind == 1 ? lies[next() % 8] : kind == 3 ? v * 0x1.8p0 : double(next() % 8);
        return next() % 6 != 0;
    }

  private:
    std::uint64_t state_;
    std::uint64_t next() { return drawn(state_); }
};

class Looking {
  public:
    Looking(const Space &space, std::uint64_t lies) : space_(space), liar_(lies) {}
    long long programs = 0;

    // Whether the forms that end the cell's rows, from the given one on, are all negative at some point strictly inside.
    // The program has all rows before these, and gets them; the point is given.
    Answer look(const Node &cell, const Forms &rows, int first, Program &program, Floats &point) {
        programs++;
        const Answer found = tried(cell, rows, program, first, point);
        if (found != DOUBT || first == 0) return found;
        program.begin(space_.low, space_.high, space_.dim); // what many pivots have added up is forgotten
        return tried(cell, rows, program, 0, point);
    }

    // A point between the ends that are strictly inside.
    void clip(double *x) const {
        for (int j = 0; j < space_.dim; j++) x[j] = std::min(std::max(x[j], space_.inner_low[j]), space_.inner_high[j]);
    }

  private:
    const Space &space_;
    Liar liar_;
    Proposal told_;

    Answer tried(const Node &cell, const Forms &rows, Program &program, int first, Floats &point) {
        for (int k = first; k < rows.count(); k++)
            if (!program.append(rows.row(k), rows.constants[std::size_t(k)])) return DOUBT;
        if (!program.solve()) return DOUBT;
        told_.point.resize(std::size_t(space_.dim));
        told_.multipliers.resize(std::size_t(rows.count()));
        program.point(told_.point.data());
        program.multipliers(told_.multipliers.data());
        if (!liar_.spoil(told_)) return DOUBT;
        if (has_inside(cell, rows, point)) return YES;
        for (double &y : told_.multipliers) y = std::max(0.0, y); // a number, if it is none
        const double least = least_combination(rows, told_.multipliers, cell.low, cell.high, space_);
        return least > 0.0 ? NEVER : least >= 0.0 ? NO : DOUBT;
    }

    // Tries the point that was told, and some on the way to the middle of the cell's first points.
    bool has_inside(const Node &cell, const Forms &rows, Floats &point) {
        const std::size_t dim = std::size_t(space_.dim);
        point.resize(dim);
        for (const double step : {0.0, 0x1p-8, 0x1p-4, 0.25, 0.5}) {
            for (std::size_t j = 0; j < dim; j++) {
                const double middle = cell.points.empty() ? 0.5 * cell.low[j] + 0.5 * cell.high[j] : cell.points[j];
                point[j] = told_.point[j] + step * (middle - told_.point[j]);
            }
            clip(point.data());
            if (is_inside(rows, point.data())) return true;
        }
        return false;
    }
};

} // namespace polyrelu
