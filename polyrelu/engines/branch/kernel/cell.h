// A cell by its inequalities, and what is certain to be in it: points are strictly inside, and the box is around.
#pragma once

#include <memory>

#include "program.h"

namespace polyrelu {

enum Answer : std::uint8_t {
    UNKNOWN, // not asked yet
    YES,     // there is a point
    NO,      // there is no part of full dimension
    NEVER,   // there is nothing
    DOUBT,   // floats cannot tell
};

constexpr int MOST_POINTS = 16;

// A closed cell of full dimension, on which the layers before `depth` have signs, and some neurons of that layer.
struct Node {
    Forms rows;       // not positive on it; with the box of the space they say what it is
    Floats low, high; // a box around it
    Floats points;    // strictly inside, one after the other; none may be known
    Floats values;    // what enters the layer's neurons at each point
    Program program;  // where there is most room under the first of the rows

    int depth = 0;
    Bytes signs, splits;                  // of all neurons: active, on the layers before; and whether they divided the domain
    std::vector<std::int8_t> own;         // the signs of this layer's neurons, 0 where open
    Floats least, most;                   // bounds of these on the box
    std::shared_ptr<const Forms> entered; // what enters the layer's ReLU, all its coordinates
    bool is_narrowed = true;              // since the bounds were computed
    int known_depth = -1, known = 0;      // which bounds of later layers hold, by the layer and the place where they were found

    int asked = -1; // the neuron whose sides are looked at
    Answer sides[2] = {UNKNOWN, UNKNOWN};
    std::shared_ptr<Program> of_side[2]; // where a program was solved
    Floats point_of_side[2];
};

// A box around the part of a box on which a form is not positive. Where the others add as little as they can, a_j x_j may
// be as large as what is left, but not larger. The form's doubt covers these sums as it covers its values; two more
// roundings are outwards.
inline void narrow(Floats &low, Floats &high, const Forms &forms, int k) {
    const double *row = forms.row(k), doubt = forms.doubts[std::size_t(k)], constant = forms.constants[std::size_t(k)];
    const auto least = [&](int j) { return row[j] > 0.0 ? row[j] * low[std::size_t(j)] : row[j] * high[std::size_t(j)]; };
    static thread_local Floats terms;
    terms.resize(std::size_t(forms.dim));
    double sum = 0.0;
    for (int j = 0; j < forms.dim; j++) sum += terms[std::size_t(j)] = least(j);
    for (int j = 0; j < forms.dim; j++) {
        const double end = (2.0 * doubt - constant - (sum - terms[std::size_t(j)])) / row[j];
        if (!std::isfinite(end)) continue;
        double &first = low[std::size_t(j)], &last = high[std::size_t(j)];
        if (row[j] > 0.0 && end < last) last = std::min(last, std::nextafter(end, INFINITE));
        if (row[j] < 0.0 && end > first) first = std::max(first, std::nextafter(end, -INFINITE));
    }
}

// Whether a point of the space is certainly strictly inside all rows, the first of which were tried before.
inline bool is_inside(const Forms &rows, const double *x) {
    for (int k = rows.count() - 1; k >= 0; k--)
        if (!(rows.at(k, x) < -rows.doubts[std::size_t(k)])) return false;
    return true;
}

// The least value on a box of the rows times multipliers, none of which is negative; certain.
inline double least_combination(const Forms &rows, const Floats &multipliers, const Floats &low, const Floats &high,
                                const Space &space) {
    static thread_local Forms sum;
    sum.dim = rows.dim;
    sum.resize(1);
    double constant = 0.0, radius = 0.0;
    std::fill(sum.rows.begin(), sum.rows.end(), 0.0);
    for (int k = 0; k < rows.count(); k++) {
        const double y = multipliers[std::size_t(k)];
        if (y == 0.0) continue;
        add(sum.rows.data(), y, rows.row(k), rows.dim);
        constant += y * rows.constants[std::size_t(k)];
        radius += size_of(y) * rows.doubts[std::size_t(k)];
    }
    sum.constants[0] = constant;
    sum.doubts[0] = space.doubt(sum.row(0), constant, radius * ENLARGED);
    return between(sum, 0, low.data(), high.data()).least;
}

} // namespace polyrelu
