// The bounds that decide signs at generators, and the generators that cuts make.
//
// Notation as in numbers.h; all vectors are homogeneous, of length d + 1.
//
// A form c is known as c^ with sum_j |c_j - c^_j| <= e (forms.h); let s >= sum_j |c^_j|. A *generator* matters up to a
// positive factor; it is stored as g^ with entries at most 1 in modulus, and some exact generator g on its ray has
// |g - g^|_oo <= r.
//
// Signs. |fl(c^ . g^) - c . g| <= B = gamma_{d+1} s + s r + e (1 + r). A sign counts when |fl(c^ . g^)| > B.
//
// New generators. Let an edge from g1 (value a > 0, bound A) to g2 (value -b < 0, bound B) meet the hyperplane c . g = 0.
// With the exact values a*, b* put lambda = a / (a + b) and lambda* = a* / (a* + b*); the generator there is, up to a
// factor, w = mu (lambda* g2 + (1 - lambda*) g1). It becomes w^ = (a g2^ + b g1^) fl(1 / N), where N is the largest entry
// of the sum and mu = (a + b) / N; no entry exceeds 1, because fl(N fl(1 / N)) does not. Since
//
//     |lambda* - lambda| <= Lambda = b / (a + b) * A / (a - A + b - B) + a / (a + b) * B / (a - A + b - B),
//     r_w = mu [Lambda (|g2^ - g1^|_oo + r1 + r2) + lambda r2 + (1 - lambda) r1 + gamma_3] + gamma_3 .
//
// The two gamma_3 are slack, since a + b <= s |g2 - g1| makes Lambda |g2 - g1| about gamma_{d+1} or more; other terms are
// not. An error in the values only moves w along its edge, so short edges do not magnify it. Chains of this bound still
// grow, so it is only the first attempt (solving.h).
//
// Every magnitude. What underflows is off by at most 2^-1074 in absolute terms, in a product, a quotient or a lost digit;
// sums do not underflow. Each bound has a term beyond what these can add up to, with fewer than 2^100 of them: each e
// (but for exact weights, where nothing was lost) and B the term FLOOR, each r a gamma_k. So zero and subnormal numbers
// need no argument of their own. What may overflow is a quotient: 1 / N or A / (a - A + b - B). It ends in an infinity
// or NaN, and these in doubt: r is infinite where it would be NaN; with an infinite r the bound B is infinite or NaN; and
// every decision is a comparison that holds, never one that fails.
#pragma once

#include "numbers.h"

namespace polyrelu {

template <class T> POLYRELU_INLINE T value(const T *form, const T *g, int dim) {
    T v = form[0] * g[0];
    for (int j = 1; j < dim; j++) v = v + form[j] * g[j];
    return v;
}

// B of a form with sum s and error e at a generator with radius r; see *Signs*.
template <class T> POLYRELU_INLINE T sign_bound(T s, T e, T r, int dim) {
    return (gamma_<T>(dim) * s + e + (s + e) * r) * raised<T>(8) + exactly<T>(FLOOR);
}

// What a form's value at a float point inside a cell, whose entries are at most `size` >= 1 in modulus, must exceed for
// its sign to count: B for the generator (point, 1), with r = 0. Where gamma s underflows, `size` may be too large for FLOOR
// to make up for it; but then e has FLOOR, or all but one entry is zero and the value is exact.
template <class T> POLYRELU_INLINE T inner_bound(T s, T e, T size, int dim) {
    return (gamma_<T>(dim) * s + e) * (size * raised<T>(6)) + exactly<T>(FLOOR);
}

// Writes where the edge from `up` to `down` meets a form (its entries, s and e), and returns its r; see *New generators*.
template <class T>
POLYRELU_INLINE T meet(const T *form, const T *up, T r_up, const T *down, T r_down, T *__restrict made, int dim) {
    const T zero = exactly<T>(0.0), one = exactly<T>(1.0);
    T x = value(form, up, dim), y = zero - value(form, down, dim);
    const T A = sign_bound(form[dim], form[dim + 1], r_up, dim), B = sign_bound(form[dim], form[dim + 1], r_down, dim);
    const bool certain = x > A && y > B;
    if (!certain) {
        // An end was solved again, or its sign decided exactly, where floats do not certify it. A point to solve from is
        // all that is wanted, and the better the nearer.
        x = larger(x, zero);
        y = larger(y, zero);
        if (!(x + y > zero)) x = y = one;
    }
    T largest = exactly<T>(TINY), length = zero; // opposite ends have no sum
    for (int j = 0; j < dim; j++) {
        largest = larger(largest, modulus(x * down[j] + y * up[j]));
        length = larger(length, modulus(down[j] - up[j]));
    }
    const T scale = one / largest;
    // The sum once more: to read what was just written would take longer.
    for (int j = 0; j < dim; j++) made[j] = (x * down[j] + y * up[j]) * scale;
    if (!certain) return exactly<T>(HUGE_VAL);
    // Quotients before products: what is lost of y (A / rest), with both ends' values above FLOOR, is nothing beside the
    // gamma_3 below, while y A may vanish beside total rest.
    const T total = x + y, steep = one / ((x - A) + (y - B)), share = one / total;
    const T slide = y * (A * steep) + x * (B * steep);
    const T error = (slide * (length + r_up + r_down) + (x * r_down + y * r_up)) * share;
    const T r = ((error + gamma_<T>(3)) * (total * scale) + gamma_<T>(3)) * raised<T>(24);
    return r < exactly<T>(HUGE_VAL) ? r : exactly<T>(HUGE_VAL);
}

} // namespace polyrelu
