// Which rows are positive, and which negative, at the vertices of a block.
//
// A vertex is evaluated when a cell asks for it, as far as the cell goes: rounded first, which decides most rows, then
// the rows left by their exact forms. So the forms that are computed are those of rows that vanish at a vertex, mostly,
// under the pattern of the cell that has it; they stay from one vertex of the cell to the next.
#pragma once

#include <vector>

#include "forms.h"
#include "rounded.h"

namespace polyrelu_checker {

// form.point, where the entries of the form have n limbs each.
inline Integer value_at(const Limb *form, std::size_t n, const std::vector<Integer> &point, std::vector<Limb> &sum) {
    std::size_t most = 0;
    for (const Integer &x : point) most = std::max(most, x.size());
    sum.assign(n + most + 1, 0);
    for (std::size_t i = 0; i < point.size(); i++)
        for (std::size_t s = 0; s < point[i].size(); s++) {
            const Limb limb = point[i].data()[s];
            if (point[i].sign() < 0) subtract_multiple(sum.data() + s, sum.size() - s, form + i * n, n, limb);
            else add_multiple(sum.data() + s, sum.size() - s, form + i * n, n, limb);
        }
    return Integer::from_twos(sum.data(), sum.size());
}

inline Integer dot(const std::vector<Integer> &form, const std::vector<Integer> &point) {
    Integer sum;
    for (std::size_t i = 0; i < form.size(); i++) sum += form[i] * point[i];
    return sum;
}

struct Vertex {
    std::vector<Integer> point; // (u, t)
    Mask pos, neg;              // of the rows before `end`
    std::size_t end = 0;        // 0: not even the domain's rows are known
};

class Evaluation {
  public:
    Evaluation(const Rows &rows, const RoundedRows &rounded_rows)
        : rows_(rows), words_(words_for(rows.end_of_rows)), rounded_(rows, rounded_rows), forms_(rows) {}

    std::size_t words() const { return words_; }
    Forms &forms() { return forms_; }

    // Evaluates vertices until the rows before `end` are known, which ends with a level's rows.
    void extend(std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t end) {
        waiting_.clear(), unknown_.clear();
        Mask on(words_, 0), off(words_, 0);
        for (const std::size_t id : ids) {
            Vertex &v = vertices[id];
            if (v.end < end) {
                waiting_.push_back(id);
                v.pos.assign(words_, 0), v.neg.assign(words_, 0);
                unknown_.resize(unknown_.size() + words_, 0);
                rounded_.signs(v.point, rows_.levels_until(end), end, v.pos.data(), v.neg.data(),
                               unknown_.data() + unknown_.size() - words_, values_);
            }
            for (std::size_t i = 0; i < words_; i++) on[i] |= v.pos[i], off[i] |= v.neg[i];
        }
        if (waiting_.empty()) return;
        forms_.agree(on.data(), off.data(), end); // the pattern of the cell, as far as it is known
        for (std::size_t k = 0; k < waiting_.size(); k++) {
            decide(vertices[waiting_[k]], unknown_.data() + k * words_);
            vertices[waiting_[k]].end = end;
        }
    }

    // The sign of a row at a point whose signs at earlier levels are those of the forms' pattern, or zero.
    int sign_at(Forms &forms, std::size_t row, const std::vector<Integer> &point) {
        if (row < rows_.base) return dot(rows_.domain[row].form, point).sign();
        const std::size_t l = rows_.level_of(row), k = rows_.levels[l].output_of[row - rows_.levels[l].start];
        return value_at(forms.form(l, k), forms.limbs(l), point, sum_).sign();
    }

    Integer value(Forms &forms, std::size_t l, std::size_t k, const std::vector<Integer> &point) {
        return value_at(forms.form(l, k), forms.limbs(l), point, sum_);
    }

    Rounded &rounded() { return rounded_; }

  private:
    // The rows that rounding left: in their order, since forms need the signs of earlier levels.
    void decide(Vertex &v, const std::uint64_t *unknown) {
        std::size_t agreed = 0; // up to this row the pattern has the signs of v
        for (std::size_t word = 0; word < words_; word++)
            for (std::uint64_t bits = unknown[word]; bits != 0; bits &= bits - 1) {
                const std::size_t row = 64 * word + std::size_t(__builtin_ctzll(bits));
                if (row >= rows_.base && row >= agreed) {
                    const Level &level = rows_.levels[rows_.level_of(row)];
                    forms_.agree(v.pos.data(), v.neg.data(), level.start);
                    agreed = level.end;
                }
                const int sign = sign_at(forms_, row, v.point);
                if (sign > 0) put(v.pos, row);
                if (sign < 0) put(v.neg, row);
            }
        for (std::size_t k = 0; k < rows_.base; k++) {
            need(!has(v.neg, k), "a vertex outside the domain");
            const bool is_equality = rows_.domain[k].relation == Relation::EQUAL;
            need(!(is_equality && has(v.pos, k)), "a vertex outside an equality of the domain");
        }
    }

    const Rows &rows_;
    std::size_t words_;
    Rounded rounded_;
    Forms forms_;
    RoundedValues values_;
    std::vector<std::size_t> waiting_;
    std::vector<std::uint64_t> unknown_;
    std::vector<Limb> sum_;
};

} // namespace polyrelu_checker
