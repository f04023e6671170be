// Cells as lines of text that say their vertices by rows (polyrelu/certificates/FORMAT.md, section 4).
//
// A vertex is named by the rows Z of its cell's facets on which it lies, and by the bits that the cell's pattern has
// outside Z below Z's highest row. Two cells that give it the same name mean the same point: by induction over the rows,
// their forms agree on the line that Z leaves; where they are in Z both vanish there, and elsewhere they pass the same ReLU.
// What lies at infinity, or may, could be either direction of that line, so its name has all bits of the pattern outside Z,
// and how many these are: a pointed cell has a facet on which the ray does not lie, and its bit tells the two apart. A vertex
// that has several names is written once for each.
#pragma once

#include <algorithm>

#include "problem.h"

namespace polyrelu {

// What is asked of evidence: which rows the facets are, first that at infinity, then those of the domain; the sites follow
// the one at infinity. And whether bounds may discard a cell before its last layer.
struct Rows {
    View<i32> of_facets;
    bool prunes = false;
};

class RowsWriter {
  public:
    RowsWriter(const Rows &rows, i32 sites) : rows_(rows), words_(std::size_t(sites) / 64 + 1) {
        for (Array<u64> *bits : {&pattern_, &before_}) bits->filled(words_, 0);
        key_.room(words_ + 1);
    }

    i32 row_of(i32 facet) const {
        const i32 domain = i32(rows_.of_facets.length) - 1;
        return facet < domain ? rows_.of_facets[std::size_t(facet + 1)] : first_site() + facet - domain;
    }

    // The bits of the next cell's pattern, 64 to a word; those from its length on do not matter.
    u64 *pattern() { return pattern_.data(); }

    // Writes a cell with that pattern and m vertices. rows_on(k, rows) writes the rows of the facets on which vertex k lies,
    // at most so many, and returns their number; is_far(k) says whether it may be at infinity.
    template <class RowsOn, class IsFar> void write(i32 length, int m, int most, RowsOn rows_on, IsFar is_far) {
        const std::size_t number = HEX + 1, vertices = std::size_t(m);
        text_.room(text_length_ + number * (64 * words_ + vertices * (std::size_t(most) + 2) + 8));
        on_.room(std::size_t(most));
        numbers_.room(vertices);
        key_.room(std::size_t(most) / 2 + words_ + 2);
        if (!is_open_ || vertices_ + u32(m) > MOST_VERTICES) open_block();
        write_pattern(length);
        for (int k = 0; k < m; k++) {
            const int count = rows_on(k, on_.data());
            sort(on_.data(), count);
            numbers_[std::size_t(k)] = vertex(count, is_far(k), length);
        }
        // In order they make text that packs well.
        std::sort(numbers_.data(), numbers_.data() + m, [](u32 one, u32 other) { return one < other; });
        put('c');
        put_number(u64(length));
        for (int k = 0; k < m; k++) put_number(vertices_ - numbers_[std::size_t(k)]);
        put('\n');
    }

    const char *text() const { return text_.data(); }
    // How much of the text may be taken: all of it, or only blocks to which nothing will be added.
    std::size_t length(bool whole_blocks) const { return whole_blocks ? block_ : text_length_; }
    // Forgets so much of the text, from its beginning.
    void drop(std::size_t length) {
        if (length < text_length_) std::memmove(text_.data(), text_.data() + length, text_length_ - length);
        text_length_ -= length;
        block_ = length < block_ ? block_ - length : 0;
    }

  private:
    static constexpr u32 MOST_VERTICES = 1 << 16; // of a block
    static constexpr std::size_t HEX = 16;        // digits of a number at most
    static constexpr u64 FACTOR = 0x9E3779B97F4A7C15u;

    i32 first_site() const { return rows_.of_facets[0] + 1; }

    void open_block() {
        block_ = text_length_;
        put('b');
        put('\n');
        is_open_ = true;
        vertices_ = 0;
        keys_length_ = 0;
        before_.filled(words_, 0);
        table_.filled(larger(places_, u32(1) << 10), 0);
        places_ = larger(places_, u32(1) << 10);
    }

    // Leaves of the next pattern its first bits, and writes in which of them it differs from the one before.
    void write_pattern(i32 length) {
        const std::size_t last = std::size_t(length) / 64;
        pattern_[last] &= bit(length % 64) - 1;
        for (std::size_t w = last + 1; w < words_; w++) pattern_[w] = 0;
        bool any = false;
        for (std::size_t w = 0; w < words_; w++) {
            for (u64 rest = pattern_[w] ^ before_[w]; rest; rest &= rest - 1) {
                if (!any) put('p');
                any = true;
                put_number(64 * w + u64(lowest(rest)));
            }
            before_[w] = pattern_[w];
        }
        if (any) put('\n');
    }

    static void sort(i32 *rows, int count) { // few, and nearly in order
        for (int i = 1; i < count; i++)
            for (int k = i; k > 0 && rows[k] < rows[k - 1]; k--) {
                const i32 row = rows[k];
                rows[k] = rows[k - 1];
                rows[k - 1] = row;
            }
    }

    // The number in its block of the vertex on the rows of on_, which is written if it is new.
    u32 vertex(int count, bool is_far, i32 length) {
        const std::size_t size = make_key(count, is_far, length);
        u64 hash = 0;
        for (std::size_t i = 0; i < size; i++) {
            hash = (hash ^ key_[i]) * FACTOR;
            hash ^= hash >> 32;
        }
        u32 at = u32(hash) & (places_ - 1);
        for (; table_[at]; at = (at + 1) & (places_ - 1)) {
            const Known &known = known_[table_[at] - 1];
            if (known.hash == hash && known.size == size &&
                std::memcmp(keys_.data() + known.start, key_.data(), size * sizeof(u64)) == 0)
                return table_[at] - 1;
        }
        known_.room(std::size_t(vertices_) + 1);
        keys_.room(keys_length_ + size);
        known_[vertices_] = {hash, keys_length_, size};
        std::memcpy(keys_.data() + keys_length_, key_.data(), size * sizeof(u64));
        keys_length_ += size;
        table_[at] = ++vertices_;
        if (2 * vertices_ > places_) grow_table();
        put('w');
        for (int i = 0; i < count; i++) put_number(u64(on_[std::size_t(i)]));
        put('\n');
        return vertices_ - 1;
    }

    // The name of the vertex on the rows of on_, and how many words it has.
    std::size_t make_key(int count, bool is_far, i32 length) {
        const i32 *rows = on_.data(), first = first_site();
        const i32 told = is_far ? length : count ? larger(rows[count - 1] - first, 0) : 0; // so many bits count
        std::size_t size = 0;
        key_[size++] = u64(u32(count)) << 32 | u32(is_far ? length + 1 : 0);
        for (int i = 0; i < count; i += 2) key_[size++] = u64(u32(rows[i])) << 32 | u32(i + 1 < count ? rows[i + 1] : 0);
        u64 *const bits = &key_[size];
        const i32 words = (told + 63) / 64;
        for (i32 w = 0; w < words; w++) bits[w] = pattern_[std::size_t(w)];
        if (told % 64) bits[words - 1] &= bit(told % 64) - 1;
        for (int i = count - 1; i >= 0 && rows[i] >= first; i--) {
            const i32 site = rows[i] - first;
            if (site < told) bits[site / 64] &= ~bit(site % 64);
        }
        return size + std::size_t(words);
    }

    void grow_table() {
        places_ *= 4;
        table_.filled(places_, 0);
        for (u32 v = 0; v < vertices_; v++) {
            u32 at = u32(known_[v].hash) & (places_ - 1);
            while (table_[at]) at = (at + 1) & (places_ - 1);
            table_[at] = v + 1;
        }
    }

    // There is room for all that is put.
    void put(char character) { text_[text_length_++] = character; }
    void put_number(u64 number) {
        put(' ');
        int digits = 1;
        while (digits < int(HEX) && number >> 4 * digits) digits++;
        while (digits-- > 0) put("0123456789abcdef"[number >> 4 * digits & 15]);
    }

    struct Known {
        u64 hash;
        std::size_t start, size;
    };

    const Rows rows_;
    const std::size_t words_;
    Array<u64> pattern_, before_;
    Array<char> text_;
    std::size_t text_length_ = 0, block_ = 0; // where the open block begins, or what is left of it
    bool is_open_ = false;
    Array<i32> on_;
    Array<u32> numbers_;
    Array<u64> key_, keys_;
    std::size_t keys_length_ = 0;
    Array<Known> known_; // by vertex of the block
    Array<u32> table_;   // by hash: the vertex, counted from 1, or 0
    u32 places_ = 0, vertices_ = 0;
};

} // namespace polyrelu
