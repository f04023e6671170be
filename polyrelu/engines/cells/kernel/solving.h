// A generator computed anew from its tight facets, with a bound that does not depend on how it was found.
//
// When B does not decide, the generator is solved again (S. M. Rump, Verification methods: rigorous results using
// floating-point arithmetic, Acta Numerica 19, 2010, section 10, after Krawczyk). Let p be the position of its largest
// entry, which is kept; the others, y, solve M y = -f_p g_p, where M is the d facets' forms without column p. With R the
// computed inverse of M^, one Newton step y - R rho is taken, and for the result the residuals rho_k = f_k . g satisfy
// |rho_k| <= q_k = |rho^_k| + gamma_{d+1} s_k + e_k (entries at most 1). Let
//
//     alpha = max_i sum_j |fl(I - R M^)|_ij + gamma_{d+2} (1 + sum_j (|R| |M^|)_ij) + sum_k |R_ik| e_k >= |I - R M|_oo .
//
// If alpha < 1 then M is regular and |y* - y|_oo <= max_i (|R| q)_i / (1 - alpha): the new r. A generator on more than d
// facets is solved on d of them that elimination finds independent.
//
// This finds a line, and keeps the sign of the largest entry. That is the generator's if it was known within r less than
// that entry. Else either g or -g may be the generator; who asks has to find out (generators.h).
//
// Every magnitude: q has FLOOR, alpha a gamma_{d+2} beyond what underflows add up to, and comparisons with infinity or
// NaN fail, which returns infinity.
#pragma once

#include "bounds.h"
#include "shape.h"

namespace polyrelu {

// S is a Shape; `dim` of a run-time one is given to each function.
template <class T> class Solver {
  public:
    // Room for so many rows of d + 1 entries, s and e each.
    void room(int rows, int dim) {
        const std::size_t d = std::size_t(dim);
        rows_.room(std::size_t(rows) * (d + 2));
        table_.room(std::size_t(rows) * d);
        order_.room(std::size_t(rows));
        for (Array<T> *square : {&M_, &R_}) square->room(d * d);
        chosen_.room(d * (d + 2));
        y_.room(d);
    }

    T *row(int k, int dim) { return rows_.data() + std::size_t(k) * std::size_t(dim + 2); }

    // Improves a generator in place from the first `count` rows: its r, or infinity.
    POLYRELU_INLINE T solve(T *g, int count, int dim) {
        const int d = dim - 1;
        const T infinity = exactly<T>(HUGE_VAL), zero = exactly<T>(0.0);
        if (count < d) return infinity;
        const int p = largest_entry(g, dim);
        if (count > d && !independent_rows_first(count, p, dim)) return infinity;
        if (!invert(p, dim)) return infinity;
        T *y = y_.data();
        for (int k = 0; k < d; k++) y[k] = value(row(k, dim), g, dim);
        for (int i = 0; i < d; i++) {
            T step = zero;
            for (int k = 0; k < d; k++) step = step + R(i, k, d) * y[k];
            T &entry = g[i < p ? i : i + 1];
            entry = entry - step;
        }
        const T r = radius(g, p, dim);
        T largest = zero;
        for (int j = 0; j < dim; j++) largest = larger(largest, modulus(g[j]));
        if (!(r < infinity) || !(largest < exactly<T>(2.0))) return infinity;
        for (int j = 0; j < dim; j++) g[j] = g[j] / largest;
        return (r / largest + gamma_<T>(2)) * raised<T>(4);
    }

    static int largest_entry(const T *g, int dim) {
        int p = 0;
        for (int j = 1; j < dim; j++)
            if (modulus(g[j]) > modulus(g[p])) p = j;
        return p;
    }

  private:
    T &M(int i, int j, int d) { return M_[std::size_t(i * d + j)]; }
    T &R(int i, int j, int d) { return R_[std::size_t(i * d + j)]; }

    // How far the solution may be off, before it is scaled.
    POLYRELU_INLINE T radius(const T *g, int p, int dim) {
        const int d = dim - 1;
        const T zero = exactly<T>(0.0), one = exactly<T>(1.0), two = exactly<T>(2.0), infinity = exactly<T>(HUGE_VAL);
        T *q = y_.data();
        for (int k = 0; k < d; k++) {
            const T *f = row(k, dim);
            for (int j = 0; j < d; j++) M(k, j, d) = f[j < p ? j : j + 1]; // elimination has overwritten it
            q[k] = modulus(value(f, g, dim)) + two * gamma_<T>(dim + 1) * f[dim] + two * f[dim + 1] + exactly<T>(FLOOR);
        }
        T alpha = zero, most = zero;
        for (int i = 0; i < d; i++) {
            T off = zero, size = zero, wrong = zero, reach = zero;
            for (int j = 0; j < d; j++) {
                T t = zero, total = zero;
                for (int k = 0; k < d; k++) {
                    t = t + R(i, k, d) * M(k, j, d);
                    total = total + modulus(R(i, k, d)) * modulus(M(k, j, d));
                }
                off = off + modulus((i == j ? one : zero) - t);
                size = size + total;
            }
            for (int k = 0; k < d; k++) {
                wrong = wrong + modulus(R(i, k, d)) * row(k, dim)[dim + 1];
                reach = reach + modulus(R(i, k, d)) * q[k];
            }
            const T here = (off + gamma_<T>(d + 2) * (one + size) + wrong) * raised<T>(2 * d + 8);
            // A comparison that NaN fails, where a maximum would overlook it.
            if (!(here < exactly<T>(0.5) && reach < infinity)) return infinity;
            alpha = larger(alpha, here);
            most = larger(most, reach);
        }
        return most * raised<T>(2 * dim + 12) / (one - alpha);
    }

    // Reorders the rows so that the first d are independent without column p; false if none are found.
    POLYRELU_APART bool independent_rows_first(int count, int p, int dim) {
        const int d = dim - 1;
        const auto entry = [&](int k, int j) -> T & { return table_[std::size_t(k * dim + j)]; };
        const T zero = exactly<T>(0.0);
        for (int k = 0; k < count; k++) {
            const T *f = row(k, dim);
            order_[std::size_t(k)] = k;
            for (int j = 0; j < d; j++) entry(k, j) = f[dim] > zero ? f[j < p ? j : j + 1] / f[dim] : zero;
        }
        for (int step = 0; step < d; step++) {
            int r = -1, c = -1;
            T best = zero;
            for (int k = step; k < count; k++)
                for (int j = step; j < d; j++)
                    if (modulus(entry(k, j)) > best) r = k, c = j, best = modulus(entry(k, j));
            if (r < 0) return false;
            for (int j = 0; j < d; j++) swap(entry(step, j), entry(r, j));
            swap(order_[std::size_t(step)], order_[std::size_t(r)]);
            for (int k = 0; k < count; k++) swap(entry(k, step), entry(k, c));
            for (int k = step + 1; k < count; k++) {
                const T factor = entry(k, step) / entry(step, step);
                for (int j = step; j < d; j++) entry(k, j) = entry(k, j) - factor * entry(step, j);
            }
        }
        T *chosen = chosen_.data();
        for (int k = 0; k < d; k++)
            for (int j = 0; j < dim + 2; j++) chosen[k * (dim + 2) + j] = row(order_[std::size_t(k)], dim)[j];
        for (int k = 0; k < d; k++)
            for (int j = 0; j < dim + 2; j++) row(k, dim)[j] = chosen[k * (dim + 2) + j];
        return true;
    }

    // R = the inverse of the first d rows without column p, by Gauss-Jordan elimination; false if singular.
    POLYRELU_INLINE bool invert(int p, int dim) {
        const int d = dim - 1;
        const T zero = exactly<T>(0.0), one = exactly<T>(1.0);
        for (int k = 0; k < d; k++)
            for (int j = 0; j < d; j++) M(k, j, d) = row(k, dim)[j < p ? j : j + 1], R(k, j, d) = k == j ? one : zero;
        for (int step = 0; step < d; step++) {
            int best = step;
            for (int k = step + 1; k < d; k++)
                if (modulus(M(k, step, d)) > modulus(M(best, step, d))) best = k;
            const T pivot = M(best, step, d);
            if (!(modulus(pivot) > zero && modulus(pivot) < exactly<T>(HUGE_VAL))) return false;
            if (best != step)
                for (int j = 0; j < d; j++) swap(M(step, j, d), M(best, j, d)), swap(R(step, j, d), R(best, j, d));
            for (int j = 0; j < d; j++) M(step, j, d) = M(step, j, d) / pivot, R(step, j, d) = R(step, j, d) / pivot;
            for (int k = 0; k < d; k++) {
                const T factor = M(k, step, d);
                if (k == step || !(modulus(factor) > zero)) continue;
                for (int j = 0; j < d; j++) {
                    M(k, j, d) = M(k, j, d) - factor * M(step, j, d);
                    R(k, j, d) = R(k, j, d) - factor * R(step, j, d);
                }
            }
        }
        return true;
    }

    template <class Value> static void swap(Value &a, Value &b) {
        const Value kept = a;
        a = b;
        b = kept;
    }

    Array<T> rows_, table_, M_, R_, chosen_, y_;
    Array<int> order_;
};

} // namespace polyrelu
