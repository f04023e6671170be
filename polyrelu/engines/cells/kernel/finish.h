// What a run hands out: finished cells, their generators where they are wanted, cells for exact arithmetic, and cells for
// another run.
#pragma once

#include "evidence.h"

namespace polyrelu {

// Writes down the cell at work, which is through all layers.
template <class S> void Splitter<S>::finish(Patch<S> &A) {
    if (writer_ != nullptr) {
        counters.cells++;
        list(A, cell.ids.data(), cell.m, cell.bits.data(), P.sites());
        return;
    }
    const int dim = shape.dim();
    double *sum = low_;
    for (int j = 0; j < dim; j++) sum[j] = 0.0;
    for (int k = 0; k < cell.m; k++) {
        const double *v = pool[cell.ids[std::size_t(k)]].vector();
        for (int j = 0; j < dim; j++) sum[j] += v[j];
    }
    if (wanted_.any()) keep(A);
    write_cell(A, cell.bits[POSITIVE], cell.bits[NEGATIVE], &cell.bits[TIGHT], sum);
}

// The signs of all neurons on a part of a patch, eight to a byte.
template <class S> POLYRELU_INLINE void Splitter<S>::write_signs(Patch<S> &A, u64 positive, u64 negative, u8 *packed) {
    // Eight bytes at a time: what comes after is written later.
    for (int j = 0; j < P.bytes(); j += 8) std::memcpy(packed + j, A.packed.data() + j, 8);
    for (u64 rest = positive; rest; rest &= rest - 1) {
        const i32 site = A.slots[std::size_t(A.facets + lowest(rest))] - P.domain_facets();
        if (site < P.neurons) packed[site >> 3] |= u8(128 >> (site & 7));
    }
    for (int i = 0; i < A.copy_count; i++) {
        const auto &copy = A.copies[std::size_t(i)];
        const bool above = positive >> copy.of & 1, below = negative >> copy.of & 1;
        if (above != below && above != bool(copy.opposite)) packed[copy.site >> 3] |= u8(128 >> (copy.site & 7));
    }
}

// Writes down a part of a patch: its signs, a float point strictly inside all its facets, certified like any sign (with
// r = 0), else NaN, and its facets. `sum` is that of its generators.
template <class S>
void Splitter<S>::write_cell(Patch<S> &A, u64 positive, u64 negative, const u64 *facets, const double *sum) {
    const int dim = shape.dim(), d = dim - 1, words = shape.words();
    const std::size_t n = finished.count, bytes = std::size_t(P.bytes());
    finished.packed.room((n + 1) * bytes + 8);
    finished.points.room((n + 1) * std::size_t(d));
    finished.start.room(n + 2);
    finished.facets.room(std::size_t(finished.start[n]) + 64 * std::size_t(words));
    write_signs(A, positive, negative, finished.packed.data() + n * bytes);

    double *point = finished.points.data() + n * std::size_t(d);
    double size = 1.0;
    for (int j = 0; j < d; j++) {
        point[j] = sum[j] / sum[d];
        size = larger(size, modulus(point[j]));
    }
    bool inside = !A.touches;
    i32 *to = finished.facets.data();
    i64 end = finished.start[n];
    for (int w = 0; w < words; w++)
        for (u64 rest = facets[w]; rest; rest &= rest - 1) {
            const int slot = 64 * w + lowest(rest);
            if (A.slots[std::size_t(slot)] < 0) continue; // at infinity
            to[end++] = A.slots[std::size_t(slot)];
            const double *f = A.form(slot);
            double v = f[d];
            for (int j = 0; j < d; j++) v += f[j] * point[j];
            const double side = slot < A.facets ? f[dim + 2] : positive >> (slot - A.facets) & 1 ? 1.0 : -1.0;
            inside &= v * side > inner_bound(f[dim], f[dim + 1], size, dim) && is_finite(v);
        }
    if (!inside)
        for (int j = 0; j < d; j++) point[j] = NAN;
    finished.start[n + 1] = end;
    finished.count = n + 1;
    counters.cells++;
}

// Writes down the generators of the cell at work, which is about to be written down, as accurate as they get, and measures
// it with them.
template <class S> void Splitter<S>::keep(Patch<S> &A) {
    const std::size_t dim = std::size_t(shape.dim()), words = std::size_t(shape.words()), n = finished.count,
                      start = wanted_.generators ? std::size_t(kept.start[n]) : 0, end = start + std::size_t(cell.m);
    kept.start.room(n + 2);
    kept.vectors.room(end * dim);
    kept.radius.room(end);
    kept.tight.room(end * words);
    for (std::size_t at = start; at < end; at++) {
        Generator<S> g = pool[cell.ids[at - start]];
        if (!g.solved()) improve(A, g);
        std::memcpy(kept.vectors.data() + at * dim, g.vector(), dim * sizeof(double));
        kept.radius[at] = g.radius();
        for (std::size_t w = 0; w < words; w++) kept.tight[at * words + w] = g.tight()[w] & cell.bits[TIGHT + w];
    }
    kept.start[n + 1] = wanted_.generators ? i64(end) : 0;
    if (measurer_ == nullptr) return;
    const std::size_t d = dim - 1;
    for (Array<double> *column : {&extents.volume_low, &extents.volume_high}) column->room(n + 1);
    for (Array<double> *column : {&extents.box_low, &extents.box_high}) column->room((n + 1) * d);
    measurer_->measure(cell.m, kept.vectors.data() + start * dim, kept.radius.data() + start,
                       kept.tight.data() + start * words, &extents.volume_low[n], &extents.volume_high[n],
                       extents.box_low.data() + n * d, extents.box_high.data() + n * d);
    work_ += 8 * cell.m;
}

// Writes down a flat tile: what the target leaves of the cell at work.
template <class S> void Splitter<S>::write_flat(Patch<S> &A) {
    const int d = shape.dim() - 1, words = shape.words();
    const std::size_t n = flat.count, bytes = std::size_t(P.bytes());
    flat.packed.room((n + 1) * bytes + 8);
    for (Array<i32> *column : {&flat.dim, &flat.is_face, &flat.containing}) column->room(n + 1);
    flat.start.room(n + 2);
    flat.facets.room(std::size_t(flat.start[n]) + 64 * std::size_t(words));
    write_signs(A, 0, 0, flat.packed.data() + n * bytes);
    i64 end = flat.start[n];
    for (const bool containing : {true, false}) {
        for (int w = 0; w < words; w++) {
            u64 all = cell.bits[std::size_t(TIGHT + w)];
            for (int k = 0; k < cell.m; k++) all &= pool[cell.ids[std::size_t(k)]].tight()[w];
            for (u64 rest = containing ? all : cell.bits[std::size_t(TIGHT + w)] & ~all; rest; rest &= rest - 1) {
                const i32 facet = A.slots[std::size_t(64 * w + lowest(rest))];
                if (facet >= 0) flat.facets[std::size_t(end++)] = facet;
            }
        }
        if (containing) flat.containing[n] = i32(end - flat.start[n]);
    }
    flat.is_face[n] = A.is_face;
    flat.dim[n] = A.is_face ? -1 : d - A.sections;
    flat.start[n + 1] = end;
    flat.count = n + 1;
    counters.flat++;
}

// Writes down a part of a patch for another run.
template <class S> void Splitter<S>::leave(Patch<S> &A, const u32 *ids, int m, const u64 *bits, Portable &to) {
    const std::size_t n = to.count, sites = std::size_t(P.sites()), words = std::size_t(shape.words()),
                      dim = std::size_t(shape.dim()), slots = 64 * words, begin = to.generators,
                      end = begin + std::size_t(m);
    for (Array<i64> *column : {&to.depth, &to.start, &to.size}) column->room(n + 1);
    to.signs.room((n + 1) * sites + 1);
    to.slots.room((n + 1) * slots);
    to.vectors.room(end * dim);
    to.radius.room(end);
    to.solved.room(end);
    to.tight.room(end * words);
    to.depth[n] = A.layer;
    to.start[n] = i64(begin);
    to.size[n] = m;
    signs_so_far(A, bits, to.signs.data() + n * sites);
    for (std::size_t slot = 0; slot < slots; slot++) {
        const bool has = bits[TIGHT + slot / 64] & bit(int(slot % 64));
        to.slots[n * slots + slot] = has ? A.slots[slot] : NO_FACET;
    }
    for (int k = 0; k < m; k++) {
        Generator<S> g = pool[ids[k]];
        if (accurate && !g.solved()) improve(A, g);
        const std::size_t at = begin + std::size_t(k);
        std::memcpy(to.vectors.data() + at * dim, g.vector(), dim * sizeof(double));
        to.radius[at] = g.radius();
        to.solved[at] = u8(g.solved());
        for (std::size_t w = 0; w < words; w++) to.tight[at * words + w] = g.tight()[w] & bits[TIGHT + w];
    }
    to.generators = end;
    to.count = n + 1;
}

} // namespace polyrelu
