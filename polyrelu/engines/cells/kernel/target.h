// The target's rows: what they leave of a cell that is through all layers.
//
// A row f <= 0 (or f < 0, or f = 0) of the target is a form on the cell, whose sign at each generator is known exactly by
// the time it matters. Rows are applied one after the other:
//
// * where f takes both signs, f <= 0 keeps the part below, and f = 0 the section through the inside;
// * where f >= 0, what is left is the face on which f = 0: the generators there are its generators. If there is none, or
//   f < 0 is demanded, nothing is left. f <= 0 leaves all, and f = 0 the same face;
// * where f vanishes, f < 0 leaves nothing, and the others all.
//
// Facets of a section or a face are among the intersections with the facets of the cell; that some are not facets of it
// does no harm, since two generators span an edge iff no third one lies on all *valid* inequalities that are tight at both.
// What is left in the end has a point iff some generator is not at infinity; and one at which all strict rows of the target
// hold iff none of these vanishes on it: of a finite number of points, one for each row, the mean satisfies all.
//
// A section through the inside of a cell lies in no other tile, because the closed cells of other patterns do not meet the
// inside of this one; a face may lie in others, or in a facet that the domain does without, which who reads it finds out.
#pragma once

#include "cut.h"

namespace polyrelu {

// Applies the rows that are left to the cell at work: FINISHED if something of full dimension is left, else GONE, when what
// is left has been written down. After a pause, it is to be called again.
template <class S> Next Splitter<S>::apply_target(Patch<S> &A, Pause &pause) {
    for (; A.row < A.neurons; A.row++) {
        const Next next = apply_row(A, A.row, pause);
        if (pause != DONE) return next;
        if (next == Next::FINISHED) continue;
        counters.discarded++;
        return Next::GONE;
    }
    if (A.sections == 0 && !A.is_face) return Next::FINISHED;
    if (is_void(A)) counters.discarded++;
    else write_flat(A);
    return Next::GONE;
}

template <class S> Next Splitter<S>::apply_row(Patch<S> &A, int row, Pause &pause) {
    const i32 site = A.slots[std::size_t(A.facets + row)] - P.domain_facets();
    const std::size_t coord = std::size_t(P.coord_of[std::size_t(site)]);
    const bool equality = P.equality[coord], strict = P.strict[coord];
    Sides sides = sides_of(row);
    if (sides.doubt) {
        pause = decide(A, row);
        if (pause != DONE) return Next::SPLIT;
        sides = sides_of(row);
    }
    if (!sides.positive && !sides.negative) return strict ? Next::GONE : Next::FINISHED;
    if (sides.positive && sides.negative) {
        cut(A, row, equality ? Keep::ON : Keep::BELOW);
        A.sections += equality;
        return Next::FINISHED;
    }
    if (sides.positive || equality) {
        if (!sides.zero || strict) return Next::GONE;
        keep_face(A, row);
        return Next::FINISHED;
    }
    A.touches |= sides.zero;
    return Next::FINISHED;
}

// On which sides of a row the cell at work has generators.
template <class S> typename Splitter<S>::Sides Splitter<S>::sides_of(int row) {
    Sides sides;
    for (int k = 0; k < cell.m; k++) {
        const u32 id = cell.ids[std::size_t(k)];
        const bool above = pool[id].positive() & bit(row), below = pool.negative(id) & bit(row);
        sides.doubt |= above && below;
        sides.positive |= above && !below;
        sides.negative |= below && !above;
        sides.zero |= !above && !below;
    }
    return sides;
}

// Leaves of the cell at work the face on which a row is zero.
template <class S> void Splitter<S>::keep_face(Patch<S> &A, int row) {
    int left = 0;
    const int slot = A.facets + row;
    for (int k = 0; k < cell.m; k++) {
        const u32 id = cell.ids[std::size_t(k)];
        if (!((pool[id].positive() | pool.negative(id)) & bit(row))) cell.ids[std::size_t(left++)] = id;
    }
    cell.m = left;
    keep_touching(slot);
    A.is_face = true;
}

// Whether no point of what is left of the cell at work satisfies the strict rows, or all of it is at infinity.
template <class S> bool Splitter<S>::is_void(Patch<S> &A) {
    for (int w = 0; w < shape.words(); w++) {
        u64 containing = ~u64(0);
        for (int k = 0; k < cell.m; k++) containing &= pool[cell.ids[std::size_t(k)]].tight()[w];
        for (; containing; containing &= containing - 1) {
            const int slot = 64 * w + lowest(containing);
            if (slot >= A.facets + A.neurons) break;
            const i32 facet = A.slots[std::size_t(slot)];
            if (facet == AT_INFINITY) return true;
            const i32 site = facet - P.domain_facets();
            if (site >= 0 && P.strict[std::size_t(P.coord_of[std::size_t(site)])]) return true;
        }
    }
    return false;
}

} // namespace polyrelu
