// Affine forms on a box, each known within a doubt: polyrelu/engines/branch/affine.py has the bounds and their proofs.
//
// All that is computed here is the same in another order of sums, which the proofs leave open.
#pragma once

#include "numbers.h"

namespace polyrelu {

// n forms row . x + constant on R^d. A value that is computed at a point of the space is within the doubt of the exact one.
struct Forms {
    int dim = 0;
    Floats rows, constants, doubts;

    int count() const { return int(constants.size()); }
    const double *row(int k) const { return rows.data() + std::size_t(k) * std::size_t(dim); }
    double *row(int k) { return rows.data() + std::size_t(k) * std::size_t(dim); }
    double at(int k, const double *x) const { return dot(row(k), x, dim) + constants[std::size_t(k)]; }

    void resize(int n) {
        rows.resize(std::size_t(n) * std::size_t(dim));
        constants.resize(std::size_t(n));
        doubts.resize(std::size_t(n));
    }

    // Appends a form of others, times a sign.
    void append(const Forms &from, int k, double sign) {
        const double *row = from.row(k);
        for (int j = 0; j < dim; j++) rows.push_back(sign * row[j]);
        constants.push_back(sign * from.constants[std::size_t(k)]);
        doubts.push_back(from.doubts[std::size_t(k)]);
    }
};

struct Ends {
    double least, most;
};

// Certain bounds of a form between low and high.
inline Ends between(const Forms &forms, int k, const double *low, const double *high) {
    const double *row = forms.row(k), doubt = forms.doubts[std::size_t(k)] * ENLARGED;
    double least = 0.0, most = 0.0;
    for (int j = 0; j < forms.dim; j++) {
        const double a = row[j] * low[j], b = row[j] * high[j];
        least += a < b ? a : b;
        most += a < b ? b : a;
    }
    return {least + forms.constants[std::size_t(k)] - doubt, most + forms.constants[std::size_t(k)] + doubt};
}

// The box that all cells lie in, which also says how large x may be.
struct Space {
    int dim;
    const double *low, *high;             // around the exact ends
    const double *inner_low, *inner_high; // strictly inside
    const double *moduli;                 // sizes of the box's points
    double factor;                        // the gamma

    // The doubt of a form that is known within a radius.
    double doubt(const double *row, double constant, double radius) const {
        double size = size_of(constant);
        for (int j = 0; j < dim; j++) size += size_of(row[j]) * moduli[j];
        return (radius + factor * size) * ENLARGED;
    }
};

// An affine layer in floats, nearest to the exact one, and the sizes of its entries.
struct FloatLayer {
    int inputs = 0, outputs = 0;
    const double *weight = nullptr, *bias = nullptr;
    std::vector<int> neurons; // the outputs that pass through a ReLU
    int first = 0;            // where their signs begin among all signs
};

// What enters the ReLU of a layer. `on` says which of its inputs are not zero on the cell, null for all.
inline void entering(Forms &to, const FloatLayer &layer, const Forms &values, const std::uint8_t *on, const Space &space) {
    const int dim = space.dim;
    to.dim = dim;
    to.resize(layer.outputs);
    for (int i = 0; i < layer.outputs; i++) {
        const double *weight = layer.weight + std::size_t(i) * std::size_t(layer.inputs);
        double *row = to.row(i), constant = 0.0, radius = 0.0;
        for (int j = 0; j < dim; j++) row[j] = 0.0;
        for (int k = 0; k < layer.inputs; k++) {
            if (on != nullptr && !on[k]) continue;
            add(row, weight[k], values.row(k), dim);
            constant += weight[k] * values.constants[std::size_t(k)];
            radius += size_of(weight[k]) * values.doubts[std::size_t(k)];
        }
        constant += layer.bias[i];
        radius = (radius + space.factor * size_of(layer.bias[i])) * ENLARGED;
        to.constants[std::size_t(i)] = constant;
        to.doubts[std::size_t(i)] = space.doubt(row, constant, radius);
    }
}

} // namespace polyrelu
