// The patterns of all cells, and what has to lie behind their facets.
//
// Patterns are ordered by their bits, zeros after their ends, and then by length. In this order a pattern comes before
// those that it begins, and these follow it without a gap: if a stood between p and an extension of p and did not
// extend p, it would have the bits of p as far as it goes, and zeros after them, so it would begin p and come before
// it. So one look at neighbours shows that no pattern begins another; and what is listed behind a facet, or begins it,
// or extends it, is next to where the pattern behind it would be.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "facets.h"
#include "masks.h"

namespace polyrelu_checker {

constexpr std::uint32_t NO_CELL = ~std::uint32_t(0);

// Patterns with the number of a cell each, or NO_CELL, in columns.
struct Patterns {
    std::size_t words;
    std::vector<std::uint64_t> bits;
    std::vector<std::uint32_t> lengths, numbers;

    explicit Patterns(std::size_t words_each) : words(words_each) {}
    std::size_t size() const { return lengths.size(); }
    const std::uint64_t *operator[](std::size_t k) const { return bits.data() + words * k; }

    void add(const std::uint64_t *pattern, std::size_t length, std::size_t number) {
        bits.insert(bits.end(), pattern, pattern + words);
        lengths.push_back(std::uint32_t(length)), numbers.push_back(std::uint32_t(number));
    }

    void add_all(const Patterns &others, std::size_t first_number) {
        bits.insert(bits.end(), others.bits.begin(), others.bits.end());
        lengths.insert(lengths.end(), others.lengths.begin(), others.lengths.end());
        for (const std::uint32_t number : others.numbers)
            numbers.push_back(number == NO_CELL ? NO_CELL : std::uint32_t(number + first_number));
    }

    void clear() { bits.clear(), lengths.clear(), numbers.clear(); }
};

// Whether a comes before b.
inline bool comes_before(const std::uint64_t *a, std::size_t a_length, const std::uint64_t *b, std::size_t b_length,
                         std::size_t words) {
    for (std::size_t i = 0; i < words; i++)
        if (a[i] != b[i]) return (b[i] >> __builtin_ctzll(a[i] ^ b[i]) & 1) != 0;
    return a_length < b_length;
}

inline bool begins(const std::uint64_t *a, std::size_t a_length, const std::uint64_t *b, std::size_t b_length) {
    if (a_length > b_length) return false;
    for (std::size_t i = 0; i < words_for(a_length); i++)
        if (((a[i] ^ b[i]) & below(a_length, i)) != 0) return false;
    return true;
}

// The bits, from the first row on.
inline std::string shown(const std::uint64_t *pattern, std::size_t length) {
    std::string bits;
    for (std::size_t k = 0; k < std::min(length, std::size_t(200)); k++) bits += has(pattern, k) ? '1' : '0';
    return length == 0 ? "-" : length > bits.size() ? bits + ".." : bits;
}

inline std::vector<std::uint32_t> in_order(const Patterns &patterns) {
    std::vector<std::uint32_t> order(patterns.size());
    for (std::size_t k = 0; k < order.size(); k++) order[k] = std::uint32_t(k);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return comes_before(patterns[a], patterns.lengths[a], patterns[b], patterns.lengths[b], patterns.words);
    });
    return order;
}

// Patterns in order, to look things up.
class Listed {
  public:
    explicit Listed(const Patterns &patterns) : patterns_(patterns), order_(in_order(patterns)) {
        for (std::size_t k = 0; k + 1 < order_.size(); k++) {
            const std::uint32_t a = order_[k], b = order_[k + 1];
            if (begins(patterns[a], patterns.lengths[a], patterns[b], patterns.lengths[b]))
                throw Rejected("the pattern " + shown(patterns[a], patterns.lengths[a]) +
                               " is there already, or begins another");
        }
    }

    enum class Found { NOTHING, SAME, RELATED };

    // Whether the pattern is listed, its place then being `at`, or another is that begins it or that it begins.
    Found find(const std::uint64_t *pattern, std::size_t length, std::size_t &at) const {
        const auto place = std::lower_bound(order_.begin(), order_.end(), 0, [&](std::uint32_t k, int) {
            return comes_before(patterns_[k], patterns_.lengths[k], pattern, length, patterns_.words);
        });
        if (place != order_.end() && begins(pattern, length, patterns_[*place], patterns_.lengths[*place])) {
            at = *place;
            return patterns_.lengths[*place] == length ? Found::SAME : Found::RELATED;
        }
        if (place == order_.begin()) return Found::NOTHING;
        const std::uint32_t before = place[-1];
        return begins(patterns_[before], patterns_.lengths[before], pattern, length) ? Found::RELATED : Found::NOTHING;
    }

  private:
    const Patterns &patterns_;
    std::vector<std::uint32_t> order_;
};

// Which tiles hang together: each has a parent, and itself where it stands for its zone.
class Zones {
  public:
    static constexpr std::uint32_t NO_TILE = ~std::uint32_t(0);

    void add(bool is_tile) { parents_.push_back(is_tile ? std::uint32_t(parents_.size()) : NO_TILE); }
    void add_all(const Zones &others) {
        const std::uint32_t first = std::uint32_t(parents_.size());
        for (const std::uint32_t parent : others.parents_)
            parents_.push_back(parent == NO_TILE ? NO_TILE : first + parent);
    }
    std::size_t size() const { return parents_.size(); }
    bool is_tile(std::size_t k) const { return parents_[k] != NO_TILE; }

    void join(std::uint32_t a, std::uint32_t b) {
        if (parents_[a] != NO_TILE && parents_[b] != NO_TILE) parents_[zone(a)] = zone(b);
    }

    std::size_t tiles() const { return size() - std::size_t(std::count(parents_.begin(), parents_.end(), NO_TILE)); }
    std::size_t zones() const {
        std::size_t found = 0;
        for (std::size_t k = 0; k < size(); k++) found += parents_[k] == k;
        return found;
    }

  private:
    std::uint32_t zone(std::uint32_t tile) {
        while (parents_[tile] != tile) tile = parents_[tile] = parents_[parents_[tile]];
        return tile;
    }

    std::vector<std::uint32_t> parents_;
};

// The signs of all rows on a face or a tile that is in the target, and the vertices at which others may contain it.
struct Near {
    std::size_t words;
    std::vector<std::uint64_t> signs; // pos and neg, of the rows from base on
    std::vector<std::uint64_t> vertices; // pairs: a vertex, by its signs, and the number of the face
    std::vector<std::uint64_t> touched;  // pairs: the number of a face that is not a tile, and one of its vertices

    explicit Near(std::size_t words_each) : words(words_each) {}
    std::size_t size() const { return signs.size() / (2 * words); }
    const std::uint64_t *operator[](std::size_t k) const { return signs.data() + 2 * words * k; }

    void add_all(const Near &others) {
        const std::size_t first = size();
        signs.insert(signs.end(), others.signs.begin(), others.signs.end());
        for (std::size_t k = 0; k < others.vertices.size(); k += 2)
            vertices.push_back(others.vertices[k]), vertices.push_back(others.vertices[k + 1] + first);
        for (std::size_t k = 0; k < others.touched.size(); k += 2)
            touched.push_back(others.touched[k] + first), touched.push_back(others.touched[k + 1]);
    }

    // How many touched faces are in no tile and in no other touched face.
    std::size_t flat_parts() const;
};

// Whether the signs of a face agree with those of another that has it, or is it.
inline bool is_face_of(const std::uint64_t *a, const std::uint64_t *b, std::size_t words) {
    for (std::size_t i = 0; i < 2 * words; i++)
        if ((a[i] & ~b[i]) != 0) return false;
    return true;
}

inline std::size_t Near::flat_parts() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> at;
    for (std::size_t k = 0; k < vertices.size(); k += 2) at.emplace_back(vertices[k], vertices[k + 1]);
    std::sort(at.begin(), at.end());
    std::vector<std::uint64_t> found;
    for (std::size_t k = 0; k < touched.size(); k += 2) {
        const std::uint64_t *face = (*this)[touched[k]];
        auto near = std::lower_bound(at.begin(), at.end(), std::make_pair(touched[k + 1], std::uint64_t(0)));
        bool is_inside = false;
        for (; near != at.end() && near->first == touched[k + 1] && !is_inside; near++) {
            const std::uint64_t *other = (*this)[near->second];
            is_inside = is_face_of(face, other, words) && !is_face_of(other, face, words);
        }
        if (!is_inside) found.push_back(touched[k]);
    }
    // the same face may have been touched from several cells
    const auto before = [&](std::uint64_t a, std::uint64_t b) {
        return std::lexicographical_compare((*this)[a], (*this)[a] + 2 * words, (*this)[b], (*this)[b] + 2 * words);
    };
    std::sort(found.begin(), found.end(), before);
    std::size_t parts = 0;
    for (std::size_t k = 0; k < found.size(); k++) parts += k == 0 || before(found[k - 1], found[k]);
    return parts;
}

// What is known of the cells of a block, or of several. A crossing has the number of its cell, or NO_CELL if the facet
// is not in the target, and joins no zones.
struct Cells {
    Patterns listed, crossings;
    Zones zones;
    Near near;

    Cells(std::size_t pattern_words, std::size_t row_words)
        : listed(pattern_words), crossings(pattern_words), near(row_words) {}

    void add_all(const Cells &others) {
        const std::size_t first = zones.size();
        listed.add_all(others.listed, first);
        crossings.add_all(others.crossings, first);
        zones.add_all(others.zones);
        near.add_all(others.near);
    }

    std::string first_crossing() const { return shown(crossings[0], crossings.lengths[0]); }

    // Forgets the crossings behind which something is listed, and joins the tiles on their two sides; whether none is
    // left. It costs looking up, so it is done for a block, and for all that is left at the end.
    bool settle() {
        const Listed in_order(listed);
        Patterns left(crossings.words);
        for (std::size_t k = 0; k < crossings.size(); k++) {
            std::size_t at = 0;
            const Listed::Found found = in_order.find(crossings[k], crossings.lengths[k], at);
            if (found == Listed::Found::SAME && crossings.numbers[k] != NO_CELL)
                zones.join(crossings.numbers[k], listed.numbers[at]);
            if (found == Listed::Found::NOTHING) left.add(crossings[k], crossings.lengths[k], crossings.numbers[k]);
        }
        std::swap(crossings, left);
        return crossings.size() == 0;
    }
};

} // namespace polyrelu_checker
