// What the walk computes with forms that it knows within doubts, for one call each.
#include "cell.h"

namespace polyrelu {

inline Forms forms_of(long long dim, long long n, const double *rows, const double *constants, const double *doubts) {
    Forms forms;
    forms.dim = int(dim);
    forms.rows.assign(rows, rows + n * dim);
    forms.constants.assign(constants, constants + n);
    forms.doubts.assign(doubts, doubts + n);
    return forms;
}

inline Space space_of(long long dim, const double *moduli, double factor) {
    return {int(dim), nullptr, nullptr, nullptr, nullptr, moduli, factor};
}

EXPORTED(entered)(long long dim, long long inputs, long long outputs, const double *weight, const double *bias, const std::uint8_t *on,
                  const double *rows, const double *constants, const double *doubts, const double *moduli, double factor,
                  double *to_rows, double *to_constants, double *to_doubts) {
    FloatLayer layer;
    layer.inputs = int(inputs), layer.outputs = int(outputs), layer.weight = weight, layer.bias = bias;
    Forms found;
    entering(found, layer, forms_of(dim, inputs, rows, constants, doubts), on, space_of(dim, moduli, factor));
    std::copy(found.rows.begin(), found.rows.end(), to_rows);
    std::copy(found.constants.begin(), found.constants.end(), to_constants);
    std::copy(found.doubts.begin(), found.doubts.end(), to_doubts);
}

EXPORTED(bounded)(long long dim, const double *row, double constant, double doubt, const double *low, const double *high,
                  double *ends) {
    const Ends found = between(forms_of(dim, 1, row, &constant, &doubt), 0, low, high);
    ends[0] = found.least, ends[1] = found.most;
}

EXPORTED(narrowed)(long long dim, const double *row, double constant, double doubt, double *low, double *high) {
    Floats first(low, low + dim), last(high, high + dim);
    narrow(first, last, forms_of(dim, 1, row, &constant, &doubt), 0);
    std::copy(first.begin(), first.end(), low);
    std::copy(last.begin(), last.end(), high);
}

EXPORTED(combined)(long long dim, long long n, const double *rows, const double *constants, const double *doubts,
                   const double *multipliers, const double *low, const double *high, const double *moduli, double factor,
                   double *least) {
    const Floats y(multipliers, multipliers + n), first(low, low + dim), last(high, high + dim);
    *least = least_combination(forms_of(dim, n, rows, constants, doubts), y, first, last, space_of(dim, moduli, factor));
}

} // namespace polyrelu
