// Where a box that bounds leave open may be mapped into the target, and along which input it is halved.
#pragma once

#include "combination.h"

namespace polyrelu {

template <class T> class Halving {
  public:
    Halving(const Problem<T> &problem, const Zonotope<T> &zonotope, const Combination<T> &combination)
        : P(problem), Z(zonotope), C(combination), inputs_(problem.dim - 1) {}

    // The input of least value of the combination that came nearest, if parameters of inputs alone mattered.
    void corner(const T *low, const T *high, T *point) const {
        for (int j = 0; j < inputs_; j++) point[j] = exactly<T>(0.5) * low[j] + exactly<T>(0.5) * high[j];
        for (int k = 0; k < Z.varying(); k++) {
            const int j = Z.input(k);
            point[j] = C.combined(k + 1) > exactly<T>(0.0) ? low[j] : high[j];
        }
    }

    // The input along which halving the box promises most: by how far neurons that may switch bend, each weighted with how it
    // bears on the combination of conditions, and shared among the inputs that it depends on.
    int best(const Conditions<T> &asked) {
        const T zero = exactly<T>(0.0);
        int widest = inputs_;
        for (int l = 0; l < P.layers(); l++) widest = larger(widest, Z.width(l));
        score_.filled(std::size_t(inputs_) + 1, zero);
        bearing_.room(std::size_t(widest) + 1), before_.room(std::size_t(widest) + 1);
        const int last = P.layers() - 1, rows = asked.rows;
        for (int i = 0; i < Z.width(last); i++) {
            T sum = zero;
            for (int r = 0; r < rows; r++) sum = sum + C.factor(r) * asked.weights[i * rows + r];
            bearing_[std::size_t(i)] = modulus(sum);
        }
        for (int l = last; l >= 0; l--) share_out(l);
        int best = -1;
        for (int k = 0; k < Z.varying(); k++) {
            const int j = Z.input(k);
            if (best < 0 || score_[std::size_t(best)] < score_[std::size_t(j)]) best = j;
        }
        if (best >= 0 && score_[std::size_t(best)] > zero) return best;
        T most = zero;
        for (int k = 0; k < Z.varying(); k++)
            if (const T own = modulus(C.combined(k + 1)); most < own) most = own, best = Z.input(k);
        return best;
    }

  private:
    // Adds a layer's part to the scores of inputs, and moves what bears on it to the layer before.
    void share_out(int layer) {
        const i64 first = P.coord_start[std::size_t(layer)];
        const int n = Z.width(layer), m = layer == 0 ? inputs_ : Z.width(layer - 1);
        const T zero = exactly<T>(0.0);
        for (int i = 0; i < n; i++) {
            const i64 coord = first + i;
            T &bears = bearing_[std::size_t(i)];
            if (Z.offset(coord) > zero && bears > zero) {
                const T *own = Z.influence(coord);
                T all = zero;
                for (int k = 0; k < Z.varying(); k++) all = all + own[k];
                // On the inputs that vary a neuron need not depend: then there is nothing to share, and no quotient.
                const T part = all > exactly<T>(FLOOR) ? bears * Z.offset(coord) / all : zero;
                for (int k = 0; k < Z.varying(); k++) {
                    T &score = score_[std::size_t(Z.input(k))];
                    score = score + part * own[k];
                }
            }
            bears = bears * Z.slope(coord);
        }
        if (layer == 0) return;
        const T *W = P.weights.start + P.weight_start[std::size_t(layer)];
        for (int k = 0; k < m; k++) {
            T sum = zero;
            for (int i = 0; i < n; i++) sum = sum + bearing_[std::size_t(i)] * modulus(W[i64(k) * n + i]);
            before_[std::size_t(k)] = sum;
        }
        bearing_.swap(before_);
    }

    const Problem<T> &P;
    const Zonotope<T> &Z;
    const Combination<T> &C;
    const int inputs_;
    Array<T> score_, bearing_, before_;
};

} // namespace polyrelu
