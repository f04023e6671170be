// Whether bounds show that no point of a cell maps into the target.
//
// They are asked before a cell is split by a layer, unless its middle, evaluated in floats, seems to be mapped into the
// target: then they would show nothing, and cost more than splitting does. Of a bounded cell the values c . g / g_t at its
// vertices bound what enters the layer's neurons, and interval arithmetic carries these bounds to the target's rows: a sum of
// K products and a bias is off by at most gamma_{K+2} times the sum of the terms' moduli, which is raised for its own rounding
// and that of the weights. If some row is positive throughout, the cell is discarded with everything below it. Values beyond
// 2^100 tell nothing; below that the digits that a weight has lost matter less than 2^-900. Where intervals leave the target
// open, a zonotope may not (zonotope.h).
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

template <class T> void anything(int n, T *low, T *high) {
    for (int i = 0; i < n; i++) low[i] = exactly<T>(-FAR), high[i] = exactly<T>(FAR);
}

// What bounds say of a cell: it misses the target; it may not; or nothing, since it has a ray, or numbers are too large.
enum class Aim { MISSES, OPEN, UNKNOWN };

template <class T> class Reach {
  public:
    explicit Reach(const Problem<T> &problem) : P(problem) {
        for (Array<T> *column : {&low_, &high_, &size_}) column->room(std::size_t(P.coords()) + 1);
    }

    // Whether the middle of a cell's vertices seems to be mapped into the target. Nothing is certain of it, and nothing rests
    // on it. `at(k)` is generator k of the cell, its d + 1 entries followed by r.
    template <class At> POLYRELU_APART bool seems_to_hit(Forms<T> &F, int depth, int m, At at, int dim) {
        const T zero = exactly<T>(0.0), one = exactly<T>(1.0);
        middle_.filled(std::size_t(dim), zero);
        for (int k = 0; k < m; k++) {
            const T *g = at(k);
            if (!(g[dim - 1] > zero)) return false;
            const T factor = one / g[dim - 1];
            for (int j = 0; j < dim; j++) middle_[std::size_t(j)] = middle_[std::size_t(j)] + factor * g[j];
        }
        const T share = one / middle_[std::size_t(dim) - 1];
        i64 first = P.coord_start[std::size_t(depth)], end = P.coord_start[std::size_t(depth) + 1];
        value_.room(std::size_t(end - first) + 1);
        for (i64 c = first; c < end; c++) value_[std::size_t(c - first)] = F.row(dim - 1)[c];
        for (int j = 0; j + 1 < dim; j++) {
            const T x = middle_[std::size_t(j)] * share, *form = F.row(j) + first;
            T *__restrict v = value_.data();
            for (i64 i = 0; i < end - first; i++) v[i] = v[i] + x * form[i];
        }
        for (int layer = depth + 1; layer <= P.target_layer; layer++) {
            const i64 before = first, n = P.coord_start[std::size_t(layer) + 1] - end;
            const T *W = P.weights.start + P.weight_start[std::size_t(layer)], *b = &P.biases[std::size_t(end)];
            next_.room(std::size_t(n) + 1);
            T *__restrict to = next_.data();
            for (i64 i = 0; i < n; i++) to[i] = b[i];
            for (i64 k = 0; k < end - before; k++, W += n) {
                const T x = value_[std::size_t(k)];
                if (P.relu[std::size_t(before + k)] && !(x > zero)) continue;
                for (i64 i = 0; i < n; i++) to[i] = to[i] + x * W[i];
            }
            value_.swap(next_);
            first = end, end += n;
        }
        for (i64 c = first; c < end; c++)
            if (P.equality[std::size_t(c)] || !(value_[std::size_t(c - first)] < zero)) return false;
        return true;
    }

    template <class At> POLYRELU_APART Aim aim(Forms<T> &F, int depth, int m, At at, int dim) {
        const T zero = exactly<T>(0.0), two = exactly<T>(2.0);
        for (int k = 0; k < m; k++)
            if (!(at(k)[dim - 1] > two * at(k)[dim])) return Aim::UNKNOWN; // a ray, or a vertex too far away to tell
        if (!at_vertices(F, depth, m, at, dim)) return Aim::UNKNOWN;
        for (int layer = depth + 1; layer <= P.target_layer; layer++)
            if (!through(layer)) return Aim::UNKNOWN;
        const std::size_t target = std::size_t(P.target_layer);
        for (i64 c = P.coord_start[target]; c < P.coord_start[target + 1]; c++)
            if (low(c) > zero || (P.equality[std::size_t(c)] && high(c) < zero)) return Aim::MISSES;
        return Aim::OPEN;
    }

    T &low(i64 coord) { return low_[std::size_t(coord)]; }
    T &high(i64 coord) { return high_[std::size_t(coord)]; }

  private:
    // The values of a layer's coordinates at the vertices of the cell; false where one is too large.
    template <class At> bool at_vertices(Forms<T> &F, int depth, int m, At at, int dim) {
        const i64 first = P.coord_start[std::size_t(depth)];
        const int n = int(P.coord_start[std::size_t(depth) + 1] - first);
        value_.room(std::size_t(n) + 1);
        T *__restrict v = value_.data(), *from = &low(first), *to = &high(first);
        for (int i = 0; i < n; i++) from[i] = exactly<T>(HUGE_VAL), to[i] = exactly<T>(-HUGE_VAL);
        for (int k = 0; k < m; k++) {
            const T *g = at(k), r = g[dim], t = g[dim - 1];
            for (int j = 0; j < dim; j++) {
                const T *c = F.row(j) + first, x = g[j];
                if (j == 0)
                    for (int i = 0; i < n; i++) v[i] = c[i] * x;
                else
                    for (int i = 0; i < n; i++) v[i] = v[i] + c[i] * x;
            }
            widen(n, v, F.sums() + first, F.errors() + first, t, r, gamma_<T>(dim + 4), from, to);
        }
        for (int i = 0; i < n; i++)
            if (is_far(from[i]) || is_far(to[i])) return false;
        return true;
    }

    // Takes in the values v / t of forms with these sums and errors at a vertex; those that are too large as infinite.
    POLYRELU_APART static void widen(int n, const T *__restrict v, const T *__restrict sums, const T *__restrict errors, T t,
                                     T r, T slip, T *__restrict from, T *__restrict to) {
        const T zero = exactly<T>(0.0), least = exactly<T>(FLOOR), most = exactly<T>(FAR), all = exactly<T>(HUGE_VAL);
        const T near = t - r, far = t + r;
        for (int i = 0; i < n; i++) {
            const T s = sums[i], e = errors[i];
            const T B = (slip * s + e + (s + e) * r) * raised<T>(6) + least;
            T a = v[i] - B, b = v[i] + B;
            a = a / (a < zero ? near : far);
            b = b / (b > zero ? near : far);
            a = modulus(a) < most ? a : zero - all;
            b = modulus(b) < most ? b : all;
            a = a - slip * modulus(a) - least;
            b = b + slip * modulus(b) + least;
            from[i] = smaller(from[i], a);
            to[i] = larger(to[i], b);
        }
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
    Array<T> low_, high_, size_, middle_, value_, next_;
};

} // namespace polyrelu
