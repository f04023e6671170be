// The vertices of a set from its rows.
#include "corners.h"

namespace polyrelu {

// Writes the vertices of n rows of d + 1 entries, s and e, of which there is room for so many; -1 for their number where
// they are not certified. A point inside is looked for if it is NaN.
EXPORTED(corners)(i64 n, i64 dim, const double *rows, const double *inside, double share, i64 room, i64 *count,
                  double *vectors, double *radius, u64 *tight) {
    Corners corners{int(dim)};
    corners.begin(int(n));
    for (i64 k = 0; k < n; k++) std::memcpy(corners.row(int(k)), rows + k * (dim + 2), std::size_t(dim + 2) * sizeof(double));
    Array<double> point(std::size_t(dim) + 1);
    std::memcpy(point.data(), inside, std::size_t(dim - 1) * sizeof(double));
    *count = -1;
    if (!(point[0] == point[0]) && !corners.look_for_room(point.data())) return;
    if (!corners.find(point.data(), share) || corners.count() > room) return;
    *count = corners.count();
    std::memcpy(vectors, corners.vectors(), std::size_t(*count * dim) * sizeof(double));
    std::memcpy(radius, corners.radius(), std::size_t(*count) * sizeof(double));
    std::memcpy(tight, corners.tight(), std::size_t(*count) * std::size_t(corners.words()) * sizeof(u64));
}

} // namespace polyrelu
