// Signs of a patch's forms at generators: by floats with a proven bound, else exactly.
//
// The order of resorts is: the bound (bounds.h); arithmetic on the grid (grid.h); biases that are all zero, so that every
// form vanishes at the apex; the generator solved again, once (solving.h); and, when a doubtful neuron is about to cut a
// cell that has the generator, and not before, for most of them never matter, rational arithmetic outside.
#pragma once

#include "splitter.h"

namespace polyrelu {

// The certified sign of one of a patch's forms at a generator: -1, 0, 1 or DOUBT.
template <class S> POLYRELU_INLINE int Splitter<S>::sign(Patch<S> &A, int slot, Generator<S> g) {
    const int dim = shape.dim();
    const double *f = A.form(slot);
    const double v = value(f, g.vector(), dim), B = sign_bound(f[dim], f[dim + 1], g.radius(), dim);
    counters.signs++;
    if (!(modulus(v) > B)) return doubtful_sign(A, slot, g);
    return v > 0.0 ? 1 : -1; // either as likely as the other, so not to be branched on
}

template <class S> POLYRELU_APART int Splitter<S>::doubtful_sign(Patch<S> &A, int slot, Generator<S> g) {
    const int dim = shape.dim();
    const double *f = A.form(slot);
    const std::size_t layer = std::size_t(A.layer);
    if (f[dim] == 0.0 && f[dim + 1] == 0.0) return 0; // all of the form is zero
    if (g.on_grid() && P.on_grid[layer]) {
        const i128 v = exact_value(f, g.vector(), dim);
        return (v > 0) - (v < 0);
    }
    if (g.radius() == 0.0) {
        // Each product has a factor that is exactly zero: with exact forms any entry, else that of zero biases.
        bool vanishes = true;
        for (int j = 0; j < dim && vanishes; j++) {
            const bool form_is = f[j] == 0.0 && (f[dim + 1] == 0.0 || (j == dim - 1 && P.without_bias[layer]));
            vanishes = form_is || g.vector()[j] == 0.0;
        }
        if (vanishes) return 0;
    }
    if (g.solved()) return DOUBT;
    improve(A, g);
    const double v = value(f, g.vector(), dim), B = sign_bound(f[dim], f[dim + 1], g.radius(), dim);
    return v > B ? 1 : -v > B ? -1 : DOUBT;
}

// Solves a generator again from its tight facets, unless that is no more accurate.
template <class S> POLYRELU_APART void Splitter<S>::improve(Patch<S> &A, Generator<S> g) {
    const int dim = shape.dim();
    counters.solves++;
    g.solved() = 1;
    if (g.radius() == 0.0) return;
    double *solution = vertex_;
    std::memcpy(solution, g.vector(), std::size_t(dim) * sizeof(double));
    // Known well enough, its largest entry has the sign that it seems to have.
    const bool known = g.radius() < modulus(solution[Solver<double>::largest_entry(solution, dim)]);
    int count = 0;
    for (int w = 0; w < shape.words(); w++)
        for (u64 tight = g.tight()[w]; tight; tight &= tight - 1)
            std::memcpy(solver_.row(count++, dim), A.form(64 * w + lowest(tight)), std::size_t(dim + 2) * sizeof(double));
    const double r = solver_.solve(solution, count, dim);
    if (!(r < g.radius()) || !(known || directed(A, g.tight(), solution, r))) return;
    g.radius() = r;
    std::memcpy(g.vector(), solution, std::size_t(dim) * sizeof(double));
}

// Makes a solution g or -g, whichever lies in a patch; false where no facet certifies that one of them does not.
template <class S> bool Splitter<S>::directed(Patch<S> &A, const u64 *tight, double *g, double r) {
    const int dim = shape.dim();
    for (int slot = 0; slot < A.facets; slot++) {
        if (tight[slot / 64] & bit(slot % 64)) continue;
        const double *f = A.form(slot), v = value(f, g, dim);
        if (!(modulus(v) > sign_bound(f[dim], f[dim + 1], r, dim))) continue;
        if (v * f[dim + 2] < 0.0)
            for (int j = 0; j < dim; j++) g[j] = -g[j];
        return true;
    }
    return false;
}

template <class S> POLYRELU_INLINE void Splitter<S>::note_sign(u32 g, int neuron, int slot, int sign) {
    if (sign == 0) pool[g].tight()[slot / 64] |= bit(slot % 64);
    if (sign > 0) pool[g].positive() |= bit(neuron); // DOUBT is positive, too
    if (sign == -1 || sign == DOUBT) pool.negative(g) |= bit(neuron);
}

// Makes the generator where the edge from `up` to `down` meets a neuron of a patch: its vector and r, and no bits.
template <class S>
POLYRELU_INLINE void Splitter<S>::make(Patch<S> &A, int neuron, Generator<S> up, Generator<S> down, Generator<S> made) {
    const double *f = A.form(A.facets + neuron);
    made.solved() = made.on_grid() = 0;
    if (up.on_grid() && down.on_grid() && P.on_grid[std::size_t(A.layer)]) {
        const Made how = exact_meet(f, up.vector(), down.vector(), made.vector(), room_.data(), shape.dim());
        if (how != Made::NOT) {
            made.on_grid() = how == Made::ON_GRID;
            made.radius() = made.on_grid() ? 0.0 : ROUNDOFF;
            return;
        }
    }
    made.radius() = meet(f, up.vector(), up.radius(), down.vector(), down.radius(), made.vector(), shape.dim());
}

// Has all doubtful signs decided of those generators of the cell at work at which a neuron's sign is in doubt. DONE, or
// FAILED or OUT_OF_TIME, after some of them.
template <class S> POLYRELU_APART Pause Splitter<S>::decide(Patch<S> &A, int neuron) {
    const int dim = shape.dim(), words = shape.words();
    known_.room(std::size_t(P.sites()) + 1);
    signs_so_far(A, cell.bits.data(), known_.data());
    for (i32 site = 0; site < P.sites(); site++)
        known_[std::size_t(site)] = shown(known_[std::size_t(site)]);
    for (Array<i32> *list : {&asked_on_, &asked_off_}) list->room(64 * std::size_t(words));
    asked_sites_.room(MOST_NEURONS);
    for (int k = 0; k < cell.m; k++) {
        const u32 id = cell.ids[std::size_t(k)];
        Generator<S> g = pool[id];
        const u64 doubtful = g.positive() & pool.negative(id);
        if (!(doubtful & bit(neuron))) continue;
        if (work_ > WORK_BETWEEN_CLOCKS && is_late()) return OUT_OF_TIME;
        work_ += WORK_OF_QUESTION;
        double radius = HUGE_VAL;
        Question q{known_.data(), asked_on_.data(), asked_off_.data(), asked_sites_.data(), 0, 0, 0, vertex_, &radius, answers_};
        for (int w = 0; w < words; w++)
            for (u64 facets = cell.bits[std::size_t(TIGHT + w)]; facets; facets &= facets - 1) {
                const i32 facet = A.slots[std::size_t(64 * w + lowest(facets))];
                const bool on = g.tight()[w] & facets & (~facets + 1);
                (on ? asked_on_ : asked_off_)[std::size_t(on ? q.on_count++ : q.off_count++)] = facet;
            }
        for (u64 rest = doubtful; rest; rest &= rest - 1)
            asked_sites_[std::size_t(q.site_count++)] = A.slots[std::size_t(A.facets + lowest(rest))] - P.domain_facets();
        if (!ask_(who_, q)) return FAILED;
        counters.exact += q.site_count;
        int i = 0;
        for (u64 rest = doubtful; rest; rest &= rest - 1, i++) {
            const int which = lowest(rest), slot = A.facets + which;
            if (answers_[i] >= 0) pool.negative(id) &= ~bit(which);
            if (answers_[i] <= 0) g.positive() &= ~bit(which);
            if (answers_[i] == 0) g.tight()[slot / 64] |= bit(slot % 64);
        }
        std::memcpy(g.vector(), vertex_, std::size_t(dim) * sizeof(double));
        g.radius() = radius;
        g.solved() = 1;
        g.on_grid() = radius == 0.0 && is_on_grid(g.vector(), dim);
    }
    return DONE;
}

// The signs of all sites on a part of a patch that has the given bits.
template <class S> void Splitter<S>::signs_so_far(Patch<S> &A, const u64 *bits, u8 *signs) {
    std::memcpy(signs, A.signs.data(), std::size_t(P.sites()));
    const u64 positive = bits[POSITIVE], negative = bits[NEGATIVE];
    for (int i = 0; i < A.neurons; i++) {
        const bool above = positive & bit(i), below = negative & bit(i);
        if (above && below) continue;
        signs[A.slots[std::size_t(A.facets + i)] - P.domain_facets()] = above ? ON : below ? OFF : SILENT;
    }
    for (int i = 0; i < A.copy_count; i++) {
        const auto &copy = A.copies[std::size_t(i)];
        const bool above = positive & bit(copy.of), below = negative & bit(copy.of);
        if (above && below) continue;
        signs[copy.site] = above == below ? SILENT : above != bool(copy.opposite) ? ON : OFF;
    }
}

} // namespace polyrelu
