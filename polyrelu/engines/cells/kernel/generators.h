// Generators: numbered records, with bits for the facets they lie on and the signs of a patch's neurons there.
//
// A generator lies on its tight facets exactly: incidence is combinatorial and never measured. Tight are the facets, and
// neurons of the patch, that both ends of its edge lie on, the neuron that cut the edge, and neurons at which its sign is
// zero. For each of the patch's neurons a generator has a bit in POSITIVE and one in NEGATIVE: no bit means zero, both
// mean doubt.
#pragma once

#include "shape.h"

namespace polyrelu {

// Columns of bits; from TIGHT on one bit for each facet.
enum Column { POSITIVE, NEGATIVE, TIGHT };

// One record of a pool; it lasts until the pool grows.
template <class S> class Generator {
  public:
    POLYRELU_INLINE Generator(u64 *record, S shape) : record_(record), shape_(shape) {}

    // The d + 1 entries; the radius r comes right after them.
    POLYRELU_INLINE double *vector() const { return reinterpret_cast<double *>(record_); }
    POLYRELU_INLINE double &radius() const { return vector()[shape_.dim()]; }
    POLYRELU_INLINE u64 *bits() const { return record_ + shape_.dim() + 1; }
    // The two ends of the edge on which it was made, in one number, and the next generator in the same bucket, or -1.
    POLYRELU_INLINE u64 &edge() const { return bits()[TIGHT + shape_.words()]; }
    POLYRELU_INLINE i32 &chain() const { return marks().chain; }
    // Whether solving again has been tried, and whether it is on the grid, its entries being the generator (grid.h).
    POLYRELU_INLINE i32 &solved() const { return marks().solved; }
    POLYRELU_INLINE i32 &on_grid() const { return marks().on_grid; }

    // The one after it in the pool.
    POLYRELU_INLINE void step() { record_ += length(shape_); }

    POLYRELU_INLINE static std::size_t length(S shape) { return std::size_t(shape.dim()) + 1 + TIGHT + std::size_t(shape.words()) + 3; }

  private:
    struct Marks {
        i32 chain, solved, on_grid, unused;
    };
    POLYRELU_INLINE Marks &marks() const {
        return *reinterpret_cast<Marks *>(bits() + TIGHT + shape_.words() + 1);
    }

    u64 *record_;
    S shape_;
};

template <class S> class Pool {
  public:
    explicit Pool(S shape) : shape_(shape) {}

    POLYRELU_INLINE Generator<S> operator[](std::size_t g) { return {records_.data() + g * length(), shape_}; }
    void room(std::size_t count) { records_.room(count * length()); }

  private:
    POLYRELU_INLINE std::size_t length() const { return Generator<S>::length(shape_); }

    S shape_;
    Array<u64> records_;
};

} // namespace polyrelu
