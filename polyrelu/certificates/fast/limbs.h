// Whole numbers as rows of 64-bit limbs, the lowest first: the few operations that all others here are made of.
//
// Two kinds are used. A magnitude of n limbs is the number sum x[i] 2^(64 i) itself. A row in two's complement is that
// number modulo 2^(64 n), from -2^(64 n - 1) on; its owner knows a bound that makes n limbs enough, so sums and
// products may wrap on the way and are right at the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace polyrelu_checker {

using Limb = std::uint64_t;
__extension__ typedef unsigned __int128 Wide;
__extension__ typedef __int128 SignedWide;

constexpr int LIMB_BITS = 64;
constexpr Limb ONE[] = {1};

inline bool is_negative(const Limb *x, std::size_t n) { return x[n - 1] >> 63 != 0; }

// The sign of a row in two's complement: -1, 0 or 1.
inline int sign_of(const Limb *x, std::size_t n) {
    if (is_negative(x, n)) return -1;
    for (std::size_t i = n; i-- > 0;)
        if (x[i] != 0) return 1;
    return 0;
}

// to[0..n) += change, which is at most 2^64 in size.
inline void add_small(Limb *to, std::size_t n, SignedWide change) {
    for (std::size_t i = 0; i < n && change != 0; i++) {
        const SignedWide sum = SignedWide(to[i]) + change;
        to[i] = Limb(sum);
        change = sum >> LIMB_BITS;
    }
}

// to += w x, where x has m <= n limbs in two's complement.
inline void add_multiple(Limb *to, std::size_t n, const Limb *x, std::size_t m, Limb w) {
    Limb carry = 0;
    for (std::size_t i = 0; i < m; i++) {
        const Wide sum = Wide(x[i]) * w + to[i] + carry; // at most (2^64 - 1)^2 + 2 (2^64 - 1) < 2^128
        to[i] = Limb(sum);
        carry = Limb(sum >> LIMB_BITS);
    }
    // x is its limbs less 2^(64 m) where it is negative
    add_small(to + m, n - m, SignedWide(carry) - (is_negative(x, m) ? SignedWide(w) : 0));
}

// to -= w x, where x has m <= n limbs in two's complement.
inline void subtract_multiple(Limb *to, std::size_t n, const Limb *x, std::size_t m, Limb w) {
    Limb borrow = 0;
    for (std::size_t i = 0; i < m; i++) {
        const Wide product = Wide(x[i]) * w + borrow;
        const Limb low = Limb(product);
        borrow = Limb(product >> LIMB_BITS) + (to[i] < low);
        to[i] -= low;
    }
    add_small(to + m, n - m, (is_negative(x, m) ? SignedWide(w) : 0) - SignedWide(borrow));
}

// to[0..n + m) += a b for magnitudes, where the sum is known to fit.
inline void add_product(Limb *to, const Limb *a, std::size_t n, const Limb *b, std::size_t m) {
    for (std::size_t j = 0; j < m; j++) {
        Limb carry = 0;
        for (std::size_t i = 0; i < n; i++) {
            const Wide sum = Wide(a[i]) * b[j] + to[i + j] + carry;
            to[i + j] = Limb(sum);
            carry = Limb(sum >> LIMB_BITS);
        }
        for (std::size_t i = n + j; carry != 0; i++) {
            to[i] += carry;
            carry = to[i] < carry;
        }
    }
}

inline std::size_t bit_length(Limb x) { return x == 0 ? 0 : std::size_t(LIMB_BITS - __builtin_clzll(x)); }

} // namespace polyrelu_checker
