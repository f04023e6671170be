// Extents of many cells, whose generators are given as a run of the kernel keeps them.
#include "extents.h"

namespace polyrelu {

// Cell i has the generators start[i] to start[i + 1].
EXPORTED(extents)(i64 n, i64 dim, i64 words, const i64 *start, const double *vectors, const double *radius,
                  const u64 *tight, double *volume_low, double *volume_high, double *box_low, double *box_high) {
    const i64 d = dim - 1;
    Measurer<double> measurer{int(dim), int(words)};
    for (i64 i = 0; i < n; i++) {
        const i64 a = start[i];
        measurer.measure(int(start[i + 1] - a), vectors + a * dim, radius + a, tight + a * words, volume_low + i,
                         volume_high + i, box_low + i * d, box_high + i * d);
    }
}

} // namespace polyrelu
