// The vertices of a set in floats, certified, from its rows alone: c_k . (x, 1) >= 0 for k < n, of which some may be
// redundant.
//
// Notation as in bounds.h. Dictionaries propose: from a point inside, d steps along coordinates, each as far as the rows
// allow, lead to a vertex, and from there each edge leads to another (D. Avis, K. Fukuda, A pivoting algorithm for convex
// hulls and vertex enumeration of arrangements and polyhedra, Discrete & Computational Geometry 8, 1992). Where no point is
// known, the simplex method looks for one with room. What is proposed is a list of bases, each of d rows. For each of them
//
// * its rows are solved again (solving.h): they meet in one point v, known within r;
// * every other row is certainly positive at v (bounds.h).
//
// Then v is a vertex, on no other row, and its d edges are those along which d - 1 of the rows stay zero. The list is
// closed: for each base and each of its rows there is another in the list that has all the others. Such a base is the
// other end of the edge, since an edge has two ends, and bases of which all vertices are simple differ where the vertices
// do. So
//
// * all vertices are listed, since the graph of a polyhedron is connected (Ziegler, Lectures on Polytopes, 1995, section
//   3.5, after a projective map where it is not bounded);
// * no edge is without another end, so the set has no rays: a ray that is extreme is the direction of an edge.
//
// Nothing was assumed of the proposals. Where vertices are on more rows, or floats cannot tell, rows are moved a little,
// all outwards, or all inwards, each by another amount; then vertices are likely to be simple. A row is moved by changing
// its last float, so it is known as well as before. What is measured so lies around the set, or in it.
#pragma once

#include "solving.h"

namespace polyrelu {

class Corners {
  public:
    explicit Corners(int dim) : dim_(dim) { solver_.room(dim, dim); }

    // Room for n rows of d + 1 entries, s and e.
    void begin(int n) {
        n_ = n;
        words_ = (n + 63) / 64;
        rows_.room(std::size_t(n) * stride());
        moved_.room(std::size_t(n) * stride());
    }
    double *row(int k) { return rows_.data() + std::size_t(k) * stride(); }

    // Finds the vertices where row k is moved by `share` (1 + w_k) s_k, outwards if that is positive, with 0 <= w_k < 1,
    // from a point that is likely to be inside. False where they are not certified.
    bool find(const double *inside, double share) {
        count_ = 0;
        move(share);
        if (!start(inside)) return false;
        for (int v = 0; v < count_; v++) // there come more
            for (int j = 0; j + 1 < dim_; j++)
                if (!follow(v, j)) return false;
        return true;
    }

    // Looks for a point with room: the least z for which all c_k . (x, 1) + s_k z >= 0. False where there seems to be none.
    bool look_for_room(double *inside) {
        const int d = dim_ - 1, width = dim_ + 1;
        const std::size_t all = std::size_t(n_ + dim_), w = std::size_t(width);
        room_.room(all * w);
        double *table = room_.data();
        for (int k = 0; k < n_; k++) {
            double *line = table + std::size_t(k) * w;
            std::memcpy(line + 1, row(k), std::size_t(d) * sizeof(double));
            line[0] = row(k)[d];
            line[d + 1] = row(k)[dim_];
        }
        double *lowest = table + (all - 1) * w; // z
        for (int i = 0; i < dim_; i++)
            for (int c = 0; c < width; c++) (table + std::size_t(n_ + i) * w)[c] = c == i + 1;
        for (int j = d; j >= 0; j--) { // z first, from 0 to where all rows hold
            const Step to = j == d ? step(table, width, j, -1.0) : nearer(table, width, j);
            if (to.row < 0) return false;
            pivot(table, all, width, to.row, j);
        }
        for (int left = 10 * width + n_; left > 0; left--) {
            int j = 0;
            for (int c = 1; c <= d; c++)
                if (lowest[c + 1] < lowest[j + 1]) j = c;
            if (!(lowest[j + 1] < 0.0)) break;
            const Step to = step(table, width, j, 1.0);
            if (to.row < 0) return false;
            pivot(table, all, width, to.row, j);
        }
        for (int i = 0; i < d; i++) inside[i] = table[std::size_t(n_ + i) * w];
        return lowest[0] < 0.0;
    }

    // Homogeneous vertices, how far each entry may be off, and the rows that they are on.
    int count() const { return count_; }
    int words() const { return words_; }
    const double *vectors() const { return vectors_.data(); }
    const double *radius() const { return radius_.data(); }
    const u64 *tight() const { return tight_.data(); }

  private:
    // From so many vertices, or entries of dictionaries, on there is no certificate.
    static constexpr int MOST = 1 << 14;
    static constexpr std::size_t MOST_ENTRIES = std::size_t(1) << 22;
    static constexpr double GOLDEN = 0.6180339887498949;

    std::size_t stride() const { return std::size_t(dim_) + 2; }
    // A dictionary has a line for each row, and one for each coordinate: its value, and how it changes with the d
    // parameters, which are rows of the base once this is one.
    std::size_t lines() const { return std::size_t(n_ + dim_ - 1); }
    std::size_t entries() const { return lines() * std::size_t(dim_); }
    double *dictionary(int v) { return dictionaries_.data() + std::size_t(v) * entries(); }
    i32 *base(int v) { return bases_.data() + std::size_t(v) * std::size_t(dim_); }
    u64 *rows_of(int v) { return tight_.data() + std::size_t(v) * std::size_t(words_); }
    double *moved(int k) { return moved_.data() + std::size_t(k) * stride(); }

    void move(double share) {
        std::memcpy(moved_.data(), rows_.data(), std::size_t(n_) * stride() * sizeof(double));
        if (share == 0.0) return;
        for (int k = 0; k < n_; k++) {
            double *f = moved(k);
            // Not multiples, which add up to the same for opposite rows, as a pyramid's: 0 and 3, 1 and 2.
            const double turns = GOLDEN * k * k;
            const double step = share * (1.0 + turns - std::floor(turns)) * f[dim_];
            f[dim_ - 1] += step; // not downwards if the step is not: rounding is monotonous
            f[dim_] = (f[dim_] + modulus(step)) * raised<double>(4);
        }
    }

    void room(int vertices) {
        dictionaries_.room(std::size_t(vertices) * entries());
        bases_.room(std::size_t(vertices) * std::size_t(dim_));
        tight_.room(std::size_t(vertices) * std::size_t(words_));
        vectors_.room(std::size_t(vertices) * std::size_t(dim_));
        radius_.room(std::size_t(vertices));
    }

    // The first vertex.
    bool start(const double *inside) {
        const int d = dim_ - 1;
        room(1);
        double *table = dictionary(0);
        for (int k = 0; k < n_; k++) {
            const double *f = moved(k);
            double *line = table + std::size_t(k) * std::size_t(dim_);
            line[0] = f[d];
            for (int j = 0; j < d; j++) line[0] += f[j] * inside[j], line[j + 1] = f[j];
            if (!(line[0] > 0.0)) return false;
        }
        for (int i = 0; i < d; i++) {
            double *line = table + std::size_t(n_ + i) * std::size_t(dim_);
            line[0] = inside[i];
            for (int j = 0; j < d; j++) line[j + 1] = i == j;
        }
        for (int j = 0; j < d; j++) {
            const Step to = nearer(table, dim_, j);
            if (to.row < 0) return false; // a line
            pivot(table, lines(), dim_, to.row, j);
            base(0)[j] = to.row;
        }
        for (int w = 0; w < words_; w++) rows_of(0)[w] = 0;
        for (int j = 0; j < d; j++) rows_of(0)[base(0)[j] / 64] |= bit(base(0)[j] % 64);
        table_size_ = 64;
        buckets_.filled(table_size_, -1);
        enter(0);
        count_ = 1;
        return certify(0);
    }

    // How far a parameter may go, and the row that is zero there; -1 where it may go on for ever.
    struct Step {
        double length;
        int row;
    };
    Step step(const double *table, int width, int j, double sign) const {
        Step found{HUGE_VAL, -1};
        const double *line = table;
        for (int k = 0; k < n_; k++, line += width) {
            const double slope = line[j + 1] * sign;
            if (!(slope < 0.0)) continue;
            const double length = -line[0] / slope;
            if (length < found.length) found = {length, k};
        }
        return found;
    }
    Step step(const double *table, int j) const { return step(table, dim_, j, 1.0); }

    // The nearer one of both ways, for parameters that may be negative.
    Step nearer(const double *table, int width, int j) const {
        const Step up = step(table, width, j, 1.0), down = step(table, width, j, -1.0);
        return up.length < down.length ? up : down;
    }

    // Row k becomes parameter j.
    void pivot(double *table, std::size_t lines, int width, int k, int j) {
        line_.room(std::size_t(width));
        double *from = line_.data();
        std::memcpy(from, table + std::size_t(k) * std::size_t(width), std::size_t(width) * sizeof(double));
        const double inverse = 1.0 / from[j + 1];
        double *line = table;
        for (std::size_t i = 0; i < lines; i++, line += width) {
            const double factor = line[j + 1] * inverse;
            for (int c = 0; c < width; c++) line[c] -= factor * from[c];
            line[j + 1] = factor;
        }
        line = table + std::size_t(k) * std::size_t(width);
        for (int c = 0; c < width; c++) line[c] = c == j + 1;
    }

    // Puts the other end of an edge of vertex v into the list, if it is not there.
    bool follow(int v, int j) {
        const Step along = step(dictionary(v), j);
        if (along.row < 0) return false; // a ray
        room(count_ + 1);
        const int next = count_;
        u64 *rows = rows_of(next);
        std::memcpy(rows, rows_of(v), std::size_t(words_) * sizeof(u64));
        const int leaves = base(v)[j];
        rows[leaves / 64] &= ~bit(leaves % 64);
        rows[along.row / 64] |= bit(along.row % 64);
        if (!enter(next)) return true;
        if (++count_ >= MOST || std::size_t(count_) * entries() > MOST_ENTRIES) return false;
        std::memcpy(dictionary(next), dictionary(v), entries() * sizeof(double));
        pivot(dictionary(next), lines(), dim_, along.row, j);
        std::memcpy(base(next), base(v), std::size_t(dim_ - 1) * sizeof(i32));
        base(next)[j] = along.row;
        return certify(next);
    }

    // Whether base v is new among those before it; then it is looked up from now on.
    bool enter(int v) {
        if (2 * std::size_t(v + 1) > table_size_) {
            table_size_ *= 4;
            buckets_.filled(table_size_, -1);
            for (int i = 0; i < v; i++) buckets_[bucket_of(i)] = i;
        }
        const std::size_t at = bucket_of(v);
        if (buckets_[at] >= 0) return false;
        buckets_[at] = v;
        return true;
    }

    // Where a base is in the table, or belongs.
    std::size_t bucket_of(int v) {
        u64 hash = 0;
        for (int w = 0; w < words_; w++) hash = (hash ^ rows_of(v)[w]) * 0x9E3779B97F4A7C15u, hash ^= hash >> 29;
        for (std::size_t at = std::size_t(hash) & (table_size_ - 1);; at = (at + 1) & (table_size_ - 1)) {
            const i32 other = buckets_[at];
            if (other < 0 || std::memcmp(rows_of(other), rows_of(v), std::size_t(words_) * sizeof(u64)) == 0) return at;
        }
    }

    // Whether the rows of base v meet in a point at which all others are positive; writes that.
    bool certify(int v) {
        const int d = dim_ - 1;
        double *g = vectors_.data() + std::size_t(v) * std::size_t(dim_), largest = 1.0;
        const double *x = dictionary(v) + std::size_t(n_) * std::size_t(dim_);
        for (int i = 0; i < d; i++) {
            g[i] = x[std::size_t(i) * std::size_t(dim_)];
            largest = larger(largest, modulus(g[i]));
        }
        if (!is_finite(largest)) return false;
        g[d] = 1.0;
        for (int i = 0; i < dim_; i++) g[i] /= largest;
        for (int j = 0; j < d; j++) std::memcpy(solver_.row(j, dim_), moved(base(v)[j]), stride() * sizeof(double));
        const double r = radius_[std::size_t(v)] = solver_.solve(g, d, dim_);
        if (!(g[d] > 2.0 * r)) return false;
        for (int k = 0; k < n_; k++) {
            if (rows_of(v)[k / 64] & bit(k % 64)) continue;
            const double *f = moved(k);
            if (!(value(f, g, dim_) > sign_bound(f[dim_], f[dim_ + 1], r, dim_))) return false;
        }
        return true;
    }

    const int dim_;
    int n_ = 0, words_ = 0, count_ = 0;
    std::size_t table_size_ = 0;
    Array<double> rows_, moved_, dictionaries_, vectors_, radius_, line_, room_;
    Array<u64> tight_;
    Array<i32> bases_, buckets_;
    Solver<double> solver_;
};

} // namespace polyrelu
