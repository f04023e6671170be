// Where rows leave the most room, in floats: a linear program that proposes, and decides nothing.
//
// For rows a_i x + c_i <= 0, divided by their largest entries, it looks for the x with the largest t for which a cube of
// half-width t around x satisfies all of them:
//
//     max t   subject to   s_i = -c_i - a_i x - |a_i|_1 t >= 0,   low <= x <= high,   t <= 1.
//
// That is the dual simplex method with bounds on the variables (C. E. Lemke 1954; H. M. Wagner, The dual simplex algorithm
// for bounded variables, Naval Research Logistics Quarterly 5, 1958), on a dense dictionary with a line for each row: so
// many inputs cost little where rows are few. What a cell has found goes on in its parts: one more row is one more line, and
// a few pivots. In each of these t falls, and may be believed; where it is negative, nothing has room, and the method ends.
// Where it is positive in the end, x is likely to be inside, and otherwise the rows' multipliers are likely to prove that
// nothing is. Whoever asks checks what it is told.
#pragma once

#include <algorithm>

#include "forms.h"

namespace polyrelu {

class Program {
  public:
    // Without rows: all of x at low ends, t at 1.
    void begin(const double *low, const double *high, int dim) {
        low_ = low, high_ = high, dim_ = dim;
        double widest = 0.0;
        for (int j = 0; j < dim; j++) widest = std::max(widest, high[j] - low[j]);
        scale_ = std::min(1.0, widest);
        entries_.clear(), values_.clear(), basic_.clear(), lengths_.clear();
        nonbasic_.resize(std::size_t(dim + 1)), upper_.assign(std::size_t(dim + 1), 0), place_.resize(std::size_t(dim + 1));
        for (int j = 0; j <= dim; j++) nonbasic_[std::size_t(j)] = j, place_[std::size_t(j)] = ~j;
        upper_[std::size_t(dim)] = 1;
    }

    int rows() const { return int(lengths_.size()); }

    // One more row; false where it has no direction, or numbers are too large.
    bool append(const double *row, double constant) {
        double length = 0.0, slope = 0.0;
        for (int j = 0; j < dim_; j++) {
            length = std::max(length, std::fabs(row[j]));
            slope += std::fabs(row[j]);
        }
        if (!(length > 0.0 && slope < LARGEST && std::fabs(constant / length) < LARGEST)) return false;
        const int width = dim_ + 1;
        entries_.resize(entries_.size() + std::size_t(width), 0.0);
        double *line = entries_.data() + entries_.size() - width, value = -constant / length;
        for (int v = 0; v <= dim_; v++) {
            const double a = v < dim_ ? row[v] / length : slope / length;
            if (a == 0.0) continue;
            const int place = place_[std::size_t(v)];
            value -= a * value_of(v);
            if (place < 0) line[~place] -= a;
            else add(line, -a, line_of(place), width);
        }
        basic_.push_back(width + rows());
        values_.push_back(value);
        lengths_.push_back(length);
        return true;
    }

    // Goes on until nothing is violated, or nothing has room; false where the pivots do not end soon.
    bool solve() {
        const double violated = -0x1p-34 * scale_, hopeless = -0x1p-16 * scale_;
        for (int left = 20 * (dim_ + 2) + rows(); left > 0; left--) {
            int leaving = -1, end = 0;
            double worst = violated;
            for (int i = 0; i < int(basic_.size()); i++) {
                const int v = basic_[std::size_t(i)];
                const double value = values_[std::size_t(i)];
                if (value - least(v) < worst) worst = value - least(v), leaving = i, end = 0;
                if (v <= dim_ && most(v) - value < worst) worst = most(v) - value, leaving = i, end = 1;
            }
            if (leaving < 0 || room() < hopeless) return true;
            if (!(worst > -INFINITE && pivot(leaving, end, -worst))) return false;
        }
        return false;
    }

    double room() const { return value_of(dim_); }

    void point(double *x) const {
        for (int j = 0; j < dim_; j++) x[j] = value_of(j);
    }

    // A multiplier for each row, none negative.
    void multipliers(double *y) const {
        std::fill(y, y + rows(), 0.0);
        const int at = place_[std::size_t(dim_)];
        if (at < 0) return;
        const double *costs = line_of(at);
        for (int j = 0; j <= dim_; j++) {
            const int row = nonbasic_[std::size_t(j)] - dim_ - 1;
            if (row >= 0) y[row] = std::max(0.0, -costs[j] / lengths_[std::size_t(row)]);
        }
    }

  private:
    const double *low_ = nullptr, *high_ = nullptr;
    int dim_ = 0;
    double scale_ = 1.0;
    // Line i says that the i-th basic variable changes by the sum of entries times changes of the nonbasic variables, each
    // of which is at one of its ends. Variables 0..d-1 are x, d is t, then come the rows' slacks.
    Floats entries_, values_, lengths_;
    std::vector<int> basic_, nonbasic_;
    std::vector<int> place_; // of x and t: the line, or the complement of the column
    Bytes upper_;            // of the columns: at the upper end

    const double *line_of(int i) const { return entries_.data() + std::size_t(i) * std::size_t(dim_ + 1); }
    double *line_of(int i) { return entries_.data() + std::size_t(i) * std::size_t(dim_ + 1); }
    double least(int v) const { return v < dim_ ? low_[v] : v == dim_ ? -INFINITE : 0.0; }
    double most(int v) const { return v < dim_ ? high_[v] : v == dim_ ? 1.0 : INFINITE; }

    double value_of(int v) const {
        const int place = place_[std::size_t(v)];
        if (place >= 0) return values_[std::size_t(place)];
        return upper_[std::size_t(~place)] ? most(v) : least(v);
    }

    // Moves the basic variable of a line by `distance` to its violated end, 0 for the lower one.
    bool pivot(int leaving, int end, double distance) {
        const int width = dim_ + 1, t = place_[std::size_t(dim_)];
        const double *line = line_of(leaving), direction = end == 0 ? 1.0 : -1.0;
        const auto ratio = [&](int j) {
            const double cost = t >= 0 ? line_of(t)[j] : (j == ~t ? 1.0 : 0.0);
            return std::fabs(cost / line[j]);
        };
        static thread_local std::vector<std::pair<double, int>> candidates;
        candidates.clear();
        for (int j = 0; j < width; j++)
            if ((upper_[std::size_t(j)] ? -line[j] : line[j]) * direction > 0x1p-30) candidates.emplace_back(ratio(j), j);
        // Columns whose whole range does not suffice go to their other ends, the one with the least ratio first.
        const auto later = [](const auto &a, const auto &b) { return a.first > b.first; };
        std::make_heap(candidates.begin(), candidates.end(), later);
        static thread_local Floats moves;
        bool moved = false;
        int entering = -1;
        double left = distance, best = 0.0;
        while (!candidates.empty()) {
            const auto [cost, j] = candidates.front();
            if (entering >= 0 && cost > best) break;
            std::pop_heap(candidates.begin(), candidates.end(), later), candidates.pop_back();
            const int v = nonbasic_[std::size_t(j)];
            const double range = most(v) - least(v), gain = std::fabs(line[j]) * range;
            if (entering < 0 && gain < left) {
                if (!moved) moves.assign(std::size_t(width), 0.0), moved = true;
                moves[std::size_t(j)] = upper_[std::size_t(j)] ? -range : range;
                left -= gain;
            } else if (entering < 0) {
                entering = j, best = cost + 0x1p-30;
            } else if (std::fabs(line[j]) > std::fabs(line[entering])) { // of nearly equal ratios the largest pivot
                entering = j;
            }
        }
        if (entering < 0) return false;
        if (moved) {
            for (int i = 0; i < int(basic_.size()); i++) values_[std::size_t(i)] += dot(line_of(i), moves.data(), width);
            for (int j = 0; j < width; j++)
                if (moves[std::size_t(j)] != 0.0) upper_[std::size_t(j)] ^= 1;
        }
        exchange(leaving, entering, end);
        return true;
    }

    void exchange(int leaving, int entering, int end) {
        const int width = dim_ + 1, out = basic_[std::size_t(leaving)], in = nonbasic_[std::size_t(entering)];
        double *line = line_of(leaving);
        const double target = end == 0 ? least(out) : most(out), step = (target - values_[std::size_t(leaving)]) / line[entering];
        const double arrives = (upper_[std::size_t(entering)] ? most(in) : least(in)) + step, inverse = 1.0 / line[entering];
        for (int j = 0; j < width; j++) line[j] *= -inverse;
        line[entering] = inverse;
        for (int i = 0; i < int(basic_.size()); i++) {
            double *other = line_of(i);
            const double f = other[entering];
            if (i == leaving || f == 0.0) continue;
            values_[std::size_t(i)] += f * step;
            other[entering] = 0.0;
            add(other, f, line, width);
        }
        values_[std::size_t(leaving)] = arrives;
        basic_[std::size_t(leaving)] = in, nonbasic_[std::size_t(entering)] = out;
        upper_[std::size_t(entering)] = std::uint8_t(end);
        if (in <= dim_) place_[std::size_t(in)] = leaving;
        if (out <= dim_) place_[std::size_t(out)] = ~entering;
    }
};

} // namespace polyrelu
