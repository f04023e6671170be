// Whether what a zonotope encloses misses a target: by one of its rows, or by a combination of them.
//
// A combination of rows f_r <= 0 with float factors t_r >= 0, of any sign for rows f_r = 0, is an affine function of what they
// are of. Where its least value is positive, no input has f_r <= 0 for all r. Of the columns of a zonotope (zonotope.h) that
// value is the least one of what coordinates share, a_0 + sum_j a_j x_j, less sum_k |a_k|, less sum_r |t_r| e_r. What floats
// make of it with R rows and K columns is off by (gamma_{R+K+4} + spread) sum_r |t_r| s_r at most: R products and sums in each
// column, as many sums as columns, and vertices that are known up to rho.
#pragma once

#include "zonotope.h"

namespace polyrelu {

// Linear forms of what a network returns: the rows of a target, f_r <= 0, or f_r = 0 where it demands equality.
template <class T> struct Conditions {
    const T *weights = nullptr; // transposed: (outputs, rows)
    const T *biases = nullptr;
    const u8 *equality = nullptr;
    int rows = 0;
};

template <class T> class Combination {
  public:
    Combination(const Problem<T> &problem, Zonotope<T> &zonotope) : P(problem), Z(zonotope) {}

    // Encloses conditions on what the last layer returns; false where numbers are too large to tell anything.
    bool enclose(const Conditions<T> &asked) {
        room(asked.rows);
        const int last = P.layers() - 1;
        if (!by_intervals(asked.weights, asked.biases, rows_, Z.width(last), Z.lows(last), Z.highs(last),
                          P.relu.start + P.coord_start[std::size_t(last)], low_.data(), high_.data(), size_.data()))
            anything(rows_, low_.data(), high_.data());
        return Z.follow(asked.weights, asked.biases, rows_, low_.data(), high_.data());
    }

    // The conditions are a layer of the problem, which the zonotope has entered.
    void take(int layer) {
        room(Z.width(layer));
        std::memcpy(low_.data(), Z.lows(layer), std::size_t(rows_) * sizeof(T));
        std::memcpy(high_.data(), Z.highs(layer), std::size_t(rows_) * sizeof(T));
    }

    // Whether some condition certainly holds nowhere, or a combination of them does not. Afterwards factor(r) are those of the
    // combination that came nearest.
    bool misses(const u8 *equality) {
        const T zero = exactly<T>(0.0);
        int nearest = 0;
        for (int r = 0; r < rows_; r++) {
            const std::size_t at = std::size_t(r);
            factor_[at] = zero;
            if (equality[r] && low_[at] < zero - high_[at]) low_[at] = zero - high_[at], trial_[at] = exactly<T>(-1.0);
            else trial_[at] = exactly<T>(1.0);
            if (low_[at] > zero) return true;
            if (low_[std::size_t(nearest)] < low_[at]) nearest = r;
        }
        if (rows_ == 0) return false;
        factor_[std::size_t(nearest)] = trial_[std::size_t(nearest)];
        return rows_ > 1 && rows_ <= MOST_COMBINED && combine(equality);
    }

    int rows() const { return rows_; }
    T factor(int r) const { return factor_[std::size_t(r)]; }
    T row_low(int r) const { return low_[std::size_t(r)]; }
    T row_high(int r) const { return high_[std::size_t(r)]; }
    // Column k of the combination.
    T combined(int k) const { return combined(k, factor_.data()); }

  private:
    static constexpr int ROUNDS = 6, TRIALS = 12, MOST_COMBINED = 64;

    void room(int rows) {
        rows_ = rows;
        for (Array<T> *column : {&low_, &high_, &size_, &factor_, &trial_, &rise_}) column->room(std::size_t(rows) + 1);
    }

    T combined(int k, const T *factors) const {
        const T *from = Z.column(k);
        T sum = exactly<T>(0.0);
        for (int r = 0; r < rows_; r++) sum = sum + factors[r] * from[r];
        return sum;
    }

    // Writes the columns of a combination, and returns its least value, but for errors.
    T least_of(const T *factors) {
        columns_.room(std::size_t(Z.columns()) + 1);
        for (int k = 0; k < Z.columns(); k++) columns_[std::size_t(k)] = combined(k, factors);
        const auto own = [&](int k) { return columns_[std::size_t(k)]; };
        vertex_ = Z.least_vertex(own);
        T least = Z.at_vertex(vertex_, own);
        for (int k = 1 + Z.shared(); k < Z.columns(); k++) least = least - modulus(own(k));
        return least;
    }

    // How far that may be from one that is certain.
    T loss_of(const T *factors) const {
        const T slip = gamma_<T>(rows_ + Z.columns() + 4) + Z.spread();
        T loss = exactly<T>(0.0);
        for (int r = 0; r < rows_; r++) loss = loss + modulus(factors[r]) * (Z.error(r) + slip * Z.sum(r));
        return loss * raised<T>(rows_ + 8) + exactly<T>(FLOOR);
    }

    // Looks for a combination whose least value is positive: from the best row on, always towards the one that raises it most.
    bool combine(const u8 *equality) {
        const T one = exactly<T>(1.0);
        T best = least_of(factor_.data());
        for (int round = 0; round < ROUNDS; round++) {
            T sign = one;
            const int towards = steepest(equality, best, sign);
            if (towards < 0) return false;
            const T share = best_share(towards, sign), rest = one - share;
            for (int r = 0; r < rows_; r++) trial_[std::size_t(r)] = factor_[std::size_t(r)] * rest;
            T &own = trial_[std::size_t(towards)];
            own = own + share * sign;
            const T found = least_of(trial_.data());
            if (!(best < found)) return false;
            best = found;
            factor_.swap(trial_);
            if (best > loss_of(factor_.data())) return true;
        }
        return false;
    }

    // The row that raises the least value most, from the present combination on, and its sign; -1 if none does.
    int steepest(const u8 *equality, T best, T &sign) {
        const T zero = exactly<T>(0.0);
        for (int r = 0; r < rows_; r++) rise_[std::size_t(r)] = Z.at_vertex(vertex_, [&](int k) { return Z.column(k)[r]; });
        for (int k = 1 + Z.shared(); k < Z.columns(); k++) {
            const T own = columns_[std::size_t(k)], *from = Z.column(k);
            for (int r = 0; r < rows_; r++) {
                T &rise = rise_[std::size_t(r)];
                rise = own > zero ? rise - from[r] : own < zero ? rise + from[r] : rise;
            }
        }
        int towards = -1;
        for (int r = 0; r < rows_; r++) {
            const T rise = rise_[std::size_t(r)];
            if (best < rise) towards = r, sign = exactly<T>(1.0), best = rise;
            if (equality[r] && best < zero - rise) towards = r, sign = exactly<T>(-1.0), best = zero - rise;
        }
        return towards;
    }

    // How much of one row to take for the rest of the present combination: about the best share, which nothing rests on.
    T best_share(int towards, T sign) {
        const int first = 1 + Z.shared(), n = Z.columns();
        other_.room(std::size_t(n) + 1);
        for (int k = 0; k < n; k++) other_[std::size_t(k)] = sign * Z.column(k)[towards];
        const int m = Z.vertices();
        for (Array<T> *column : {&here_, &there_}) column->room(std::size_t(m) + 1);
        for (int k = 0; k < m; k++) {
            here_[std::size_t(k)] = Z.at_vertex(k, [&](int j) { return columns_[std::size_t(j)]; });
            there_[std::size_t(k)] = Z.at_vertex(k, [&](int j) { return other_[std::size_t(j)]; });
        }
        const T *one = columns_.data(), *other = other_.data(), *here = here_.data(), *there = there_.data();
        const auto least = [&](T share) {
            const T rest = exactly<T>(1.0) - share, zero = exactly<T>(0.0);
            T at = here[0] * rest + there[0] * share, sums[4] = {zero, zero, zero, zero}; // so that four are added at a time
            for (int k = 1; k < m; k++) at = smaller(at, here[k] * rest + there[k] * share);
            int k = first;
            for (; k + 4 <= n; k += 4)
                for (int i = 0; i < 4; i++) sums[i] = sums[i] + modulus(one[k + i] * rest + other[k + i] * share);
            for (; k < n; k++) sums[0] = sums[0] + modulus(one[k] * rest + other[k] * share);
            return at - (sums[0] + sums[1] + sums[2] + sums[3]);
        };
        T from = exactly<T>(0.0), to = exactly<T>(1.0);
        for (int k = 0; k < TRIALS; k++) {
            const T a = from + exactly<T>(0.375) * (to - from), b = from + exactly<T>(0.625) * (to - from);
            if (least(a) < least(b)) from = a;
            else to = b;
        }
        return exactly<T>(0.5) * from + exactly<T>(0.5) * to;
    }

    const Problem<T> &P;
    Zonotope<T> &Z;
    int rows_ = 0, vertex_ = 0;
    Array<T> low_, high_, size_, factor_, trial_, rise_; // of each row
    Array<T> columns_, other_, here_, there_; // of the present combination and of a row, and their values at vertices
};

} // namespace polyrelu
