// What a network makes of a box of inputs, enclosed by a zonotope: linear functions of shared parameters.
//
// Of a layer's coordinate i a centre c_i, coefficients g_i1 .. g_iK and an error e_i are known, so that for each input of the
// box there are parameters p_1 .. p_K between -1 and 1, the same for all coordinates, with
//
//     |h_i - (c_i + sum_k g_ik p_k)| <= e_i .
//
// Each input has a parameter, and each neuron that may switch adds one: where l <= z <= u, l < 0 < u, every slope from 0 to 1
// has 0 <= max(z, 0) - slope z <= 2 h for h >= max(-slope l, (1 - slope) u) / 2, since the difference is convex in z. So
// max(z, 0) is slope z + h + h p with a new p; the best slope is near u / (u - l) (G. Singh, T. Gehr, M. Mirman, M. Pueschel
// and M. Vechev, Fast and effective robustness certification, NeurIPS 2018). What depends on one input is not counted apart
// for each neuron, and so bounds are much better than by intervals; with these they are intersected, as they may be worse.
//
// Errors, in the notation of numbers.h. Let s_j >= |c_j| + sum_k |g_jk|. A layer makes sum_j w_ij (.) + b_i of each column, with
// at most J + 1 terms where J coordinates do not vanish, and one more rounding in each weight; so, as for forms (forms.h),
//
//     e_i' = sum_j |w^_ij| (e_j (1 + gamma_1) + gamma_{J+3} s_j) + gamma_{J+3} |b^_i| .
//
// A slope makes slope e + gamma_3 (slope s + h) of e: a product in each column, and a sum in the centre. An input between the
// ends low and high has the float c near their middle and h >= max(high - c, c - low), raised for one rounding.
//
// A combination of rows with float factors t_r is such a layer with one output. Where its least value, c - sum_k |g_k| - e, is
// positive, no input of the box has t_r f_r <= 0 for all r.
//
// Every magnitude. All numbers that are used are below FAR = 2^100, or the enclosure is given up; so each of fewer than
// 2^100 underflows, and each digit that a subnormal weight has lost, matters less than FLOOR, which every e has.
#pragma once

#include "reach.h"

namespace polyrelu {

// Linear forms of what a network returns: the rows of a target, f_r <= 0, or f_r = 0 where it demands equality.
template <class T> struct Conditions {
    const T *weights = nullptr; // transposed: (outputs, rows)
    const T *biases = nullptr;
    const u8 *equality = nullptr;
    int rows = 0;
};

template <class T> class Zonotope {
  public:
    explicit Zonotope(const Problem<T> &problem) : P(problem), inputs_(problem.dim - 1) {
        widest_ = inputs_;
        for (int l = 0; l < P.layers(); l++) widest_ = larger(widest_, width(l));
        const std::size_t coords = std::size_t(P.coords()) + 1;
        for (Array<T> *column : {&low_, &high_, &size_, &slope_, &offset_}) column->room(coords);
        influence_.room(coords * std::size_t(inputs_) + 1);
    }

    // Encloses all layers on a box; false where numbers are too large to tell anything. Of `most` columns there are no more.
    bool enclose(const T *low, const T *high, int most) {
        begin(low, high);
        for (int l = 0; l < P.layers(); l++) {
            if (count_ + fresh_count_ > most || !enter(l)) return false;
            bend(l);
        }
        return true;
    }

    // The steps of this: the inputs; what enters a layer's neurons, false where that is too large; what leaves them.
    void begin(const T *low, const T *high);
    bool enter(int layer) {
        const i64 first = P.coord_start[std::size_t(layer)];
        affine(P.weights.start + P.weight_start[std::size_t(layer)], &P.biases[std::size_t(first)], width(layer));
        return bound(layer);
    }
    void bend(int layer);

    // Encloses conditions on what the last layer returns.
    bool enclose(const Conditions<T> &asked) {
        rows_ = asked.rows;
        widest_ = larger(widest_, rows_);
        for (Array<T> *column : {&row_low_, &row_high_, &row_size_, &factor_, &trial_}) column->room(std::size_t(rows_) + 1);
        affine(asked.weights, asked.biases, rows_);
        const int last = P.layers() - 1;
        const i64 before = P.coord_start[std::size_t(last)];
        if (!by_intervals(asked.weights, asked.biases, rows_, width(last), &low_[std::size_t(before)],
                          &high_[std::size_t(before)], P.relu.start + before, row_low_.data(), row_high_.data(),
                          row_size_.data()))
            anything(rows_, row_low_.data(), row_high_.data());
        return tighten(rows_, row_low_.data(), row_high_.data());
    }

    // Whether some condition certainly holds nowhere on the box, or a combination of them does not. Afterwards factor(r) are
    // those of the combination that came nearest.
    bool misses(const Conditions<T> &asked) {
        const T zero = exactly<T>(0.0);
        int nearest = 0;
        for (int r = 0; r < rows_; r++) {
            factor_[std::size_t(r)] = zero;
            if (asked.equality[r] && row_low_[std::size_t(r)] < zero - row_high_[std::size_t(r)])
                row_low_[std::size_t(r)] = zero - row_high_[std::size_t(r)], trial_[std::size_t(r)] = exactly<T>(-1.0);
            else trial_[std::size_t(r)] = exactly<T>(1.0);
            if (row_low_[std::size_t(r)] > zero) return true;
            if (row_low_[std::size_t(nearest)] < row_low_[std::size_t(r)]) nearest = r;
        }
        if (rows_ == 0) return false;
        factor_[std::size_t(nearest)] = trial_[std::size_t(nearest)];
        return rows_ > 1 && rows_ <= MOST_COMBINED && combine(asked);
    }

    // The input of least value of the combination that came nearest, if parameters of inputs alone mattered.
    void corner(const T *low, const T *high, T *point) const {
        for (int j = 0; j < inputs_; j++) point[j] = exactly<T>(0.5) * low[j] + exactly<T>(0.5) * high[j];
        for (int k = 0; k < varying_; k++) {
            const int j = input_[std::size_t(k)];
            point[j] = combined(k + 1) > exactly<T>(0.0) ? low[j] : high[j];
        }
    }

    // The input along which halving the box promises most: by how far neurons that may switch bend, each weighted with how it
    // bears on the combination of conditions, and shared among the inputs that it depends on.
    int best_to_halve(const Conditions<T> &asked) {
        const T zero = exactly<T>(0.0);
        score_.filled(std::size_t(inputs_) + 1, zero);
        bearing_.room(std::size_t(widest_) + 1), before_.room(std::size_t(widest_) + 1);
        const int last = P.layers() - 1;
        for (int i = 0; i < width(last); i++) {
            T sum = zero;
            for (int r = 0; r < rows_; r++) sum = sum + factor_[std::size_t(r)] * asked.weights[i * rows_ + r];
            bearing_[std::size_t(i)] = modulus(sum);
        }
        for (int l = last; l >= 0; l--) share_out(l);
        int best = -1;
        for (int k = 0; k < varying_; k++) {
            const int j = input_[std::size_t(k)];
            if (best < 0 || score_[std::size_t(best)] < score_[std::size_t(j)]) best = j;
        }
        if (best >= 0 && score_[std::size_t(best)] > zero) return best;
        T most = zero;
        for (int k = 0; k < varying_; k++)
            if (const T own = modulus(combined(k + 1)); most < own) most = own, best = input_[std::size_t(k)];
        return best;
    }

    // How many neurons may switch on the box.
    int crossing() const { return crossing_; }
    T low(i64 coord) const { return low_[std::size_t(coord)]; }
    T high(i64 coord) const { return high_[std::size_t(coord)]; }
    T row_low(int r) const { return row_low_[std::size_t(r)]; }
    T row_high(int r) const { return row_high_[std::size_t(r)]; }
    T factor(int r) const { return factor_[std::size_t(r)]; }
    T slope(i64 coord) const { return slope_[std::size_t(coord)]; }
    T offset(i64 coord) const { return offset_[std::size_t(coord)]; }
    // Of the latest step: how many columns there are, the centres' among them and each new parameter's, entries, and errors.
    int columns() const { return count_ + fresh_count_; }
    T entry(int k, int i) const {
        if (k < count_) return column(k)[i];
        return fresh_at_[std::size_t(k - count_)] == i ? fresh_[std::size_t(k - count_)] : exactly<T>(0.0);
    }
    T error(int i) const { return error_[std::size_t(i)]; }

  private:
    static constexpr int ROUNDS = 6, TRIALS = 12, MOST_COMBINED = 64;

    int width(int layer) const {
        return int(P.coord_start[std::size_t(layer) + 1] - P.coord_start[std::size_t(layer)]);
    }
    T *column(int k) { return columns_.data() + std::size_t(k) * std::size_t(width_); }
    const T *column(int k) const { return columns_.data() + std::size_t(k) * std::size_t(width_); }

    // The next n coordinates; see *Errors*.
    POLYRELU_APART void affine(const T *W, const T *b, int n) {
        const int J = active_count_, columns = count_ + fresh_count_;
        next_.room(std::size_t(columns) * std::size_t(n) + 8);
        for (Array<T> *column : {&next_error_, &next_sum_, &radius_}) column->room(std::size_t(n) + 1);
        const T zero = exactly<T>(0.0), slip = gamma_<T>(J + 3);
        for (int k = 0; k < count_; k++) {
            T *__restrict to = next_.data() + std::size_t(k) * std::size_t(n);
            for (int i = 0; i < n; i++) to[i] = k == 0 ? b[i] : zero;
            add(W, n, column(k), to);
        }
        for (int f = 0; f < fresh_count_; f++) {
            T *__restrict to = next_.data() + std::size_t(count_ + f) * std::size_t(n);
            const T *w = W + i64(fresh_at_[std::size_t(f)]) * n;
            const T h = fresh_[std::size_t(f)];
            for (int i = 0; i < n; i++) to[i] = w[i] * h;
        }
        T *__restrict e = next_error_.data(), *__restrict r = radius_.data(), *__restrict s = next_sum_.data();
        for (int i = 0; i < n; i++) e[i] = slip * modulus(b[i]), r[i] = zero;
        for (int a = 0; a < J; a++) {
            const std::size_t k = std::size_t(active_[std::size_t(a)]);
            const T share = error_[k] * raised<T>(1) + slip * sum_[k];
            const T *w = W + i64(k) * n;
            for (int i = 0; i < n; i++) e[i] = e[i] + modulus(w[i]) * share;
        }
        for (int k = 1; k < columns; k++) {
            const T *from = next_.data() + std::size_t(k) * std::size_t(n);
            for (int i = 0; i < n; i++) r[i] = r[i] + modulus(from[i]);
        }
        const T up = raised<T>(2 * J + 12), more = raised<T>(columns + 2), least = exactly<T>(FLOOR);
        for (int i = 0; i < n; i++) {
            e[i] = e[i] * up + least;
            r[i] = r[i] * more;
            s[i] = (modulus(next_[std::size_t(i)]) + r[i]) * raised<T>(3);
        }
        columns_.swap(next_), error_.swap(next_error_), sum_.swap(next_sum_);
        width_ = n;
        count_ = columns;
        fresh_count_ = 0;
    }

    // Adds the products of a column with the weights of those coordinates that do not vanish.
    POLYRELU_INLINE void add(const T *W, int n, const T *from, T *__restrict to) {
        const i32 *k = active_.data();
        int step = 0;
        for (; step + 4 <= active_count_; step += 4, k += 4) {
            const T *w0 = W + i64(k[0]) * n, *w1 = W + i64(k[1]) * n, *w2 = W + i64(k[2]) * n, *w3 = W + i64(k[3]) * n;
            const T c0 = from[k[0]], c1 = from[k[1]], c2 = from[k[2]], c3 = from[k[3]];
            for (int i = 0; i < n; i++) to[i] = to[i] + (w0[i] * c0 + w1[i] * c1 + w2[i] * c2 + w3[i] * c3);
        }
        for (; step < active_count_; step++, k++) {
            const T *w = W + i64(*k) * n, c = from[*k];
            for (int i = 0; i < n; i++) to[i] = to[i] + w[i] * c;
        }
    }

    // Bounds of what enters a layer's neurons, by the zonotope and by intervals.
    bool bound(int layer) {
        const i64 first = P.coord_start[std::size_t(layer)];
        T *low = &low_[std::size_t(first)], *high = &high_[std::size_t(first)];
        const i64 before = layer == 0 ? 0 : P.coord_start[std::size_t(layer) - 1];
        if (layer == 0 ||
            !by_intervals(P.weights.start + P.weight_start[std::size_t(layer)], &P.biases[std::size_t(first)], width_,
                          int(first - before), &low_[std::size_t(before)], &high_[std::size_t(before)],
                          P.relu.start + before, low, high, &size_[std::size_t(first)]))
            anything(width_, low, high);
        return tighten(width_, low, high);
    }

    static void anything(int n, T *low, T *high) {
        for (int i = 0; i < n; i++) low[i] = exactly<T>(-FAR), high[i] = exactly<T>(FAR);
    }

    // Intersects bounds with those that the zonotope tells; false if they are too large.
    bool tighten(int n, T *low, T *high) const {
        const T slip = gamma_<T>(4), least = exactly<T>(FLOOR);
        for (int i = 0; i < n; i++) {
            const std::size_t at = std::size_t(i);
            const T reach = (radius_[at] + error_[at]) * raised<T>(2);
            const T a = columns_[at] - reach, b = columns_[at] + reach;
            low[i] = larger(low[i], (a - slip * modulus(a)) - least);
            high[i] = smaller(high[i], (b + slip * modulus(b)) + least);
            if (is_far(a) || is_far(b)) return false;
        }
        return true;
    }

    // Column k of the combination with the present factors.
    T combined(int k) const { return combined(k, factor_.data()); }
    T combined(int k, const T *factors) const {
        const T *from = column(k);
        T sum = exactly<T>(0.0);
        for (int r = 0; r < rows_; r++) sum = sum + factors[r] * from[r];
        return sum;
    }

    // The least value of a combination, but for errors.
    T least_of(const T *factors) const {
        T least = combined(0, factors);
        for (int k = 1; k < count_; k++) least = least - modulus(combined(k, factors));
        return least;
    }

    // How far that may be from one that is certain: J = rows terms in each column, and then as many sums as columns.
    T loss_of(const T *factors) const {
        const T slip = gamma_<T>(rows_ + count_ + 4);
        T loss = exactly<T>(0.0);
        for (int r = 0; r < rows_; r++)
            loss = loss + modulus(factors[r]) * (error_[std::size_t(r)] + slip * sum_[std::size_t(r)]);
        return loss * raised<T>(rows_ + 8) + exactly<T>(FLOOR);
    }

    // Looks for a combination whose least value is positive: from the best row on, always towards the one that raises it most.
    bool combine(const Conditions<T> &asked) {
        const T zero = exactly<T>(0.0), one = exactly<T>(1.0);
        T best = least_of(factor_.data());
        for (int round = 0; round < ROUNDS; round++) {
            int towards = -1;
            T sign = one, gain = best;
            for (int r = 0; r < rows_; r++) {
                T rise = column(0)[r];
                for (int k = 1; k < count_; k++) {
                    const T own = combined(k);
                    rise = own > zero ? rise - column(k)[r] : own < zero ? rise + column(k)[r] : rise;
                }
                if (gain < rise) towards = r, sign = one, gain = rise;
                if (asked.equality[r] && gain < zero - rise) towards = r, sign = exactly<T>(-1.0), gain = zero - rise;
            }
            if (towards < 0) return false;
            T from = zero, to = one;
            for (int k = 0; k < TRIALS; k++) {
                const T a = from + exactly<T>(0.375) * (to - from), b = from + exactly<T>(0.625) * (to - from);
                if (mixed(a, towards, sign) < mixed(b, towards, sign)) from = a;
                else to = b;
            }
            const T found = mixed(exactly<T>(0.5) * from + exactly<T>(0.5) * to, towards, sign);
            if (!(best < found)) return false;
            best = found;
            for (int r = 0; r < rows_; r++) factor_[std::size_t(r)] = trial_[std::size_t(r)];
            if (best > loss_of(factor_.data())) return true;
        }
        return false;
    }

    // Writes the factors that are so far from the present ones to those of one row, and returns their least value.
    T mixed(T share, int towards, T sign) {
        const T rest = exactly<T>(1.0) - share;
        for (int r = 0; r < rows_; r++) trial_[std::size_t(r)] = factor_[std::size_t(r)] * rest;
        T &own = trial_[std::size_t(towards)];
        own = own + share * sign;
        return least_of(trial_.data());
    }

    // Adds a layer's part to the scores of inputs, and moves what bears on it to the layer before.
    void share_out(int layer) {
        const i64 first = P.coord_start[std::size_t(layer)];
        const int n = width(layer), m = layer == 0 ? inputs_ : width(layer - 1);
        const T zero = exactly<T>(0.0);
        for (int i = 0; i < n; i++) {
            const std::size_t coord = std::size_t(first) + std::size_t(i);
            T &bears = bearing_[std::size_t(i)];
            if (offset_[coord] > zero && bears > zero) {
                const T *own = &influence_[coord * std::size_t(inputs_)];
                T all = exactly<T>(TINY);
                for (int k = 0; k < varying_; k++) all = all + own[k];
                const T part = bears * offset_[coord] / all;
                for (int k = 0; k < varying_; k++) {
                    T &score = score_[std::size_t(input_[std::size_t(k)])];
                    score = score + part * own[k];
                }
            }
            bears = bears * slope_[coord];
        }
        if (layer == 0) return;
        const T *W = P.weights.start + P.weight_start[std::size_t(layer)];
        for (int k = 0; k < m; k++) {
            T sum = zero;
            for (int i = 0; i < n; i++) sum = sum + bearing_[std::size_t(i)] * modulus(W[i64(k) * n + i]);
            before_[std::size_t(k)] = sum;
        }
        bearing_.swap(before_);
    }

    const Problem<T> &P;
    const int inputs_;
    int widest_ = 0, width_ = 0, count_ = 0, varying_ = 0, fresh_count_ = 0, active_count_ = 0, crossing_ = 0, rows_ = 0;
    Array<T> columns_, next_;             // the latest layer's columns, the centres' first, then those of inputs that vary
    Array<T> error_, sum_, radius_, next_error_, next_sum_;
    Array<i32> active_, fresh_at_, input_; // coordinates that do not vanish; those with a new parameter; inputs that vary
    Array<T> fresh_;
    Array<T> low_, high_, size_, slope_, offset_, influence_; // of all layers' coordinates
    Array<T> row_low_, row_high_, row_size_, factor_, trial_;
    Array<T> score_, bearing_, before_;
};

// A centre, and of each input that varies a column, in which it stands alone.
template <class T> void Zonotope<T>::begin(const T *low, const T *high) {
    const std::size_t d = std::size_t(inputs_);
    width_ = inputs_;
    crossing_ = 0;
    count_ = 1;
    varying_ = fresh_count_ = active_count_ = 0;
    columns_.room(d + 1);
    for (Array<T> *column : {&error_, &sum_, &fresh_}) column->room(d + 1);
    for (Array<i32> *column : {&active_, &fresh_at_, &input_}) column->room(d + 1);
    const T half = exactly<T>(0.5), least = exactly<T>(FLOOR);
    for (int j = 0; j < inputs_; j++) {
        const std::size_t i = std::size_t(j);
        const T c = half * low[j] + half * high[j];
        const T h = larger(high[j] - c, c - low[j]) * raised<T>(3) + least;
        columns_[i] = c;
        sum_[i] = (modulus(c) + h) * raised<T>(3);
        active_[std::size_t(active_count_++)] = j;
        if (h > exactly<T>(0x1p-40) * modulus(c) + least) {
            error_[i] = exactly<T>(0.0);
            input_[std::size_t(varying_++)] = j;
            fresh_at_[std::size_t(fresh_count_)] = j;
            fresh_[std::size_t(fresh_count_++)] = h;
        } else {
            error_[i] = h; // so little that a column would cost more than it tells
        }
    }
}

template <class T> POLYRELU_APART void Zonotope<T>::bend(int layer) {
    const i64 first = P.coord_start[std::size_t(layer)];
    const int n = width_;
    const T zero = exactly<T>(0.0), one = exactly<T>(1.0), least = exactly<T>(FLOOR);
    for (Array<i32> *column : {&active_, &fresh_at_}) column->room(std::size_t(n) + 1);
    fresh_.room(std::size_t(n) + 1);
    active_count_ = 0;
    T *__restrict slope = &slope_[std::size_t(first)], *__restrict offset = &offset_[std::size_t(first)];
    for (int i = 0; i < n; i++) {
        const std::size_t at = std::size_t(i), coord = std::size_t(first) + at;
        const T l = low_[coord], u = high_[coord];
        slope[i] = one, offset[i] = zero;
        if (P.relu[coord] && l < zero) {
            slope[i] = zero;
            if (u > zero) {
                slope[i] = u / (u - l);
                offset[i] = exactly<T>(0.5) * larger(slope[i] * (zero - l), (one - slope[i]) * u) * raised<T>(6) + least;
                fresh_at_[std::size_t(fresh_count_)] = i;
                fresh_[std::size_t(fresh_count_++)] = offset[i];
                for (int k = 0; k < varying_; k++)
                    influence_[coord * std::size_t(inputs_) + std::size_t(k)] = modulus(column(k + 1)[i]);
                error_[at] = (slope[i] * error_[at] + gamma_<T>(3) * (slope[i] * sum_[at] + offset[i])) * raised<T>(6) + least;
                sum_[at] = (slope[i] * sum_[at] + exactly<T>(2.0) * offset[i]) * raised<T>(6);
            }
        }
        if (slope[i] > zero || offset[i] > zero) active_[std::size_t(active_count_++)] = i;
    }
    crossing_ += fresh_count_;
    if (fresh_count_ == 0) return;
    for (int k = 0; k < count_; k++) {
        T *c = column(k);
        for (int i = 0; i < n; i++) c[i] = c[i] * slope[i];
    }
    for (int f = 0; f < fresh_count_; f++) {
        T &centre = columns_[std::size_t(fresh_at_[std::size_t(f)])];
        centre = centre + fresh_[std::size_t(f)];
    }
}

} // namespace polyrelu
