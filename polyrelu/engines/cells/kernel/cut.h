// The general way to cut a part of a patch, right for any polytope: one step of the double description method.
//
// Two generators span an edge iff no third one lies on all facets that the two have in common; where each lies on exactly
// d facets (the part is simple), iff they share d - 1. An edge has the same two ends in all parts that have it, and the
// same neuron cuts it first; so the generator there is made once, and then looked up by the numbers of the two. The bits
// that a part's generators have among them say which neurons cut it: those that have both.
//
// One of the part's facets stays on a side iff some generator on it is strictly on that side: then the part of the facet
// there has its full dimension, and otherwise it lies in the cutting hyperplane, which is a facet of both sides.
#pragma once

#include "signs.h"

namespace polyrelu {

// Cuts the cell at work with a neuron of its patch: it becomes the part below, and the part above waits. Rows of the target
// keep only what is below, or on the hyperplane. IN_DOUBT, and nothing is done, where its sign at some generator is;
// NONE where it does not cut the cell after all, since signs that were in doubt are known by now: then the cell's bits are
// put right.
template <class S> typename Splitter<S>::Cut Splitter<S>::cut(Patch<S> &A, int neuron, Keep keep) {
    const int words = shape.words(), d = shape.dim() - 1, slot = A.facets + neuron, m = cell.m;
    const u64 mark = bit(neuron);
    u64 *const facets = &cell.bits[TIGHT];
    bool simple = true;
    int ups = 0, downs = 0, ons = 0;
    u64 plus_above = 0, minus_above = 0, plus_below = 0, minus_below = 0, plus_on = 0, minus_on = 0;
    for (int k = 0; k < m; k++) {
        const u32 id = cell.ids[std::size_t(k)];
        const Generator<S> g = pool[id];
        const u64 plus = g.positive(), minus = pool.negative(id);
        int count = 0;
        for (int w = 0; w < words; w++) {
            const u64 tight = g.tight()[w] & facets[w];
            // Written to both lists; it stays in the one that becomes longer.
            above_tight_[std::size_t(ups * words + w)] = tight;
            below_tight_[std::size_t(downs * words + w)] = tight;
            count += ones(tight);
        }
        simple &= count == d;
        if (plus & minus & mark) return Cut::IN_DOUBT;
        if (plus & mark) above_[std::size_t(ups++)] = id, plus_above |= plus, minus_above |= minus;
        else if (minus & mark) below_[std::size_t(downs++)] = id, plus_below |= plus, minus_below |= minus;
        else on_[std::size_t(ons++)] = id, plus_on |= plus, minus_on |= minus;
    }
    if (ups == 0 || downs == 0) {
        cell.bits[POSITIVE] = plus_above | plus_below | plus_on;
        cell.bits[NEGATIVE] = minus_above | minus_below | minus_on;
        return Cut::NONE;
    }
    work_ += m + i64(ups) * downs / 16;

    int added = 0;
    for (int k = 0; k < ups; k++)
        for (int q = 0; q < downs; q++) {
            const u64 *one = &above_tight_[std::size_t(k * words)], *other = &below_tight_[std::size_t(q * words)];
            int shared = 0;
            for (int w = 0; w < words; w++) shared += ones(one[w] & other[w]);
            if (shared < d - 1) continue;
            if (!simple && !adjacent(above_[std::size_t(k)], below_[std::size_t(q)], one, other)) continue;
            const u32 made = on_edge(A, neuron, above_[std::size_t(k)], below_[std::size_t(q)]);
            fresh_.room(std::size_t(added) + 1);
            fresh_[std::size_t(added++)] = made;
            plus_on |= pool[made].positive();
            minus_on |= pool.negative(made);
        }

    counters.cuts++;
    if (keep == Keep::ON) {
        keep_section(slot, ons, added);
        return Cut::MADE;
    }
    Waiting &W = A.waiting;
    const std::size_t columns = TIGHT + std::size_t(words);
    const u32 start = W.top == 0 ? 0 : W.places[W.top - 1].start + W.places[W.top - 1].size;
    const int sizes = ups + ons + added;
    W.places.room(W.top + 1);
    W.bits.room((W.top + 1) * columns);
    W.ids.room(std::size_t(start) + std::size_t(sizes));
    cell_room(std::size_t(downs + ons + added));
    u64 *upper = &W.bits[W.top * columns], *const own = &cell.bits[TIGHT];
    for (int w = 0; w < words; w++) {
        u64 stays_above = 0, stays_below = 0;
        for (int k = 0; k < ups; k++) stays_above |= above_tight_[std::size_t(k * words + w)];
        for (int k = 0; k < downs; k++) stays_below |= below_tight_[std::size_t(k * words + w)];
        upper[TIGHT + w] = stays_above;
        own[w] = stays_below;
    }
    upper[POSITIVE] = plus_above | plus_on;
    upper[NEGATIVE] = minus_above | minus_on;
    cell.bits[POSITIVE] = plus_below | plus_on;
    cell.bits[NEGATIVE] = minus_below | minus_on;
    upper[TIGHT + slot / 64] |= bit(slot % 64);
    own[slot / 64] |= bit(slot % 64);

    u32 *to = W.ids.data() + start, *ids = cell.ids.data();
    for (int k = 0; k < ups; k++) to[k] = above_[std::size_t(k)];
    for (int k = 0; k < downs; k++) ids[k] = below_[std::size_t(k)];
    for (int k = 0; k < ons; k++) to[ups + k] = ids[downs + k] = on_[std::size_t(k)];
    for (int k = 0; k < added; k++) to[ups + ons + k] = ids[downs + ons + k] = fresh_[std::size_t(k)];
    cell.m = downs + ons + added;
    if (keep == Keep::BOTH) W.places[W.top++] = {start, u32(sizes)};
    return Cut::MADE;
}

// Leaves of the cell at work what lies on the hyperplane that has just cut it.
template <class S> void Splitter<S>::keep_section(int slot, int ons, int added) {
    cell_room(std::size_t(ons + added));
    for (int k = 0; k < ons; k++) cell.ids[std::size_t(k)] = on_[std::size_t(k)];
    for (int k = 0; k < added; k++) cell.ids[std::size_t(ons + k)] = fresh_[std::size_t(k)];
    cell.m = ons + added;
    keep_touching(slot);
}

// Leaves of the facets of the cell at work those that touch it, now that it is flat, and the hyperplane that it lies in. A
// ridge that lies in the hyperplane makes neither of its facets a facet of what is left, but both touch that.
template <class S> void Splitter<S>::keep_touching(int slot) {
    cell.bits[std::size_t(TIGHT + slot / 64)] |= bit(slot % 64);
    for (int w = 0; w < shape.words(); w++) {
        u64 touching = 0;
        for (int k = 0; k < cell.m; k++) touching |= pool[cell.ids[std::size_t(k)]].tight()[w];
        cell.bits[std::size_t(TIGHT + w)] &= touching;
    }
}

// Whether no third generator of the cell at work is on all facets that two of them, given with the facets they are on, have
// in common.
template <class S> bool Splitter<S>::adjacent(u32 first, u32 second, const u64 *one, const u64 *other) {
    for (int k = 0; k < cell.m; k++) {
        const u32 id = cell.ids[std::size_t(k)];
        if (id == first || id == second) continue;
        bool within = true;
        for (int w = 0; w < shape.words() && within; w++)
            within = (one[w] & other[w] & ~pool[id].tight()[w]) == 0;
        if (within) return false;
    }
    return true;
}

// The generator where the edge from `up` to `down` meets a neuron of a patch; made if no other part made it.
template <class S> u32 Splitter<S>::on_edge(Patch<S> &A, int neuron, u32 up, u32 down) {
    if (A.buckets == 0 && A.neurons > 1 && A.layer != P.target_layer) {
        A.buckets = 16;
        const u64 enough = 2 * u64(A.end - A.first) * u64(A.neurons);
        while (A.buckets < enough && A.buckets < MOST_BUCKETS) A.buckets *= 2;
        A.heads.filled(A.buckets, -1);
    }
    const u64 edge = u64(up) << 32 | down;
    u32 head = 0;
    if (A.buckets) {
        head = u32((u64(up) * 0x9E3779B1u + u64(down) * 0x85EBCA6Bu) >> 12) & (A.buckets - 1);
        for (i32 g = A.heads[head]; g >= 0; g = pool.chain(std::size_t(g)))
            if (pool.edge(std::size_t(g)) == edge) return u32(g);
    }
    const u32 id = A.end++;
    pool.room(std::size_t(id) + 1);
    Generator<S> g = pool[id], u = pool[up], v = pool[down];
    if (A.buckets) {
        pool.edge(id) = edge;
        pool.chain(id) = A.heads[head];
        A.heads[head] = i32(id);
    }
    make(A, neuron, u, v, g);
    // Where the ends agree, so does what lies between them; of the neurons before this one they agree on all.
    for (int w = 0; w < shape.words(); w++) g.tight()[w] = u.tight()[w] & v.tight()[w];
    const int slot = A.facets + neuron;
    g.tight()[slot / 64] |= bit(slot % 64);
    const u64 plus = u.positive() | v.positive(), minus = pool.negative(up) | pool.negative(down);
    g.positive() = plus & ~minus;
    pool.negative(id) = minus & ~plus;
    for (u64 unknown = plus & minus & ~bit(neuron); unknown; unknown &= unknown - 1) {
        const int i = lowest(unknown);
        note_sign(id, i, A.facets + i, sign(A, A.facets + i, g));
    }
    return id;
}

} // namespace polyrelu
