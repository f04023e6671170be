// Tiles in the order of their patterns, from pieces in any order.
//
// Patterns are packed, first neuron highest, so their order is that of their bytes. The first eight of them, as one
// number, nearly always tell; ties are told by the rest, and then by who comes first. Many tiles are dealt out by the first
// sixteen bits in which not all are alike before they are compared.
#pragma once

#include <algorithm>

#include "problem.h"

namespace polyrelu {

// Columns of some tiles; tile i has the facets facets[starts[i] - starts[0]] to facets[starts[i + 1] - starts[0]].
struct Piece {
    View<u8> packed;
    View<i64> starts;
    View<i32> facets;
    View<double> points;
    std::size_t count() const { return starts.length - 1; }
};

struct Place {
    u64 key;
    u32 piece, tile;
};

// The places of all tiles, in order.
inline void in_order(const Piece *pieces, std::size_t piece_count, std::size_t width, Array<Place> &places) {
    constexpr std::size_t FEW = 1 << 11;
    constexpr int MOST_BITS = 16;
    std::size_t n = 0;
    for (std::size_t k = 0; k < piece_count; k++) n += pieces[k].count();
    places.room(n + 1);
    const auto each = [&](auto what) {
        for (std::size_t k = 0; k < piece_count; k++)
            for (std::size_t i = 0; i < pieces[k].count(); i++) {
                u64 key = 0;
                const u8 *row = pieces[k].packed.start + i * width;
                if (width >= 8) std::memcpy(&key, row, 8), key = __builtin_bswap64(key);
                else
                    for (std::size_t j = 0; j < width; j++) key |= u64(row[j]) << (56 - 8 * j);
                what(Place{key, u32(k), u32(i)});
            }
    };
    const auto before = [&](const Place &one, const Place &other) {
        if (one.key != other.key) return one.key < other.key;
        if (width > 8) {
            const int told = std::memcmp(pieces[one.piece].packed.start + one.tile * width + 8,
                                         pieces[other.piece].packed.start + other.tile * width + 8, width - 8);
            if (told != 0) return told < 0;
        }
        return one.piece != other.piece ? one.piece < other.piece : one.tile < other.tile;
    };
    if (n <= FEW) {
        std::size_t at = 0;
        each([&](const Place &place) { places[at++] = place; });
        std::sort(places.data(), places.data() + n, before);
        return;
    }
    u64 any = 0, all = ~u64(0);
    each([&](const Place &place) { any |= place.key, all &= place.key; });
    u64 telling = any & ~all;
    const int bits = smaller(MOST_BITS, 64 - __builtin_clzll(n)); // a kind for each tile, or nearly two
    while (ones(telling) > bits) telling &= telling - 1;          // the highest ones stay
    const std::size_t kinds = std::size_t(1) << ones(telling);
    Array<u32> ends;
    ends.filled(kinds + 1, 0);
    each([&](const Place &place) { ends[compressed(place.key, telling) + 1]++; });
    for (std::size_t kind = 0; kind < kinds; kind++) ends[kind + 1] += ends[kind];
    each([&](const Place &place) { places[ends[compressed(place.key, telling)]++] = place; });
    for (std::size_t kind = 0, start = 0; kind < kinds; start = ends[kind++])
        if (ends[kind] > start + 1) std::sort(places.data() + start, places.data() + ends[kind], before);
}

} // namespace polyrelu
