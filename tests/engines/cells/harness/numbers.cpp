// Blocks of memory, with the system's allocator counted, and arithmetic on the grid.
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>

namespace polyrelu {
inline long long from_system = 0, to_system = 0;
} // namespace polyrelu
namespace std {
inline void *polyrelu_counted(size_t line, size_t bytes) {
    polyrelu::from_system++;
    return aligned_alloc(line, bytes);
}
inline void polyrelu_given(void *block) {
    polyrelu::to_system += block != nullptr;
    free(block);
}
} // namespace std
#define aligned_alloc polyrelu_counted
#define free polyrelu_given
#include "numbers.h"
#undef aligned_alloc
#undef free
#include "grid.h"

namespace polyrelu {

// Takes a block of so many bytes, or gives back the one that was taken at step -bytes. For each step its address, and how
// many blocks the system has given and got back so far.
EXPORTED(blocks)(i64 steps, const i64 *bytes, i64 *addresses, i64 *given, i64 *returned) {
    Blocks blocks;
    const long long before = from_system, after = to_system;
    for (i64 k = 0; k < steps; k++) {
        if (bytes[k] > 0) {
            addresses[k] = i64(reinterpret_cast<std::intptr_t>(blocks.take(std::size_t(bytes[k]))));
            std::memset(reinterpret_cast<void *>(addresses[k]), 0x5A, std::size_t(bytes[k]));
        } else {
            addresses[k] = addresses[-bytes[k]];
            blocks.give(reinterpret_cast<void *>(addresses[k]), std::size_t(bytes[-bytes[k]]));
        }
        given[k] = from_system - before, returned[k] = to_system - after;
    }
    blocks.give(nullptr, 0);
}

// Whether n vectors of dim + 1 entries, of which the last is none of theirs, are on the grid.
EXPORTED(are_on_grid)(i64 n, i64 dim, const double *vectors, u8 *are) {
    for (i64 k = 0; k < n; k++) are[k] = is_on_grid(vectors + k * (dim + 1), int(dim));
}

// Of numbers of 128 bits, as two words each, the lower first.
static u128 read(const u64 *words) { return u128(words[1]) << 64 | words[0]; }
EXPORTED(divisors)(i64 n, const u64 *a, const u64 *b, u64 *common, i64 *lowest_of_a, i64 *length_of_a) {
    for (i64 k = 0; k < 2 * n; k += 2) {
        const u128 divisor = common_divisor(read(a + k), read(b + k));
        common[k] = u64(divisor), common[k + 1] = u64(divisor >> 64);
        lowest_of_a[k / 2] = read(a + k) ? lowest(read(a + k)) : -1;
        length_of_a[k / 2] = bit_length(read(a + k));
    }
}

// Where an edge meets a form, all of dim + 1 entries of which the last is none of theirs.
EXPORTED(met)(i64 dim, const double *form, const double *up, const double *down, double *made, i64 *how) {
    Array<i128> room{std::size_t(dim)};
    *how = i64(exact_meet(form, up, down, made, room.data(), int(dim)));
}

// gamma_k for k from 0 on.
EXPORTED(gammas)(i64 n, double *gamma) {
    for (i64 k = 0; k < n; k++) gamma[k] = gamma_<double>(int(k));
}

// Which of n numbers are finite.
EXPORTED(are_finite)(i64 n, const double *values, u8 *are) {
    for (i64 k = 0; k < n; k++) are[k] = is_finite(values[k]);
}

// Has arrays grow through n lengths, so many of them one after the other. Whether they keep what is in them, and stay where
// they are while there is room; and how many blocks the system has not got back in the end.
EXPORTED(grown)(i64 rounds, i64 n, const i64 *lengths, u8 *keep, u8 *stay, i64 *missing) {
    const long long before = from_system - to_system;
    *keep = *stay = 1;
    for (i64 round = 0; round < rounds; round++) {
        Array<i64> array;
        i64 length = 0;
        for (i64 k = 0; k < n; k++) {
            const i64 *const start = array.data();
            const bool is_there = lengths[k] <= i64(array.places());
            array.room(std::size_t(lengths[k]));
            *stay &= !is_there || array.data() == start;
            for (i64 i = 0; i < length; i++) *keep &= array[std::size_t(i)] == round + i;
            for (; length < lengths[k]; length++) array[std::size_t(length)] = round + length;
        }
    }
    *missing = i64(from_system - to_system - before);
}

// Asks an array that has some places for n other lengths. Whether it says that there is no room, and is as it was.
EXPORTED(refused)(i64 n, const u64 *lengths, u8 *are, u8 *same) {
    for (i64 k = 0; k < n; k++) {
        Array<i64> array(7);
        const i64 *const start = array.data();
        const std::size_t places = array.places();
        try {
            array.room(lengths[k]);
        } catch (const std::bad_alloc &) {
            are[k] = 1;
            same[k] = array.data() == start && array.places() == places;
        }
    }
}

} // namespace polyrelu
