// Patches: a cell and up to 64 neurons of its layer that cut it.
//
// All parts of a patch share its generators: a generator is a number, and a part a list of numbers with a mask of facets.
// When all is cut, a part becomes a patch of its own, for the neurons left over or for the next layer. So it does, too,
// when its patch has come to many generators; that keeps memory flat.
#pragma once

#include "generators.h"
#include "problem.h"

namespace polyrelu {

constexpr int MOST_NEURONS = 64;

// A part of a patch: the numbers of its generators, and columns of bits: which signs its generators have among them, and
// its facets.
struct Cell {
    Array<u32> ids;
    Array<u64> bits;
    int m = 0;
};

// Parts that wait, the latest on top.
class Waiting {
  public:
    struct Place {
        u32 start, size;
    };
    bool any() const { return top > bottom; }
    void clear() { bottom = top = 0; }

    std::size_t bottom = 0, top = 0;
    Array<Place> places;
    Array<u32> ids;
    Array<u64> bits; // as a Cell's, for each part
    Array<i32> decided; // by how many rows each part is listed, where evidence is wanted of a target
};

// One of the parts that a patch's skeleton is cut into, read off from its vertices (skeleton.h); it lasts until there are
// more parts.
template <class S> class Part {
  public:
    POLYRELU_INLINE Part(u64 *record, S shape) : record_(record), shape_(shape) {}

    // A bit for each neuron that is positive on it.
    POLYRELU_INLINE u64 &pattern() const { return record_[0]; }
    // Its vertices are inside[at] to inside[at + count].
    POLYRELU_INLINE i32 &count() const { return numbers().count; }
    POLYRELU_INLINE i32 &at() const { return numbers().at; }
    // Whether it has been placed in the order of the work.
    POLYRELU_INLINE u64 &seen() const { return record_[2]; }
    POLYRELU_INLINE u64 *facets() const { return record_ + 3; }
    // The sum of its generators.
    POLYRELU_INLINE double *sum() const { return reinterpret_cast<double *>(facets() + shape_.words()); }

    POLYRELU_INLINE static std::size_t length(S shape) { return std::size_t(3 + shape.words() + shape.dim()); }

  private:
    struct Numbers {
        i32 count, at;
    };
    POLYRELU_INLINE Numbers &numbers() const { return *reinterpret_cast<Numbers *>(record_ + 1); }

    u64 *record_;
    S shape_;
};

template <class S> class Parts {
  public:
    explicit Parts(S shape) : shape_(shape) {}

    POLYRELU_INLINE Part<S> operator[](std::size_t c) { return {records_.data() + c * Part<S>::length(shape_), shape_}; }
    void room(std::size_t parts) { records_.room(parts * Part<S>::length(shape_)); }

    Array<i32> table; // by pattern: the part, or -1
    Array<u32> inside, of_vertex;
    Array<i32> order, stack;
    u32 last = 0; // place of the table
    int count = 0, next = 0, shift = 0;
    bool direct = false;

  private:
    S shape_;
    Array<u64> records_;
};

template <class S> class Patch {
  public:
    Patch(S shape, i32 sites, int bytes) : parts(shape), shape_(shape) {
        signs.filled(std::size_t(sites) + 8, UNDECIDED);
        packed.room(std::size_t(bytes) + 8);
        slots.room(64 * std::size_t(shape.words()));
        forms_.room(64 * std::size_t(shape.words()) * row_length());
    }

    // The form behind a bit: its d + 1 entries, s, e, and the sign it has inside.
    POLYRELU_INLINE double *form(int slot) { return forms_.data() + std::size_t(slot) * row_length(); }
    POLYRELU_INLINE std::size_t row_length() const { return std::size_t(shape_.dim()) + 3; }

    int layer = 0;
    int next = -1;                   // where in its layer's list the neurons go on; -1 before there is a list
    u32 first = 0, end = 0;          // its generators
    int facets = 0, neurons = 0;     // after the bits for the facets come those for its neurons
    int row = 0;                     // of the target, if that is its layer: which is next
    i32 decided = 0;                 // where evidence is wanted: how many rows have signs on the cell at work, up to the last
                                     // that has cut it
    bool misses = false;             // and whether a row that is not among the neurons is violated
    int sections = 0;                // how often a row that demands equality has cut through the inside of what is left
    bool is_face = false;            // whether a row left no more than a face of it
    bool touches = false;            // whether some row is zero somewhere on it, and cuts nothing off
    bool across = false;             // whether some patterns of its parts may lie outside of the interval that is wanted
    bool is_simple = false;          // each generator is on d facets, and all signs of the neurons are certain, none zero
    bool by_skeleton = false;        // its parts are in `parts`, not in `waiting`
    u32 buckets = 0;
    Array<u8> signs;                 // of all sites that are the same on the whole patch, UNDECIDED for the others
    Array<u8> packed;                // the neurons' signs, eight to a byte, the first one highest
    Array<i32> slots;                // the facet number that a bit means
    int listed[MOST_NEURONS];        // for each neuron its place in the layer's list
    Array<i32> heads;                // the first generator in each bucket, or -1
    struct Copy {                    // a neuron that repeats the patch's neuron `of`
        i32 site, of, opposite;
    };
    Array<Copy> copies;
    int copy_count = 0;
    Waiting waiting;
    Parts<S> parts;

  private:
    S shape_;
    Array<double> forms_;
};

} // namespace polyrelu
