// Exact arithmetic on the grid: integers that stay integers.
//
// Where the layers' numbers have few bits (small integers; int8, fp16 or bf16 weights) nothing need be rounded at all.
// A number is *on the grid* when it is a multiple of 2^-53 of modulus at most 1. A layer is on the grid when its forms
// are, on every cell, and are computed without rounding; that is decided once for all cells:
//
// Lemma. Let layer l have weights that are multiples of 2^-s_l and biases that are multiples of 2^-t_l, all of them
// floats, and put q_0 = max(s_0, t_0), q_l = max(s_l + q_{l-1}, t_l). If q_l <= 53, layer l is on the grid. Proof: by
// induction every form is a sum of products that are multiples of 2^-q_l, and by the scaling (problem.h) every partial
// sum, in any order, also of a sum that is changed neuron by neuron, has modulus at most 1. Such numbers are floats.
//
// A generator is on the grid when r = 0 and its entries are. Products of two numbers on the grid are multiples of 2^-106
// of modulus at most 1, so sums of d + 1 < 2^20 of them fit into 128 bits: the sign at such a generator is exact, zero
// included. So is the generator where an edge between two such generators meets the form, y up + x down with the ends'
// values x and -y. Divided by the greatest common divisor of its entries it is primitive; while that has at most 53
// bits it is on the grid, too, and beyond that it is rounded to nearest, which is off by at most u.
#pragma once

#include "numbers.h"

namespace polyrelu {

using i128 = __int128;
using u128 = unsigned __int128;

POLYRELU_INLINE i64 on_grid(double x) { return i64(x * 0x1p53); }

inline bool is_on_grid(const double *vector, int dim) {
    for (int j = 0; j < dim; j++)
        if (!(modulus(vector[j]) <= 1.0 && double(on_grid(vector[j])) == vector[j] * 0x1p53)) return false;
    return true;
}

// 2^106 times the value of a form at a generator, both on the grid.
POLYRELU_INLINE i128 exact_value(const double *form, const double *g, int dim) {
    i128 sum = 0;
    for (int j = 0; j < dim; j++) sum += i128(on_grid(form[j])) * on_grid(g[j]);
    return sum;
}

POLYRELU_INLINE int lowest(u128 x) { return u64(x) ? lowest(u64(x)) : 64 + lowest(u64(x >> 64)); }

// The greatest common divisor; of zero and x it is x.
inline u64 common_divisor(u64 a, u64 b) {
    if (a == 0 || b == 0) return a | b;
    const int twos = lowest(a | b);
    a >>= lowest(a);
    while (b != 0) {
        b >>= lowest(b);
        const u64 less = smaller(a, b);
        b = larger(a, b) - less;
        a = less;
    }
    return a << twos;
}

inline u128 common_divisor(u128 a, u128 b) {
    while ((a >> 64) != 0 || (b >> 64) != 0) {
        if (b == 0) return a;
        const u128 rest = a % b;
        a = b;
        b = rest;
    }
    return common_divisor(u64(a), u64(b));
}

inline int bit_length(u128 x) {
    const u64 high = u64(x >> 64), low = u64(x);
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

enum class Made { NOT, ROUNDED, ON_GRID };

// Writes the generator where the edge from `up` to `down` meets a form, all on the grid. NOT where 128 bits are too few.
inline Made exact_meet(const double *form, const double *up, const double *down, double *made, i128 *room, int dim) {
    i128 x = exact_value(form, up, dim), y = -exact_value(form, down, dim);
    if (x <= 0 || y <= 0) return Made::NOT;
    const int twos = lowest(u128(x) | u128(y));
    x >>= twos;
    y >>= twos;
    const u128 common = common_divisor(u128(x), u128(y));
    x /= i128(common);
    y /= i128(common);
    if ((x >> 63) != 0 || (y >> 63) != 0) return Made::NOT;
    u128 all = 0;
    for (int j = 0; j < dim; j++) {
        room[j] = x * on_grid(down[j]) + y * on_grid(up[j]);
        all |= u128(room[j] < 0 ? -room[j] : room[j]);
    }
    if (all == 0) return Made::NOT; // opposite ends
    const int zeros = lowest(all);
    u128 divisor = 0;
    for (int j = 0; j < dim && divisor != 1; j++) {
        const i128 size = room[j] < 0 ? -room[j] : room[j];
        divisor = common_divisor(u128(size) >> zeros, divisor);
    }
    int bits = 0;
    for (int j = 0; j < dim; j++) {
        room[j] = (room[j] >> zeros) / i128(divisor); // the shift loses nothing
        bits = larger(bits, bit_length(u128(room[j] < 0 ? -room[j] : room[j])));
    }
    for (int j = 0; j < dim; j++) made[j] = std::ldexp(double(room[j]), -bits);
    return bits <= 53 ? Made::ON_GRID : Made::ROUNDED;
}

} // namespace polyrelu
