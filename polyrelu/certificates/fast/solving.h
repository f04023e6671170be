// The point on which some rows vanish, found from their forms.
//
// Fraction-free elimination (Bareiss, Sylvester's identity and multistep integer-preserving Gaussian elimination,
// 1968): all divisions go up, and the last pivot is a determinant; with it as the free coordinate the others are
// integers by Cramer's rule. Nothing depends on whether this is right: what is found is evaluated like any point that a
// file says.
#pragma once

#include <utility>
#include <vector>

#include "integer.h"
#include "text.h"

namespace polyrelu_checker {

using Form = std::vector<Integer>;

// Divides by the power of two that all entries have.
inline void drop_twos(Form &form) {
    std::size_t least = ~std::size_t(0);
    for (const Integer &entry : form)
        if (!entry.is_zero()) least = std::min(least, entry.twos());
    if (least == 0) return;
    for (Integer &entry : form)
        if (!entry.is_zero()) entry = entry.shifted_down(least);
}

// A vector that is not zero and at which these forms on `width` entries vanish, if they have one direction of these.
inline Form common_zero(std::vector<Form> rows, std::size_t width) {
    std::vector<std::size_t> pivots;
    std::vector<bool> is_pivot(width, false);
    Integer before(1);
    std::size_t rank = 0;
    for (std::size_t column = 0; column < width && rank < rows.size(); column++) {
        std::size_t chosen = rank;
        while (chosen < rows.size() && rows[chosen][column].is_zero()) chosen++;
        if (chosen == rows.size()) continue;
        std::swap(rows[rank], rows[chosen]);
        const Form &pivot = rows[rank];
        for (std::size_t i = rank + 1; i < rows.size(); i++) {
            for (std::size_t j = column + 1; j < width; j++) {
                const Integer entry = rows[i][j] * pivot[column] - rows[i][column] * pivot[j];
                rows[i][j] = rank == 0 ? entry : Integer::divided(entry, before).first;
            }
            rows[i][column] = Integer();
        }
        before = pivot[column];
        pivots.push_back(column), is_pivot[column] = true;
        rank++;
    }
    need(rank + 1 == width, "a vertex whose rows do not determine it");
    Form point(width);
    for (std::size_t column = 0; column < width; column++)
        if (!is_pivot[column]) point[column] = before;
    for (std::size_t i = rank; i-- > 0;) {
        Integer sum;
        for (std::size_t j = pivots[i] + 1; j < width; j++) sum += rows[i][j] * point[j];
        point[pivots[i]] = Integer::divided(sum.negated(), rows[i][pivots[i]]).first;
    }
    drop_twos(point);
    return point;
}

// The same point with the smallest integers.
inline void reduce(Form &point) {
    Integer common;
    for (std::size_t i = point.size(); i-- > 0 && !(common == Integer(1));) common = Integer::gcd(common, point[i]);
    if (common.is_zero() || common == Integer(1)) return;
    for (Integer &x : point) x = Integer::divided(x, common).first;
}

} // namespace polyrelu_checker
