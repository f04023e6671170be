// The network in rounded integers: what most signs are decided by.
//
// Lemma. Let the weights of a level, times a common positive factor, be W_kj + d_kj with |d_kj| <= r (r is 0 or 1), and
// the values before it, times another, X_j + e_j with |e_j| <= E. Then z_k, times both, differs from Z_k = sum of W_kj
// X_j by at most E sum |W_kj| + r (sum |X_j| + n E), as one multiplies out. So its sign is that of Z_k where this is
// larger. The ReLU brings no values further apart, and going to fewer bits, X_j = floor(Z_j / 2^s), costs one unit
// more.
//
// All is homogeneous in (u, t), and the denominator is one value more; so positive factors change no sign and no
// quotient, and numbers keep 62 bits from level to level. |X_j| < 2^61, sum |W_kj| < 2^62 and E < 2^60 make 128 bits
// enough for sums.
#pragma once

#include <vector>

#include "masks.h"
#include "rows.h"

namespace polyrelu_checker {

constexpr std::size_t VALUE_BITS = 61, WEIGHT_BITS = 62;
constexpr std::size_t ROWS_AT_ONCE = 4;
constexpr std::int64_t MOST_ERROR = std::int64_t(1) << 60;

// Weights of a level, (outputs + 1) x (inputs + 1), times 2^scale / q and rounded; q is the level's denominator.
struct RoundedLevel {
    bool fits;  // otherwise the level decides nothing
    bool exact; // nothing was rounded
    int scale;
    std::vector<std::int64_t> weights, norms; // norms: sums of magnitudes of each row

    RoundedLevel(const std::vector<std::vector<Integer>> &rows, const Integer &q) {
        std::size_t most = 1;
        Integer largest(1);
        for (const std::vector<Integer> &row : rows) {
            Integer sum(static_cast<long long>(row.size()));
            for (const Integer &w : row) sum += w.magnitude();
            if (largest < sum) largest = sum;
        }
        most = largest.bits();
        // 2^scale largest / q < 2^(scale + most - bits of q + 1) <= 2^61, which leaves room for rounding
        const long long room = static_cast<long long>(WEIGHT_BITS + q.bits()) - 2 - static_cast<long long>(most);
        scale = room < 0 ? 0 : int(room < 60 ? room : 60);
        fits = room >= 0, exact = true;
        if (!fits) return;
        for (const std::vector<Integer> &row : rows) {
            std::int64_t norm = 0;
            for (const Integer &w : row) {
                const auto [quotient, rest] = Integer::divided(w.shifted_up(std::size_t(scale)), q);
                exact = exact && rest.is_zero();
                const std::int64_t rounded = quotient.is_zero() ? 0 : std::int64_t(quotient.data()[0]);
                norm += rounded;
                weights.push_back(quotient.sign() < 0 ? -rounded : rounded);
            }
            norms.push_back(norm);
        }
    }
};

// What a vertex is at some level: X and E of the lemma, the denominator last.
struct RoundedValues {
    std::vector<std::int64_t> values;
    std::int64_t error = 0;
    bool known = false; // otherwise nothing is
};

// The domain's rows, as a level of their own, and the levels.
struct RoundedRows {
    RoundedLevel domain;
    std::vector<RoundedLevel> levels;

    explicit RoundedRows(const Rows &rows) : domain(forms_of(rows), Integer(1)) {
        for (const Level &level : rows.levels) levels.emplace_back(level.exact, level.exact.back().back());
    }

  private:
    static std::vector<std::vector<Integer>> forms_of(const Rows &rows) {
        std::vector<std::vector<Integer>> forms;
        for (const DomainRow &row : rows.domain) forms.push_back(row.form);
        return forms;
    }
};

class Rounded {
  public:
    Rounded(const Rows &rows, const RoundedRows &rounded) : rows_(rows), rounded_(rounded) {}

    // The signs that are decided of the domain's rows and of the first `upto` levels at a point, written into masks,
    // and which rows before `end` are undecided; `at` becomes the values after these levels.
    void signs(const std::vector<Integer> &point, std::size_t upto, std::size_t end, std::uint64_t *pos,
               std::uint64_t *neg, std::uint64_t *unknown, RoundedValues &at) {
        begin(point, at);
        step(rounded_.domain, at);
        for (std::size_t k = 0; k < rows_.base; k++)
            if (!rows_.domain[k].vanishes) tell(k, k, pos, neg, unknown);
        for (std::size_t l = 0; l < upto; l++) {
            const Level &level = rows_.levels[l];
            step(rounded_.levels[l], at);
            for (std::size_t row = level.start; row < level.end && row < end; row++)
                tell(level.output_of[row - level.start], row, pos, neg, unknown);
            finish(level, l + 1 == rows_.levels.size(), at);
        }
    }

  private:
    static void begin(const std::vector<Integer> &point, RoundedValues &at) {
        std::size_t most = 0;
        for (const Integer &x : point) most = std::max(most, x.bits());
        const std::size_t shift = most > VALUE_BITS ? most - VALUE_BITS : 0;
        at.values.clear();
        for (const Integer &x : point) at.values.push_back(top(x, shift));
        at.error = shift > 0 ? 1 : 0;
        at.known = true;
    }

    // x / 2^shift without its fraction, which is known to fit.
    static std::int64_t top(const Integer &x, std::size_t shift) {
        const std::size_t whole = shift / LIMB_BITS, part = shift % LIMB_BITS;
        if (whole >= x.size()) return 0;
        Limb value = x.data()[whole] >> part;
        if (part != 0 && whole + 1 < x.size()) value |= x.data()[whole + 1] << (LIMB_BITS - part);
        return x.sign() < 0 ? -std::int64_t(value) : std::int64_t(value);
    }

    // Z and its errors.
    void step(const RoundedLevel &level, const RoundedValues &at) {
        decides_ = at.known && level.fits;
        if (!decides_) return;
        const std::size_t inputs = at.values.size(), outputs = level.norms.size();
        active_.clear(), chosen_.clear();
        SignedWide size = 0;
        for (std::size_t j = 0; j < inputs; j++) {
            const std::int64_t x = at.values[j];
            if (x == 0) continue;
            active_.push_back(j), chosen_.push_back(x);
            size += x < 0 ? -x : x;
        }
        const SignedWide rounding = level.exact ? 0 : size + SignedWide(inputs) * at.error;
        sums_.resize(outputs), errors_.resize(outputs);
        std::size_t k = 0;
        for (; k + ROWS_AT_ONCE <= outputs; k += ROWS_AT_ONCE) sum_rows<ROWS_AT_ONCE>(level, k, inputs);
        for (; k < outputs; k++) sum_rows<1>(level, k, inputs);
        for (k = 0; k < outputs; k++) errors_[k] = SignedWide(level.norms[k]) * at.error + rounding;
    }

    // Z of rows from k on, for which each value that is not zero is read once.
    template <std::size_t count> void sum_rows(const RoundedLevel &level, std::size_t k, std::size_t inputs) {
        const std::int64_t *weights = level.weights.data() + k * inputs;
        SignedWide sums[count] = {};
        for (std::size_t j = 0; j < active_.size(); j++) {
            const std::int64_t *column = weights + active_[j];
            const std::int64_t x = chosen_[j];
            for (std::size_t i = 0; i < count; i++) sums[i] += SignedWide(column[i * inputs]) * x;
        }
        for (std::size_t i = 0; i < count; i++) sums_[k + i] = sums[i];
    }

    void tell(std::size_t k, std::size_t row, std::uint64_t *pos, std::uint64_t *neg, std::uint64_t *unknown) const {
        if (decides_ && sums_[k] > errors_[k]) put(pos, row);
        else if (decides_ && sums_[k] < -errors_[k]) put(neg, row);
        else if (!(decides_ && errors_[k] == 0)) put(unknown, row);
    }

    // The values after a level, with the ReLU, in fewer bits.
    void finish(const Level &level, bool is_last, RoundedValues &at) {
        at.known = decides_;
        if (!decides_) return;
        SignedWide size = 0, error = 0;
        for (std::size_t k = 0; k <= level.outputs; k++) {
            SignedWide &z = sums_[k];
            if (z < 0 && !is_last && k < level.outputs && level.row_of[k] != NO_ROW) z = 0;
            size |= z < 0 ? -z : z; // as many bits as the largest
            if (error < errors_[k]) error = errors_[k];
        }
        const std::size_t most = bits_of(size), shift = most > VALUE_BITS ? most - VALUE_BITS : 0;
        at.values.resize(level.outputs + 1);
        for (std::size_t k = 0; k <= level.outputs; k++) at.values[k] = std::int64_t(sums_[k] >> shift);
        error = shift > 0 ? (error >> shift) + 2 : error;
        at.known = error < MOST_ERROR;
        at.error = at.known ? std::int64_t(error) : 0;
    }

    static std::size_t bits_of(SignedWide x) {
        const Limb high = Limb(x >> LIMB_BITS), low = Limb(x);
        return high != 0 ? LIMB_BITS + bit_length(high) : bit_length(low);
    }

    const Rows &rows_;
    const RoundedRows &rounded_;
    std::vector<std::size_t> active_;
    std::vector<std::int64_t> chosen_;
    std::vector<SignedWide> sums_, errors_;
    bool decides_ = false;
};

} // namespace polyrelu_checker
