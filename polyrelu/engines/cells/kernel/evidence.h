// What a run lists as evidence: the cells that the search ends with, each with its pattern up to some row. No pattern is
// the beginning of another, and the cells cover the domain.
//
// A cell is listed
//
// * where it is through all layers and rows of the target, with all rows;
// * where bounds show, before a layer, that it misses the target (reach.h), with the rows of the layers before;
// * where it is bounded, and one of several rows of the target is violated on all of it, with the rows up to the last that
//   has cut it;
// * above a row f <= 0 or f < 0 that cuts it, with the rows up to this one.
//
// So who looks at a cell that is listed without all rows sees a row of the target violated, or can bound it at the vertices,
// unless numbers are so small that bounds are not to be trusted with them (Rows).
// Where a row only touches a cell, or demands equality, nothing is flattened: the whole cell goes on, as do both sides of a
// cut. Who reads the list finds out which faces are flat tiles.
#pragma once

#include "cut.h"
#include "rows.h"

namespace polyrelu {

// Lists a part of a patch, by so many rows.
template <class S> void Splitter<S>::list(Patch<S> &A, const u32 *ids, int m, const u64 *bits, i32 length) {
    // Of eight signs ON is the only odd one; the factor moves the lowest bit of byte i to bit 56 + i, and no two to one place.
    const std::size_t bytes = (std::size_t(P.sites()) + 7) / 8;
    auto *packed = reinterpret_cast<u8 *>(writer_->pattern());
    for (std::size_t j = 0; j < bytes; j++) {
        u64 signs;
        std::memcpy(&signs, A.signs.data() + 8 * j, sizeof signs);
        packed[j] = u8((signs & 0x0101010101010101u) * 0x0102040810204080u >> 56);
    }
    const u64 above = bits[POSITIVE] & ~bits[NEGATIVE], below = bits[NEGATIVE] & ~bits[POSITIVE];
    const auto set = [&](i32 site) { packed[site >> 3] |= u8(1 << (site & 7)); };
    for (u64 rest = above; rest; rest &= rest - 1) set(A.slots[std::size_t(A.facets + lowest(rest))] - P.domain_facets());
    for (int i = 0; i < A.copy_count; i++) {
        const auto &copy = A.copies[std::size_t(i)];
        if ((copy.opposite ? below : above) >> copy.of & 1) set(copy.site);
    }
    row_of_.room(64 * std::size_t(shape.words()));
    int facets = 0;
    for (int w = 0; w < shape.words(); w++)
        for (u64 rest = bits[TIGHT + w]; rest; rest &= rest - 1, facets++) {
            const std::size_t slot = std::size_t(64 * w + lowest(rest));
            row_of_[slot] = writer_->row_of(A.slots[slot]);
        }
    writer_->write(length, m, facets, [&](int k, i32 *rows) {
        int count = 0;
        for (int w = 0; w < shape.words(); w++)
            for (u64 rest = pool[ids[k]].tight()[w] & bits[TIGHT + w]; rest; rest &= rest - 1)
                rows[count++] = row_of_[std::size_t(64 * w + lowest(rest))];
        return count;
    }, [&](int k) { return may_be_far(pool[ids[k]]); });
    work_ += 4 * m;
}

// The number of rows before the first of the target's that has no sign on a patch yet.
template <class S> i32 Splitter<S>::rows_decided(Patch<S> &A) {
    i32 site = P.neurons;
    while (site < P.sites() && A.signs[std::size_t(site)] != UNDECIDED) site++;
    return site;
}

// Whether bounds may discard a patch before it is split by a layer. Where evidence is wanted it must have met none of the
// layer's neurons in another run, or before this one: what they have cut off has the same signs before the layer.
template <class S> POLYRELU_INLINE bool Splitter<S>::may_prune(Patch<S> &A, int layer) {
    if (writer_ == nullptr) return true;
    bool is_whole = prunes_;
    for (i32 site = rows_before(layer); site < rows_before(layer + 1); site++)
        is_whole &= A.signs[std::size_t(site)] == UNDECIDED;
    return is_whole;
}

// The number of rows of the layers before one.
template <class S> i32 Splitter<S>::rows_before(int layer) {
    i32 rows = 0;
    for (i64 c = 0; c < P.coord_start[std::size_t(layer)]; c++) rows += P.relu[std::size_t(c)];
    return rows;
}

// Goes on with the target's rows on the cell at work: FINISHED if it is to be split on, or is through; GONE if it has been
// listed. After a pause, it is to be called again.
template <class S> Next Splitter<S>::judge(Patch<S> &A, Pause &pause) {
    for (;;) {
        int cutting = -1;
        bool misses = A.misses;
        for (int row = 0; row < A.neurons; row++) {
            Sides sides = sides_of(row);
            if (sides.doubt) {
                pause = decide(A, row);
                if (pause != DONE) return Next::SPLIT;
                sides = sides_of(row);
            }
            put_right(row, sides);
            if (sides.positive && sides.negative) cutting = cutting < 0 ? row : cutting;
            else misses |= violates(A, row, sides);
        }
        if (misses && may_be_bounded()) {
            counters.discarded++;
            list(A, cell.ids.data(), cell.m, cell.bits.data(), A.decided);
            return Next::GONE;
        }
        if (cutting < 0) return Next::FINISHED;
        const i32 site = A.slots[std::size_t(A.facets + cutting)] - P.domain_facets();
        cut(A, cutting, Keep::BOTH);
        A.decided = site + 1;
        Waiting &W = A.waiting;
        if (P.equality[std::size_t(P.coord_of[std::size_t(site)])]) {
            W.decided.room(W.top);
            W.decided[W.top - 1] = A.decided;
            continue;
        }
        const Waiting::Place above = W.places[--W.top];
        counters.discarded++;
        const u64 *bits = &W.bits[W.top * (TIGHT + std::size_t(shape.words()))];
        list(A, W.ids.data() + above.start, int(above.size), bits, A.decided);
    }
}

// Whether a generator may be at infinity.
template <class S> POLYRELU_INLINE bool Splitter<S>::may_be_far(Generator<S> g) {
    return !(g.vector()[shape.dim() - 1] > 2.0 * g.radius());
}

// Whether bounds at its vertices may discard the cell at work, on which one of several rows of the target is violated.
template <class S> bool Splitter<S>::may_be_bounded() {
    if (!prunes_ || P.sites() - P.neurons == 1) return false;
    for (int k = 0; k < cell.m; k++)
        if (may_be_far(pool[cell.ids[std::size_t(k)]])) return false;
    return true;
}

// Whether a patch that is being opened, on which a row of the target is violated, is discarded; where evidence is wanted it
// is listed then, and else goes on.
template <class S> POLYRELU_APART bool Splitter<S>::discard(Patch<S> &A) {
    if (writer_ != nullptr) {
        whole(A);
        A.misses = true;
        if (!may_be_bounded()) return false;
        list(A, cell.ids.data(), cell.m, cell.bits.data(), A.decided);
    }
    counters.discarded++;
    return true;
}

// Whether a row of the target that does not cut the cell at work holds at none of its points.
template <class S> bool Splitter<S>::violates(Patch<S> &A, int row, Sides sides) {
    const i32 site = A.slots[std::size_t(A.facets + row)] - P.domain_facets();
    const std::size_t coord = std::size_t(P.coord_of[std::size_t(site)]);
    if (P.equality[coord]) return !sides.zero;
    return P.strict[coord] ? !sides.negative : sides.positive && !sides.zero;
}

// Makes the bits of the cell at work say what is known of a neuron's sides, when its doubts are decided.
template <class S> void Splitter<S>::put_right(int neuron, Sides sides) {
    cell.bits[POSITIVE] = (cell.bits[POSITIVE] & ~bit(neuron)) | u64(sides.positive) << neuron;
    cell.bits[NEGATIVE] = (cell.bits[NEGATIVE] & ~bit(neuron)) | u64(sides.negative) << neuron;
}

} // namespace polyrelu
