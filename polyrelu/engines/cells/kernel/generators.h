// Generators: numbered records, with bits for the facets they lie on and the signs of a patch's neurons there.
//
// A generator lies on its tight facets exactly: incidence is combinatorial and never measured. Tight are the facets, and
// neurons of the patch, that both ends of its edge lie on, the neuron that cut the edge, and neurons at which its sign is
// zero. For each of the patch's neurons a generator has a bit for a positive sign and one for a negative: neither
// means zero, both mean doubt.
#pragma once

#include "shape.h"

namespace polyrelu {

// Columns of a cell's bits; from TIGHT on one bit for each facet.
enum Column { POSITIVE, NEGATIVE, TIGHT };

// One record of a pool, with what is looked at all the time; it lasts until the pool grows.
template <class S> class Generator {
  public:
    POLYRELU_INLINE Generator(u64 *record, S shape) : record_(record), shape_(shape) {}

    // The d + 1 entries; the radius r comes right after them.
    POLYRELU_INLINE double *vector() const { return reinterpret_cast<double *>(record_); }
    POLYRELU_INLINE double &radius() const { return vector()[shape_.dim()]; }
    POLYRELU_INLINE u64 &positive() const { return record_[shape_.dim() + 1]; }
    // The facets, and neurons, that it lies on.
    POLYRELU_INLINE u64 *tight() const { return record_ + shape_.dim() + 2; }
    // Whether solving again has been tried, and whether it is on the grid, its entries being the generator (grid.h).
    POLYRELU_INLINE i32 &solved() const { return marks()[0]; }
    POLYRELU_INLINE i32 &on_grid() const { return marks()[1]; }

    // The one after it in the pool.
    POLYRELU_INLINE void step() { record_ += length(shape_); }

    POLYRELU_INLINE static std::size_t length(S shape) { return std::size_t(shape.dim() + shape.words() + 3); }

  private:
    POLYRELU_INLINE i32 *marks() const { return reinterpret_cast<i32 *>(tight() + shape_.words()); }

    u64 *record_;
    S shape_;
};

template <class S> class Pool {
  public:
    explicit Pool(S shape) : shape_(shape) {}

    POLYRELU_INLINE Generator<S> operator[](std::size_t g) { return {records_.data() + g * length(), shape_}; }
    // What only the general way looks at: the negative signs, the two ends of the edge on which it was made, in one
    // number, and the next generator in the same bucket, or -1.
    POLYRELU_INLINE u64 &negative(std::size_t g) { return others_[g].negative; }
    POLYRELU_INLINE u64 &edge(std::size_t g) { return others_[g].edge; }
    POLYRELU_INLINE i32 &chain(std::size_t g) { return others_[g].chain; }

    void room(std::size_t count) {
        records_.room(count * length());
        others_.room(count);
    }

  private:
    struct Other {
        u64 negative, edge;
        i32 chain, unused;
    };
    POLYRELU_INLINE std::size_t length() const { return Generator<S>::length(shape_); }

    S shape_;
    Array<u64> records_;
    Array<Other> others_;
};

} // namespace polyrelu
