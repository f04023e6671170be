// The rows of one target, as forms and layers of integers.
//
// A point is (u, t), d + 1 integers. Rows 0 to base - 1 are the domain's: forms on (u, t). The other rows come level by
// level, where a level is a layer, or, the last one, the target's conditions: from the values h before it, the common
// denominator last, a level makes z_k = sum of w_kj h_j, and a new denominator q h_last. Some of the z are numbered:
// these are rows, and all but the last level's go through a ReLU.
//
// A pattern says which rows are on. Then each z_k of a level is a form on (u, t), whose entries have at most as many
// limbs as `form_limbs` of the level says: the product over the levels of the largest sum of |w_kj| bounds them.
#pragma once

#include <string>
#include <vector>

#include "integer.h"
#include "text.h"

namespace polyrelu_checker {

constexpr std::size_t NO_ROW = ~std::size_t(0);

enum class Relation { LESS, AT_MOST, EQUAL };

// A weight, as a sign and limbs.
struct Weight {
    std::size_t at, size; // limbs of its level
    bool negative;
};

struct Level {
    std::size_t inputs, outputs; // the denominators not counted
    std::vector<Weight> weights; // (outputs + 1) x (inputs + 1): the last row is (0, .., 0, q)
    std::vector<Limb> limbs;
    std::vector<std::size_t> row_of; // of the outputs: NO_ROW where it is not numbered
    std::vector<std::size_t> output_of; // of the rows from `start` on
    std::size_t start, end;             // its rows
    std::size_t form_limbs;
    std::vector<std::vector<Integer>> exact; // the same weights, for what is seldom asked

    const Weight &weight(std::size_t k, std::size_t j) const { return weights[k * (inputs + 1) + j]; }
};

struct DomainRow {
    std::vector<Integer> form;
    Relation relation;
    bool vanishes; // identically, in the coordinates
};

class Rows {
  public:
    std::size_t d, base, length; // length: rows from base on
    std::vector<DomainRow> domain;
    std::vector<Level> levels;
    std::vector<Relation> relations; // of the last level's rows

    // Reads what fast_checker.py writes, in words: d, base; for each row of the domain its relation and its form, where
    // "<" means that it is positive, "<=" that it is not negative, "==" that it is 0; the number of levels, and for
    // each outputs, inputs, q, and its rows, each begun by 1 where it is numbered; the relations of the conditions.
    explicit Rows(Words text) {
        need(text.next_line(), "no rows");
        constexpr std::size_t MOST = std::size_t(1) << 32;
        const auto number = [&] { return small_of(text.needed(), MOST); };
        const auto integer = [&] { return integer_of(text.needed()); };
        d = number(), base = number();
        for (std::size_t k = 0; k < base; k++) {
            DomainRow row{{}, relation_of(text.needed()), true};
            for (std::size_t j = 0; j <= d; j++) {
                row.form.push_back(integer());
                row.vanishes = row.vanishes && row.form.back().is_zero();
            }
            domain.push_back(std::move(row));
        }
        std::size_t row = base, bits = 0;
        for (std::size_t left = number(); left > 0; left--) {
            Level level;
            level.outputs = number(), level.inputs = number(), level.start = row;
            const Integer q = integer();
            for (std::size_t k = 0; k < level.outputs; k++) {
                const bool is_numbered = text.needed().is("1");
                level.row_of.push_back(is_numbered ? row++ : NO_ROW);
                if (is_numbered) level.output_of.push_back(k);
                level.exact.emplace_back();
                for (std::size_t j = 0; j <= level.inputs; j++) level.exact.back().push_back(integer());
            }
            level.exact.emplace_back(level.inputs, Integer());
            level.exact.back().push_back(q);
            level.end = row;
            bits += store(level);
            level.form_limbs = bits / LIMB_BITS + 1;
            levels.push_back(std::move(level));
        }
        need(!levels.empty(), "no levels");
        length = row - base;
        for (std::size_t k = levels.back().start; k < levels.back().end; k++)
            relations.push_back(relation_of(text.needed()));
        end_of_rows = row;
    }

    std::size_t end_of_rows;

    // The first level whose rows go on to `end` at least: so many levels decide the rows before it.
    std::size_t levels_until(std::size_t end) const {
        std::size_t l = 0;
        while (l < levels.size() && levels[l].start < end) l++;
        return l;
    }

    // The last level that begins with this row or before it.
    std::size_t level_of(std::size_t row) const {
        std::size_t l = levels.size() - 1;
        while (l > 0 && levels[l].start > row) l--;
        return l;
    }

  private:
    static Relation relation_of(const Word &word) {
        return word.is("<") ? Relation::LESS : word.is("<=") ? Relation::AT_MOST : Relation::EQUAL;
    }

    // The weights as limbs; the bits by which forms grow.
    static std::size_t store(Level &level) {
        Integer largest(1);
        for (const std::vector<Integer> &row : level.exact) {
            Integer sum;
            for (const Integer &w : row) {
                sum += w.magnitude();
                level.weights.push_back({level.limbs.size(), w.size(), w.sign() < 0});
                level.limbs.insert(level.limbs.end(), w.data(), w.data() + w.size());
            }
            if (largest < sum) largest = sum;
        }
        return largest.bits();
    }
};

} // namespace polyrelu_checker
