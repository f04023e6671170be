// Which rows of a set of full dimension are its facets. A row is one if there is a point strictly inside all others and
// outside of this one, and says nothing if there is none: for if some point of the others were outside of it, so would be
// a part of full dimension, which begins at the set. So a box that goes a bit beyond the set says it for all of space.
//
// The set's sides are the box that programs have anyway, and only the other rows are rows of theirs. Each row is held
// against those that were not left out before.
#pragma once

#include "looking.h"

namespace polyrelu {

class Facets {
  public:
    // The set is between `space.low` and `space.high`; sizes are those of the box that goes `beyond` it. `sides` says of
    // each row whether it is no side, 0, or x_j <= .., j + 1, or x_j >= .., -(j + 1). The point is strictly inside.
    Facets(const Forms &rows, const std::vector<int> &sides, const Floats &point, const Space &space, const Floats &beyond)
        : rows_(rows), sides_(sides), point_(point), beyond_(beyond), low_(space.low, space.low + space.dim),
          high_(space.high, space.high + space.dim), inner_low_(space.inner_low, space.inner_low + space.dim),
          inner_high_(space.inner_high, space.inner_high + space.dim), space_(space), looking_(space_, 0) {
        space_.low = low_.data(), space_.high = high_.data();
        space_.inner_low = inner_low_.data(), space_.inner_high = inner_high_.data();
    }

    // For each row YES, NO or NEVER (it does not touch the set), or DOUBT.
    std::vector<std::uint8_t> found() {
        std::vector<std::uint8_t> answers(std::size_t(rows_.count()), UNKNOWN);
        for (const bool sides : {false, true})
            for (int k = 0; k < rows_.count(); k++)
                if ((sides_[std::size_t(k)] != 0) == sides) answers[std::size_t(k)] = answer(k, answers);
        return answers;
    }

  private:
    const Forms &rows_;
    const std::vector<int> &sides_;
    const Floats &point_, &beyond_;
    Floats low_, high_, inner_low_, inner_high_;
    Space space_;
    Looking looking_;
    Program program_;
    Forms asked_;
    Floats trial_;

    std::uint8_t answer(int k, const std::vector<std::uint8_t> &known) {
        asked_.dim = rows_.dim;
        asked_.resize(0);
        for (int i = 0; i < rows_.count(); i++)
            if (i != k && !sides_[std::size_t(i)] && known[std::size_t(i)] != NO && known[std::size_t(i)] != NEVER)
                asked_.append(rows_, i, 1.0);
        asked_.append(rows_, k, -1.0);
        const int side = sides_[std::size_t(k)];
        const std::size_t j = std::size_t(std::abs(side)) - (side != 0);
        const double ends[4] = {low_[j], high_[j], inner_low_[j], inner_high_[j]};
        if (side > 0) high_[j] += beyond_[j], inner_high_[j] = high_[j];
        if (side < 0) low_[j] -= beyond_[j], inner_low_[j] = low_[j];
        const std::uint8_t found = is_seen(k) ? std::uint8_t(YES) : looked();
        if (side && found != NO && found != NEVER) // a side that is left out is no side any more
            low_[j] = ends[0], high_[j] = ends[1], inner_low_[j] = ends[2], inner_high_[j] = ends[3];
        return found;
    }

    // Whether straight ahead of the point, a bit behind the row, there is a point that all others have inside.
    bool is_seen(int k) {
        const double *row = rows_.row(k), square = dot(row, row, rows_.dim), value = rows_.at(k, point_.data());
        trial_ = point_;
        add(trial_.data(), -0x1.001p0 * value / square, row, rows_.dim);
        for (std::size_t j = 0; j < trial_.size(); j++)
            if (!(trial_[j] >= inner_low_[j] && trial_[j] <= inner_high_[j])) return false;
        return is_inside(asked_, trial_.data());
    }

    std::uint8_t looked() {
        Node cell;
        cell.low = low_, cell.high = high_, cell.points = point_;
        program_.begin(low_.data(), high_.data(), rows_.dim);
        return looking_.look(cell, asked_, 0, program_, trial_);
    }
};

} // namespace polyrelu
