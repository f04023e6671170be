// A number type that carries the exact value along: the kernel's templates run over it as they are.
//
// A Shadow is a double f, which is what the kernel would have, and a rational x, which is what f stands for. Operations
// do both; comparisons are of f, so the kernel takes the branches that it takes. In x nothing is rounded, and what only
// makes up for rounding is left out: raised(k) is 1, FLOOR is 0, gamma_k is what it is defined as. So the x of a bound is
// that of the lemma, for the exact values of what it is made of. Where f is infinite or NaN, x says nothing.
#pragma once

#include <deque>
#include <gmpxx.h>

#include "reach.h"
#include "solving.h"

namespace polyrelu {

using Rational = mpq_class;

// Where rationals are until the law at work is done: Shadows are plain values, which the kernel's arrays may move.
inline std::deque<Rational> &arena() {
    static std::deque<Rational> all;
    return all;
}

inline Rational exactly_of(double f) { return std::isfinite(f) ? Rational(f) : Rational(0); }
inline Rational exact_gamma(int k) {
    const Rational slip(k * ROUNDOFF); // fewer than 2^53 times a power of two
    return slip / (1 - slip);
}

struct Shadow {
    double f;
    const Rational *x;

    static Shadow of(double f, Rational x) {
        x.canonicalize();
        arena().push_back(std::move(x));
        return {f, &arena().back()};
    }
};

inline Shadow operator+(Shadow a, Shadow b) { return Shadow::of(a.f + b.f, *a.x + *b.x); }
inline Shadow operator-(Shadow a, Shadow b) { return Shadow::of(a.f - b.f, *a.x - *b.x); }
inline Shadow operator*(Shadow a, Shadow b) { return Shadow::of(a.f * b.f, *a.x * *b.x); }
inline Shadow operator/(Shadow a, Shadow b) {
    return Shadow::of(a.f / b.f, *b.x == 0 ? Rational(0) : Rational(*a.x / *b.x));
}
inline bool operator<(Shadow a, Shadow b) { return a.f < b.f; }
inline bool operator>(Shadow a, Shadow b) { return a.f > b.f; }
inline Shadow modulus(Shadow a) { return Shadow::of(std::fabs(a.f), abs(*a.x)); }

template <> struct Constants<Shadow> {
    static Shadow exactly(double value) { return Shadow::of(value, value == FLOOR ? Rational(0) : exactly_of(value)); }
    static Shadow gamma(int k) { return Shadow::of(Constants<double>::gamma(k), exact_gamma(k)); }
};
template <> inline Shadow raised<Shadow>(int k) { return Shadow::of(raised<double>(k), 1); }

} // namespace polyrelu
