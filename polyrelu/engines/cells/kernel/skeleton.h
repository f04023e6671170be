// The fast way to cut a patch: its vertices and edges are subdivided by all its neurons at once, and its parts are read
// off at the end.
//
// Let a patch be a simple polytope of dimension d (each generator lies on exactly d facets), and let no generator that is
// met lie on a neuron's hyperplane but by having been made there. Then all parts are simple, and:
//
// 1. Every edge waits in the bucket of the first neuron on which its ends differ. Taken by that neuron it gets one new
//    generator, made exactly once, and leaves two edges. (Earlier neurons have one sign on it, and later ones come later.)
// 2. The generators that neuron i makes are the vertices of its hyperplane's arrangement so far. Two of them are joined by
//    an edge iff they lie in one 2-face of a part: iff they agree on all but one of the d - 1 facets and earlier neurons
//    that each lies on beside i, and on the signs of the earlier neurons, where what the one that is left has on either
//    side must be tried. Simple polytopes have no others: a 2-face that a hyperplane meets inside has two points on its
//    boundary there.
// 3. A generator that lies on the patch's neurons N belongs to the 2^|N| parts whose signs are its own with any signs at
//    N. A part's facets are those on which its generators lie, since each generator of a simple polytope lies on d of its
//    facets and no facet is without generators.
//
// So no part is ever kept while cutting, no pair of generators is tested and no part is asked what cuts it. Where a sign
// is zero or in doubt, or a patch is not simple, it goes the general way (cut.h).
#pragma once

#include "finish.h"
#include "interval.h"

namespace polyrelu {

// Cuts all of a patch; false, with the patch as it was, where it has to go the general way.
template <class S> bool Splitter<S>::cut_skeleton(Patch<S> &A) {
    if (A.layer == P.target_layer || !A.is_simple) return false;
    if (forced_back && (opened_ * 0x9E3779B97F4A7C15u >> 40) % forced_back == 0) return false;
    int used = A.neurons;
    const u32 end = A.end;
    if (!subdivide(A, used)) {
        A.end = end;
        counters.fallbacks++;
        return false;
    }
    if (used < A.neurons) { // the others come when its parts are patches
        A.next = A.listed[used];
        A.neurons = used;
        const u64 mask = bit(used) - 1;
        for (u32 g = A.first; g < A.end; g++) pool[g].positive() &= mask;
        int left = 0;
        for (int i = 0; i < A.copy_count; i++)
            if (A.copies[std::size_t(i)].of < used) A.copies[std::size_t(left++)] = A.copies[std::size_t(i)];
        A.copy_count = left;
    }
    counters.skeletons++;
    A.by_skeleton = true;
    const bool last = A.layer + 1 >= layers_ && A.next >= F.crossing_count(A.layer);
    const bool at_once = last && !wanted_.any() && !A.across;
    read_off(A, !at_once);
    counters.cuts += A.parts.count - 1;
    if (at_once) finish_parts(A);
    else if (ordered_) sort_parts(A);
    else order_parts(A);
    return true;
}

POLYRELU_INLINE u64 mixed(u64 x) {
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ x >> 32;
}

template <class S> POLYRELU_INLINE void Splitter<S>::push_edge(u32 u, u32 v, u64 later) {
    const u64 differ = (pool[u].positive() ^ pool[v].positive()) & later;
    const int first = differ ? lowest(differ) : MOST_NEURONS; // a bucket that nobody takes, and no branch
    edges_[edge_count_] = {u, v, differ, bucket_[first]};
    bucket_[first] = i32(edge_count_);
    edge_count_ += differ != 0;
}

// Makes all generators of a patch's parts; `used` becomes the number of neurons that came to it before there were too many.
template <class S> POLYRELU_APART bool Splitter<S>::subdivide(Patch<S> &A, int &used) {
    const int words = shape.words(), d = shape.dim() - 1, m = int(A.end - A.first);
    for (int &bucket : bucket_) bucket = -1;
    edge_count_ = 0;
    join_pairs(A, A.first, 0, ~u64(0));
    for (int i = 0; i < A.neurons; i++) {
        if (A.end - A.first > larger(MOST_VERTICES, 2 * u32(m))) {
            used = i;
            return true;
        }
        const int slot = A.facets + i;
        const u32 first = A.end;
        const u64 done = bit(i) - 1, later = i == 63 ? 0 : ~u64(0) << (i + 1);
        u32 n = 0;
        for (i32 e = bucket_[i]; e >= 0; e = edges_[std::size_t(e)].next) n++;
        if (n == 0) continue;
        pool.room(std::size_t(first) + n);
        edges_.room(std::size_t(edge_count_) + std::size_t(n) * std::size_t(2 * d + 2));
        work_ += 4 * n;
        u64 all = ~u64(0), any = 0;
        for (i32 e = bucket_[i]; e >= 0; e = edges_[std::size_t(e)].next) {
            const Edge edge = edges_[std::size_t(e)];
            const u32 turned = u32(pool[edge.u].positive() >> i & 1) - 1; // all bits where v is above
            const u32 up = edge.u ^ (turned & (edge.u ^ edge.v)), down = edge.u ^ edge.v ^ up;
            const u32 id = A.end++;
            Generator<S> g = pool[id], u = pool[up], v = pool[down];
            make(A, i, u, v, g);
            for (int w = 0; w < words; w++) g.tight()[w] = u.tight()[w] & v.tight()[w];
            g.tight()[slot / 64] |= bit(slot % 64);
            // Of the neurons before this one the ends agree on all but those that one of them was made on, and there the
            // other end's sign counts; no bit is set for those that both lie on.
            const u64 p = u.positive(), q = v.positive();
            u64 positive = (p & q) | ((p | q) & ~edge.differ & done);
            for (u64 unknown = edge.differ & later; unknown; unknown &= unknown - 1) {
                const int k = lowest(unknown), side = sign(A, A.facets + k, g);
                if (side == 0 || side == DOUBT) return false;
                positive |= u64(side > 0) << k;
            }
            g.positive() = positive & ~bit(i);
            all &= g.positive();
            any |= g.positive();
            push_edge(edge.u, id, later);
            push_edge(id, edge.v, later);
        }
        if (!((all ^ any) & later)) continue;
        if (n <= MOST_PAIRED * u32(d)) join_pairs(A, first, done, later);
        else join_in_faces(A, i, first, later);
    }
    return true;
}

// Joins the generators of a patch from `first` on, which are those of its beginning, or all that a neuron made, by the edges
// that later neurons cut. All lie on d facets and neurons, so two of them have all but one of them in common iff one bit is
// left of one without the other's; `done` are the neurons that came before, on whose sides both have to agree.
template <class S> POLYRELU_APART void Splitter<S>::join_pairs(Patch<S> &A, u32 first, u64 done, u64 later) {
    const int words = shape.words();
    const u32 n = A.end - first;
    pairs_.room(std::size_t(n) * std::size_t(words + 2));
    u64 *tight = pairs_.data(), *positive = tight + std::size_t(n) * std::size_t(words), *known = positive + n;
    near_.room(std::size_t(n) + 1);
    for (u32 x = 0; x < n; x++) {
        const Generator<S> g = pool[first + x];
        for (int w = 0; w < words; w++) tight[x * u32(words) + u32(w)] = g.tight()[w];
        positive[x] = g.positive();
        known[x] = done & ~neurons_of(A, g.tight());
    }
    for (u32 x = 0; x < n; x++) {
        u32 found = 0;
        for (u32 y = x + 1; y < n; y++) {
            u64 left = 0, more = 0;
            for (int w = 0; w < words; w++) {
                const u64 own = tight[x * u32(words) + u32(w)] & ~tight[y * u32(words) + u32(w)];
                more |= (own & (own - 1)) | (left ? own : 0);
                left |= own;
            }
            const u64 differ = positive[x] ^ positive[y];
            near_[found] = y; // it stays if they are joined
            found += u32((more | (differ & known[x] & known[y])) == 0) & u32((differ & later) != 0);
        }
        edges_.room(std::size_t(edge_count_) + found + 1);
        for (u32 k = 0; k < found; k++) push_edge(first + x, first + near_[k], later);
    }
    work_ += i64(n) * n / 16;
}

// The same of those that a neuron made, by a table of 2-faces, which is better for many.
template <class S> POLYRELU_APART void Splitter<S>::join_in_faces(Patch<S> &A, int neuron, u32 first, u64 later) {
    const int words = shape.words(), d = shape.dim() - 1, slot = A.facets + neuron;
    const std::size_t length = std::size_t(words) + 2; // an entry: the facets, the signs, who it was and when
    const u64 done = bit(neuron) - 1, n = A.end - first;
    u64 places = 16;
    while (places < 4 * n * u64(d - 1)) places *= 2;
    if (faces_.places() < places * length || stamp_ == ~u32(0)) {
        faces_.filled(places * length, 0);
        stamp_ = 0;
    }
    stamp_++;
    for (u32 id = first; id < A.end; id++) {
        const u64 *bits = pool[id].tight(), signs = pool[id].positive() & done;
        for (int w = 0; w < words; w++) {
            const u64 own = w == slot / 64 ? bits[w] & ~bit(slot % 64) : bits[w];
            for (u64 rest = own; rest; rest &= rest - 1) {
                const u64 left_out = rest & (~rest + 1);
                const int facet = 64 * w + lowest(rest);
                // The face around what is left lies on either side of a neuron, and inside of a facet.
                for (int sides = facet >= A.facets ? 2 : 1; sides > 0; sides--) {
                    const u64 there = sides == 2 ? signs | bit(facet - A.facets) : signs;
                    u64 key = there * 0xC2B2AE3D27D4EB4Fu;
                    for (int x = 0; x < words; x++) {
                        const u64 tight = bits[x] ^ (x == w ? left_out : 0);
                        key = (key ^ tight) * 0x9E3779B97F4A7C15u;
                    }
                    u64 at = mixed(key) & (places - 1);
                    for (;; at = (at + 1) & (places - 1)) {
                        u64 *entry = &faces_[at * length];
                        if (entry[words + 1] >> 32 != stamp_) {
                            for (int x = 0; x < words; x++) entry[x] = bits[x] ^ (x == w ? left_out : 0);
                            entry[words] = there;
                            entry[words + 1] = stamp_ << 32 | id;
                            break;
                        }
                        bool same = entry[words] == there;
                        for (int x = 0; x < words && same; x++)
                            same = entry[x] == (bits[x] ^ (x == w ? left_out : 0));
                        if (!same) continue;
                        push_edge(u32(entry[words + 1]), id, later);
                        break;
                    }
                }
            }
        }
    }
}

// Lists a patch's parts, with their facets and the sums of their generators, and, if asked to, the generators themselves.
template <class S> POLYRELU_APART void Splitter<S>::read_off(Patch<S> &A, bool lists) {
    const int words = shape.words(), dim = shape.dim();
    const u32 n = A.end - A.first;
    Parts<S> &parts = A.parts;
    parts.direct = A.neurons <= 8 && (u32(1) << A.neurons) <= 8 * n;
    u32 places = 16;
    if (parts.direct) places = u32(1) << A.neurons;
    else
        while (places < 2 * n) places *= 2;
    parts.shift = 64 - __builtin_ctz(places); // not 64, since there are two parts at least
    parts.last = places - 1;
    parts.table.filled(places, -1);
    parts.room(n);
    parts.count = 0;
    std::size_t pairs = 0;
    for (u32 x = 0; x < n; x++) {
        Generator<S> g = pool[A.first + x];
        const u64 on = neurons_of(A, g.tight()), positive = g.positive();
        if (lists) parts.of_vertex.room(pairs + (std::size_t(1) << ones(on)));
        u64 subset = 0;
        do {
            const i32 number = part_of(parts, positive | subset);
            Part<S> part = parts[std::size_t(number)];
            part.count()++;
            for (int w = 0; w < words; w++) part.facets()[w] |= g.tight()[w];
            if (lists) parts.of_vertex[pairs] = u32(number);
            else
                for (int j = 0; j < dim; j++) part.sum()[j] += g.vector()[j];
            pairs++;
            subset = (subset - on) & on;
        } while (subset);
    }
    work_ += i64(pairs);
    parts.next = 0;
    if (!lists) return;
    u32 start = 0;
    for (int c = 0; c < parts.count; c++) {
        parts[std::size_t(c)].at() = i32(start);
        start += u32(parts[std::size_t(c)].count());
    }
    parts.inside.room(start);
    std::size_t pair = 0;
    for (u32 x = 0; x < n; x++) {
        const u64 on = neurons_of(A, pool[A.first + x].tight());
        for (int k = 1 << ones(on); k > 0; k--)
            parts.inside[std::size_t(parts[parts.of_vertex[pair++]].at()++)] = A.first + x;
    }
    for (int c = 0; c < parts.count; c++) parts[std::size_t(c)].at() -= parts[std::size_t(c)].count();
}

// Where the number of the part with a pattern is in the table, or would be.
template <class S> POLYRELU_INLINE i32 &Splitter<S>::entry_of(Parts<S> &parts, u64 pattern) {
    if (parts.direct) return parts.table[pattern];
    u64 at = (pattern * 0x9E3779B97F4A7C15u) >> parts.shift;
    while (parts.table[at] >= 0 && parts[std::size_t(parts.table[at])].pattern() != pattern) at = (at + 1) & parts.last;
    return parts.table[at];
}

// The number of the part with a pattern, which is a new one if there was none. There are no more parts than generators: by
// a linear function that tells all of them apart each part has a lowest one, and of the parts around a generator, where d
// facets and neurons meet, just one has all its edges there go up.
template <class S> POLYRELU_INLINE i32 Splitter<S>::part_of(Parts<S> &parts, u64 pattern) {
    i32 &entry = entry_of(parts, pattern);
    if (entry >= 0) return entry;
    const i32 number = entry = parts.count++;
    Part<S> part = parts[std::size_t(number)];
    part.pattern() = pattern;
    part.count() = part.at() = 0;
    part.seen() = 0;
    for (int w = 0; w < shape.words(); w++) part.facets()[w] = 0;
    for (int j = 0; j < shape.dim(); j++) part.sum()[j] = 0.0;
    return number;
}

// Depth first through parts that share a wall, so that the forms of the next layer change by few terms. All are come to,
// since the patch is convex, and across each wall there is a part.
template <class S> void Splitter<S>::order_parts(Patch<S> &A) {
    Parts<S> &parts = A.parts;
    parts.order.room(std::size_t(parts.count));
    parts.stack.room(std::size_t(parts.count));
    int placed = 0, waiting = 1;
    parts.stack[0] = 0;
    parts[0].seen() = 1;
    while (waiting > 0) {
        const i32 c = parts.stack[std::size_t(--waiting)];
        parts.order[std::size_t(placed++)] = c;
        u64 walls = neurons_of(A, parts[std::size_t(c)].facets());
        for (; walls; walls &= walls - 1) {
            const i32 other = entry_of(parts, parts[std::size_t(c)].pattern() ^ (walls & (~walls + 1)));
            if (parts[std::size_t(other)].seen()) continue;
            parts[std::size_t(other)].seen() = 1;
            parts.stack[std::size_t(waiting++)] = other;
        }
    }
}

// Writes down all parts of a patch of the last layer.
template <class S> void Splitter<S>::finish_parts(Patch<S> &A) {
    Parts<S> &parts = A.parts;
    if (ordered_) sort_parts(A);
    for (int c = 0; c < parts.count; c++) {
        Part<S> part = parts[std::size_t(ordered_ ? parts.order[std::size_t(c)] : c)];
        write_cell(A, part.pattern(), ~part.pattern(), part.facets(), part.sum());
    }
    parts.count = 0;
}

} // namespace polyrelu
