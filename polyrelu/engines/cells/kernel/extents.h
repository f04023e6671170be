// Certified volumes and boxes of bounded cells, in floats.
//
// Notation as in numbers.h. A cell of dimension d is known by its generators, floats g^ of length d + 1, for each of
// which some exact generator g of the cell has |g - g^|_oo <= r, and by the facets on which each lies, which are exact.
// All bounds are evaluated in floats from non-negative terms, each of which passes fewer roundings than the index of
// the factor 1 + gamma by which the result is raised.
//
// Vertices. If g^_t > 2 r then g_t > 0, the generator is a vertex x = (g_j / g_t)_j, and with x^_j = fl(g^_j / g^_t)
//
//     |x_j - x^_j| <= r / (g^_t - r) (1 + |g^_j / g^_t|) + u |g^_j| / g^_t
//                  <= e_j := (r / (g^_t - r) (1 + |x^_j|) + gamma_3 |x^_j|) (1 + gamma_12) + tau.
//
// One u pays for the rounding of x^_j +- e_j, the ends of the box, or of a difference of vertices, one for the quotient
// r / (g^_t - r) if it underflows: it is multiplied by 1 + |x^_j| only afterwards. A generator without g^_t > 2 r, or
// one whose g^_t or e_j is not finite, is a ray or too far away to tell: then the cell gets no certificate.
//
// Triangulation. The cell is pulled apart at its first vertex x^0, its facets that miss it at theirs, and so on, as in
// polyrelu/polyhedra/volume.py; this is combinatorial, hence exact. The volume of the cell is the sum over the
// simplices of |det(w^1, ..., w^d)| / d! with w^k = x^{v_k} - x^0. Each w^k computed, fl(x^{v_k} - x^0) of the computed
// vertices, is off by at most epsilon_k, the sum of the two vertices' largest e, in each coordinate.
//
// Determinants. Let D_k[S] be the minor of rows 1 to k and the k columns S, so that
//
//     D_k[S] = sum_{j in S} +- w^k_j D_{k-1}[S \ j],   D_0[{}] = 1.
//
// The vertices of a simplex are found one after the other, and simplices with the same first vertices share these
// minors. With hats for what is computed: if |D_{k-1} - D^_{k-1}| <= X_{k-1}, then |w_j D_{k-1} - w^_j D^_{k-1}| <=
// |w^_j| X_{k-1} + epsilon_k (|D^_{k-1}| + X_{k-1}); a sum of k products has every term perturbed by at most
// 1 + gamma_k; so
//
//     X_k[S] = sum_{j in S} |w^_j| (X_{k-1} + gamma_k |D^_{k-1}|) + epsilon_k (|D^_{k-1}| + X_{k-1}).
//
// Sum. With V the computed sum of n moduli |D^_d| and E that of their X, the cell's volume times d! lies within
// E + (n - 1) u V of V, since a sum is off by at most u times what comes out, and sums of moduli do not shrink.
// (n - 1) u V is raised to gamma_{n+4} V. Dividing by d!, a float that is off by at most 1 + gamma_d (and exact up to
// 18!), rounds d + 4 times altogether.
//
// Underflow. Each e_j, X_k and volume is raised by tau = 2^-1022, beyond the at most 2^-1075 that each of its fewer
// than 8 d products loses. What is lost before a large factor comes is relative to something no smaller:
// gamma_k |D^_{k-1}| is added to X_{k-1} >= tau (or has D_0 = 1); differences of floats do not underflow. So cells much
// smaller than tau have volumes between 0 and about tau.
//
// Zero. r = 0 says that a generator is its floats; its e_j are rounding errors alone.
//
// Overflow, infinity and NaN. A product or sum that overflows is infinite or NaN, and so is what it is added to or
// multiplied by, up to the volume, its lower end (infinity less infinity) or its upper one: a cell gets no certificate
// for a volume of which an end is not finite. The ends of a box may be infinite, which encloses; e's are checked.
//
// Which terms are slack. A test has a cell for each term of first order which the bounds miss without it. Not for
// gamma_k in X_k: epsilon_k is 3 u |w^| at least, for vertices that are floats, too, and pays for it in practice; nor
// for the second and third u of gamma_3, which gamma_k pays for, and the last tau, beside those of the X_d. The factors
// 1 + gamma on bounds, and epsilon_k X_{k-1}, are of second order: they close the proof, but no example comes near
// them.
#pragma once

#include "numbers.h"

namespace polyrelu {

// Measures cells of dimension d >= 1 one after the other. What is pulled apart are sets of vertices, as bits in one
// word or, where there are more than 64, in several; determinants are found on the way.
//
// Cost: for each simplex of the triangulation about 2^d d products, less what simplices share. Memory is kept from cell
// to cell, so that after some of them there is enough; where there is none, std::bad_alloc is thrown.
template <class T = double> class Measurer {
  public:
    // For cells with generators of length dim = d + 1 and masks of facets of so many words.
    Measurer(int dim, int words) : d_(dim - 1), facet_words_(words), place_(64 * std::size_t(words)) {
        minors_.room(std::size_t(1) << d_);
        minors_[0] = minor_of({exactly<T>(1.0), exactly<T>(0.0)}, 0);
        for (int k = 2; k <= d_; k++) factorial_ = factorial_ * exactly<T>(k);
        order_sets();
    }

    // Ends of the volume, and of the box in each of d coordinates; NaN where there is no certificate. The cell has m
    // generators, each with d + 1 coordinates, its r, and the mask of the facets on which it lies.
    void measure(int m, const T *vectors, const T *radius, const u64 *tight, T *volume_low, T *volume_high, T *box_low,
                 T *box_high) {
        const Cell cell{m, vectors, radius, tight};
        const Ends ends{volume_low, volume_high, box_low, box_high};
        *volume_low = *volume_high = exactly<T>(NAN);
        const bool bounded = m <= 64 ? measured_in<1>(Fixed<1>{}, cell, ends)
                                     : measured_in<1>((m + 63) / 64, cell, ends);
        if (bounded) return;
        for (int j = 0; j < d_; j++) box_low[j] = box_high[j] = exactly<T>(NAN);
    }

  private:
    // Least of the normal floats, the tau of the proof.
    static constexpr double TAU = 0x1p-1022;
    // From so many simplices on there is no certificate: their number would not be an int much longer.
    static constexpr i64 TOO_MANY = i64(1) << 30;
    // Dimensions up to here have code of their own.
    static constexpr int UNROLLED = 5;

    struct Cell {
        int m;
        const T *vectors, *radius;
        const u64 *tight;
    };
    struct Ends {
        T *volume_low, *volume_high, *box_low, *box_high;
    };
    // D_k[S] and its X_k.
    struct Bounded {
        T value, off;
    };
    // D_k[S] and what X_{k+1} has of it: X_k + gamma_{k+1} |D_k| and |D_k| + X_k.
    struct Minor {
        T value, weight, total;
    };

    // A number that is known while this is compiled. Functions below take one of these or an int, as a Dim, a Level or
    // a number of Words; with these, their loops are unrolled.
    template <int N> struct Fixed {
        constexpr operator int() const { return N; }
    };
    // The next level down, of which there are d at most, or compilers would not come to an end.
    template <int D, int N> static constexpr Fixed<(N < D ? N + 1 : D)> below(Fixed<D>, Fixed<N>) { return {}; }
    static constexpr int below(int, int level) { return level + 1; }

    template <int D, class Words> bool measured_in(Words words, const Cell &cell, const Ends &ends) {
        if (d_ == D) return measured(Fixed<D>{}, words, cell, ends);
        if constexpr (D < UNROLLED) return measured_in<D + 1>(words, cell, ends);
        return measured(d_, words, cell, ends);
    }

    // False if the cell has no box.
    template <class Dim, class Words> bool measured(Dim d, Words words, const Cell &cell, const Ends &ends) {
        if (!vertices(d, cell, ends.box_low, ends.box_high)) return false;
        facets(d, words, cell);
        sum_ = error_ = exactly<T>(0.0);
        simplices_ = 0;
        pull_apart(d, Fixed<0>{}, words, all_vertices(words, cell.m));
        volume(ends.volume_low, ends.volume_high);
        return true;
    }

    // Vertices

    static bool is_vertex(T r, T t) { return exactly<T>(2.0) * r < t && is_finite(t); }

    // Writes the box, the vertices less the first one, and their epsilons; false if some generator is no vertex.
    template <class Dim> bool vertices(Dim d, const Cell &cell, T *low, T *high) {
        if (cell.m == 0) return false;
        points_.room(std::size_t(cell.m) * d);
        spread_.room(cell.m);
        for (int k = 0; k < cell.m; k++)
            if (!is_vertex(cell.radius[k], cell.vectors[std::size_t(k) * (d + 1) + d])) return false;
        for (int k = 0; k < cell.m; k++)
            if (!vertex(d, cell, k, low, high)) return false;
        from_first(d, cell.m);
        return true;
    }

    POLYRELU_INLINE bool vertex(int d, const Cell &cell, int k, T *low, T *high) {
        const T *g = cell.vectors + std::size_t(k) * (d + 1);
        const T r = cell.radius[k], t = g[d], share = r / (t - r);
        T *point = points_.data() + std::size_t(k) * d, largest = exactly<T>(0.0);
#pragma GCC unroll 8
        for (int j = 0; j < d; j++) {
            const T x = g[j] / t;
            const T first_order = share * (exactly<T>(1.0) + modulus(x)) + gamma_<T>(3) * modulus(x);
            const T e = first_order * raised<T>(12) + exactly<T>(TAU);
            if (!is_finite(e)) return false;
            point[j] = x;
            largest = larger(largest, e);
            low[j] = k == 0 ? x - e : smaller(low[j], x - e);
            high[j] = k == 0 ? x + e : larger(high[j], x + e);
        }
        spread_[k] = largest;
        return true;
    }

    // From here on relative to the first vertex, from which all is pulled apart.
    POLYRELU_INLINE void from_first(int d, int m) {
        T *first = points_.data();
        for (int k = m - 1; k >= 0; k--) {
            T *point = points_.data() + std::size_t(k) * d;
#pragma GCC unroll 8
            for (int j = 0; j < d; j++) point[j] = point[j] - first[j];
            spread_[k] = (spread_[k] + spread_[0]) * raised<T>(4);
        }
    }

    // Facets

    // Writes for each facet in use the set of the vertices on it, and finds whether the cell is simple: whether each
    // vertex lies on d facets.
    template <class Dim, class Words> void facets(Dim d, Words words, const Cell &cell) {
        number_facets(cell);
        facets_.room(std::size_t(facet_count_) * words);
        below_.room(std::size_t(facet_count_) * words * d);
        for (int i = 0; i < facet_count_ * words; i++) facets_[i] = 0;
        simple_ = true;
        for (int k = 0; k < cell.m; k++) {
            int incident = 0;
            for (int w = 0; w < facet_words_; w++)
                for (u64 rest = cell.tight[std::size_t(k) * facet_words_ + w]; rest; rest &= rest - 1) {
                    facets_[place_[64 * w + lowest(rest)] * words + k / 64] |= bit(k % 64);
                    incident++;
                }
            simple_ = simple_ && incident == d;
        }
    }

    void number_facets(const Cell &cell) {
        facet_count_ = 0;
        for (int w = 0; w < facet_words_; w++) {
            u64 used = 0;
            for (int k = 0; k < cell.m; k++) used |= cell.tight[std::size_t(k) * facet_words_ + w];
            for (; used; used &= used - 1) place_[64 * w + lowest(used)] = facet_count_++;
        }
    }

    template <class Words> const u64 *all_vertices(Words words, int m) {
        whole_.filled(words, ~u64(0));
        if (m % 64) whole_[words - 1] = bit(m % 64) - 1;
        return whole_.data();
    }

    // Triangulation

    // The simplices of a face of dimension d - level: its apex is their next vertex, then come those of its facets that
    // miss the apex. An edge's other end completes a simplex.
    template <class Dim, class Level, class Words>
    void pull_apart(Dim d, Level level, Words words, const u64 *face) {
        const int apex = first(words, face);
        if (level == d - 1) {
            const int other = second(words, face);
            if (level > 0) expand(d, level, apex);
            if (other >= 0) complete(d, other);
            return;
        }
        u64 *facets = below_.data() + std::size_t(level) * facet_count_ * words;
        const int count = facets_missing(words, face, apex, d - level, facets);
        if (level > 0 && count > 0) expand(d, level, apex);
        for (int i = 0; i < count; i++) pull_apart(d, below(d, level), words, facets + std::size_t(i) * words);
    }

    // Writes the facets of a face of dimension dim that miss its apex, and returns how many there are.
    //
    // They are among its proper intersections with facets of the cell, each of which counts once. Those with fewer than
    // dim vertices are none. A smaller face that passes for a facet here has no simplices: on the way down it stays a
    // dimension behind, and has one vertex where an edge is wanted. In a simple cell there is nothing to check: about a
    // vertex, faces are as those of a simplex (Ziegler, Lectures on Polytopes, 1995, proposition 2.16), so what a face
    // has in common with a facet that does not contain it is empty or a facet of the face, and another for each facet.
    template <class Words> int facets_missing(Words words, const u64 *face, int apex, int dim, u64 *found) {
        const int word = apex / 64;
        const u64 mark = bit(apex % 64);
        int count = 0;
        for (int f = 0; f < facet_count_; f++) {
            const u64 *facet = facets_.data() + std::size_t(f) * words;
            u64 *both = found + std::size_t(count) * words;
            u64 any = 0;
            for (int w = 0; w < words; w++) any |= both[w] = face[w] & facet[w];
            const int meets = (any != 0) & !(facet[word] & mark);
            if (simple_)
                count += meets;
            else if (meets && has(words, both, dim) && is_new(words, found, count))
                count++;
        }
        return count;
    }

    // Whether a set has so many members at least.
    template <class Words> static bool has(Words words, const u64 *set, int members) {
        for (int w = 0; w < words; w++)
            for (u64 rest = set[w]; rest; rest &= rest - 1)
                if (--members == 0) return true;
        return false;
    }

    // Whether the set after the first so many is none of them.
    template <class Words> static bool is_new(Words words, const u64 *sets, int count) {
        const u64 *last = sets + std::size_t(count) * words;
        for (int i = 0; i < count; i++) {
            u64 differ = 0;
            for (int w = 0; w < words; w++) differ |= sets[std::size_t(i) * words + w] ^ last[w];
            if (!differ) return false;
        }
        return true;
    }

    template <class Words> static int first(Words words, const u64 *face) {
        for (int w = 0; w < words; w++)
            if (face[w]) return 64 * w + lowest(face[w]);
        return -1;
    }

    // The least vertex of a face but one.
    template <class Words> static int second(Words words, const u64 *face) {
        bool skipped = false;
        for (int w = 0; w < words; w++) {
            u64 rest = face[w];
            if (rest && !skipped) {
                rest &= rest - 1;
                skipped = true;
            }
            if (rest) return 64 * w + lowest(rest);
        }
        return -1;
    }

    // Determinants

    POLYRELU_INLINE static Minor minor_of(Bounded D, int k) {
        return {D.value, D.off + gamma_<T>(k + 1) * modulus(D.value), modulus(D.value) + D.off};
    }

    // The minor of k rows, the last of which is w, in the columns of a set of k, from those of k - 1 rows.
    POLYRELU_INLINE static Bounded expanded(int d, int k, const Minor *minors, const T *w, T epsilon, u32 columns) {
        Bounded D{exactly<T>(0.0), exactly<T>(0.0)};
        bool begun = false, plus = true;
#pragma GCC unroll 8
        for (int j = d - 1; j >= 0; j--) {
            if (!(columns >> j & 1)) continue;
            const Minor &rest = minors[columns ^ (u32(1) << j)];
            const T term = w[j] * rest.value, off = modulus(w[j]) * rest.weight + epsilon * rest.total;
            D.value = !begun ? term : plus ? D.value + term : D.value - term;
            D.off = !begun ? off : D.off + off;
            begun = true;
            plus = !plus;
        }
        D.off = D.off * raised<T>(k + 12) + exactly<T>(TAU);
        return D;
    }

    // The minors of k rows, the last of which is a vertex, from those of k - 1.
    template <int D, int K> void expand(Fixed<D>, Fixed<K>, int vertex) {
        T w[D];
        for (int j = 0; j < D; j++) w[j] = points_[std::size_t(vertex) * D + j];
        const T epsilon = spread_[vertex];
        Minor *minors = minors_.data();
#pragma GCC unroll 64
        for (u32 columns = 0; columns < u32(1) << D; columns++)
            if (ones(columns) == K) minors[columns] = minor_of(expanded(D, K, minors, w, epsilon, columns), K);
    }
    void expand(int d, int k, int vertex) {
        const T *w = points_.data() + std::size_t(vertex) * d, epsilon = spread_[vertex];
        Minor *minors = minors_.data();
        for (int i = first_[k]; i < first_[k + 1]; i++)
            minors[sets_[i]] = minor_of(expanded(d, k, minors, w, epsilon, sets_[i]), k);
    }

    // The determinant of a simplex whose last vertex this is.
    POLYRELU_INLINE void complete(int d, int vertex) {
        const T *w = points_.data() + std::size_t(vertex) * d;
        const Bounded D = expanded(d, d, minors_.data(), w, spread_[vertex], (u32(1) << d) - 1);
        sum_ = sum_ + modulus(D.value);
        error_ = error_ + D.off;
        simplices_++;
    }

    // All sets of columns, those of k columns from first_[k] on.
    void order_sets() {
        first_.filled(std::size_t(d_) + 2, 0);
        sets_.room(std::size_t(1) << d_);
        for (int k = 0, i = 0; k <= d_; k++) {
            for (u32 columns = 0; columns < u32(1) << d_; columns++)
                if (ones(columns) == k) sets_[i++] = columns;
            first_[k + 1] = i;
        }
    }

    // Sum

    // The ends of the volume, from sums over the simplices: of determinants, and of how far they may be off.
    void volume(T *low, T *high) const {
        if (simplices_ >= TOO_MANY) return;
        const int n = int(simplices_);
        const T error = (error_ + gamma_<T>(n + 4) * sum_) * raised<T>(n + 8);
        const T down = exactly<T>(1.0) - gamma_<T>(2 * d_ + 8), up = raised<T>(2 * d_ + 8);
        const T least = (sum_ - error) * down / factorial_ - exactly<T>(TAU);
        const T most = (sum_ + error) * up / factorial_ + exactly<T>(TAU);
        if (!is_finite(least) || !is_finite(most)) return;
        *low = larger(least, exactly<T>(0.0));
        *high = most;
    }

    const int d_, facet_words_;
    T factorial_ = exactly<T>(1.0);
    // The vertices less the first one, and their epsilons.
    Array<T> points_, spread_;
    // The minors of the rows so far by their columns; all sets of columns, those of k from first_[k] on.
    Array<Minor> minors_;
    Array<u32> sets_;
    Array<int> first_;
    // Where a facet is among those in use; the vertices on these, and of each face on the way down those on its facets.
    Array<int> place_;
    Array<u64> facets_, below_, whole_;
    int facet_count_ = 0;
    bool simple_ = false;
    // Over the simplices so far: moduli of determinants, and how far they may be off.
    T sum_ = exactly<T>(0.0), error_ = exactly<T>(0.0);
    i64 simplices_ = 0;
};

} // namespace polyrelu
