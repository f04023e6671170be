// Keeping a run within an interval of patterns, and in their order.
//
// Patterns are numbers, the first neuron's digit the highest. A run that is kept within an interval cuts by the neurons in
// their order, takes the parts of a patch in the order of their patterns, and the silent side of a cut before the active
// one; so it meets patterns in their order, and what is left when it is stopped comes after all that it has found. Cells
// are left out as soon as no pattern that begins with their signs lies in the interval, and what is finished lies in it.
//
// Only cells with patterns on both sides of an end of the interval are looked at: they lie in one another, at most two at
// each depth. Parts of a patch that is not one of them are not asked.
#pragma once

#include <algorithm>

#include "splitter.h"

namespace polyrelu {

// Only tiles with patterns from `first` to `last`, packed, both included, are found from now on.
template <class S> void Splitter<S>::keep_within(const u8 *first, const u8 *last) {
    const std::size_t bytes = std::size_t(P.bytes());
    for (Array<u8> *end : {&first_, &last_}) end->room(bytes + 1);
    std::memcpy(first_.data(), first, bytes);
    std::memcpy(last_.data(), last, bytes);
    ordered_ = true;
}

// Where the patterns lie that a part of a patch may have.
template <class S> POLYRELU_APART typename Splitter<S>::Where Splitter<S>::where(Patch<S> &A, const u64 *bits) {
    known_.room(std::size_t(P.sites()) + 1);
    signs_so_far(A, bits, known_.data());
    bool after_first = false, before_last = false;
    for (i32 site = 0; site < P.neurons; site++) {
        const u8 sign = shown(known_[std::size_t(site)]);
        if (sign == UNDECIDED) return Where::ACROSS;
        const u8 first = first_[std::size_t(site >> 3)] >> (7 - (site & 7)) & 1,
                 last = last_[std::size_t(site >> 3)] >> (7 - (site & 7)) & 1;
        if ((!after_first && sign < first) || (!before_last && sign > last)) return Where::OUTSIDE;
        after_first |= sign > first;
        before_last |= sign < last;
        if (after_first && before_last) return Where::INSIDE;
    }
    return Where::INSIDE;
}

// Notes where the cell at work is, and lets go of it if it is outside.
template <class S> void Splitter<S>::look_where(Patch<S> &A) {
    const Where here = where(A, cell.bits.data());
    across_ = here == Where::ACROSS;
    held_ = here != Where::OUTSIDE;
}

// The same of a patch that was just opened, whose signs may say more than those of the cell that it was.
template <class S> Next Splitter<S>::look_where_opened(Patch<S> &A, Next next) {
    const u64 undecided[] = {~u64(0), ~u64(0)};
    const Where here = where(A, undecided);
    A.across = across_ = here == Where::ACROSS;
    return here == Where::OUTSIDE ? Next::GONE : next;
}

// The bits of x in reverse.
POLYRELU_INLINE u64 reversed(u64 x) {
    x = __builtin_bswap64(x);
    x = (x & 0x0F0F0F0F0F0F0F0Fu) << 4 | (x >> 4 & 0x0F0F0F0F0F0F0F0Fu);
    x = (x & 0x3333333333333333u) << 2 | (x >> 2 & 0x3333333333333333u);
    return (x & 0x5555555555555555u) << 1 | (x >> 1 & 0x5555555555555555u);
}

// The parts of a patch in the order of their patterns.
template <class S> void Splitter<S>::sort_parts(Patch<S> &A) {
    Parts<S> &parts = A.parts;
    const std::size_t count = std::size_t(parts.count);
    parts.order.room(count);
    ranked_.room(count);
    for (std::size_t c = 0; c < count; c++) ranked_[c] = {reversed(parts[c].pattern()), i32(c)};
    std::sort(ranked_.data(), ranked_.data() + count, [](const Ranked &a, const Ranked &b) { return a.key < b.key; });
    for (std::size_t c = 0; c < count; c++) parts.order[c] = ranked_[c].part;
}

} // namespace polyrelu
