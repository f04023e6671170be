// The order of the work: depth first, a step at a time, and how it pauses and goes on.
//
// A run has one door, advance(): it works until nothing is left to do, its cuts or its time are used up, or a cell is
// asked for, and can be called again. In between, cells can be put in, and given away to other runs.
#pragma once

#include "opening.h"
#include "skeleton.h"
#include "target.h"

namespace polyrelu {

// Appends one of some cells to others.
inline void copy_cell(const Portable &from, std::size_t which, Portable &to, std::size_t sites, std::size_t words,
                      std::size_t dim) {
    const std::size_t n = to.count, m = std::size_t(from.size[which]), at = std::size_t(from.start[which]);
    for (Array<i64> *column : {&to.depth, &to.start, &to.size}) column->room(n + 1);
    to.signs.room((n + 1) * sites + 1);
    to.slots.room((n + 1) * 64 * words);
    to.vectors.room((to.generators + m) * dim + 1);
    to.radius.room(to.generators + m + 1);
    to.solved.room(to.generators + m + 1);
    to.tight.room((to.generators + m) * words + 1);
    to.depth[n] = from.depth[which];
    to.start[n] = i64(to.generators);
    to.size[n] = i64(m);
    std::memcpy(to.signs.data() + n * sites, from.signs.data() + which * sites, sites);
    std::memcpy(to.slots.data() + n * 64 * words, from.slots.data() + which * 64 * words, 64 * words * sizeof(i32));
    std::memcpy(to.vectors.data() + to.generators * dim, from.vectors.data() + at * dim, m * dim * sizeof(double));
    std::memcpy(to.radius.data() + to.generators, from.radius.data() + at, m * sizeof(double));
    std::memcpy(to.solved.data() + to.generators, from.solved.data() + at, m);
    std::memcpy(to.tight.data() + to.generators * words, from.tight.data() + at * words, m * words * sizeof(u64));
    to.generators += m;
    to.count = n + 1;
}

// Puts in one of some cells, which is worked on after those that are in.
template <class S> void Splitter<S>::put(const Portable &cells, std::size_t which) {
    if (begun == inbox.count) begun = inbox.count = inbox.generators = 0;
    copy_cell(cells, which, inbox, std::size_t(P.sites()), std::size_t(shape.words()), std::size_t(shape.dim()));
}

// Works until there is a reason to pause. Asked to share, it pauses as soon as there is a cell to give.
template <class S> Pause Splitter<S>::advance(i64 cuts, double seconds) {
    until_ = seconds_now() + seconds;
    const i64 most = cuts < INT64_MAX - counters.cuts ? counters.cuts + cuts : INT64_MAX;
    work_ = 0;
    for (;;) {
        if (!held_ && !take()) return DONE;
        if (asked_to_share.load(std::memory_order_relaxed) && can_give()) return ASKED;
        if (counters.cuts >= most) return OUT_OF_CUTS;
        if (work_ > WORK_BETWEEN_CLOCKS && is_late()) return OUT_OF_TIME;
        const Pause pause = step();
        if (pause != DONE) return pause;
    }
}

// Looks at the clock.
template <class S> bool Splitter<S>::is_late() {
    work_ = 0;
    shown_counters.publish(counters);
    return seconds_now() >= until_;
}

// One step with the cell at work: a cut, or the next patch. DONE, or why the run cannot go on.
template <class S> Pause Splitter<S>::step() {
    Patch<S> &A = patch(at_);
    work_ += cell.m;
    int depth = A.layer, position = A.next;
    Next next = Next::FINISHED;
    Pause pause = DONE;
    if (depth == P.target_layer && A.neurons > 0) {
        next = writer_ != nullptr ? judge(A, pause) : apply_target(A, pause);
        if (pause != DONE) return pause;
    } else if (const u64 still = cell.bits[POSITIVE] & cell.bits[NEGATIVE]) {
        const int neuron = lowest(still);
        if (A.end - A.first <= larger(MOST_SHARED, 2 * u32(cell.m)))
{
            if (cut(A, neuron, Keep::BOTH) == Cut::IN_DOUBT) return decide(A, neuron);
            if (across_) look_where(A);
            return DONE;
        }
        position = A.listed[neuron];
    }
    bool opened = false;
    if (next == Next::FINISHED) {
        if (position >= 0 && position >= F.crossing_count(depth)) depth++, position = -1;
        opened = depth < layers_ || A.next < 0;
        if (opened) {
            next = open(at_, depth, position);
            at_++;
            patch(at_).across = across_;
            if (across_ && next != Next::GONE && next != Next::TOO_MANY) next = look_where_opened(patch(at_), next);
        }
    }
    Patch<S> &B = patch(at_);
    if (next == Next::TOO_MANY) {
        whole(B); // the cell at work, which another run can go on with
        return TOO_NARROW;
    }
    held_ = next == Next::SPLIT && !cut_skeleton(B);
    if (held_ || (opened && next == Next::FINISHED)) whole(B);
    if (next == Next::FINISHED) finish(B);
    return DONE;
}

// Makes the next cell the one at work; false if there is none.
template <class S> bool Splitter<S>::take() {
    held_ = false;
    for (; at_ >= 0; at_--)
        while (take_from(patch(at_))) {
            held_ = true;
            across_ = false;
            if (patch(at_).across) look_where(patch(at_));
            if (held_) return true;
        }
    if (begun >= inbox.count) return false;
    load();
    return held_ = true;
}

// Makes the next part of a patch the cell at work; false if none waits.
template <class S> bool Splitter<S>::take_from(Patch<S> &A) {
    if (A.by_skeleton && A.parts.next < A.parts.count) {
        take_part(A);
        return true;
    }
    Waiting &W = A.waiting;
    if (!W.any()) return false;
    const Waiting::Place place = W.places[--W.top];
    cell_room(place.size);
    std::memcpy(cell.ids.data(), W.ids.data() + place.start, place.size * sizeof(u32));
    const std::size_t columns = TIGHT + std::size_t(shape.words());
    std::memcpy(cell.bits.data(), W.bits.data() + W.top * columns, columns * sizeof(u64));
    cell.m = int(place.size);
    if (writer_ != nullptr && A.layer == P.target_layer) A.decided = W.decided[W.top];
    return true;
}

template <class S> void Splitter<S>::take_part(Patch<S> &A) {
    const i32 number = A.parts.order[std::size_t(A.parts.next++)];
    const Part<S> part = A.parts[std::size_t(number)];
    part_bits(A, number, cell.bits.data());
    cell.m = part.count();
    cell_room(std::size_t(cell.m));
    std::memcpy(cell.ids.data(), A.parts.inside.data() + part.at(), std::size_t(part.count()) * sizeof(u32));
}

// The columns of bits of a part.
template <class S> void Splitter<S>::part_bits(Patch<S> &A, i32 number, u64 *bits) {
    const u64 all = A.neurons == 64 ? ~u64(0) : bit(A.neurons) - 1;
    const Part<S> part = A.parts[std::size_t(number)];
    bits[POSITIVE] = part.pattern();
    bits[NEGATIVE] = all & ~bits[POSITIVE];
    for (int w = 0; w < shape.words(); w++) bits[TIGHT + w] = part.facets()[w];
}

// Makes the next root the cell at work: a patch that no neuron cuts yet. Its layer's forms are computed first.
template <class S> void Splitter<S>::load() {
    const int dim = shape.dim(), words = shape.words();
    const std::size_t root = begun++, sites = std::size_t(P.sites()), slots = 64 * std::size_t(words),
                      start = std::size_t(inbox.start[root]);
    Patch<S> &A = patch(0);
    at_ = 0;
    A.layer = int(inbox.depth[root]);
    A.next = -1;
    A.first = 0;
    A.end = u32(inbox.size[root]);
    A.facets = int(slots);
    A.neurons = A.copy_count = A.sections = A.row = 0;
    A.by_skeleton = A.is_face = A.touches = A.misses = false;
    A.across = across_ = ordered_;
    A.waiting.clear();
    std::memcpy(A.signs.data(), inbox.signs.data() + root * sites, sites);
    // A neuron of the first layer that has a twin is silent nowhere, since its row is not zero.
    if (A.layer > 0 && A.layer < P.layers())
        for (i64 k = P.twin_start[std::size_t(A.layer)]; k < P.twin_start[std::size_t(A.layer) + 1]; k++) {
            u8 &partner = A.signs[std::size_t(P.twins[std::size_t(k)].partner)];
            if (A.signs[std::size_t(P.twins[std::size_t(k)].site)] == UNDECIDED && partner == OFF) partner = UNTOLD;
        }
    for (int layer = 0; layer < smaller(A.layer + 1, P.layers()); layer++) F.enter(layer, A.signs.data(), dim);
    pool.room(std::size_t(A.end) + 1);
    for (u32 k = 0; k < A.end; k++) {
        Generator<S> g = pool[k];
        std::memcpy(g.vector(), inbox.vectors.data() + (start + k) * std::size_t(dim), std::size_t(dim) * sizeof(double));
        g.radius() = inbox.radius[start + k];
        g.solved() = inbox.solved[start + k];
        g.on_grid() = g.radius() == 0.0 && is_on_grid(g.vector(), dim);
        g.positive() = pool.negative(k) = 0;
        for (int w = 0; w < words; w++) g.tight()[w] = inbox.tight[(start + k) * std::size_t(words) + std::size_t(w)];
    }
    whole(A);
    for (std::size_t slot = 0; slot < slots; slot++) {
        const i32 facet = inbox.slots[root * slots + slot];
        A.slots[slot] = facet;
        if (facet == NO_FACET) {
            cell.bits[TIGHT + slot / 64] ^= bit(int(slot % 64));
            continue;
        }
        double *f = A.form(int(slot));
        if (facet == AT_INFINITY) {
            for (int j = 0; j < dim; j++) f[j] = j == dim - 1;
            f[dim] = f[dim + 2] = 1.0;
            f[dim + 1] = 0.0;
        } else if (facet < P.domain_facets()) {
            const std::size_t number = std::size_t(facet);
            std::memcpy(f, P.domain_forms.start + number * std::size_t(dim), std::size_t(dim) * sizeof(double));
            f[dim] = P.domain_sums[number];
            f[dim + 1] = P.domain_errors[number];
            f[dim + 2] = -1.0;
        } else {
            const i32 site = facet - P.domain_facets();
            F.write(P.coord_of[std::size_t(site)], f, dim);
            f[dim + 2] = A.signs[std::size_t(site)] == ON ? 1.0 : -1.0;
        }
    }
}

template <class S> bool Splitter<S>::can_give() {
    if (begun < inbox.count) return true;
    for (int p = 0; p <= at_; p++) {
        const Patch<S> &A = patch(p);
        if (A.waiting.any() || (A.by_skeleton && A.parts.next < A.parts.count)) return true;
    }
    return false;
}

// Gives away the cell that would have been worked on last, which stands for the most work, or half of the parts of a patch
// that wait; false if nothing does.
template <class S> bool Splitter<S>::give(Portable &to) {
    if (begun < inbox.count) {
        copy_cell(inbox, --inbox.count, to, std::size_t(P.sites()), std::size_t(shape.words()), std::size_t(shape.dim()));
        inbox.generators = std::size_t(inbox.start[inbox.count]);
        return true;
    }
    const std::size_t columns = TIGHT + std::size_t(shape.words());
    for (int p = 0; p <= at_; p++) {
        Patch<S> &A = patch(p);
        if (A.by_skeleton && A.parts.next < A.parts.count) {
            given_.room(columns);
            for (int left = (A.parts.count - A.parts.next + 1) / 2; left > 0; left--) {
                const i32 number = A.parts.order[std::size_t(--A.parts.count)];
                const Part<S> part = A.parts[std::size_t(number)];
                part_bits(A, number, given_.data());
                leave(A, A.parts.inside.data() + part.at(), part.count(), given_.data(), to);
            }
            return true;
        }
        Waiting &W = A.waiting;
        if (!W.any()) continue;
        const std::size_t oldest = W.bottom++;
        const Waiting::Place place = W.places[oldest];
        leave(A, W.ids.data() + place.start, int(place.size), W.bits.data() + oldest * columns, to);
        return true;
    }
    return false;
}

// Gives away all that is left to do. A cell that the target has begun with is finished first, since what is left of it may
// be flat; FAILED where that did not go.
template <class S> Pause Splitter<S>::give_all(Portable &to) {
    until_ = HUGE_VAL;
    while (held_ && patch(at_).layer == P.target_layer && patch(at_).row > 0) {
        const Pause pause = step();
        if (pause != DONE) return pause;
    }
    if (held_) leave(patch(at_), cell.ids.data(), cell.m, cell.bits.data(), to);
    held_ = false;
    while (give(to)) {}
    at_ = -1;
    return DONE;
}

// A run of any shape.
class AnyRun {
  public:
    virtual ~AnyRun() = default;
    virtual void put(const Portable &cells, std::size_t which) = 0;
    virtual Pause advance(i64 cuts, double seconds) = 0;
    virtual bool give(Portable &to) = 0;
    virtual Pause give_all(Portable &to) = 0;
    virtual void accurate(bool yes) = 0;
    virtual void share(bool asked) = 0;
    virtual void shares(bool yes) = 0;
    virtual void force_back(u64 one_in) = 0;
    virtual void keep_within(const u8 *first, const u8 *last) = 0;
    virtual Finished &finished() = 0;
    virtual Flat &flat() = 0;
    virtual Kept &kept() = 0;
    virtual Extents &extents() = 0;
    virtual RowsWriter *writer() = 0;
    virtual const Shown &counters() = 0;
};

template <class S> class RunOf final : public AnyRun {
  public:
    RunOf(const Problem<double> &problem, int words, Wanted wanted, Ask ask, void *who)
        : splitter_(problem, words, wanted, ask, who) {}
    void put(const Portable &cells, std::size_t which) override { splitter_.put(cells, which); }
    Pause advance(i64 cuts, double seconds) override {
        const Pause pause = splitter_.advance(cuts, seconds);
        splitter_.shown_counters.publish(splitter_.counters);
        return pause;
    }
    bool give(Portable &to) override { return splitter_.give(to); }
    Pause give_all(Portable &to) override { return splitter_.give_all(to); }
    void accurate(bool yes) override { splitter_.accurate = yes; }
    void share(bool asked) override { splitter_.asked_to_share.store(asked, std::memory_order_relaxed); }
    void shares(bool yes) override { splitter_.shares = yes; }
    void force_back(u64 one_in) override { splitter_.forced_back = one_in; }
    void keep_within(const u8 *first, const u8 *last) override { splitter_.keep_within(first, last); }
    Finished &finished() override { return splitter_.finished; }
    Flat &flat() override { return splitter_.flat; }
    Kept &kept() override { return splitter_.kept; }
    Extents &extents() override { return splitter_.extents; }
    RowsWriter *writer() override { return splitter_.writer(); }
    const Shown &counters() override { return splitter_.shown_counters; }

  private:
    Splitter<S> splitter_;
};

// A run on a problem, which has to last as long, with masks of so many words. A library that few machines load is compiled
// for few shapes.
inline AnyRun *new_run(const Problem<double> &problem, int words, Wanted wanted, Ask ask, void *who) {
    if (words == 1) switch (problem.dim) {
        case 3: return new RunOf<Shape<3, 1>>(problem, words, wanted, ask, who);
        case 4: return new RunOf<Shape<4, 1>>(problem, words, wanted, ask, who);
#ifndef POLYRELU_FEW_SHAPES
        case 5: return new RunOf<Shape<5, 1>>(problem, words, wanted, ask, who);
        case 6: return new RunOf<Shape<6, 1>>(problem, words, wanted, ask, who);
        case 7: return new RunOf<Shape<7, 1>>(problem, words, wanted, ask, who);
#endif
        default: break;
        }
    return new RunOf<Shape<0, 0>>(problem, words, wanted, ask, who);
}

} // namespace polyrelu
