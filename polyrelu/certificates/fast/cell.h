// A cell: that its vertices are those of the region of its pattern, what lies behind its facets, and whether it maps
// into the target.
#pragma once

#include <vector>

#include "bounds.h"
#include "cover.h"
#include "evaluation.h"
#include "facets.h"

namespace polyrelu_checker {

// Patterns are masks of this many words.
inline std::size_t pattern_words_for(const Rows &rows) { return std::max(words_for(rows.length), std::size_t(1)); }

class CellChecker {
  public:
    CellChecker(const Rows &rows, const RoundedRows &rounded_rows)
        : rows_(rows), evaluation_(rows, rounded_rows), bounds_(rows, rounded_rows, evaluation_), forms_behind_(rows),
          words_(evaluation_.words()), pattern_words_(pattern_words_for(rows)), index_(rows.end_of_rows, 0),
          ends_(words_, 0), strict_ends_(words_, 0), strict_(words_, 0), closed_(words_, 0), equal_(words_, 0) {
        for (std::size_t k = 0; k < rows.base; k++) {
            if (!rows.domain[k].vanishes) put(ends_, k);
            if (rows.domain[k].relation == Relation::LESS) put(strict_ends_, k);
        }
        for (std::size_t k = 0; k < rows.relations.size(); k++) {
            const Relation relation = rows.relations[k];
            Mask &kind = relation == Relation::LESS ? strict_ : relation == Relation::AT_MOST ? closed_ : equal_;
            put(kind, rows.levels.back().start + k);
        }
    }

    std::size_t pattern_words() const { return pattern_words_; }
    std::size_t words() const { return words_; }
    Evaluation &evaluation() { return evaluation_; }

    void forget_block() { bounds_.forget(); }

    // Checks a cell and adds what is known of it.
    void check(std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t length, Cells &to) {
        end_ = rows_.base + length;
        need(!ids.empty(), "a cell without vertices");
        const std::size_t levels = rows_.levels_until(end_);
        evaluation_.extend(vertices, ids, levels == 0 ? rows_.base : rows_.levels[levels - 1].end);
        read_signs(vertices, ids);
        pattern_ = from(pos_, rows_.base, pattern_words_);
        find_facets();
        const std::size_t number = to.zones.size();
        cross(vertices, ids, length, number, to.crossings);
        const bool is_tile = judge(vertices, ids, length, to.near);
        to.listed.add(pattern_.data(), length, number);
        to.zones.add(is_tile);
    }

  private:
    struct Facet {
        std::size_t first; // the lowest row that vanishes on it
        std::size_t rows;  // its number in facet_rows_, or NO_ROW if no other row does
    };

    void read_signs(const std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids) {
        pos_.assign(words_, 0), neg_.assign(words_, 0), live_.resize(words_), dead_.resize(words_);
        for (const std::size_t id : ids)
            for (std::size_t i = 0; i < words_; i++) pos_[i] |= vertices[id].pos[i], neg_[i] |= vertices[id].neg[i];
        for (std::size_t i = 0; i < words_; i++) {
            pos_[i] &= below(end_, i), neg_[i] &= below(end_, i);
            need((pos_[i] & neg_[i]) == 0, "a row that changes its sign in a cell");
            live_[i] = pos_[i] | neg_[i];
            dead_[i] = below(end_, i) & ~live_[i];
            need((dead_[i] & ends_[i]) == 0, "a flat cell");
        }
        zeros_.resize(words_ * ids.size());
        used_.assign(words_, 0);
        for (std::size_t k = 0; k < ids.size(); k++) {
            const Vertex &v = vertices[ids[k]];
            bool is_all = true;
            for (std::size_t i = 0; i < words_; i++) {
                const std::uint64_t zero = live_[i] & ~(v.pos[i] | v.neg[i]);
                zeros_[k * words_ + i] = zero;
                used_[i] |= zero;
                is_all = is_all && zero == live_[i];
            }
            need(!is_all, "a vertex on all rows");
        }
        number_rows(ids.size());
    }

    // The rows that vanish at each vertex, as sets of numbers of the rows that vanish at some.
    void number_rows(std::size_t vertices) {
        row_of_.clear();
        for_each(used_, [&](std::size_t row) {
            index_[row] = row_of_.size();
            row_of_.push_back(row);
        });
        set_words_ = std::max(words_for(row_of_.size()), std::size_t(1));
        sets_.assign(vertices * set_words_, 0);
        is_simple_ = true;
        tally_.begin(set_words_, vertices);
        for (std::size_t k = 0; k < vertices; k++) {
            std::uint64_t *set = sets_.data() + k * set_words_;
            std::size_t size = 0;
            for (std::size_t i = 0; i < words_; i++)
                for (std::uint64_t bits = zeros_[k * words_ + i]; bits != 0; bits &= bits - 1, size++)
                    put(set, index_[64 * i + std::size_t(__builtin_ctzll(bits))]);
            is_simple_ = is_simple_ && size == rows_.d;
            need(tally_.add(set) == 1, "vertices that no row tells apart");
        }
        vertex_count_ = vertices;
    }

    void find_facets() {
        facets_.clear(), facet_rows_.clear();
        if (is_simple_) {
            check_edges();
            for (const std::size_t row : row_of_) facets_.push_back({row, NO_ROW});
        } else if (vertex_count_ <= 64) {
            find_faces<std::uint64_t>();
        } else {
            find_faces<Mask>();
        }
    }

    void check_edges() {
        tally_.begin(set_words_, vertex_count_ * rows_.d);
        std::size_t ends = 0;
        for (std::size_t k = 0; k < vertex_count_; k++) {
            std::uint64_t *set = sets_.data() + k * set_words_;
            for (std::size_t i = 0; i < set_words_; i++)
                for (std::uint64_t bits = set[i]; bits != 0; bits &= bits - 1, ends++) {
                    const std::size_t row = 64 * i + std::size_t(__builtin_ctzll(bits));
                    flip(set, row);
                    const bool fits = tally_.add(set) <= 2;
                    flip(set, row);
                    need(fits, "an edge with more than two ends");
                }
        }
        need(2 * tally_.distinct() == ends, "an edge without two ends");
    }

    template <class Set> void find_faces() {
        std::vector<Set> faces;            // of the rows that vanish somewhere, each once
        std::vector<std::size_t> first;    // the lowest row
        std::vector<std::vector<std::size_t>> all;
        std::unordered_map<Set, std::size_t, HashOfSet> number;
        for (std::size_t j = 0; j < row_of_.size(); j++) {
            Set face;
            make_empty(face, vertex_count_);
            for (std::size_t k = 0; k < vertex_count_; k++)
                if (has(sets_.data() + k * set_words_, j)) put(face, k);
            const auto [place, is_new] = number.emplace(face, faces.size());
            if (is_new) faces.push_back(face), all.emplace_back();
            all[place->second].push_back(row_of_[j]);
        }
        Faces<Set> lattice(faces, rows_.d, vertex_count_);
        for (const std::size_t k : lattice.facets()) {
            facets_.push_back({all[k][0], all[k].size() > 1 ? facet_rows_.size() : NO_ROW});
            if (all[k].size() > 1) facet_rows_.push_back(all[k]);
        }
    }

    bool is_alone(const Facet &facet) const { // only its row vanishes there and behind it
        return facet.rows == NO_ROW && first_from(dead_, facet.first + 1) >= end_;
    }

    void cross(const std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t length,
               std::size_t number, Patterns &crossings) {
        Mask behind = pattern_;
        std::vector<Integer> inward;
        for (const Facet &facet : facets_) {
            if (is_end(facet)) continue;
            if (is_alone(facet)) {
                flip(behind, facet.first - rows_.base);
                crossings.add(behind.data(), length, number);
                flip(behind, facet.first - rows_.base);
                continue;
            }
            if (inward.empty()) inward = sum_of(vertices, ids);
            crossings.add(pattern_behind(facet, inward).data(), length, is_in_target(facet) ? number : NO_CELL);
        }
    }

    // Whether strict conditions can hold on a facet of a tile. (Behind a strict condition alone there is no tile.)
    bool is_in_target(const Facet &facet) const {
        if (facet.rows == NO_ROW) return !has(strict_, facet.first);
        for (const std::size_t row : facet_rows_[facet.rows])
            if (has(strict_, row)) return false;
        return true;
    }

    bool is_end(const Facet &facet) const {
        if (facet.rows == NO_ROW) return facet.first < rows_.base && has(ends_, facet.first);
        for (const std::size_t row : facet_rows_[facet.rows])
            if (row < rows_.base && has(ends_, row)) return true;
        return false;
    }

    std::vector<Integer> sum_of(const std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids) const {
        std::vector<Integer> sum(rows_.d + 1);
        for (const std::size_t id : ids)
            for (std::size_t i = 0; i <= rows_.d; i++) sum[i] += vertices[id].point[i];
        return sum;
    }

    // The pattern just behind a facet. At its inner points rows keep their signs, except those that vanish there: so
    // only those may differ that vanish on the facet, and dead ones after the first of them. Row by row, the form that
    // such a row has behind vanishes on the facet, so it is a multiple of the facet's, and is positive behind if it is
    // negative at a point inside the cell.
    const Mask &pattern_behind(const Facet &facet, const std::vector<Integer> &inward) {
        changing_ = dead_;
        for (std::size_t i = 0; i < words_; i++) changing_[i] &= ~below(facet.first, i);
        if (facet.rows == NO_ROW) put(changing_, facet.first);
        else for (const std::size_t row : facet_rows_[facet.rows]) put(changing_, row);
        behind_ = pos_;
        Mask off(words_);
        for (std::size_t row = first_from(changing_, 0); row < end_; row = first_from(changing_, row + 1)) {
            for (std::size_t i = 0; i < words_; i++) off[i] = ~behind_[i];
            const std::size_t level_start = rows_.levels[rows_.level_of(row)].start;
            forms_behind_.agree(behind_.data(), off.data(), level_start);
            const bool is_on = evaluation_.sign_at(forms_behind_, row, inward) < 0;
            if (is_on != has(behind_, row)) flip(behind_, row);
        }
        behind_ = from(behind_, rows_.base, pattern_words_);
        return behind_;
    }

    // Whether the cell is a tile; otherwise a face of it may be in the target, which is noted.
    bool judge(std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, std::size_t length, Near &near) {
        const bool is_whole = length == rows_.length;
        Mask out = strict_; // conditions that are violated, or just not, on the whole cell, or so that others see to it
        for (const Facet &facet : facets_)
            if (has(closed_, facet.first) && is_alone(facet)) put(out, facet.first);
        for (std::size_t i = 0; i < words_; i++)
            if ((pos_[i] & out[i]) != 0 || (is_whole && (strict_[i] & ~neg_[i]) != 0)) return false;
        if (!is_whole) {
            need(bounds_.miss(vertices, ids, length), "a cell that may map into the target");
            return false;
        }
        Mask tight(words_);
        for (std::size_t i = 0; i < words_; i++) tight[i] = (pos_[i] & closed_[i]) | (live_[i] & equal_[i]);
        for (std::size_t i = 0; i < words_; i++)
            if ((strict_ends_[i] & ~pos_[i]) != 0) return false; // one that vanishes identically: no point has it
        if (is_empty(tight)) {
            note(vertices, ids, pos_, neg_, Mask(words_, 0), false, near);
            return true;
        }
        Mask pos(words_, 0), neg(words_, 0);
        for (const std::size_t id : ids)
            if (is_on(vertices[id], tight))
                for (std::size_t i = 0; i < words_; i++) pos[i] |= vertices[id].pos[i], neg[i] |= vertices[id].neg[i];
        for (std::size_t i = 0; i < words_; i++)
            if ((strict_[i] & ~neg[i]) != 0 || (strict_ends_[i] & ~pos[i]) != 0) return false;
        note(vertices, ids, pos, neg, tight, true, near);
        return false;
    }

    static bool is_on(const Vertex &v, const Mask &rows) {
        for (std::size_t i = 0; i < rows.size(); i++)
            if (((v.pos[i] | v.neg[i]) & rows[i]) != 0) return false;
        return true;
    }

    // Notes a tile or a touched face, with the vertices at which one may contain the other.
    void note(const std::vector<Vertex> &vertices, const std::vector<std::size_t> &ids, const Mask &pos,
              const Mask &neg, const Mask &tight, bool is_touched, Near &near) {
        const std::size_t number = near.size();
        bool is_first = true, is_noted = false;
        for (const std::size_t id : ids) {
            const Vertex &v = vertices[id];
            if (!is_on(v, tight)) continue;
            bool touches = false;
            for (std::size_t i = 0; i < words_; i++)
                touches = touches || (~(v.pos[i] | v.neg[i]) & (closed_[i] | equal_[i])) != 0;
            if (!touches) continue;
            if (!is_noted) {
                near.signs.insert(near.signs.end(), pos.begin(), pos.end());
                near.signs.insert(near.signs.end(), neg.begin(), neg.end());
                is_noted = true;
            }
            const std::uint64_t name = hash_of(v.pos.data(), words_) * 3 + hash_of(v.neg.data(), words_);
            near.vertices.push_back(name), near.vertices.push_back(number);
            if (is_touched && is_first) near.touched.push_back(number), near.touched.push_back(name);
            is_first = false;
        }
    }

    const Rows &rows_;
    Evaluation evaluation_;
    Bounds bounds_;
    Forms forms_behind_;
    std::size_t words_, pattern_words_;
    std::vector<std::size_t> index_; // of a row, in row_of_
    Mask ends_, strict_ends_, strict_, closed_, equal_;

    // the cell at hand
    std::size_t end_ = 0, set_words_ = 1, vertex_count_ = 0;
    bool is_simple_ = true;
    Mask pos_, neg_, live_, dead_, used_, pattern_, changing_, behind_;
    std::vector<std::uint64_t> zeros_, sets_;
    std::vector<std::size_t> row_of_;
    std::vector<Facet> facets_;
    std::vector<std::vector<std::size_t>> facet_rows_;
    Tally tally_;
};

} // namespace polyrelu_checker
