// A number type that counts roundings: each value knows the most that lie on one path from what is given to it.
//
// Given values have none. A sum has one more than the larger of its terms, a product or quotient one more than both
// factors together: their factors 1 + delta are multiplied. Adding zero and multiplying by a power of two round nothing.
// So if every path to a computed sum has at most k, its lemma (numbers.h) holds with gamma_k.
//
// * gamma(k) is one rounding, of its quotient: k u and 1 - k u are floats. It is noted in `gammas`.
// * Adding FLOOR to a bound costs it nothing: rounding is monotone, so no sum of it and a float is less than the float.
// * A product with raised(k) makes up for the path so far, its own rounding and that of raised(k). It is noted in
//   `raises` with the least k that is more than that path, and the count begins anew: a bound holds if k is not less
//   than that and all roundings after it together.
//
// Where ALL is false what value() and sign_bound() return is taken as given, as proofs do that are about such numbers.
#pragma once

#include <deque>

#include "reach.h"
#include "solving.h"

namespace polyrelu {

struct Raise {
    int k, needed;
};
inline std::deque<Raise> &raises() {
    static std::deque<Raise> all;
    return all;
}

inline std::deque<int> &gammas() {
    static std::deque<int> all;
    return all;
}

template <bool ALL> struct Roundings {
    double f;
    int count, raise; // `raise` is k for raised(k), else 0

    bool is_zero() const { return f == 0.0 && count == 0; }
    bool is_power() const {
        int exponent;
        return count == 0 && raise == 0 && std::fabs(std::frexp(f, &exponent)) == 0.5;
    }
};
using Counting = Roundings<true>;       // for what is computed
using CountingBounds = Roundings<false>; // for what is said about it

template <bool ALL> Roundings<ALL> operator+(Roundings<ALL> a, Roundings<ALL> b) {
    if (a.is_zero() || b.is_zero()) return a.is_zero() ? b : a;
    if (b.f == FLOOR && b.count == 0) return {a.f + b.f, a.count, 0};
    return {a.f + b.f, 1 + larger(a.count, b.count), 0};
}
template <bool ALL> Roundings<ALL> operator-(Roundings<ALL> a, Roundings<ALL> b) {
    return a + Roundings<ALL>{-b.f, b.count, 0};
}
template <bool ALL> Roundings<ALL> operator*(Roundings<ALL> a, Roundings<ALL> b) {
    const auto factor = a.raise ? a : b, other = a.raise ? b : a;
    if (factor.raise) {
        raises().push_back({factor.raise, other.count + 2});
        return {a.f * b.f, 0, 0};
    }
    if (a.is_power() || b.is_power()) return {a.f * b.f, a.count + b.count, 0};
    return {a.f * b.f, a.count + b.count + 1, 0};
}
template <bool ALL> Roundings<ALL> operator/(Roundings<ALL> a, Roundings<ALL> b) {
    return {a.f / b.f, a.count + b.count + 1, 0};
}
template <bool ALL> bool operator<(Roundings<ALL> a, Roundings<ALL> b) { return a.f < b.f; }
template <bool ALL> bool operator>(Roundings<ALL> a, Roundings<ALL> b) { return a.f > b.f; }
template <bool ALL> bool operator<=(Roundings<ALL> a, Roundings<ALL> b) { return a.f <= b.f; }
template <bool ALL> bool operator>=(Roundings<ALL> a, Roundings<ALL> b) { return a.f >= b.f; }
template <bool ALL> Roundings<ALL> modulus(Roundings<ALL> a) { return {std::fabs(a.f), a.count, a.raise}; }

template <bool ALL> struct Constants<Roundings<ALL>> {
    static Roundings<ALL> exactly(double value) { return {value, 0, 0}; }
    static Roundings<ALL> gamma(int k) {
        gammas().push_back(k);
        return {Constants<double>::gamma(k), 1, 0};
    }
};
template <> inline Counting raised<Counting>(int k) { return {raised<double>(k), 0, k}; }
template <> inline CountingBounds raised<CountingBounds>(int k) { return {raised<double>(k), 0, k}; }
template <>
inline CountingBounds sign_bound<CountingBounds>(CountingBounds s, CountingBounds e, CountingBounds r, int dim) {
    return {sign_bound(s.f, e.f, r.f, dim), 0, 0};
}
template <> inline CountingBounds value<CountingBounds>(const CountingBounds *form, const CountingBounds *g, int dim) {
    double v = 0.0;
    for (int j = 0; j < dim; j++) v += form[j].f * g[j].f;
    return {v, 0, 0};
}

} // namespace polyrelu
