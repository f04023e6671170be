// What a network makes of a box of inputs, or of a cell, enclosed by a zonotope: linear functions of shared parameters.
//
// Of a layer's coordinate i a centre c_i, coefficients g_i1 .. g_iK and an error e_i are known, so that for each input of the
// box there are parameters p_1 .. p_K, the same for all coordinates, with
//
//     |h_i - (c_i + sum_k g_ik p_k)| <= e_i .
//
// Each input of a box has a parameter between -1 and 1, and so has each neuron that may switch: where l <= z <= u, l < 0 < u,
// every slope from 0 to 1 has 0 <= max(z, 0) - slope z <= 2 h for h >= max(-slope l, (1 - slope) u) / 2, since the difference
// is convex in z. So max(z, 0) is slope z + h + h p with a new p; the best slope is near u / (u - l) (G. Singh, T. Gehr,
// M. Mirman, M. Pueschel and M. Vechev, Fast and effective robustness certification, NeurIPS 2018). What depends on one input
// is not counted apart for each neuron, and so bounds are much better than by intervals; with these they are intersected, as
// they may be worse.
//
// Of a cell the first d parameters are the coordinates x_j of its points, which do not vary one by one: what enters the layer
// that is to be split is affine on the cell, and its forms (forms.h) are the first columns. Of what a layer makes of them,
// c_i + sum_j g_ij x_j, the vertices have the least and the greatest value.
//
// Errors, in the notation of numbers.h. Let X >= 1 be no less than any |p_k|, and s_i >= |c_i| + sum_k |g_ik| |p_k|. A layer
// makes sum_j w_ij (.) + b_i of each column, with at most J + 1 terms where J coordinates do not vanish, and one more rounding
// in each weight; so, as for forms (forms.h),
//
//     e_i' = sum_j |w^_ij| (e_j (1 + gamma_1) + gamma_{J+3} s_j) + gamma_{J+3} |b^_i| .
//
// A slope makes slope e + gamma_3 (slope s + h) of e: a product in each column, and a sum in the centre. An input between the
// ends low and high has the float c near their middle and h >= max(high - c, c - low), raised for one rounding.
//
// Vertices are g / g_t, of generators that are known up to r (bounds.h), with g^_t > 2 r. For x^_j = fl(g^_j / g^_t), and A no
// less than 1 and any |x^_j|,
//
//     |x_j - x^_j| <= rho = (1 + A (1 + gamma_1)) r / (g^_t - r) + gamma_1 A ,
//
// because |g_j / g_t - g^_j / g^_t| <= r (1 + |g^_j / g^_t|) / (g^_t - r). So X = A + rho will do; a form with the error e is
// off by e X at most, and fl(c_i + sum_j g_ij x^_j), of d + 1 terms, by (gamma_{d+1} + rho) s_i.
//
// Every magnitude. All numbers that are used are below FAR = 2^100, or the enclosure is given up; so each of fewer than
// 2^100 underflows, and each digit that a subnormal weight has lost, matters less than FLOOR, which every e has.
#pragma once

#include "reach.h"

namespace polyrelu {

template <class T> class Zonotope {
  public:
    explicit Zonotope(const Problem<T> &problem) : P(problem), inputs_(problem.dim - 1) {
        const std::size_t coords = std::size_t(P.coords()) + 1;
        for (Array<T> *column : {&low_, &high_, &size_, &slope_, &offset_}) column->room(coords);
    }

    // Encloses all layers on a box; false where numbers are too large to tell anything. Of `most` columns there are no more.
    bool enclose(const T *low, const T *high, int most) {
        begin(low, high);
        for (int l = 0; l < P.layers(); l++) {
            if (columns() > most || !enter(l)) return false;
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

    // In place of begin() and enter(): what enters a layer's neurons on a cell, where it is known to lie between `low` and
    // `high`. The cell is given as in Reach, and has no ray.
    template <class At> bool begin(Forms<T> &F, int layer, int m, At at, const T *low, const T *high);

    // What an affine map makes of it, enclosed between `low` and `high` if they do so already; false as above.
    bool follow(const T *W, const T *b, int n, T *low, T *high) {
        affine(W, b, n);
        return tighten(n, low, high);
    }

    int width(int layer) const {
        return int(P.coord_start[std::size_t(layer) + 1] - P.coord_start[std::size_t(layer)]);
    }
    // How many neurons may switch.
    int crossing() const { return crossing_; }
    T low(i64 coord) const { return low_[std::size_t(coord)]; }
    T high(i64 coord) const { return high_[std::size_t(coord)]; }
    const T *lows(int layer) const { return &low_[std::size_t(P.coord_start[std::size_t(layer)])]; }
    const T *highs(int layer) const { return &high_[std::size_t(P.coord_start[std::size_t(layer)])]; }
    T slope(i64 coord) const { return slope_[std::size_t(coord)]; }
    T offset(i64 coord) const { return offset_[std::size_t(coord)]; }
    // The inputs that vary on a box, and how much each matters to what enters a neuron that may switch.
    int varying() const { return varying_; }
    int input(int k) const { return input_[std::size_t(k)]; }
    const T *influence(i64 coord) const { return &influence_[std::size_t(coord) * std::size_t(inputs_)]; }
    // Of the latest step: how many columns there are, the centres' among them and each new parameter's, entries, and errors.
    int columns() const { return count_ + fresh_count_; }
    T entry(int k, int i) const {
        if (k < count_) return column(k)[i];
        return fresh_at_[std::size_t(k - count_)] == i ? fresh_[std::size_t(k - count_)] : exactly<T>(0.0);
    }
    T error(int i) const { return error_[std::size_t(i)]; }
    T sum(int i) const { return sum_[std::size_t(i)]; }
    const T *column(int k) const { return columns_.data() + std::size_t(k) * std::size_t(width_); }
    // Which columns are those of a cell's coordinates: 1 to shared().
    int shared() const { return shared_; }
    int vertices() const { return vertex_count_; }
    // The value of a function at a vertex, from its columns up to shared(); of a box it is that at the centre. Of all vertices
    // the least is found, and its value is off by at most spread() times the function's s.
    template <class Column> T at_vertex(int vertex, Column column) const {
        T v = column(0);
        for (int j = 0; j < shared_; j++) v = v + column(j + 1) * vertices_[std::size_t(vertex * shared_ + j)];
        return v;
    }
    template <class Column> int least_vertex(Column column) const {
        int found = 0;
        T least = at_vertex(0, column);
        for (int k = 1; k < vertex_count_; k++) {
            const T v = at_vertex(k, column);
            if (v < least) least = v, found = k;
        }
        return found;
    }
    T spread() const { return spread_; }

  private:
    T *own_column(int k) { return columns_.data() + std::size_t(k) * std::size_t(width_); }

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
        for (int k = 1 + shared_; k < columns; k++) {
            const T *from = next_.data() + std::size_t(k) * std::size_t(n);
            for (int i = 0; i < n; i++) r[i] = r[i] + modulus(from[i]);
        }
        const T up = raised<T>(2 * J + 12), more = raised<T>(columns + 2), least = exactly<T>(FLOOR);
        for (int i = 0; i < n; i++) {
            e[i] = e[i] * up + least;
            r[i] = r[i] * more;
            s[i] = modulus(next_[std::size_t(i)]) + r[i];
        }
        for (int k = 1; k <= shared_; k++) {
            const T *from = next_.data() + std::size_t(k) * std::size_t(n);
            for (int i = 0; i < n; i++) s[i] = s[i] + modulus(from[i]) * largest_;
        }
        for (int i = 0; i < n; i++) s[i] = s[i] * raised<T>(shared_ + 4);
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

    // Intersects bounds with those that the zonotope tells; false if they are too large.
    bool tighten(int n, T *low, T *high) {
        const T slip = gamma_<T>(4), least = exactly<T>(FLOOR);
        const T *from = columns_.data(), *to = from;
        if (shared_ > 0) {
            reach_vertices(n);
            from = least_.data(), to = most_.data();
        }
        for (int i = 0; i < n; i++) {
            const std::size_t at = std::size_t(i);
            const T reach = (radius_[at] + error_[at] + spread_ * sum_[at]) * raised<T>(4);
            const T a = from[i] - reach, b = to[i] + reach;
            low[i] = larger(low[i], (a - slip * modulus(a)) - least);
            high[i] = smaller(high[i], (b + slip * modulus(b)) + least);
            if (is_far(a) || is_far(b)) return false;
        }
        return true;
    }

    // The least and the greatest value at vertices of what the coordinates of a cell do to each of n coordinates.
    POLYRELU_APART void reach_vertices(int n) {
        for (Array<T> *column : {&least_, &most_, &value_}) column->room(std::size_t(n) + 1);
        T *__restrict low = least_.data(), *__restrict high = most_.data(), *__restrict v = value_.data();
        for (int k = 0; k < vertex_count_; k++) {
            const T *x = &vertices_[std::size_t(k * shared_)], *c = column(0);
            for (int i = 0; i < n; i++) v[i] = c[i];
            for (int j = 0; j < shared_; j++) {
                const T *g = column(j + 1), own = x[j];
                for (int i = 0; i < n; i++) v[i] = v[i] + g[i] * own;
            }
            if (k == 0)
                for (int i = 0; i < n; i++) low[i] = high[i] = v[i];
            else
                for (int i = 0; i < n; i++) low[i] = smaller(low[i], v[i]), high[i] = larger(high[i], v[i]);
        }
    }

    const Problem<T> &P;
    const int inputs_;
    int width_ = 0, count_ = 0, varying_ = 0, fresh_count_ = 0, active_count_ = 0, crossing_ = 0, shared_ = 0;
    int vertex_count_ = 1;
    T largest_ = exactly<T>(1.0), spread_ = exactly<T>(0.0); // X, and what it takes to look at vertices in place of a centre
    Array<T> columns_, next_;             // the latest layer's columns, the centres' first, then those of inputs that vary
    Array<T> error_, sum_, radius_, next_error_, next_sum_;
    Array<i32> active_, fresh_at_, input_; // coordinates that do not vanish; those with a new parameter; inputs that vary
    Array<T> fresh_;
    Array<T> low_, high_, size_, slope_, offset_, influence_; // of all layers' coordinates
    Array<T> vertices_, least_, most_, value_;
};

// A centre, and of each input that varies a column, in which it stands alone.
template <class T> void Zonotope<T>::begin(const T *low, const T *high) {
    const std::size_t d = std::size_t(inputs_);
    width_ = inputs_;
    count_ = vertex_count_ = 1;
    crossing_ = varying_ = fresh_count_ = active_count_ = shared_ = 0;
    spread_ = exactly<T>(0.0);
    influence_.room((std::size_t(P.coords()) + 1) * d + 1);
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

// The forms of a layer, and the vertices.
template <class T>
template <class At>
bool Zonotope<T>::begin(Forms<T> &F, int layer, int m, At at, const T *low, const T *high) {
    const T one = exactly<T>(1.0), least = exactly<T>(FLOOR);
    shared_ = inputs_, vertex_count_ = m;
    crossing_ = varying_ = fresh_count_ = 0;
    vertices_.room(std::size_t(m * shared_) + 1);
    T size = one, rho = least;
    for (int k = 0; k < m; k++) {
        const T *g = at(k), t = g[shared_], r = g[shared_ + 1];
        T own = one;
        for (int j = 0; j < shared_; j++) {
            const T x = g[j] / t;
            vertices_[std::size_t(k * shared_ + j)] = x;
            own = larger(own, modulus(x));
        }
        if (is_far(own)) return false;
        size = larger(size, own);
        rho = larger(rho, ((one + own) * r / (t - r) + gamma_<T>(1) * own) * raised<T>(8) + least);
    }
    largest_ = (size + rho) * raised<T>(2);
    spread_ = (gamma_<T>(shared_ + 1) + rho) * raised<T>(3);
    const std::size_t first = std::size_t(P.coord_start[std::size_t(layer)]), n = std::size_t(width(layer));
    width_ = int(n), count_ = 1 + shared_;
    columns_.room(std::size_t(count_) * n + 1);
    for (Array<T> *column : {&error_, &sum_}) column->room(n + 1);
    for (int k = 0; k < count_; k++)
        std::memcpy(own_column(k), F.row(k == 0 ? shared_ : k - 1) + first, n * sizeof(T));
    for (std::size_t i = 0; i < n; i++) {
        error_[i] = F.error(i64(first + i)) * largest_ * raised<T>(2) + least;
        sum_[i] = F.sum(i64(first + i)) * largest_ * raised<T>(2);
        low_[first + i] = low[i], high_[first + i] = high[i];
    }
    return true;
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
        T *c = own_column(k);
        for (int i = 0; i < n; i++) c[i] = c[i] * slope[i];
    }
    for (int f = 0; f < fresh_count_; f++) {
        T &centre = columns_[std::size_t(fresh_at_[std::size_t(f)])];
        centre = centre + fresh_[std::size_t(f)];
    }
}

} // namespace polyrelu
