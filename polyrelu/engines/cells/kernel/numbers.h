// Numbers, bits and arrays that all files of the kernel share.
//
// Notation of all proofs here, as in polyrelu/arithmetic/rounding.py: u = 2^-53, gamma_k = k u / (1 - k u), fl(.) or a
// hat for what is computed. Floats are IEEE 754 doubles, rounded to nearest, with gradual underflow: Python asks the
// machine before each run (polyrelu/arithmetic/ieee.py), and contraction to fused operations is off in the build.
//
// Lemma (Higham, Accuracy and Stability of Numerical Algorithms, 2002, lemma 3.1). A product of k factors 1 + delta_i
// or their inverses, |delta_i| <= u, is 1 + theta with |theta| <= gamma_k. So a sum or product of non-negative terms,
// each of which passes at most k roundings, is at most its computed value times 1 + gamma_k, if nothing underflows.
//
// Every expression of a bound is a template over the number type T. The kernel's T is double; the proofs are run with
// types that carry the exact value along, or count roundings (tests/engines/cells/proofs).
#pragma once

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

using u8 = std::uint8_t;
using i8 = std::int8_t;
using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;

#define POLYRELU_INLINE inline __attribute__((always_inline))
#define POLYRELU_APART __attribute__((noinline))

constexpr double ROUNDOFF = 0x1p-53;
// Beyond what fewer than 2^100 underflows, of 2^-1074 each, add up to.
constexpr double FLOOR = 0x1p-900;
// Values from here on tell nothing of what a cell can reach; see reach.h.
constexpr double FAR = 0x1p100;
constexpr double TINY = 0x1p-1074;

// A number type's constants: exact ones, and gamma_k. Other types specialise it.
template <class T> struct Constants {
    static POLYRELU_INLINE constexpr T exactly(double value) { return value; }
    static POLYRELU_INLINE constexpr T gamma(int k) { return k * ROUNDOFF / (1.0 - k * ROUNDOFF); }
};
template <class T> POLYRELU_INLINE constexpr T exactly(double value) { return Constants<T>::exactly(value); }
template <class T> POLYRELU_INLINE constexpr T gamma_(int k) { return Constants<T>::gamma(k); }
// By how much a bound is raised whose terms pass fewer than k roundings.
template <class T> POLYRELU_INLINE constexpr T raised(int k) { return exactly<T>(1.0) + gamma_<T>(k); }

POLYRELU_INLINE double modulus(double x) { return std::fabs(x); }
template <class T> POLYRELU_INLINE T larger(T a, T b) { return a < b ? b : a; }
template <class T> POLYRELU_INLINE T smaller(T a, T b) { return b < a ? b : a; }
POLYRELU_INLINE bool is_finite(double x) { return modulus(x) < HUGE_VAL; }

POLYRELU_INLINE int lowest(u64 mask) { return __builtin_ctzll(mask); }
POLYRELU_INLINE int ones(u64 mask) { return __builtin_popcountll(mask); }
POLYRELU_INLINE u64 bit(int i) { return u64(1) << i; }

// The bits of x at which a mask has ones, packed together.
POLYRELU_INLINE u64 compressed(u64 x, u64 mask) {
#if defined(POLYRELU_AVX2)
    return __builtin_ia32_pext_di(x, mask);
#else
    u64 packed = 0;
    for (x &= mask; x; x &= x - 1) packed |= bit(ones(mask & ((x & (~x + 1)) - 1)));
    return packed;
#endif
}

// Memory for arrays, in powers of two. Most runs are short, and pages that the system hands out anew cost a tenth of them: so
// some of what runs gave back is kept for the next, a few blocks of each size, and less than 2^26 bytes in all. Lines of
// the cache are not shared between blocks, or two threads would wait for each other.
class Blocks {
  public:
    static Blocks &all() {
        static Blocks blocks;
        return blocks;
    }

    void *take(std::size_t bytes) {
        if (Shelf *shelf = shelf_for(bytes)) {
            const Hold hold(busy_);
            if (shelf->count > 0) return shelf->blocks[--shelf->count];
        }
        return std::aligned_alloc(LINE, bytes);
    }

    void give(void *block, std::size_t bytes) {
        if (block == nullptr) return;
        if (Shelf *shelf = shelf_for(bytes)) {
            const Hold hold(busy_);
            if (shelf->count < PLACES) {
                shelf->blocks[shelf->count++] = block;
                return;
            }
        }
        std::free(block);
    }

  private:
    static constexpr std::size_t LINE = 128;
    static constexpr int LEAST = 12, SHELVES = 11, PLACES = 6; // 6 (2^12 + .. + 2^22) bytes

    struct Shelf {
        void *blocks[PLACES];
        int count = 0;
    };
    struct Hold { // for a few instructions, so nobody waits for long
        explicit Hold(std::atomic_flag &busy) : busy_(busy) {
            while (busy_.test_and_set(std::memory_order_acquire)) {}
        }
        ~Hold() { busy_.clear(std::memory_order_release); }
        std::atomic_flag &busy_;
    };

    Shelf *shelf_for(std::size_t bytes) {
        const int size = __builtin_ctzll(bytes) - LEAST;
        return size >= 0 && size < SHELVES ? &shelves_[size] : nullptr;
    }

    Shelf shelves_[SHELVES];
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

// A growing array of plain values. New places are not initialised; growing moves the values, so no pointer into it
// outlives a call of room or push.
template <class Value> class Array {
  public:
    Array() = default;
    explicit Array(std::size_t length) { room(length); }
    Array(const Array &) = delete;
    Array &operator=(const Array &) = delete;
    ~Array() { Blocks::all().give(start_, bytes_); }

    Value &operator[](std::size_t i) { return start_[i]; }
    const Value &operator[](std::size_t i) const { return start_[i]; }
    Value *data() { return start_; }
    const Value *data() const { return start_; }
    std::size_t places() const { return places_; }

    void swap(Array &other) {
        std::swap(start_, other.start_);
        std::swap(places_, other.places_);
        std::swap(bytes_, other.bytes_);
    }
    // At least so many places; throws std::bad_alloc, with the array as it was.
    void room(std::size_t length) {
        if (length > places_) grow(length);
    }
    // The same, all of them with the given value.
    void filled(std::size_t length, Value value) {
        room(length);
        for (std::size_t i = 0; i < length; i++) start_[i] = value;
    }

  private:
    POLYRELU_APART void grow(std::size_t length) {
        if (length > (std::size_t(-1) >> 2) / sizeof(Value)) throw std::bad_alloc();
        std::size_t bytes = 128;
        while (bytes < length * sizeof(Value)) bytes *= 2;
        auto *longer = static_cast<Value *>(Blocks::all().take(bytes));
        if (longer == nullptr) throw std::bad_alloc();
        if (places_ > 0) std::memcpy(static_cast<void *>(longer), start_, places_ * sizeof(Value));
        Blocks::all().give(start_, bytes_);
        start_ = longer;
        bytes_ = bytes;
        places_ = bytes / sizeof(Value);
    }

    Value *start_ = nullptr;
    std::size_t places_ = 0, bytes_ = 0;
};

} // namespace polyrelu
