"""Cells written as lines by the rows of their vertices: what they say, under which names, and in which blocks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run, Wish
from tests.engines.cells.harness.harness import Compiled, built, shared_folder
from tests.engines.cells.runs import Asked, put

T_ROW = 40
FIRST = T_ROW + 1
"""The row of the first site."""
MOST = 1 << 16
FACTOR = 0x9E3779B97F4A7C15

Name: TypeAlias = tuple[object, ...]


class Vertex(NamedTuple):
    """The rows on which it lies, and whether it may be at infinity."""

    rows: tuple[int, ...]
    is_far: bool = False


class Cell(NamedTuple):
    """Bits of its pattern, how many of them count, and vertices."""

    bits: int
    length: int
    vertices: Sequence[Vertex]

    def name(self, vertex: Vertex) -> Name:
        """What it is named by: its rows, and bits of others, below the highest or, where the vertex is far, all."""
        told = self.length if vertex.is_far else max([0, *vertex.rows]) - FIRST
        others = tuple(self.bits >> k & 1 for k in range(told) if FIRST + k not in vertex.rows)
        return (tuple(sorted(vertex.rows)), vertex.is_far and self.length + 1, others)


@pytest.fixture(scope="session")
def writer(tmp_path_factory):
    return built("rows", shared_folder(tmp_path_factory))


class Given(NamedTuple):
    """Cells as arrays."""

    sites: int
    number: int
    patterns: np.ndarray
    lengths: np.ndarray
    start: np.ndarray
    ends: np.ndarray
    rows: np.ndarray
    far: np.ndarray

    @classmethod
    def of(cls, sites: int, cells: Sequence[Cell]) -> Given:
        """In patterns of so many bits."""
        words = [[cell.bits >> 64 * w & (1 << 64) - 1 for w in range(sites // 64 + 1)] for cell in cells]
        every = list(itertools.chain(*(cell.vertices for cell in cells)))
        return cls(
            sites,
            len(cells),
            np.array(words, dtype=np.uint64),
            np.array([cell.length for cell in cells], dtype=np.int64),
            np.cumsum([0, *(len(cell.vertices) for cell in cells)], dtype=np.int64),
            np.cumsum([0, *(len(rows) for rows, _ in every)], dtype=np.int64),
            np.array([row for rows, _ in every for row in rows], dtype=np.int32),
            np.array([is_far for _, is_far in every], dtype=np.uint8),
        )

    def written(self, writer: Compiled, step: int = 0) -> tuple[bytes, list[int]]:
        """The text, and how much of it had been taken after each cell, whole blocks in steps."""
        facets = np.array([T_ROW, *range(T_ROW)], dtype=np.int32)
        room = 1000 + 10 * len(self.far) + 8 * len(self.rows) + 8 * self.number * (self.sites + 4)
        text, taken = np.zeros(room, dtype=np.uint8), np.zeros(self.number + 1, dtype=np.int64)
        writer.call("rows", len(facets), facets, *self, step, room, text, taken)
        assert taken[-1] <= room
        return text[: taken[-1]].tobytes(), taken[:-1].tolist()


def written(writer: Compiled, sites: int, cells: Sequence[Cell]) -> bytes:
    """The text."""
    return Given.of(sites, cells).written(writer)[0]


class Read(NamedTuple):
    """A cell that is read: in which block, up to which place, and the rows and numbers of its vertices."""

    block: int
    end: int
    length: int
    bits: int
    rows: list[tuple[int, ...]]
    numbers: list[int]


def read(text: bytes) -> Iterator[Read]:
    """The cells of a text; numbers are counted in blocks."""
    block, place, bits, known = -1, 0, 0, list[tuple[int, ...]]()
    for line in text.splitlines(keepends=True):
        word, *numbers = line.split()
        value_of = {number: int(number, 16) for number in set(numbers)}
        assert all(number == b"%x" % value for number, value in value_of.items())
        values = [value_of[number] for number in numbers]
        if word == b"b":
            block, bits, known = place, 0, []
        elif word == b"p":
            assert values
            assert values == sorted(set(values))
            bits ^= sum(1 << k for k in values)
        elif word == b"w":
            known.append(tuple(values))
        else:
            assert word == b"c"
            length, *backs = values
            assert backs == sorted(backs, reverse=True)
            own = [len(known) - back for back in backs]
            yield Read(block, place + len(line), length, bits, [known[k] for k in own], own)
        place += len(line)


def right(cells: Sequence[Cell], text: bytes) -> None:
    """Whether a text says what was given, each name once in its block, and blocks are as long as they may be."""
    block, known = -1, dict[Name, int]()
    found = list(read(text))
    assert len(found) == len(cells)
    for cell, own in zip(cells, found, strict=True):
        assert (own.block != block) == (block < 0 or len(known) + len(cell.vertices) > MOST)
        if own.block != block:
            block, known = own.block, {}
        assert (own.length, own.bits) == (cell.length, cell.bits & (1 << cell.length) - 1)
        number_of = {vertex: known.setdefault(cell.name(vertex), len(known)) for vertex in dict.fromkeys(cell.vertices)}
        assert own.numbers == sorted(number_of[vertex] for vertex in cell.vertices)
        given = {(number, tuple(sorted(vertex.rows))) for vertex, number in number_of.items()}
        assert set(zip(own.numbers, own.rows, strict=True)) == given
    lines = {(own.block, number) for own in found for number in own.numbers}
    assert text.count(b"\nw") == len(lines)


def some_cells(sites: int) -> list[Cell]:
    """Cells whose patterns differ in few bits, with vertices on few rows or many, so that names come again."""
    rng = np.random.default_rng(sites)
    base = int.from_bytes(rng.bytes(sites // 8 + 1), "little")
    ends = [k for k in (0, sites // 2, 62, 63, 64, 126, sites - 3, sites - 2, sites - 1) if 0 <= k < sites]
    cells = list[Cell]()
    for i in range(40):
        length = sites if i % 4 else int(rng.integers(0, sites + 1))
        bits = base ^ sum(1 << int(k) for k in {*rng.choice(ends, i % 3).tolist()})
        places = [0, 1, T_ROW - 1, T_ROW, *(FIRST + k for k in {*ends} if k < length)]
        vertices = list[Vertex]()
        for k in range(12):
            count = [1, 2, 3, len(places)][k % 4]
            rows = rng.permutation(places)[:count].tolist()
            vertices.append(Vertex(tuple(rows), bool(k % 3 == 2)))
        cells.append(Cell(bits, length, vertices))
    return cells


@pytest.mark.parametrize("sites", [1, 2, 63, 64, 65, 127, 128, 130])
def test_cells_are_what_is_read(writer, sites):
    cells = some_cells(sites)
    text = written(writer, sites, cells)
    right(cells, text)


def test_vertices_on_many_rows_and_on_none(writer):
    for sites, count in itertools.product((63, 64, 127), (12, 13, 29)):
        rows = (*range(count - 1), FIRST + sites - 1)
        cells = [Cell((1 << sites) - 1 - k, sites, [Vertex(rows), Vertex(()), Vertex(rows, True)]) for k in (0, 1)]
        right(cells, written(writer, sites, cells))


def test_what_is_far_has_a_name_of_its_own(writer):
    pair = [Vertex((3,)), Vertex((3,), True)]
    cells = [Cell(0, length, pair) for length in (0, 1, 2)]
    text = written(writer, 2, cells)
    right(cells, text)
    assert text.count(b"\nw 3") == 1 + 3


def test_many_vertices_of_a_block(writer):
    """More than the table first has places for, twice over."""
    triples = list(itertools.islice(itertools.combinations(range(T_ROW), 3), 2600))
    cells = [Cell(0, 1, [Vertex(rows) for rows in part]) for part in (triples[:100], triples, triples[::-1])]
    text = written(writer, 1, cells)
    right(cells, text)
    assert text.count(b"\nw") == len(triples)


def test_names_with_one_hash_are_told_apart(writer):
    """Their rows differ, and bits that make up for it in the hash of the table."""
    top, bits = FIRST + 64, 0x123456789ABCDEF
    one, other = (_hash([2 << 32, row << 32 | top]) for row in (0, 1))
    cells = [Cell(bits, 65, [Vertex((0, top))]), Cell(bits ^ one ^ other, 65, [Vertex((1, top))])]
    right(cells, written(writer, 65, cells))


def _hash(words: Sequence[int]) -> int:
    value = 0
    for word in words:
        value = (value ^ word) * FACTOR % (1 << 64)
        value ^= value >> 32
    return value


def test_a_block_ends_before_it_could_have_too_many_vertices(writer):
    """Each cell counts with all its vertices; what is taken ends with a block, or before."""
    own, other = [Vertex((0, FIRST))], [Vertex((1, FIRST + 1)), Vertex((2,))]
    cells = [
        Cell(3, 2, own),
        Cell(1, 2, own),
        Cell(3, 2, other),
        Cell(3, 2, own * (MOST - 2)),
        Cell(3, 2, own * (MOST - 1)),
        Cell(2, 2, other),
        Cell(2, 2, own),
    ]
    given = Given.of(2, cells)
    text, taken = given.written(writer)
    right(cells, text)
    assert taken == [0] * len(cells)
    blocks = [own.block for own in read(text)]
    assert len(set(blocks)) == 2
    assert given.written(writer, 1 << 30) == (text, blocks)
    step = blocks[-1] // 2 + 1
    assert given.written(writer, step) == (text, [min(block, step * max(0, k - 2)) for k, block in enumerate(blocks)])


MANY = [1] * 5000
FULL = [1, MOST, MOST - 1]
"""How often cells have the one vertex that they have: one block, and two of which the first has one cell alone."""


@pytest.mark.parametrize(
    ("often", "pieces"),
    [
        (MANY, [1, 20_000, 5]),
        (FULL, [0, 3, 1 << 20]),
        (FULL, [5, 0, 7, 60, 100_000, 1 << 20]),
        (FULL, [12, 9, 200_000]),
    ],
)
def test_text_is_taken_in_any_pieces(writer, often, pieces):
    """Of a block to which nothing is added, and of one that is open."""
    cells = list[bytes]()
    for k, count in enumerate(often):
        new = b"w %x\n" % k if k < T_ROW else b""
        cells.append(b"%sc 1%s\n" % (new, count * (b" %x" % (min(k + 1, T_ROW) - k % T_ROW))))
    first = b"b\n" + cells[0] if often is FULL else b""
    text = b"".join([first, b"b\n", *cells[bool(first) :]])
    taken, lengths = np.zeros(len(text), dtype=np.uint8), np.array(pieces)
    in_blocks, in_all = np.zeros_like(lengths), np.zeros_like(lengths)
    facets = np.array([T_ROW, *range(T_ROW)], dtype=np.int32)
    given = (len(facets), facets, len(often), np.array(often), len(lengths), lengths)
    writer.call("drops", *given, taken, in_blocks, in_all)
    ends = np.minimum(np.cumsum(lengths), len(text))
    assert taken[: ends[-1]].tobytes() == text[: ends[-1]]
    assert in_all.tolist() == (len(text) - ends).tolist()
    assert in_blocks.tolist() == np.maximum(len(first) - ends, 0).tolist()


def test_vertices_of_many_lines_are_written_once():
    """A run of more vertices than the table first has places for: each two lines meet within the square."""
    lines = 46
    slopes = [Fraction(2 * k + 1, lines) - 1 for k in range(lines)]
    network = pr.Network([([[slope, -1] for slope in slopes], [slope * slope / 2 for slope in slopes])], relu=[True])
    regions = Asked.of(network, pr.Polyhedron.box([-2, -2], [2, 2]))
    rows = Wish(range(len(regions.problem.domain_sums)), len(regions.problem.domain_sums), prunes=True)
    run = Run(regions.problem, 1, regions.engine._exact_forms(), evidence=rows)
    cells = regions.cells()
    assert cells is not None
    put(run, cells)
    assert run.advance(NO_LIMIT, 1e6) is Pause.DONE
    text = run.lines()
    assert run.lines() == b""
    meetings = math.comb(lines, 2)
    assert text.count(b"\nc") == 1 + lines + meetings
    assert text.count(b"\nw") == 4 + 2 * lines + meetings > 1024


def test_rows_of_facets(writer):
    """That at infinity comes first, then those of the domain, then sites."""
    of_facets = np.array([7, 5, 0, 3], dtype=np.int32)
    given = np.array([-1, 0, 1, 2, 3, 4, 67], dtype=np.int32)
    found = np.zeros_like(given)
    writer.call("rows_of", len(of_facets), of_facets, 65, len(given), given, found)
    assert found.tolist() == [7, 5, 0, 3, 8, 9, 72]
