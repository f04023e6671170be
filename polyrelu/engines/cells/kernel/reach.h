// Whether bounds show that no point of a cell maps into the target.
//
// Before a bounded cell is split by a layer, the values c . g / g_t at its vertices bound what enters the layer's neurons,
// and interval arithmetic carries these bounds to the target's rows: a sum of K products and a bias is off by at most
// gamma_{K+2} times the sum of the terms' moduli, which is raised for its own rounding and that of the weights. If some
// row is positive throughout, the cell is discarded with everything below it. Values beyond 2^100 tell nothing; below that
// the digits that a weight has lost matter less than 2^-900.
#pragma once

#include "forms.h"

namespace polyrelu {

template <class T> bool is_far(T x) { return !(modulus(x) < exactly<T>(FAR)); }

// Bounds of n affine functions of `width` coordinates that lie between `low` and `high` before their ReLU; of the weights
// those to all functions stand together. False where they are too large to tell anything. `size` is room.
template <class T>
POLYRELU_APART bool by_intervals(const T *W, const T *b, int n, int width, const T *low, const T *high, const u8 *relu,
                                 T *__restrict own_low, T *__restrict own_high, T *__restrict size) {
    const T zero = exactly<T>(0.0), least = exactly<T>(FLOOR), slip = gamma_<T>(width + 8);
    for (int i = 0; i < n; i++) own_low[i] = own_high[i] = b[i], size[i] = modulus(b[i]);
    for (int k = 0; k < width; k++) {
        T x = low[k], y = high[k];
        if (relu[k]) x = larger(x, zero), y = larger(y, zero);
        const T most = larger(modulus(x), modulus(y));
        if (!(most > zero)) continue;
        const T *w = W + i64(k) * n;
        for (int i = 0; i < n; i++) {
            const T one = w[i] * x, other = w[i] * y;
            own_low[i] = own_low[i] + smaller(one, other);
            own_high[i] = own_high[i] + larger(one, other);
            size[i] = size[i] + modulus(w[i]) * most;
        }
    }
    for (int i = 0; i < n; i++) {
        own_low[i] = own_low[i] - (slip * size[i] + least);
        own_high[i] = own_high[i] + (slip * size[i] + least);
        if (is_far(own_low[i]) || is_far(own_high[i])) return false;
    }
    return true;
}

template <class T> class Reach {
  public:
    explicit Reach(const Problem<T> &problem) : P(problem) {
        for (Array<T> *column : {&low_, &high_, &size_}) column->room(std::size_t(P.coords()) + 1);
    }

    // `at(k)` is generator k of the cell, its d + 1 entries followed by r.
    template <class At> POLYRELU_APART bool misses_target(Forms<T> &F, int depth, int m, At at, int dim) {
        const T zero = exactly<T>(0.0), two = exactly<T>(2.0);
        for (int k = 0; k < m; k++)
            if (!(at(k)[dim - 1] > two * at(k)[dim])) return false; // a ray, or a vertex too far away to tell
        for (i64 c = P.coord_start[std::size_t(depth)]; c < P.coord_start[std::size_t(depth) + 1]; c++)
            if (!at_vertices(F, c, m, at, dim)) return false;
        for (int layer = depth + 1; layer <= P.target_layer; layer++)
            if (!through(layer)) return false;
        const std::size_t target = std::size_t(P.target_layer);
        for (i64 c = P.coord_start[target]; c < P.coord_start[target + 1]; c++)
            if (low(c) > zero || (P.equality[std::size_t(c)] && high(c) < zero)) return true;
        return false;
    }

    T &low(i64 coord) { return low_[std::size_t(coord)]; }
    T &high(i64 coord) { return high_[std::size_t(coord)]; }

  private:
    // The values of a coordinate at the vertices of the cell.
    template <class At> bool at_vertices(Forms<T> &F, i64 c, int m, At at, int dim) {
        const T zero = exactly<T>(0.0), least = exactly<T>(FLOOR), slip = gamma_<T>(dim + 4);
        const T s = F.sum(c), e = F.error(c);
        for (int k = 0; k < m; k++) {
            const T *g = at(k), r = g[dim], t = g[dim - 1];
            T v = F.row(0)[c] * g[0];
            for (int j = 1; j < dim; j++) v = v + F.row(j)[c] * g[j];
            const T B = (slip * s + e + (s + e) * r) * raised<T>(6) + least;
            const T near = t - r, far = t + r;
            T a = v - B, b = v + B;
            a = a / (a < zero ? near : far);
            b = b / (b > zero ? near : far);
            if (is_far(a) || is_far(b)) return false;
            a = a - slip * modulus(a) - least;
            b = b + slip * modulus(b) + least;
            low(c) = k == 0 ? a : smaller(low(c), a);
            high(c) = k == 0 ? b : larger(high(c), b);
        }
        return true;
    }

    // From the layer before to this one, by interval arithmetic.
    bool through(int layer) {
        const std::size_t l = std::size_t(layer);
        const i64 before = P.coord_start[l - 1], first = P.coord_start[l];
        return by_intervals(P.weights.start + P.weight_start[l], &P.biases[std::size_t(first)],
                            int(P.coord_start[l + 1] - first), int(first - before), &low(before), &high(before),
                            P.relu.start + before, &low(first), &high(first), &size_[std::size_t(first)]);
    }

    const Problem<T> &P;
    Array<T> low_, high_, size_;
};

} // namespace polyrelu
