// The sizes that loops run over: d + 1, and how many words a mask of facets has.
//
// Where both are known to the compiler, loops of length 3 to 7 are unrolled, and a generator is one record of known
// length; for all others the same code asks at run time.
#pragma once

#include "numbers.h"

namespace polyrelu {

template <int DIM, int WORDS> struct Shape {
    Shape(int, int) {}
    static constexpr int dim() { return DIM; }
    static constexpr int words() { return WORDS; }

    // Room for one vector while a function runs.
    struct Vector {
        explicit Vector(Shape) {}
        operator double *() { return at; }
        double at[DIM];
    };
};

template <> struct Shape<0, 0> {
    Shape(int dim, int words) : dim_(dim), words_(words) {}
    int dim() const { return dim_; }
    int words() const { return words_; }

    struct Vector {
        explicit Vector(Shape shape) : at(std::size_t(shape.dim())) {}
        operator double *() { return at.data(); }
        Array<double> at;
    };

  private:
    int dim_, words_;
};

} // namespace polyrelu
