// Sets of rows, as masks of 64-bit words; bit k stands for row k.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "limbs.h"

namespace polyrelu_checker {

using Mask = std::vector<std::uint64_t>;

inline std::size_t words_for(std::size_t bits) { return (bits + 63) / 64; }

inline bool has(const std::uint64_t *mask, std::size_t k) { return mask[k / 64] >> (k % 64) & 1; }
inline bool has(const Mask &mask, std::size_t k) { return has(mask.data(), k); }
inline void put(std::uint64_t *mask, std::size_t k) { mask[k / 64] |= std::uint64_t(1) << (k % 64); }
inline void put(Mask &mask, std::size_t k) { put(mask.data(), k); }
inline void flip(std::uint64_t *mask, std::size_t k) { mask[k / 64] ^= std::uint64_t(1) << (k % 64); }
inline void flip(Mask &mask, std::size_t k) { flip(mask.data(), k); }

// The part of a word's bits that lie below `end`, where the word's first bit is number 64 word.
inline std::uint64_t below(std::size_t end, std::size_t word) {
    if (end >= 64 * (word + 1)) return ~std::uint64_t(0);
    return end <= 64 * word ? 0 : (std::uint64_t(1) << (end - 64 * word)) - 1;
}

inline bool is_empty(const Mask &mask) {
    for (const std::uint64_t word : mask)
        if (word != 0) return false;
    return true;
}

inline bool meet(const Mask &a, const Mask &b) {
    for (std::size_t i = 0; i < a.size(); i++)
        if ((a[i] & b[i]) != 0) return true;
    return false;
}

inline std::size_t count(const Mask &mask) {
    std::size_t total = 0;
    for (const std::uint64_t word : mask) total += std::size_t(__builtin_popcountll(word));
    return total;
}

// The first bit from `start` on, or the number of bits that the mask has room for.
inline std::size_t first_from(const Mask &mask, std::size_t start) {
    for (std::size_t word = start / 64; word < mask.size(); word++) {
        std::uint64_t bits = mask[word];
        if (word == start / 64) bits &= ~std::uint64_t(0) << (start % 64);
        if (bits != 0) return 64 * word + std::size_t(__builtin_ctzll(bits));
    }
    return 64 * mask.size();
}

template <class Action> void for_each(const Mask &mask, Action action) {
    for (std::size_t word = 0; word < mask.size(); word++)
        for (std::uint64_t bits = mask[word]; bits != 0; bits &= bits - 1)
            action(64 * word + std::size_t(__builtin_ctzll(bits)));
}

// The bits from `start` on, as a mask of its own that begins with bit 0.
inline Mask from(const Mask &mask, std::size_t start, std::size_t words) {
    Mask result(words, 0);
    const std::size_t whole = start / 64, part = start % 64;
    for (std::size_t i = 0; i < words && i + whole < mask.size(); i++) {
        result[i] = mask[i + whole] >> part;
        if (part != 0 && i + whole + 1 < mask.size()) result[i] |= mask[i + whole + 1] << (64 - part);
    }
    return result;
}

} // namespace polyrelu_checker
