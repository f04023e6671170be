// What the values of each level are as forms on (u, t), under a pattern that changes little from one vertex to the
// next.
//
// A form is computed when it is asked for, from those of the level before it that are on, and is kept until a row of an
// earlier level is switched. The value of a row at a point is that of its form under any pattern that has the signs
// which the earlier rows have at the point; where one of them is zero either bit will do.
#pragma once

#include <vector>

#include "masks.h"
#include "rows.h"

namespace polyrelu_checker {

class Forms {
  public:
    explicit Forms(const Rows &rows) : rows_(rows), pattern_(words_for(rows.end_of_rows), 0) {
        for (const Level &level : rows.levels) {
            Kept kept;
            kept.computed.assign(level.outputs + 1, 0);
            kept.wanted.assign(level.outputs + 1, 0);
            levels_.push_back(std::move(kept));
        }
    }

    // Of all rows, the domain's too; those of the domain mean nothing.
    const Mask &pattern() const { return pattern_; }

    // Takes on the signs of a point, or a pattern's bits, at the rows from base to `end`: on where `on` says so, off
    // where `off` does. Where neither does a row stays as it was.
    void agree(const std::uint64_t *on, const std::uint64_t *off, std::size_t end) {
        std::size_t first = NO_ROW;
        for (std::size_t i = rows_.base / 64; i < pattern_.size(); i++) {
            std::uint64_t wrong = ((on[i] & ~pattern_[i]) | (off[i] & pattern_[i])) & below(end, i);
            wrong &= ~below(rows_.base, i);
            if (wrong == 0) continue;
            pattern_[i] ^= wrong;
            if (first == NO_ROW) first = 64 * i + std::size_t(__builtin_ctzll(wrong));
        }
        if (first == NO_ROW) return;
        for (std::size_t l = rows_.level_of(first) + 1; l < levels_.size(); l++) levels_[l].now++;
    }

    // The form of a level's value: d + 1 entries of form_limbs limbs each.
    const Limb *form(std::size_t l, std::size_t k) {
        Kept &kept = levels_[l];
        if (kept.computed[k] != kept.now) {
            kept.chosen.assign(1, k);
            compute(l);
        }
        return kept.limbs.data() + k * entry_count(l);
    }

    std::size_t limbs(std::size_t l) const { return rows_.levels[l].form_limbs; }

  private:
    struct Kept {
        std::vector<Limb> limbs;
        std::vector<std::uint64_t> computed, wanted; // when it was, by `now` and `choices`
        std::uint64_t now = 1, choices = 0;
        std::vector<std::size_t> chosen;
    };

    std::size_t entry_count(std::size_t l) const { return (rows_.d + 1) * limbs(l); }

    bool is_on(std::size_t l, std::size_t k) const {
        const Level &level = rows_.levels[l];
        return k == level.outputs || level.row_of[k] == NO_ROW || has(pattern_, level.row_of[k]);
    }

    // Computes the chosen forms of a level, and first, from below, those of earlier levels that they need.
    void compute(std::size_t top) {
        std::size_t l = top;
        for (; l > 0 && !levels_[l].chosen.empty(); l--) choose_before(l);
        if (levels_[l].chosen.empty()) l++;
        for (; l <= top; l++) {
            Kept &kept = levels_[l];
            if (kept.limbs.empty()) kept.limbs.assign((rows_.levels[l].outputs + 1) * entry_count(l), 0);
            for (const std::size_t k : kept.chosen) {
                combine(l, k);
                kept.computed[k] = kept.now;
            }
            kept.chosen.clear();
        }
    }

    void choose_before(std::size_t l) {
        Kept &before = levels_[l - 1];
        before.chosen.clear();
        before.choices++;
        for (const std::size_t k : levels_[l].chosen)
            for (std::size_t j = 0; j <= rows_.levels[l].inputs; j++) {
                if (rows_.levels[l].weight(k, j).size == 0 || !is_on(l - 1, j)) continue;
                if (before.computed[j] == before.now) continue;
                if (before.wanted[j] == before.choices) continue;
                before.wanted[j] = before.choices;
                before.chosen.push_back(j);
            }
    }

    void combine(std::size_t l, std::size_t k) {
        const Level &level = rows_.levels[l];
        const std::size_t n = limbs(l), m = l == 0 ? 1 : limbs(l - 1);
        Limb *form = levels_[l].limbs.data() + k * entry_count(l);
        std::fill(form, form + entry_count(l), 0);
        for (std::size_t j = 0; j <= level.inputs; j++) {
            const Weight &w = level.weight(k, j);
            if (w.size == 0 || (l > 0 && !is_on(l - 1, j))) continue;
            const Limb *from = l == 0 ? nullptr : levels_[l - 1].limbs.data() + j * entry_count(l - 1);
            for (std::size_t i = l == 0 ? j : 0; i <= (l == 0 ? j : rows_.d); i++)
                for (std::size_t s = 0; s < w.size; s++) {
                    const Limb *x = l == 0 ? ONE : from + i * m;
                    const Limb weight = level.limbs[w.at + s];
                    if (w.negative) subtract_multiple(form + i * n + s, n - s, x, m, weight);
                    else add_multiple(form + i * n + s, n - s, x, m, weight);
                }
        }
    }

    const Rows &rows_;
    Mask pattern_;
    std::vector<Kept> levels_;
};

} // namespace polyrelu_checker
