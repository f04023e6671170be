// A block of a certificate: its lines are read, its vertices kept, its cells checked, or its rows turned into
// coordinates.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "cell.h"
#include "solving.h"
#include "text.h"

namespace polyrelu_checker {

// What is known of a target, of which blocks are read at the same time.
class Target {
  public:
    explicit Target(const Words &text)
        : rows(text), rounded_rows(rows), cells_(pattern_words_for(rows), words_for(rows.end_of_rows)) {}

    const Rows rows;
    const RoundedRows rounded_rows;

    void add(const Cells &cells) {
        const std::lock_guard<std::mutex> guard(lock_);
        need(cells_.zones.size() + cells.zones.size() < Zones::NO_TILE, "too many cells");
        cells_.add_all(cells);
    }

    struct Totals {
        std::size_t tiles, flat, zones;
    };

    // What is behind a facet at a part's end is in another part.
    Totals finish() {
        const std::lock_guard<std::mutex> guard(lock_);
        need(cells_.listed.size() > 0, "no cells");
        if (!cells_.settle())
            throw Rejected("nothing is listed at " + cells_.first_crossing() + ", which is behind a facet");
        return {cells_.zones.tiles(), cells_.near.flat_parts(), cells_.zones.zones()};
    }

  private:
    Cells cells_;
    std::mutex lock_;
};

enum class Kind { COORDINATES, ROWS, EXPANDED };

class Block {
  public:
    Block(Target &target, Kind kind)
        : target_(target), kind_(kind), checker_(target.rows, target.rounded_rows),
          cells_(checker_.pattern_words(), checker_.words()), pattern_(checker_.words(), 0) {}

    // Reads some lines; what they are with coordinates, if that is asked for.
    std::string read(Words text) {
        std::string expanded;
        try {
            read_lines(text, expanded);
        } catch (const Rejected &reason) {
            throw Rejected(std::string(reason.what()) + " (line " + std::to_string(line_) + " of a block)");
        }
        return expanded;
    }

    // How many cells there were; they are the target's from now on.
    std::size_t close() {
        need(waiting_.empty(), "a vertex without a cell");
        if (kind_ == Kind::EXPANDED) return cell_count_;
        for (std::size_t id = 0; id < vertices_.size(); id++)
            if (vertices_[id].end == 0) checker_.evaluation().extend(vertices_, {id}, target_.rows.base);
        vertices_.clear();
        cells_.settle();
        target_.add(cells_);
        return cell_count_;
    }

  private:
    void read_lines(Words &text, std::string &expanded) {
        while (text.next_line()) {
            line_++;
            const Word word = text.needed();
            if (word.is("c")) read_cell(text, expanded);
            else if (word.is("v") && kind_ == Kind::COORDINATES) read_point(text);
            else if (word.is("w") && kind_ != Kind::COORDINATES) read_rows(text);
            else if (word.is("p") && kind_ != Kind::COORDINATES) read_pattern(text);
            else throw Rejected("what is " + word.text().substr(0, 40) + "?");
        }
    }

    void read_point(Words &text) {
        Form point;
        bool is_zero = true;
        for (Word word; text.next(word);) {
            digits_ += word.length;
            need(digits_ <= MOST_DIGITS_IN_BLOCK, "too many digits in a block");
            need(point.size() <= target_.rows.d, "a vertex with too many coordinates");
            point.push_back(integer_of(word));
            is_zero = is_zero && point.back().is_zero();
        }
        need(point.size() == target_.rows.d + 1, "a vertex with too few coordinates");
        need(!is_zero, "a vertex that is no point");
        add(std::move(point));
    }

    void add(Form point) {
        need(vertices_.size() < MOST_IN_BLOCK, "too many vertices in a block");
        Vertex vertex;
        vertex.point = std::move(point);
        vertices_.push_back(std::move(vertex));
    }

    void read_pattern(Words &text) {
        for (Word word; text.next(word);) {
            need(target_.rows.length > 0, "a bit of an empty pattern");
            flip(pattern_, target_.rows.base + small_of(word, target_.rows.length - 1));
        }
    }

    // What is said of a vertex is understood when its cell comes.
    void read_rows(Words &text) {
        const Rows &rows = target_.rows;
        need(count() + waiting_.size() < MOST_IN_BLOCK, "too many vertices in a block");
        waiting_.emplace_back();
        for (Word word; text.next(word);) {
            need(waiting_.back().size() < rows.end_of_rows, "a vertex with too many rows");
            waiting_.back().push_back(small_of(word, rows.end_of_rows - 1));
        }
    }

    void solve_waiting(std::size_t length, std::string &expanded) {
        if (waiting_.empty()) return;
        Mask off(pattern_.size());
        for (std::size_t i = 0; i < off.size(); i++) off[i] = ~pattern_[i];
        forms().agree(pattern_.data(), off.data(), target_.rows.end_of_rows);
        for (const std::vector<std::size_t> &numbers : waiting_) {
            std::vector<Form> rows;
            for (const std::size_t row : numbers) rows.push_back(form_of(row));
            Form point = common_zero(std::move(rows), target_.rows.d + 1);
            if (side(point, target_.rows.base + length) < 0)
                for (Integer &x : point) x = x.negated();
            if (kind_ == Kind::EXPANDED) write(std::move(point), expanded);
            else add(std::move(point));
        }
        vertex_count_ += waiting_.size();
        waiting_.clear();
    }

    std::size_t count() const { return kind_ == Kind::EXPANDED ? vertex_count_ : vertices_.size(); }

    static void write(Form point, std::string &to) {
        reduce(point);
        to += 'v';
        for (const Integer &x : point) to += ' ', x.append_hex(to);
        to += '\n';
    }

    // The form of a row under the pattern of the next cell.
    Form form_of(std::size_t row) {
        const Rows &rows = target_.rows;
        if (row < rows.base) return rows.domain[row].form;
        const std::size_t l = rows.level_of(row), n = forms().limbs(l);
        const Limb *entries = forms().form(l, rows.levels[l].output_of[row - rows.levels[l].start]);
        Form form;
        for (std::size_t i = 0; i <= rows.d; i++) form.push_back(Integer::from_twos(entries + i * n, n));
        drop_twos(form);
        return form;
    }

    // 1 if a point is on the cell's side of the domain's rows and its own, -1 if its opposite is: the first that does
    // not vanish there says so.
    int side(const Form &point, std::size_t end) {
        const Rows &rows = target_.rows;
        if (!point.back().is_zero()) return point.back().sign();
        for (std::size_t row = 0; row < end; row++) {
            const int sign = dot(form_of(row), point).sign();
            if (sign != 0) return row < rows.base || has(pattern_, row) ? sign : -sign;
        }
        return 1;
    }

    void read_cell(Words &text, std::string &expanded) {
        const std::size_t length = small_of(text.needed(), target_.rows.length);
        solve_waiting(length, expanded);
        ids_.clear();
        cell_count_++;
        if (kind_ == Kind::EXPANDED) {
            expanded += "c ";
            Integer(static_cast<long long>(length)).append_hex(expanded);
        }
        for (Word word; text.next(word);) {
            const std::size_t back = small_of(word, count());
            need(back > 0, "a vertex that is not there");
            if (kind_ == Kind::EXPANDED) expanded += ' ', expanded += word.text();
            else ids_.push_back(count() - back);
        }
        if (kind_ == Kind::EXPANDED) expanded += '\n';
        else checker_.check(vertices_, ids_, length, cells_);
    }

    Forms &forms() { return checker_.evaluation().forms(); }

    Target &target_;
    const Kind kind_;
    CellChecker checker_;
    Cells cells_;
    Mask pattern_; // of the next cell, as a mask of all rows
    std::vector<Vertex> vertices_;
    std::vector<std::size_t> ids_;
    std::vector<std::vector<std::size_t>> waiting_; // the rows of vertices of the next cell
    std::size_t vertex_count_ = 0, cell_count_ = 0, digits_ = 0, line_ = 0;
};

} // namespace polyrelu_checker
