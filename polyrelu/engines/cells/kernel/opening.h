// Opening a patch: a part of one patch becomes the whole of the next.
//
// Its facets are the part's, packed together; its neurons are the next that cut it: of the layer that is split, or of the
// next layer that has any. A neuron that repeats another one (Twin) is not cut with: it has the sign of its partner, or
// the opposite, and is silent where that is.
#pragma once

#include "evidence.h"

namespace polyrelu {

// Makes the cell at work, a part of patch q, the patch q + 1 and the whole of it. Its neurons are of layer `depth` from
// `position` in that layer's list on, or from the beginning where that is negative. SPLIT, FINISHED, GONE or TOO_MANY.
template <class S> Next Splitter<S>::open(int q, int depth, int position) {
    patch(q + 1); // both exist before references are taken
    Patch<S> &Q = patch(q), &A = patch(q + 1);
    opened_++;
    signs_so_far(Q, cell.bits.data(), A.signs.data());
    A.facets = move_facets(Q, A);
    A.neurons = A.copy_count = A.sections = A.row = 0;
    A.by_skeleton = A.is_face = A.touches = A.misses = false;
    A.waiting.clear();
    A.parts.count = A.parts.next = 0;
    copy_generators(Q, A);
    return list_neurons(A, depth, position);
}

// Makes the facets of the cell at work the first of a patch.
template <class S> int Splitter<S>::move_facets(Patch<S> &Q, Patch<S> &A) {
    const std::size_t length = A.row_length();
    int facets = 0;
    for (int w = 0; w < shape.words(); w++)
        for (u64 rest = cell.bits[std::size_t(TIGHT + w)]; rest; rest &= rest - 1, facets++) {
            const int old = 64 * w + lowest(rest);
            A.slots[std::size_t(facets)] = Q.slots[std::size_t(old)];
            std::memcpy(A.form(facets), Q.form(old), length * sizeof(double));
            if (old >= Q.facets)
                A.form(facets)[length - 1] = cell.bits[POSITIVE] & bit(old - Q.facets) ? 1.0 : -1.0;
        }
    return facets;
}

// Copies the generators of the cell at work behind those of its patch, with the bits that its facets have there.
template <class S> void Splitter<S>::copy_generators(Patch<S> &Q, Patch<S> &A) {
    const int dim = shape.dim(), words = shape.words(), m = cell.m;
    const u64 *facets = &cell.bits[TIGHT];
    A.first = Q.end;
    A.end = A.first + u32(m);
    pool.room(std::size_t(A.end) + 1);
    A.is_simple = true;
    Generator<S> to = pool[A.first];
    for (int k = 0; k < m; k++, to.step()) {
        Generator<S> from = pool[cell.ids[std::size_t(k)]];
        std::memcpy(to.vector(), from.vector(), std::size_t(dim + 1) * sizeof(double)); // and the radius
        to.solved() = from.solved();
        to.on_grid() = from.on_grid();
        u64 *bits = to.tight();
        to.positive() = pool.negative(A.first + u32(k)) = 0;
        int count = 0;
        if (words == 1) {
            count = ones(from.tight()[0] & facets[0]);
            bits[0] = compressed(from.tight()[0], facets[0]);
        } else {
            for (int w = 0; w < words; w++) bits[w] = 0;
            for (int w = 0, before = 0; w < words; before += ones(facets[w++])) {
                const u64 tight = compressed(from.tight()[w], facets[w]);
                if (!tight) continue;
                count += ones(tight);
                bits[before / 64] |= tight << before % 64;
                if (before % 64 && tight >> (64 - before % 64)) bits[before / 64 + 1] |= tight >> (64 - before % 64);
            }
        }
        A.is_simple &= count == dim - 1;
        if (!to.solved() && !(to.radius() <= COARSE)) improve(A, to);
    }
}

template <class S> Next Splitter<S>::list_neurons(Patch<S> &A, int depth, int position) {
    const int layers = layers_, most = shares && at_ == 0 ? COARSE_NEURONS : MOST_NEURONS;
    const int room = smaller(most, 64 * shape.words() - A.facets);
    Next next = Next::FINISHED;
    while (depth < layers) {
        const bool in_target = depth == P.target_layer;
        const bool has_twins = P.twin_start[std::size_t(depth)] < P.twin_start[std::size_t(depth) + 1];
        A.layer = depth;
        if (in_target && writer_ != nullptr) A.decided = rows_decided(A);
        if (position < 0) {
            if (!enter(A, depth)) return Next::GONE;
            position = 0;
        }
        const i32 *crossing = F.crossing(depth);
        const int count = F.crossing_count(depth);
        for (; position < count; position++) {
            const i32 coord = crossing[position], site = P.site_of[std::size_t(coord)];
            if (A.signs[std::size_t(site)] != UNDECIDED || (has_twins && is_decided(A, depth, site))) continue;
            if (A.neurons == room) break;
            const Sides sides = look_at(A, coord);
            const bool cuts = sides.positive && sides.negative;
            if (sides.doubt || cuts || (in_target && sides.zero)) {
                // What only touches a cell matters to targets, and earlier rows may cut that off.
                A.slots[std::size_t(A.facets + A.neurons)] = P.domain_facets() + site;
                A.listed[A.neurons++] = position;
                A.is_simple &= !sides.doubt && !sides.zero;
                continue;
            }
            forget_signs(A, sides);
            if (in_target && (sides.positive || P.equality[std::size_t(coord)]) && discard(A)) return Next::GONE;
            A.signs[std::size_t(site)] = sides.positive ? ON : sides.negative ? OFF : SILENT;
        }
        if (A.neurons || position < count) {
            next = A.neurons ? Next::SPLIT : Next::TOO_MANY;
            break;
        }
        depth++;
        position = -1;
    }
    A.layer = depth;
    A.next = position;
    A.buckets = 0;
    if (depth + 1 >= layers || next == Next::FINISHED) pack(A);
    return next;
}

// Computes a layer's forms on a patch that no neuron cuts yet, and lists those that may; the box around it tells the signs
// of the others. False if it is seen to have no part in the target.
template <class S> bool Splitter<S>::enter(Patch<S> &A, int depth) {
    const int dim = shape.dim();
    const bool in_target = depth == P.target_layer;
    F.enter(depth, A.signs.data(), dim);
    if (P.has_target() && !in_target && may_prune(A, depth)) {
        if (misses_target(A, depth)) {
            counters.pruned++;
            counters.discarded++;
            if (writer_ != nullptr) {
                whole(A);
                list(A, cell.ids.data(), cell.m, cell.bits.data(), rows_before(depth));
            }
            return false;
        }
    }
    if (in_target && writer_ != nullptr) {
        known_.room(std::size_t(P.sites()) + 1);
        std::memcpy(known_.data(), A.signs.data(), std::size_t(P.sites()));
    }
    // Forms without a bias vanish at the apex, and there only on a cell that they do not cut: so the others tell their signs.
    const bool around_apex = P.without_bias[std::size_t(depth)] && !in_target;
    u32 apex = A.end;
    for (u32 id = A.first; around_apex && A.end > A.first + 1 && id < A.end && apex == A.end; id++)
        if (is_apex(pool[id])) apex = id;
    double *low = low_, *high = high_, r = 0.0;
    for (int j = 0; j < dim; j++) low[j] = high[j] = pool[apex == A.first ? A.first + 1 : A.first].vector()[j];
    Generator<S> g = pool[A.first];
    for (u32 id = A.first; id < A.end; id++, g.step()) {
        if (id == apex) continue;
        const double *v = g.vector();
        if (v[dim] > r) r = v[dim]; // never NaN; where it is infinite, nothing is decided
        for (int j = 0; j < dim; j++) low[j] = smaller(low[j], v[j]), high[j] = larger(high[j], v[j]);
    }
    counters.signs += F.decide_by_box(depth, low, high, r, A.signs.data(), dim);
    if (!in_target) return true;
    for (i64 c = P.coord_start[std::size_t(depth)]; c < P.coord_start[std::size_t(depth) + 1]; c++) {
        const std::size_t site = std::size_t(P.site_of[std::size_t(c)]);
        const u8 sign = A.signs[site];
        if (sign != ON && !(sign == OFF && P.equality[std::size_t(c)])) continue;
        // What only touches a cell may have given it this sign before, where evidence is wanted.
        if (writer_ != nullptr && known_[site] != UNDECIDED) continue;
        if (discard(A)) return false;
    }
    return true;
}

// Whether a generator is known to be the origin.
template <class S> POLYRELU_INLINE bool Splitter<S>::is_apex(Generator<S> g) {
    bool is_zero = g.radius() == 0.0;
    for (int j = 0; j + 1 < shape.dim(); j++) is_zero &= g.vector()[j] == 0.0;
    return is_zero;
}

// Whether bounds show that a patch misses the target: intervals, or, where these leave it open, the zonotope around what the
// layers between make of the patch. Who judges evidence has intervals alone.
template <class S> POLYRELU_APART bool Splitter<S>::misses_target(Patch<S> &A, int depth) {
    const int dim = shape.dim(), m = int(A.end - A.first);
    const auto at = [&](int k) { return pool[A.first + u32(k)].vector(); };
    if (reach_.seems_to_hit(F, depth, m, at, dim)) return false;
    const Aim aim = reach_.aim(F, depth, m, at, dim);
    if (aim != Aim::OPEN || writer_ != nullptr || P.target_layer - depth < LEAST_BELOW) return aim == Aim::MISSES;
    counters.bounded++;
    const i64 first = P.coord_start[std::size_t(depth)];
    if (!zonotope_.begin(F, depth, m, at, &reach_.low(first), &reach_.high(first))) return false;
    for (int layer = depth; layer < P.target_layer; layer++) {
        zonotope_.bend(layer);
        work_ += i64(zonotope_.columns()) * zonotope_.width(layer);
        if (zonotope_.columns() > MOST_COLUMNS || !zonotope_.enter(layer + 1)) return false;
    }
    combination_.take(P.target_layer);
    const bool misses = combination_.misses(P.equality.start + P.coord_start[std::size_t(P.target_layer)]);
    counters.excluded += misses;
    return misses;
}

// Writes the form of a coordinate as that of the patch's next neuron, and its signs at all generators; negative ones are
// not written, but told by the others (complete_signs).
template <class S> POLYRELU_INLINE typename Splitter<S>::Sides Splitter<S>::look_at(Patch<S> &A, i32 coord) {
    const int slot = A.facets + A.neurons, dim = shape.dim();
    double *f = A.form(slot);
    F.write(coord, f, dim);
    Sides sides;
    u32 above = 0, other = 0;
    Generator<S> g = pool[A.first];
    for (u32 id = A.first; id < A.end; id++, g.step()) {
        const double v = value(f, g.vector(), dim), B = sign_bound(f[dim], f[dim + 1], g.radius(), dim);
        bool is_above = v > 0.0;
        if (!(modulus(v) > B)) {
            const int side = doubtful_sign(A, slot, g);
            is_above = side == 1;
            if (side == 0 || side == DOUBT) {
                note_sign(id, A.neurons, slot, side);
                (side == 0 ? sides.zero : sides.doubt) = true;
                other++;
            }
        }
        g.positive() |= u64(is_above) << A.neurons;
        above += is_above;
    }
    counters.signs += A.end - A.first;
    sides.positive = above > 0;
    sides.negative = above + other < A.end - A.first;
    return sides;
}

// Takes back what look_at has noted of a neuron that does not cut the patch.
template <class S> POLYRELU_INLINE void Splitter<S>::forget_signs(Patch<S> &A, Sides sides) {
    if (!sides.positive && !sides.zero) return;
    const int slot = A.facets + A.neurons;
    for (u32 id = A.first; id < A.end; id++) {
        const Generator<S> g = pool[id];
        g.positive() &= ~bit(A.neurons);
        if (sides.zero) g.tight()[slot / 64] &= ~bit(slot % 64);
    }
}

// Writes the negative signs at a patch's generators: where the sign is not positive, nor zero.
template <class S> void Splitter<S>::complete_signs(Patch<S> &A) {
    const u64 all = A.neurons == 64 ? ~u64(0) : bit(A.neurons) - 1;
    for (u32 id = A.first; id < A.end; id++) {
        const Generator<S> g = pool[id];
        pool.negative(id) |= all & ~g.positive() & ~neurons_of(A, g.tight());
    }
}

// Which of its neurons a generator of a patch lies on, a bit for each.
template <class S> POLYRELU_INLINE u64 Splitter<S>::neurons_of(Patch<S> &A, const u64 *tight) {
    const int w = A.facets / 64, shift = A.facets % 64;
    if (w >= shape.words()) return 0;
    u64 own = tight[w] >> shift;
    if (shift && w + 1 < shape.words()) own |= tight[w + 1] << (64 - shift);
    return own;
}

// Whether a neuron repeats one whose sign is known, or that cuts the patch already; then it need not be looked at.
template <class S> bool Splitter<S>::is_decided(Patch<S> &A, int depth, i32 site) {
    const i64 end = P.twin_start[std::size_t(depth) + 1];
    for (i64 k = P.twin_start[std::size_t(depth)]; k < end; k++) {
        const Twin &twin = P.twins[std::size_t(k)];
        if (twin.site != site) continue;
        const u8 sign = A.signs[std::size_t(twin.partner)];
        if (sign == UNTOLD) return false;
        if (sign != UNDECIDED) {
            A.signs[std::size_t(site)] = sign == SILENT ? SILENT : (sign == ON) != bool(twin.opposite) ? ON : OFF;
            return true;
        }
        for (int i = 0; i < A.neurons; i++)
            if (A.slots[std::size_t(A.facets + i)] == P.domain_facets() + twin.partner) {
                A.copies.room(std::size_t(A.copy_count) + 1);
                A.copies[std::size_t(A.copy_count++)] = {site, i, twin.opposite};
                return true;
            }
        return false;
    }
    return false;
}

// Makes the cell at work all of a patch that is not cut yet.
template <class S> void Splitter<S>::whole(Patch<S> &A) {
    complete_signs(A);
    for (int w = 0; w < TIGHT + shape.words(); w++) cell.bits[std::size_t(w)] = 0;
    cell.m = int(A.end - A.first);
    cell_room(std::size_t(cell.m));
    for (u32 g = A.first; g < A.end; g++) {
        cell.ids[g - A.first] = g;
        cell.bits[POSITIVE] |= pool[g].positive();
        cell.bits[NEGATIVE] |= pool.negative(g);
    }
    for (int slot = 0; slot < A.facets; slot++) cell.bits[std::size_t(TIGHT + slot / 64)] |= bit(slot % 64);
}

// Packs the neurons' signs. Eight bytes, the first of them lowest in a word, have ON as their only odd value; the factor
// moves the lowest bit of byte i to bit 63 - i, and no two others to one place.
template <class S> void Splitter<S>::pack(Patch<S> &A) {
    const int whole = P.neurons / 8, rest = P.neurons % 8;
    const auto packed = [&](int j) {
        u64 signs = 0;
        for (int i = 0; i < 8; i++) signs |= u64(A.signs[std::size_t(8 * j + i)]) << 8 * i;
        return u8((signs & 0x0101010101010101u) * 0x8040201008040201u >> 56);
    };
    for (int j = 0; j < whole; j++) A.packed[std::size_t(j)] = packed(j);
    if (rest) A.packed[std::size_t(whole)] = u8(packed(whole) & ~(255 >> rest)); // what follows are rows of the target
}

} // namespace polyrelu
