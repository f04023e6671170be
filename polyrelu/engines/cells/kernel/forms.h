// The forms of a layer on a cell, and the signs that a box around the cell's generators tells.
//
// A form c is known as c^ with sum_j |c_j - c^_j| <= e; let s >= sum_j |c^_j|. In the first layer e = 0 when the weights
// are floats and lost nothing, else u s, which is more than a lost digit because s > 1/4. Later, with K active
// coordinates before it, c_i = sum_k w_ik c_k + b_i is computed with K products and K additions for each j, so
//
//     e_i = sum_k |w^_ik| (e_k (1 + gamma_1) + gamma_{K+3} s_k) + gamma_{K+3} |b^_i|,
//
// one product of |W| with a vector (one rounding in K + 3 is for weights that were rounded to floats). Cells come depth
// first, so a cell mostly agrees with the one before it: where the layer before last is the same and few neurons changed,
// +-w_ik c_k is added for the K that changed. That is the same sum, which begins with the form in memory instead of the
// bias: for gamma_{K+3} |b^_i| put gamma_{K+3} s_i + e_i of that form. As soon as that has added twice the terms that the
// sum has, it is computed anew. A layer on the grid (grid.h) has e = 0.
//
// Sums. With x for the computed sum of the d + 1 moduli, 2^E <= x < 2^(E+1), what its d additions lose is at most d u 2^E,
// as no partial sum is larger. raised(d + 1) is no less than 1 + (d + 1) u, so s = fl(x raised(d + 1)) is no less than
// x + d u 2^E: one rounding more than numbers.h allows for does no harm here.
//
// Boxes. Most forms of a layer have one sign on all of a cell, and are told without looking at each generator: if the g^
// lie in the box with centre z (entries at most 1) and half-widths h, then |c . g - fl(c^ . z)| <= |c^| . h + B for all
// of them, with the largest r in B (bounds.h).
#pragma once

#include "bounds.h"
#include "problem.h"

namespace polyrelu {

// How many terms may be added to a sum before it is computed anew, for each term that it has.
constexpr i64 MOST_STEPS = 2;

// Eight bytes of 1.
constexpr u64 EIGHT = 0x0101010101010101u;

// The sign that a box certifies of a form with value v at its centre and bound h.
template <class T> POLYRELU_INLINE u8 sign_in_box(T v, T h) {
    return v > h ? ON : exactly<T>(0.0) - v > h ? OFF : UNDECIDED;
}

// The same of eight forms, a byte for each.
template <class T> POLYRELU_INLINE u64 eight_signs_in_box(const T *v, const T *h) {
    u64 signs = 0;
    for (int i = 0; i < 8; i++) signs |= u64(sign_in_box(v[i], h[i])) << 8 * i;
    return signs;
}
static_assert(OFF == 0 && ON == 1 && UNDECIDED == 2, "bits of the bytes");
#if defined(POLYRELU_AVX2)
template <> POLYRELU_INLINE u64 eight_signs_in_box(const double *v, const double *h) {
    using Four = double __attribute__((vector_size(32)));
    u64 above = 0, below = 0;
    for (int i = 0; i < 8; i += 4) {
        Four x, bound;
        std::memcpy(&x, v + i, sizeof x);
        std::memcpy(&bound, h + i, sizeof bound);
        above |= u64(__builtin_ia32_movmskpd256(Four(x > bound))) << i;
        below |= u64(__builtin_ia32_movmskpd256(Four(-x > bound))) << i;
    }
    return __builtin_ia32_pdep_di(above, EIGHT) | __builtin_ia32_pdep_di(~(above | below) & 255, EIGHT) << 1;
}
#endif

template <class T> class Forms {
  public:
    explicit Forms(const Problem<T> &problem) : P(problem) {
        const std::size_t coords = std::size_t(P.coords()), layers = std::size_t(P.layers());
        forms_.room(coords * std::size_t(P.dim));
        for (Array<T> *column : {&sums_, &errors_, &middle_, &reach_}) column->room(coords + 8);
        crossing_.room(coords + 8);
        listed_.room(coords + 8);
        active_.filled(coords + 8, 0);
        crossing_count_.filled(layers + 1, 0);
        version_.filled(layers + 1, -1);
        seen_.filled(layers + 1, -2);
        steps_.filled(layers + 1, 0);
        first_site_.filled(layers + 1, -1);
        for (std::size_t l = 0; l < layers; l++) {
            const i64 start = P.coord_start[l], end = P.coord_start[l + 1];
            bool in_turn = end > start;
            for (i64 c = start; c < end && in_turn; c++)
                in_turn = P.relu[std::size_t(c)] && P.site_of[std::size_t(c)] == P.site_of[std::size_t(start)] + i32(c - start);
            if (in_turn) first_site_[l] = P.site_of[std::size_t(start)];
        }
    }

    // Entry j of the forms of all coordinates.
    T *row(int j) { return forms_.data() + std::size_t(j) * std::size_t(P.coords()); }
    T sum(i64 coord) const { return sums_[std::size_t(coord)]; }
    T error(i64 coord) const { return errors_[std::size_t(coord)]; }
    const T *sums() const { return sums_.data(); }
    const T *errors() const { return errors_.data(); }

    // The coordinates of a layer whose sign the box left open, in their order.
    const i32 *crossing(int layer) const { return crossing_.data() + P.coord_start[std::size_t(layer)]; }
    int crossing_count(int layer) const { return crossing_count_[std::size_t(layer)]; }

    // Writes a coordinate's form as a row: its entries, s and e.
    POLYRELU_INLINE void write(i64 coord, T *to, int dim) {
        for (int j = 0; j < dim; j++) to[j] = row(j)[coord];
        to[dim] = sum(coord);
        to[dim + 1] = error(coord);
    }

    // Computes the forms that enter a layer on a cell whose earlier sites have the given signs.
    POLYRELU_APART void enter(int layer, const u8 *signs, int dim) {
        if (layer == 0) {
            if (version_[0] < 0) enter_first(dim); // they are the same on every cell
            return;
        }
        bool anew = false;
        const int terms = changes(layer, signs, anew);
        if (terms > 0 || anew) add(layer, terms, anew, dim);
    }

    // For each form of a layer whose sign is not known, writes the one that the box from `low` to `high` certifies; lists
    // the others. `r` is the largest radius of the generators in it. Returns how many signs it wrote.
    POLYRELU_APART int decide_by_box(int layer, const T *low, const T *high, T r, u8 *signs, int dim) {
        const i64 first = P.coord_start[std::size_t(layer)];
        const int n = int(P.coord_start[std::size_t(layer) + 1] - first);
        bound_in_box(first, n, low, high, r, dim);
        const T *v = middle_.data(), *h = reach_.data();
        i32 *to = crossing_.data() + first;
        int listed = 0, told = 0, i = 0;
        const auto decide = [&](int end) {
            for (; i < end; i++) {
                const i32 site = P.site_of[std::size_t(first + i)];
                if (site < 0 || signs[site] != UNDECIDED) continue;
                signs[site] = sign_in_box(v[i], h[i]);
                if (signs[site] == UNDECIDED) to[listed++] = i32(first) + i;
                else told++;
            }
        };
        const i32 site = first_site_[std::size_t(layer)];
        while (site >= 0 && i + 8 <= n) {
            u64 known;
            std::memcpy(&known, signs + site + i, 8);
            if (known != EIGHT * UNDECIDED) {
                decide(i + 8);
                continue;
            }
            const u64 found = eight_signs_in_box(v + i, h + i);
            std::memcpy(signs + site + i, &found, 8);
            u64 open = found & EIGHT * UNDECIDED;
            told += 8 - ones(open);
            for (; open; open &= open - 1) to[listed++] = i32(first) + i + lowest(open) / 8;
            i += 8;
        }
        decide(n);
        crossing_count_[std::size_t(layer)] = listed;
        return told;
    }

    // Of form i of the layer that a box was asked about last: fl(c^ . z), and how far from it c . g may be.
    T middle(int i) const { return middle_[std::size_t(i)]; }
    T bound(int i) const { return reach_[std::size_t(i)]; }

  private:
    POLYRELU_INLINE void bound_in_box(i64 first, int n, const T *low, const T *high, T r, int dim) {
        T *__restrict v = middle_.data(), *__restrict h = reach_.data();
        for (int j = 0; j < dim; j++) {
            const T half = exactly<T>(0.5), mid = half * low[j] + half * high[j];
            const T width = larger(high[j] - mid, mid - low[j]);
            const T *c = row(j) + first;
            if (j == 0)
                for (int i = 0; i < n; i++) v[i] = c[i] * mid, h[i] = modulus(c[i]) * width;
            else
                for (int i = 0; i < n; i++) v[i] = v[i] + c[i] * mid, h[i] = h[i] + modulus(c[i]) * width;
        }
        const T *s = sums_.data() + first, *e = errors_.data() + first;
        const T slip = gamma_<T>(dim), up = raised<T>(dim + 8), least = exactly<T>(FLOOR);
        for (int i = 0; i < n; i++) h[i] = (h[i] + slip * s[i] + e[i] + (s[i] + e[i]) * r) * up + least;
    }

    POLYRELU_APART void enter_first(int dim) {
        version_[0] = 0;
        const int n = int(P.coord_start[1]);
        for (int i = 0; i < n; i++) {
            T total = exactly<T>(0.0);
            for (int j = 0; j + 1 < dim; j++) {
                row(j)[i] = P.weights[std::size_t(j) * std::size_t(n) + std::size_t(i)];
                total = total + modulus(row(j)[i]);
            }
            row(dim - 1)[i] = P.biases[std::size_t(i)];
            total = total + modulus(P.biases[std::size_t(i)]);
            sums_[std::size_t(i)] = total * raised<T>(dim);
            errors_[std::size_t(i)] = P.weight_error[0] * sums_[std::size_t(i)];
        }
    }

    bool is_active(i64 coord, const u8 *signs) const {
        return !P.relu[std::size_t(coord)] || signs[P.site_of[std::size_t(coord)]] == ON;
    }

    // A byte for each of eight coordinates of a layer from its k-th on, or of those that are left: 1 for the active ones.
    POLYRELU_INLINE u64 active_now(std::size_t layer, i64 k, const u8 *signs) const {
        const i64 coord = P.coord_start[layer] + k, count = smaller(P.coord_start[layer + 1] - coord, i64(8));
        u64 now = 0;
        if (first_site_[layer] >= 0 && count == 8) {
            std::memcpy(&now, signs + first_site_[layer] + k, 8);
            return now & EIGHT; // ON is odd, and nothing else is
        }
        for (i64 i = 0; i < count; i++) now |= u64(is_active(coord + i, signs)) << 8 * i;
        return now;
    }

    // Lists the coordinates before a layer that became active or silent since the forms in memory were computed; or, where
    // it is better to compute them anew, all that are active. Returns how many are listed.
    int changes(int layer, const u8 *signs, bool &anew) {
        const std::size_t l = std::size_t(layer);
        const i64 before = P.coord_start[l - 1], width = P.coord_start[l] - before;
        int terms = 0, all_active = 0;
        for (i64 k = 0; k < width; k += 8) {
            const u64 now = active_now(l - 1, k, signs);
            all_active += ones(now);
            u64 then; // with coordinates of other layers, where few are left
            std::memcpy(&then, &active_[std::size_t(before + k)], 8);
            const u64 own = width - k < 8 ? bit(8 * int(width - k)) - 1 : ~u64(0);
            for (u64 changed = (now ^ then) & own; changed; changed &= changed - 1)
                listed_[std::size_t(terms++)] = i32(k) + lowest(changed) / 8;
        }
        anew = seen_[l] != version_[l - 1] || terms > all_active || steps_[l] + terms > MOST_STEPS * all_active;
        seen_[l] = version_[l - 1];
        steps_[l] = anew ? 0 : steps_[l] + terms;
        if (!anew) {
            for (int k = 0; k < terms; k++) active_[std::size_t(before + listed_[std::size_t(k)])] ^= 1;
            return terms;
        }
        terms = 0;
        for (i64 k = 0; k < width; k += 8) {
            const u64 now = active_now(l - 1, k, signs);
            for (i64 i = 0; i < smaller(width - k, i64(8)); i++) active_[std::size_t(before + k + i)] = u8(now >> 8 * i);
            for (u64 rest = now; rest; rest &= rest - 1) listed_[std::size_t(terms++)] = i32(k) + lowest(rest) / 8;
        }
        return terms;
    }

    POLYRELU_APART void add(int layer, int terms, bool anew, int dim) {
        const std::size_t l = std::size_t(layer);
        const i64 first = P.coord_start[l], before = P.coord_start[l - 1];
        const int n = int(P.coord_start[l + 1] - first);
        // A sum without terms is its bias.
        const bool exact = P.on_grid[l] || (anew && terms == 0 && !(P.weight_error[l] > exactly<T>(0.0)));
        const T slip = gamma_<T>(terms + 3), zero = exactly<T>(0.0);
        T *__restrict e = errors_.data() + first, *__restrict s = sums_.data() + first;
        const T *b = &P.biases[std::size_t(first)];
        version_[l]++;
        if (anew) {
            for (int j = 0; j + 1 < dim; j++)
                for (T *c = row(j) + first, *end = c + n; c < end; c++) *c = zero;
            T *c = row(dim - 1) + first;
            for (int i = 0; i < n; i++) c[i] = b[i], e[i] = slip * modulus(b[i]);
        } else {
            for (int i = 0; i < n; i++) e[i] = e[i] + slip * s[i];
        }
        const T *W = P.weights.start + P.weight_start[l];
        int step = 0;
        // Four inputs at a time: each output is loaded and stored once for all of them.
        for (; step + 4 <= terms; step += 4) {
            const i32 *k = listed_.data() + step;
            const T *w0 = W + i64(k[0]) * n, *w1 = W + i64(k[1]) * n, *w2 = W + i64(k[2]) * n, *w3 = W + i64(k[3]) * n;
            for (int j = 0; j < dim; j++) {
                const T *from = row(j);
                const T c0 = entry(from, before, k[0]), c1 = entry(from, before, k[1]), c2 = entry(from, before, k[2]),
                        c3 = entry(from, before, k[3]);
                T *__restrict c = row(j) + first;
                for (int i = 0; i < n; i++) c[i] = c[i] + (w0[i] * c0 + w1[i] * c1 + w2[i] * c2 + w3[i] * c3);
            }
            if (exact) continue;
            const T e0 = share(before + k[0], slip), e1 = share(before + k[1], slip), e2 = share(before + k[2], slip),
                    e3 = share(before + k[3], slip);
            for (int i = 0; i < n; i++)
                e[i] = e[i] + (modulus(w0[i]) * e0 + modulus(w1[i]) * e1 + modulus(w2[i]) * e2 + modulus(w3[i]) * e3);
        }
        for (; step < terms; step++) {
            const i32 k = listed_[std::size_t(step)];
            const T *w = W + i64(k) * n;
            for (int j = 0; j < dim; j++) {
                const T c0 = entry(row(j), before, k);
                T *__restrict c = row(j) + first;
                for (int i = 0; i < n; i++) c[i] = c[i] + w[i] * c0;
            }
            if (exact) continue;
            const T e0 = share(before + k, slip);
            for (int i = 0; i < n; i++) e[i] = e[i] + modulus(w[i]) * e0;
        }
        finish(first, n, terms, exact, dim);
    }

    // What is added of an entry of the forms before a layer: it is taken away again where the coordinate is silent now.
    T entry(const T *from, i64 before, i32 k) const {
        const T c = from[before + k];
        return active_[std::size_t(before + k)] ? c : exactly<T>(0.0) - c;
    }

    // What a form before contributes to the errors of those that use it, for a weight of 1.
    T share(i64 coord, T slip) const { return error(coord) * raised<T>(1) + slip * sum(coord); }

    void finish(i64 first, int n, int terms, bool exact, int dim) {
        T *__restrict e = errors_.data() + first, *__restrict s = sums_.data() + first;
        const T up = raised<T>(2 * terms + 12), whole = raised<T>(dim), least = exactly<T>(FLOOR);
        for (int i = 0; i < n; i++) e[i] = exact ? exactly<T>(0.0) : e[i] * up + least;
        for (int i = 0; i < n; i++) s[i] = modulus(row(0)[first + i]);
        for (int j = 1; j < dim; j++) {
            const T *c = row(j) + first;
            for (int i = 0; i < n; i++) s[i] = s[i] + modulus(c[i]);
        }
        for (int i = 0; i < n; i++) s[i] = s[i] * whole;
    }

    const Problem<T> &P;
    Array<T> forms_, sums_, errors_, middle_, reach_;
    Array<i32> crossing_, listed_, crossing_count_;
    Array<i32> first_site_;               // of each layer whose coordinates have sites in turn, or -1
    Array<u8> active_;                    // for each coordinate, whether the forms of the layer after it count it in
    Array<i64> version_, seen_, steps_;   // what a layer's forms were computed from, and how many terms were added since
};

} // namespace polyrelu
