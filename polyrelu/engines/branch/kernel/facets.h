// Which rows of a set of full dimension are its facets. A row is one if there is a point strictly inside all others and
// outside of this one, and says nothing if there is none: for if some point of the others were outside of it, so would be
// a part of full dimension, which begins at the set. So a box that goes beyond the set says it for all of space.
#pragma once

#include "looking.h"

namespace polyrelu {

// For each row YES, NO or NEVER (nothing of it touches the set), or DOUBT, knowing a point strictly inside. Of rows that
// are equal, all but the last may be left out, and floats doubt that.
inline std::vector<std::uint8_t> facets(const Forms &rows, const Floats &point, const Space &space) {
    Node cell;
    cell.low.assign(space.low, space.low + space.dim);
    cell.high.assign(space.high, space.high + space.dim);
    cell.points = point;
    Looking looking(space, 0);
    Program program;
    Floats beyond;
    std::vector<std::uint8_t> found(std::size_t(rows.count()), UNKNOWN);
    for (int k = 0; k < rows.count(); k++) {
        Forms asked;
        asked.dim = rows.dim;
        for (int i = 0; i < rows.count(); i++)
            if (i != k && found[std::size_t(i)] != NO && found[std::size_t(i)] != NEVER) asked.append(rows, i, 1.0);
        asked.append(rows, k, -1.0);
        program.begin(space.low, space.high, space.dim);
        found[std::size_t(k)] = looking.look(cell, asked, 0, program, beyond);
    }
    return found;
}

} // namespace polyrelu
