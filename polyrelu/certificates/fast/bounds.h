// Whether a cell misses the target by interval arithmetic, from the values at its vertices after some level.
//
// What is checked is said in integers: the values at each vertex, multiplied by the levels' common denominators, are
// rounded outward to multiples of 2^-128, and bounds are carried on from there exactly. First it is tried on a coarser
// grid, 2^-44, from rounded values: where larger intervals miss the target, the smaller ones within them do, as outward
// rounding and interval arithmetic keep inclusions.
#pragma once

#include <limits>
#include <vector>

#include "evaluation.h"

namespace polyrelu_checker {

constexpr std::size_t FINE_BITS = 128, COARSE_BITS = 44;

class Bounds {
  public:
    Bounds(const Rows &rows, const RoundedRows &rounded_rows, Evaluation &evaluation)
        : rows_(rows), rounded_rows_(rounded_rows), evaluation_(evaluation), scratch_(evaluation.words(), 0) {
        std::size_t widest = 1;
        for (const Level &level : rows.levels) widest = std::max(widest, level.outputs + 1);
        std::size_t slots = std::size_t(1) << 12;
        while (slots > 64 && slots * widest > std::size_t(1) << 19) slots /= 2;
        kept_.resize(slots);
    }

    // Vertices of earlier blocks had the same numbers.
    void forget() {
        for (Enclosure &kept : kept_) kept.levels = 0;
    }

    // Whether the cell whose first `length` rows are decided misses the target; its vertices are evaluated so far.
    bool miss(std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t length) {
        const std::size_t levels = rows_.level_of(rows_.base + length) + 1;
        for (const std::size_t id : ids) need(vertices[id].point.back().sign() > 0, "a cell without bounds");
        return miss_coarsely(vertices, ids, levels) || miss_finely(vertices, ids, levels);
    }

  private:
    static constexpr std::int64_t MOST = std::numeric_limits<std::int64_t>::max() / 2;

    struct Enclosure { // of the values of a vertex, in multiples of 2^-44
        std::size_t id = 0, levels = 0;
        bool is_known = false;
        std::vector<std::int64_t> low, high;
    };

    const Enclosure &enclosure(const std::vector<Vertex> &vertices, std::size_t id, std::size_t levels) {
        Enclosure &kept = kept_[id % kept_.size()];
        if (kept.id == id && kept.levels == levels) return kept;
        kept.id = id, kept.levels = levels;
        std::uint64_t *const none = scratch_.data(); // no row is before 0
        evaluation_.rounded().signs(vertices[id].point, levels, 0, none, none, none, values_);
        kept.is_known = values_.known;
        if (!kept.is_known) return kept;
        const Level &level = rows_.levels[levels - 1];
        const std::int64_t t = values_.values.back(), error = values_.error;
        kept.low.resize(level.outputs), kept.high.resize(level.outputs);
        kept.is_known = t > error;
        for (std::size_t k = 0; k < level.outputs && kept.is_known; k++) {
            const SignedWide low = SignedWide(values_.values[k]) - error, high = SignedWide(values_.values[k]) + error;
            const SignedWide least = quotient(low, low < 0 ? t - error : t + error);
            const SignedWide most = quotient(high, high < 0 ? t + error : t - error) + 1;
            kept.is_known = least > -MOST && most < MOST;
            const bool relu = level.row_of[k] != NO_ROW && levels < rows_.levels.size();
            kept.low[k] = relu && least < 0 ? 0 : std::int64_t(least), kept.high[k] = std::int64_t(most);
        }
        return kept;
    }

    // The floor of x 2^44 / t, where |x| <= 2^62.
    static SignedWide quotient(SignedWide x, std::int64_t t) {
        const SignedWide scaled = x * (SignedWide(1) << COARSE_BITS), found = scaled / t;
        return found - (scaled % t < 0 ? 1 : 0);
    }

    bool miss_coarsely(const std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t levels) {
        bool is_first = true;
        for (const std::size_t id : ids) {
            const Enclosure &at = enclosure(vertices, id, levels);
            if (!at.is_known) return false;
            if (is_first) low_ = at.low, high_ = at.high;
            is_first = false;
            for (std::size_t k = 0; k < low_.size(); k++) {
                low_[k] = std::min(low_[k], at.low[k]);
                high_[k] = std::max(high_[k], at.high[k]);
            }
        }
        for (std::size_t l = levels; l < rows_.levels.size(); l++)
            if (!coarse_step(l)) return false;
        return tells(low_, high_);
    }

    bool coarse_step(std::size_t l) {
        const RoundedLevel &rounded = rounded_rows_.levels[l];
        const Level &level = rows_.levels[l];
        if (!rounded.fits) return false;
        SignedWide size = SignedWide(1) << COARSE_BITS; // a weight is off by one unit at most
        for (std::size_t j = 0; j < low_.size(); j++) size += std::max(std::abs(low_[j]), std::abs(high_[j]));
        const SignedWide rounding = rounded.exact ? 0 : size, unit = SignedWide(1) << rounded.scale;
        below_.resize(level.outputs), above_.resize(level.outputs);
        for (std::size_t k = 0; k < level.outputs; k++) {
            const std::int64_t *weights = rounded.weights.data() + k * (level.inputs + 1);
            const SignedWide bias = SignedWide(weights[level.inputs]) * (SignedWide(1) << COARSE_BITS);
            SignedWide least = bias - rounding, most = bias + rounding;
            for (std::size_t j = 0; j < level.inputs; j++) {
                const std::int64_t w = weights[j];
                least += SignedWide(w) * (w > 0 ? low_[j] : high_[j]);
                most += SignedWide(w) * (w > 0 ? high_[j] : low_[j]);
            }
            least = least >> rounded.scale, most = (most + unit - 1) >> rounded.scale;
            if (least <= -MOST || most >= MOST) return false;
            const bool relu = level.row_of[k] != NO_ROW && l + 1 < rows_.levels.size();
            below_[k] = std::int64_t(relu && least < 0 ? 0 : least);
            above_[k] = std::int64_t(relu && most < 0 ? 0 : most);
        }
        low_.swap(below_), high_.swap(above_);
        return true;
    }

    // Whether bounds of the target's rows say that one of its conditions holds nowhere.
    template <class Value> bool tells(const std::vector<Value> &low, const std::vector<Value> &high) const {
        const Value zero = Value(0);
        for (std::size_t k = 0; k < rows_.relations.size(); k++) {
            const Relation relation = rows_.relations[k];
            if (zero < low[k] || (relation == Relation::LESS && !(low[k] < zero)) ||
                (relation == Relation::EQUAL && high[k] < zero))
                return true;
        }
        return false;
    }

    bool miss_finely(std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t levels) {
        std::vector<Integer> low, high;
        for (const std::size_t id : ids) {
            const std::vector<Integer> values = fine_values(vertices, id, levels);
            const Integer &t = vertices[id].point.back();
            for (std::size_t k = 0; k < values.size(); k++) {
                const Integer scaled = values[k].shifted_up(FINE_BITS);
                const Integer least = Integer::floor_divided(scaled, t);
                const Integer most = Integer::floor_divided(scaled.negated(), t).negated();
                if (low.size() == k) low.push_back(least), high.push_back(most);
                if (least < low[k]) low[k] = least;
                if (high[k] < most) high[k] = most;
            }
        }
        for (std::size_t l = levels; l < rows_.levels.size(); l++) fine_step(l, low, high);
        return tells(low, high);
    }

    // The values of a vertex after so many levels, the denominator last.
    std::vector<Integer> fine_values(std::vector<Vertex> &vertices, std::size_t id, std::size_t levels) {
        const Level &level = rows_.levels[levels - 1];
        evaluation_.extend(vertices, {id}, level.start);
        const Vertex &v = vertices[id];
        evaluation_.forms().agree(v.pos.data(), v.neg.data(), level.start);
        std::vector<Integer> values;
        for (std::size_t k = 0; k <= level.outputs; k++) {
            Integer z = evaluation_.value(evaluation_.forms(), levels - 1, k, v.point);
            const bool relu = k < level.outputs && level.row_of[k] != NO_ROW && levels < rows_.levels.size();
            values.push_back(relu && z.sign() < 0 ? Integer() : z);
        }
        return values;
    }

    // Bounds after a level more, those of the denominator last, which is known.
    void fine_step(std::size_t l, std::vector<Integer> &low, std::vector<Integer> &high) const {
        const Level &level = rows_.levels[l];
        std::vector<Integer> below, above;
        for (std::size_t k = 0; k <= level.outputs; k++) {
            const std::vector<Integer> &row = level.exact[k];
            Integer least, most;
            for (std::size_t j = 0; j <= level.inputs; j++) {
                if (row[j].is_zero()) continue;
                least += row[j] * (row[j].sign() > 0 ? low[j] : high[j]);
                most += row[j] * (row[j].sign() > 0 ? high[j] : low[j]);
            }
            const bool relu = k < level.outputs && level.row_of[k] != NO_ROW && l + 1 < rows_.levels.size();
            below.push_back(relu && least.sign() < 0 ? Integer() : least);
            above.push_back(relu && most.sign() < 0 ? Integer() : most);
        }
        low.swap(below), high.swap(above);
    }

    const Rows &rows_;
    const RoundedRows &rounded_rows_;
    Evaluation &evaluation_;
    Mask scratch_;
    RoundedValues values_;
    std::vector<Enclosure> kept_;
    std::vector<std::int64_t> low_, high_, below_, above_;
};

} // namespace polyrelu_checker
