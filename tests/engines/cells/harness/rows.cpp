// Cells written as lines, from their patterns and the rows of their vertices.
#include "rows.h"

namespace polyrelu {

// Writes n cells: of cell i the words of a pattern, how many of its bits count, and the vertices start[i] to start[i + 1],
// which lie on the rows ends[v] to ends[v + 1]. After each cell some of the text of whole blocks is taken, `step` characters at
// most; the rest is taken at the end. `taken` becomes how much was, after each cell and at the end.
EXPORTED(rows)(i64 facets, const i32 *of_facets, i64 sites, i64 n, const u64 *patterns, const i64 *lengths,
               const i64 *start, const i64 *ends, const i32 *rows, const u8 *far, i64 step, i64 room, char *text,
               i64 *taken) {
    Rows wanted;
    wanted.of_facets = {of_facets, std::size_t(facets)};
    RowsWriter writer(wanted, i32(sites));
    const i64 words = sites / 64 + 1;
    i64 at = 0;
    const auto take = [&](std::size_t length) {
        if (at + i64(length) <= room) std::memcpy(text + at, writer.text(), length);
        at += i64(length);
        writer.drop(length);
    };
    for (i64 i = 0; i < n; i++) {
        std::memcpy(writer.pattern(), patterns + i * words, std::size_t(words) * sizeof(u64));
        i64 most = 0;
        for (i64 v = start[i]; v < start[i + 1]; v++) most = larger(most, ends[v + 1] - ends[v]);
        writer.write(i32(lengths[i]), int(start[i + 1] - start[i]), int(most), [&](int k, i32 *to) {
            const i64 v = start[i] + k;
            std::memcpy(to, rows + ends[v], std::size_t(ends[v + 1] - ends[v]) * sizeof(i32));
            return int(ends[v + 1] - ends[v]);
        }, [&](int k) { return far[start[i] + k] != 0; });
        take(smaller(writer.length(true), std::size_t(step)));
        taken[i] = at;
    }
    take(writer.length(false));
    taken[n] = at;
}

// Writes n cells without a pattern: cell i has m[i] times the vertex on row i % 40. Then takes pieces of the text of the given
// lengths, one after the other, as much as is left, and notes after each how much there is of whole blocks, and of all.
EXPORTED(drops)(i64 facets, const i32 *of_facets, i64 n, const i64 *m, i64 pieces, const i64 *lengths, char *text,
                i64 *in_blocks, i64 *in_all) {
    Rows wanted;
    wanted.of_facets = {of_facets, std::size_t(facets)};
    RowsWriter writer(wanted, 1);
    for (i64 i = 0; i < n; i++) {
        writer.pattern()[0] = 0;
        writer.write(1, int(m[i]), 1, [&](int, i32 *to) {
            *to = i32(i % 40);
            return 1;
        }, [&](int) { return false; });
    }
    for (i64 k = 0; k < pieces; k++) {
        const std::size_t length = smaller(std::size_t(lengths[k]), writer.length(false));
        std::memcpy(text, writer.text(), length);
        text += length;
        writer.drop(length);
        in_blocks[k] = i64(writer.length(true)), in_all[k] = i64(writer.length(false));
    }
}

// The rows of facets.
EXPORTED(rows_of)(i64 facets, const i32 *of_facets, i64 sites, i64 n, const i32 *given, i32 *found) {
    Rows wanted;
    wanted.of_facets = {of_facets, std::size_t(facets)};
    const RowsWriter writer(wanted, i32(sites));
    for (i64 i = 0; i < n; i++) found[i] = writer.row_of(given[i]);
}

} // namespace polyrelu
