// The facets of a cell, from the rows that vanish at each of its vertices.
//
// Simple case. Every vertex is on exactly d rows, and each d - 1 of them, an edge, are those of exactly two vertices:
// then each row that vanishes somewhere is a facet, and there are no others. General case. Faces are the sets of
// vertices on which some rows vanish. All facets of a face have one dimension, each ridge is in exactly two of them,
// single vertices are faces, and the whole has dimension d: then the facets of the whole are the facets of the hull.
#pragma once

#include <random>
#include <unordered_map>
#include <vector>

#include "masks.h"
#include "text.h"

namespace polyrelu_checker {

// A number that files cannot know, so that they cannot make sets collide.
inline std::uint64_t secret() {
    static const std::uint64_t found = [] {
        std::random_device device;
        return std::uint64_t(device()) << 32 ^ device();
    }();
    return found;
}

inline std::uint64_t hash_of(const std::uint64_t *words, std::size_t count) {
    std::uint64_t hash = secret();
    for (std::size_t i = 0; i < count; i++) {
        const Wide product = Wide(words[i] ^ hash) * 0x9e3779b97f4a7c15u;
        hash = std::uint64_t(product) ^ std::uint64_t(product >> 64) ^ (hash << 7 | hash >> 57);
    }
    return hash;
}

// How often each of many sets occurs; sets have the same number of words.
class Tally {
  public:
    void begin(std::size_t words, std::size_t most) {
        words_ = words, used_ = 0;
        std::size_t size = 16;
        while (size < 2 * most) size *= 2;
        if (places_.size() < size) places_.assign(size, {0, 0, 0}), now_ = 0;
        now_++;
        room_ = size;
        sets_.resize(words * most);
    }

    // How often the set was there with this one.
    std::uint32_t add(const std::uint64_t *set) {
        std::size_t at = hash_of(set, words_) & (room_ - 1);
        while (places_[at].when == now_) {
            if (std::memcmp(sets_.data() + words_ * places_[at].set, set, words_ * sizeof(*set)) == 0)
                return ++places_[at].count;
            at = (at + 1) & (room_ - 1);
        }
        std::memcpy(sets_.data() + words_ * used_, set, words_ * sizeof(*set));
        places_[at] = {now_, std::uint32_t(used_++), 1};
        return 1;
    }

    std::size_t distinct() const { return used_; }

  private:
    struct Place {
        std::uint64_t when;
        std::uint32_t set, count;
    };
    std::vector<Place> places_;
    std::vector<std::uint64_t> sets_;
    std::size_t words_ = 0, used_ = 0, room_ = 0;
    std::uint64_t now_ = 0;
};

// Faces as sets of vertices, in one word or in several.
inline std::uint64_t common(std::uint64_t a, std::uint64_t b) { return a & b; }
inline Mask common(const Mask &a, const Mask &b) {
    Mask result = a;
    for (std::size_t i = 0; i < a.size(); i++) result[i] &= b[i];
    return result;
}
inline bool within(std::uint64_t a, std::uint64_t b) { return (a & ~b) == 0; }
inline bool within(const Mask &a, const Mask &b) {
    for (std::size_t i = 0; i < a.size(); i++)
        if ((a[i] & ~b[i]) != 0) return false;
    return true;
}
inline std::size_t count(std::uint64_t a) { return std::size_t(__builtin_popcountll(a)); }
inline void put(std::uint64_t &set, std::size_t k) { set |= std::uint64_t(1) << k; }
inline void make_empty(std::uint64_t &set, std::size_t) { set = 0; }
inline void make_empty(Mask &set, std::size_t size) { set.assign(words_for(size), 0); }
struct HashOfSet {
    std::size_t operator()(std::uint64_t set) const { return hash_of(&set, 1); }
    std::size_t operator()(const Mask &set) const { return hash_of(set.data(), set.size()); }
};

template <class Set> class Faces {
  public:
    // `rows`: the faces that rows cut out, no two the same.
    Faces(const std::vector<Set> &rows, std::size_t d, std::size_t vertices) : rows_(rows), d_(d), vertices_(vertices) {
        make_empty(empty_, vertices);
        known_.push_back({-1, {}});
        number_.emplace(empty_, 0);
        whole_ = empty_;
        for (std::size_t i = 0; i < vertices; i++) put(whole_, i);
    }

    // The rows that are facets of the whole; it is shown that all vertices are some.
    std::vector<std::size_t> facets() {
        const std::size_t whole = face(whole_, 0);
        need(known_[whole].dimension == long(d_), "a flat cell");
        for (std::size_t i = 0; i < vertices_; i++) {
            Set vertex = empty_;
            put(vertex, i);
            need(number_.count(vertex) != 0, "a point that is no vertex");
        }
        std::vector<std::size_t> found;
        for (std::size_t k = 0; k < rows_.size(); k++) {
            const auto place = number_.find(rows_[k]);
            if (place == number_.end()) continue;
            for (const std::size_t facet : known_[whole].facets)
                if (facet == place->second) found.push_back(k);
        }
        return found;
    }

  private:
    struct Face {
        long dimension;
        std::vector<std::size_t> facets;
    };

    // The number of a face all of whose faces, down to single vertices, are shown to be there. Where chains of faces
    // are longer than d + 1 the dimension cannot be d.
    std::size_t face(const Set &set, std::size_t depth) {
        const auto place = number_.find(set);
        if (place != number_.end()) return place->second;
        need(depth <= d_, "a flat cell");
        std::vector<Set> largest;
        for (const Set &row : rows_) {
            Set part = common(set, row);
            if (part == set) continue;
            bool is_inside = false;
            for (std::size_t i = 0; i < largest.size() && !is_inside; i++) is_inside = within(part, largest[i]);
            if (is_inside) continue;
            std::size_t kept = 0;
            for (std::size_t i = 0; i < largest.size(); i++)
                if (!within(largest[i], part)) std::swap(largest[kept++], largest[i]);
            largest.resize(kept);
            largest.push_back(std::move(part));
        }
        work_ += rows_.size() * (largest.size() + 1) * (vertices_ / 64 + 1);
        need(work_ <= MOST_WORK && known_.size() < MOST_FACES, "a cell with too many faces");
        need(!largest.empty(), "a face without facets");
        Face found{-1, {}};
        std::unordered_map<std::size_t, int> ridges;
        for (const Set &part : largest) {
            const std::size_t facet = face(part, depth + 1);
            const Face &below = known_[facet];
            need(found.facets.empty() || below.dimension == found.dimension, "facets of different dimensions");
            found.dimension = below.dimension;
            found.facets.push_back(facet);
            for (const std::size_t ridge : below.facets) need(++ridges[ridge] <= 2, "a ridge without two facets");
        }
        for (const auto &[ridge, times] : ridges) need(times == 2, "a ridge without two facets");
        need(found.dimension != -1 || count(set) == 1, "vertices that no row tells apart");
        found.dimension++;
        known_.push_back(std::move(found));
        number_.emplace(set, known_.size() - 1);
        return known_.size() - 1;
    }

    const std::vector<Set> &rows_;
    std::size_t d_, vertices_, work_ = 0;
    Set empty_{}, whole_{};
    std::vector<Face> known_;
    std::unordered_map<Set, std::size_t, HashOfSet> number_;
};

} // namespace polyrelu_checker
