// The boxes that wait, and which of them comes first.
#include "boxes.h"

namespace polyrelu {

// Pushes boxes in turn and pops where told; what was popped is written in place of what was to be pushed, and how many are
// left after each step.
EXPORTED(heap)(i64 length, i64 steps, const u8 *pushes, i32 *numbers, const double *margins, double *low, double *high,
               i64 *counts) {
    Heap heap{std::size_t(length)};
    for (i64 k = 0; k < steps; k++) {
        double *from = low + k * length, *to = high + k * length;
        if (pushes[k]) heap.push(numbers[k], margins[k], from, to);
        else numbers[k] = heap.pop(from, to);
        counts[k] = i64(heap.count());
    }
}

} // namespace polyrelu
