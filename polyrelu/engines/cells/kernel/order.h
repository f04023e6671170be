// Tiles in the order of their patterns, from pieces in any order.
//
// Patterns are packed, first neuron highest, so their order is that of their bytes. These are read eight at a time, as one
// number, the first of which nearly always tells: those that it does not tell apart are sorted by the next one, and in the
// end by who comes first. So a pattern is looked up once for each eight bytes, and not once for each comparison. Many tiles
// are dealt out by the first sixteen bits in which not all are alike before they are compared; threads share these kinds,
// and then the copying. The calling thread asks in between whether to go on.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "problem.h"

namespace polyrelu {

// Columns of some tiles; tile i has the facets facets[starts[i] - starts[0]] to facets[starts[i + 1] - starts[0]].
struct Piece {
    View<u8> packed;
    View<i64> starts;
    View<i32> facets;
    View<double> points;
    std::size_t count() const { return starts.length - 1; }
    const i32 *facets_of(std::size_t tile) const { return facets.start + (starts[tile] - starts[0]); }
};

// Where the columns of all tiles go, and their numbers, counted through the pieces; of starts there is one more.
struct ColumnsOut {
    i64 *order;
    u8 *packed;
    i64 *starts;
    i32 *facets;
    double *points;
};

struct Place {
    u64 key; // eight bytes of the pattern
    u32 piece, tile;
    bool operator<(const Place &other) const {
        if (key != other.key) return key < other.key;
        return piece != other.piece ? piece < other.piece : tile < other.tile;
    }
};

// Has each share worked on, the first one here; all of them where no other thread can be started. The work throws nothing.
constexpr int MOST_SHARES = 64;
template <class Work> void in_shares(int shares, const Work &work) {
    std::thread others[MOST_SHARES];
    for (int share = 1; share < shares; share++) {
        try {
            others[share] = std::thread(work, share);
        } catch (const std::exception &) {
            work(share);
        }
    }
    work(0);
    for (std::thread &other : others)
        if (other.joinable()) other.join();
}

class Arranger {
  public:
    // Patterns have `width` bytes, points `dim` entries.
    Arranger(const Piece *pieces, std::size_t piece_count, std::size_t width, std::size_t dim, int threads)
        : pieces_(pieces), piece_count_(piece_count), width_(width), dim_(dim) {
        first_.room(piece_count + 1);
        for (std::size_t k = 0; k < piece_count; k++) first_[k] = i64(n_), n_ += pieces[k].count();
        shares_ = int(smaller(std::size_t(larger(1, smaller(threads, MOST_SHARES))), n_ / A_SHARE + 1));
        places_.room(n_ + 1);
        if (n_ > FEW) ends_.room((std::size_t(1) << MOST_BITS) + 1);
    }

    // False if `go_on`, which the calling thread asks every few thousand tiles, said no, once.
    template <class GoOn> bool arrange(const ColumnsOut &to, const GoOn &go_on) {
        const auto stops = [&](int share) {
            if (share == 0 && !stopped_.load(std::memory_order_relaxed) && !go_on())
                stopped_.store(true, std::memory_order_relaxed);
            return stopped_.load(std::memory_order_relaxed);
        };
        sort(stops);
        write(to, stops);
        return !stopped_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::size_t FEW = 1 << 11, A_SHARE = 1 << 12, AHEAD = 8;
    static constexpr std::size_t BETWEEN_QUESTIONS = 1 << 12; // tiles
    static constexpr int MOST_BITS = 16;

    std::size_t first_of(int share) const { return n_ * std::size_t(share) / std::size_t(shares_); }

    // The bytes of a pattern from `at` on, as many as fit.
    u64 key_at(u32 piece, u32 tile, std::size_t at) const {
        const u8 *row = pieces_[piece].packed.start + tile * width_;
        u64 key = 0;
        if (at + 8 <= width_) std::memcpy(&key, row + at, 8), key = __builtin_bswap64(key);
        else
            for (std::size_t j = at; j < width_; j++) key |= u64(row[j]) << (56 - 8 * (j - at));
        return key;
    }

    template <class What> void each(const What &what) const {
        for (std::size_t k = 0; k < piece_count_; k++)
            for (std::size_t i = 0; i < pieces_[k].count(); i++) what(Place{key_at(u32(k), u32(i), begin_), u32(k), u32(i)});
    }

    template <class Stops> void sort(const Stops &stops) {
        if (n_ <= FEW) {
            std::size_t at = 0;
            each([&](const Place &place) { places_[at++] = place; });
            sort(places_.data(), places_.data() + n_, 0, [] { return false; });
            return;
        }
        u64 any, all;
        for (;; begin_ += 8) { // the first bytes of all may be alike
            any = 0, all = ~u64(0);
            each([&](const Place &place) { any |= place.key, all &= place.key; });
            if (any != all || begin_ + 8 >= width_ || stops(0)) break;
        }
        u64 telling = any & ~all;
        const int bits = smaller(MOST_BITS, 64 - __builtin_clzll(n_)); // a kind for each tile, or nearly two
        while (ones(telling) > bits) telling &= telling - 1;           // the highest ones stay
        const std::size_t kinds = std::size_t(1) << ones(telling);
        ends_.filled(kinds + 1, 0);
        each([&](const Place &place) { ends_[compressed(place.key, telling) + 1]++; });
        for (std::size_t kind = 0; kind < kinds; kind++) ends_[kind + 1] += ends_[kind];
        each([&](const Place &place) { places_[ends_[compressed(place.key, telling)]++] = place; });
        in_shares(shares_, [&](int share) {
            const u32 *ends = ends_.data(), *after = ends + kinds;
            const u32 *kind = std::upper_bound(ends, after, u32(first_of(share))), // by where they end
                      *last = share + 1 < shares_ ? std::upper_bound(ends, after, u32(first_of(share + 1))) : after;
            for (u32 asked = 0; kind < last; kind++) {
                sort(places_.data() + (kind > ends ? kind[-1] : 0), places_.data() + *kind, begin_,
                     [&] { return stops(share); });
                if (*kind >= asked + BETWEEN_QUESTIONS) {
                    if (stops(share)) return;
                    asked = *kind;
                }
            }
        });
    }

    // Sorts places of patterns that are alike before `at`, where their keys begin. What is long asks whether to stop; where
    // all are alike it goes on to the next bytes by itself, however many there are.
    template <class Stop> void sort(Place *first, Place *last, std::size_t at, const Stop &stop) const {
        if (last - first < 2) return;
        for (;; at += 8) {
            if (std::size_t(last - first) > BETWEEN_QUESTIONS && stop()) return;
            if (!std::is_sorted(first, last)) std::sort(first, last);
            if (at + 8 >= width_) return;
            if (first->key != last[-1].key) break;
            for (Place *place = first; place < last; place++) place->key = key_at(place->piece, place->tile, at + 8);
        }
        for (Place *end; first < last; first = end) {
            for (end = first + 1; end < last && end->key == first->key;) end++;
            if (end == first + 1) continue;
            for (Place *place = first; place < end; place++) place->key = key_at(place->piece, place->tile, at + 8);
            sort(first, end, at + 8, stop);
        }
    }

    template <class Stops> void write(const ColumnsOut &to, const Stops &stops) const {
        i64 begins[MOST_SHARES + 1] = {};
        if (shares_ > 1) {
            in_shares(shares_, [&](int share) {
                for (std::size_t i = first_of(share); i < first_of(share + 1); i++) begins[share + 1] += facets_at(i);
            });
            for (int share = 0; share < shares_; share++) begins[share + 1] += begins[share];
        }
        in_shares(shares_, [&](int share) {
            const std::size_t last = first_of(share + 1);
            for (std::size_t i = first_of(share); i < last && !stops(share); i += BETWEEN_QUESTIONS)
                begins[share] = write(to, i, smaller(i + BETWEEN_QUESTIONS, last), begins[share]);
        });
        to.starts[n_] = begins[shares_ - 1];
    }

    i64 facets_at(std::size_t i) const {
        const Piece &from = pieces_[places_[i].piece];
        return from.starts[places_[i].tile + 1] - from.starts[places_[i].tile];
    }

    // Writes some tiles, whose facets begin at a place; where those of the next ones do.
    i64 write(const ColumnsOut &to, std::size_t first, std::size_t last, i64 begin) const {
        for (std::size_t i = first; i < last; i++) {
            const Piece &from = pieces_[places_[i].piece];
            const std::size_t tile = places_[i].tile;
            if (i + AHEAD < n_) { // the memory is far apart
                const Place &next = places_[i + AHEAD];
                const Piece &then = pieces_[next.piece];
                __builtin_prefetch(then.points.start + next.tile * dim_);
                __builtin_prefetch(then.packed.start + next.tile * width_);
                __builtin_prefetch(then.facets_of(next.tile));
            }
            to.order[i] = first_[places_[i].piece] + i64(tile);
            if (width_ > 0) std::memcpy(to.packed + i * width_, from.packed.start + tile * width_, width_);
            if (dim_ > 0) std::memcpy(to.points + i * dim_, from.points.start + tile * dim_, dim_ * sizeof(double));
            const i64 own = facets_at(i);
            if (own > 0) std::memcpy(to.facets + begin, from.facets_of(tile), std::size_t(own) * sizeof(i32));
            to.starts[i] = begin;
            begin += own;
        }
        return begin;
    }

    const Piece *pieces_;
    const std::size_t piece_count_, width_, dim_;
    std::size_t n_ = 0;
    int shares_;
    Array<i64> first_; // the number of a piece's first tile
    Array<Place> places_;
    Array<u32> ends_; // of kinds
    std::size_t begin_ = 0; // the first byte of the keys by which tiles are dealt out
    std::atomic<bool> stopped_{false};
};

} // namespace polyrelu
