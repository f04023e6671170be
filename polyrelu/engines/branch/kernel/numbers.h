// Sizes of floats, as polyrelu/bounds/linear.py defines them, and what is small enough to be in every header.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace polyrelu {

using Floats = std::vector<double>;
using Bytes = std::vector<std::uint8_t>;

constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double FLOOR = 0x1p-300, LARGEST = 0x1p300;
constexpr double ENLARGED = 1.0 + 0x1p-30; // see polyrelu/engines/branch/affine.py

// A modulus from which nothing can underflow or overflow unnoticed; infinity for what is NaN.
inline double size_of(double value) {
    const double modulus = std::fabs(value);
    return modulus <= LARGEST ? modulus + FLOOR : INFINITE;
}

inline double dot(const double *a, const double *b, int n) {
    double sum = 0.0;
    for (int j = 0; j < n; j++) sum += a[j] * b[j];
    return sum;
}

// a += f b
inline void add(double *__restrict__ a, double f, const double *__restrict__ b, int n) {
    for (int j = 0; j < n; j++) a[j] += f * b[j];
}

// A random number by xorshift (G. Marsaglia 2003), from a state that is not zero.
inline std::uint64_t drawn(std::uint64_t &state) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state >> 11;
}

} // namespace polyrelu
