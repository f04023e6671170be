"""What the engine lists as evidence: right cell by cell, complete, and enough for the checker."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.engines.cells import evidence
from polyrelu.engines.cells.evidence import write_rows
from polyrelu.engines.cells.problem import finest_unit
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run, Wish
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit, Stop
from tests.engines.cells import differential, questions
from tests.engines.cells.differential import SMALL
from tests.engines.cells.listings import Listed, Question
from tests.engines.cells.runs import Asked
from tests.engines.moments import in_small_steps
from tests.extreme_networks import box

EXACT = ("integers", "signs", "no bias", "pairs", "multiples", "generic", "dyadic")  # floats doubt nothing for long


def small(seed: int) -> Question:
    return asked(differential.small_question(seed))


def larger() -> list[Question]:
    """Questions of a hundred cells or less."""
    return [asked(question) for question in differential.larger_questions() if question.network.neuron_count < 40]


def asked(question: differential.Question) -> Question:
    domain = question.domain or Polyhedron.whole_space(question.network.input_dim)
    return Question(question.network, domain, question.target)


def random_network(widths: list[int], seed: int = 0) -> pr.Network:
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[*[True] * (len(layers) - 1), False])


def counted(question: Question) -> str | None:
    """How the checker's verdict begins, by the tiling; None where it counts other tiles.

    The tiling of a target does without neurons that it has moved out of sight.
    """
    if question.target is None:
        return f"regions: {len(pr.linear_regions(question.network, question.domain))}"
    if any(question.network.layers[-1].relu):
        return None
    tiling = pr.preimage(question.network, question.target, question.domain)
    if not len(tiling):
        return "holds"
    full = sum(tile.dim == question.domain.dim for tile in tiling)
    return f"preimage: target 0: {full} tiles, {len(tiling) - full} flat parts"


@pytest.mark.parametrize("kind", range(len(SMALL)), ids=SMALL)
def test_small_networks_are_proved(kind, tmp_path):
    for seed in range(kind, 12 * len(SMALL), len(SMALL)):
        question = small(seed)
        if question.chart.is_identity:
            lines = question.lines()
            verdict = question.verdict(lines, tmp_path)
            assert verdict == question.verdict(question.lines(compiled=False), tmp_path), seed
            assert verdict.startswith(counted(question) or verdict[:5]), seed


def test_pieces_of_larger_networks_and_wide_masks_are_proved(tmp_path):
    for question in [*larger(), *map(asked, [*differential.made_questions(), *differential.wide_questions()])]:
        if question.chart.is_identity:
            verdict = question.verdict(question.lines(), tmp_path)
            assert verdict.startswith(counted(question) or verdict[:5])


@pytest.mark.parametrize("kind", [SMALL.index(kind) for kind in EXACT], ids=EXACT)
def test_the_same_cells_are_listed_without_the_kernel(kind, monkeypatch):
    monkeypatch.setattr(evidence, "FINEST", 1)  # so that no bounds are tried
    for seed in range(kind, 8 * len(SMALL), len(SMALL)):
        question = small(seed)
        compiled, exact = question.listed(question.lines()), question.listed(question.lines(compiled=False))
        assert Counter(compiled) == Counter(exact), seed


@settings(max_examples=30)
@given(questions.questions())
def test_cells_are_right_where_the_domain_has_coordinates_of_its_own(drawn):
    network, domain, target = drawn
    question = Question(network, domain or Polyhedron.whole_space(network.input_dim), target)
    if question.domain.is_empty():
        return
    compiled, exact = question.listed(question.lines()), question.listed(question.lines(compiled=False))
    cover(question, compiled)
    cover(question, exact)


def cover(question: Question, cells: list[Listed]) -> None:
    """Whether no pattern begins another one, and some points are in a cell each."""
    patterns = sorted(cell.pattern for cell in cells)
    assert not any(later[: len(first)] == first for first, later in itertools.pairwise(patterns))
    rng = np.random.default_rng(len(cells))
    start = question.chart.start
    for _ in range(10):
        terms = [(int(rng.integers(1, 1000)), g) for g in start.generators]
        terms += [(int(rng.integers(-1000, 1001)), line) for line in start.lines]
        point = tuple(sum(w * g[j] for w, g in terms) for j in range(question.chart.dim + 1))
        assert any(question.is_in_region(pattern, point) for pattern in patterns)


class General(Run):
    """A run that cuts all patches the general way."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.force_back(1)


class InBits(Run):
    """A run that is said to be too narrow after some cuts, so that others go on with what is left."""

    def advance(self, cuts=NO_LIMIT, seconds=1e6):
        pause = super().advance(5 if self.words < 4 else cuts, 1e6)
        return Pause.TOO_NARROW if pause is Pause.OUT_OF_CUTS else pause


@pytest.mark.long
@pytest.mark.parametrize("way", [General, InBits])
def test_ways_of_the_run_make_no_difference(way, monkeypatch, tmp_path):
    for question in [*(small(seed) for seed in range(0, 120, 7)), *larger()]:
        if question.chart.is_identity:
            verdict = question.verdict(question.lines(), tmp_path)
            with monkeypatch.context() as patch:
                patch.setattr(evidence, "Run", way)
                assert question.verdict(question.lines(), tmp_path) == verdict


def test_what_bounds_discard_is_listed_by_whole_layers_and_proved(tmp_path):
    network = random_network([2, 6, 6, 6, 2], 3)
    early = set[int]()
    for text in ("y0 >= 3", "y0 > 2, y1 > 2", "y0 == 3", "y0 >= 3, y1 <= -1"):
        question = Question(network, box(2, 2), pr.parse(text, dim=2))
        lines = question.lines()
        early |= {len(cell.pattern) for cell in question.listed(lines) if len(cell.pattern) < 18}
        verdict = question.verdict(lines, tmp_path)
        assert verdict == question.verdict(question.lines(compiled=False), tmp_path)
    assert early == {6, 12}


def test_a_violated_row_of_several_ends_bounded_cells_and_no_others(tmp_path):
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])], relu=[True, False])
    target = pr.parse("y0 <= -1, y1 <= 1, y0 + y1 == 1", dim=2)
    lengths = []
    for domain in (box(2, 3), Polyhedron.whole_space(2)):
        question = Question(network, domain, target)
        lines = question.lines()
        lengths.append({len(cell.pattern) for cell in question.listed(lines)})
        assert question.verdict(lines, tmp_path).startswith("holds")
    assert lengths == [{0}, {4, 5}]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("y0 == 0, y0 <= -1, y1 <= 0", {1, 2}),
        ("y0 == 0, y1 <= 0, y0 <= -1", {1, 2, 3}),  # what waits has been cut by less than what comes before it
        ("y0 == 0, y1 == 0, y0 + y1 == 4", {1, 2, 3}),
        ("y0 == 0, y1 == 1, y0 < y1", {3}),
    ],
)
def test_both_sides_of_an_equality_go_on_with_the_rows_after_it(text, lengths, tmp_path):
    identity = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[False])
    question = Question(identity, box(2, 3), pr.parse(text, dim=2))
    for compiled in (True, False):
        lines = question.lines(compiled)
        assert {len(cell.pattern) for cell in question.listed(lines)} == lengths
        verdict = question.verdict(lines, tmp_path)
        assert verdict.startswith(counted(question) or "nothing")


def test_directions_that_lie_on_the_same_rows_are_told_apart(tmp_path):
    # Of x = 0 both ends are on the rows of x and t, of the strip 0 <= x <= 1 on those of x and x - 1.
    rows, offsets = [[1, 0], [0, 1], [1, 0]], [0, 0, -1]
    for order in itertools.permutations(range(3)):
        network = pr.Network([([rows[k] for k in order], [offsets[k] for k in order])], relu=[True])
        question = Question(network, Polyhedron.whole_space(2), None)
        assert question.verdict(question.lines(), tmp_path) == "regions: 6"


def test_a_vertex_in_the_plane_is_hardly_ever_written_twice():
    question = Question(random_network([2, 8, 8, 1]), box(2, 6), pr.parse("y0 > 0", dim=1))
    lines = question.lines()
    points = {vertex for cell in question.listed(lines) for vertex in cell.vertices}
    assert len(points) <= lines.count(b"\nw ") < 1.02 * len(points)


@pytest.mark.parametrize("neurons", [63, 64])
def test_patterns_may_end_about_a_word(neurons, tmp_path):
    for hidden in ([neurons], [20, neurons - 20]):
        question = Question(random_network([1, *hidden, 1]), box(1, 9), pr.parse("y0 >= 9", dim=1))
        lines = question.lines()
        assert len({cell.pattern for cell in question.listed(lines)}) == lines.count(b"\nc ")
        assert question.verdict(lines, tmp_path).startswith(counted(question) or "nothing")


def test_cells_may_have_more_facets_than_a_word_has_bits(tmp_path):
    network = pr.Network([([[1, 0], [0, 1]], [1000, -1000])], relu=[True])
    question = Question(network, differential.round_polytope(2, 70), None)
    (cell,) = question.listed(question.lines())
    assert cell.pattern == (1, 0)
    assert len(cell.vertices) == len(question.chart.facets) > 64
    assert question.verdict(question.lines(), tmp_path) == "regions: 1"


@pytest.mark.parametrize("power", [1, 100])
def test_tiny_numbers_are_not_left_to_bounds(power, tmp_path):
    scale = Fraction(1, 2) ** power
    network = random_network([2, 5, 5, 1], 1)
    last = network.layers[-1]
    rows, offsets = [[scale * v for v in row] for row in last.rows], [scale * v for v in last.offsets]
    network = pr.Network([*network.layers[:-1], pr.Layer(rows, offsets, relu=False)])
    target = pr.parse(f"y0 >= {3 * scale}", dim=1)
    question = Question(network, box(2, 2), target)
    assert (finest_unit(network.layers, target.halfspaces) < -64) == (power == 100)
    lines = question.lines()
    assert (min(len(cell.pattern) for cell in question.listed(lines)) == 11) == (power == 100)
    assert question.verdict(lines, tmp_path) == question.verdict(question.lines(compiled=False), tmp_path)


def test_long_lists_come_in_pieces_and_in_blocks():
    question = Question(random_network([3, 40, 40, 1]), box(3, 6), pr.parse("y0 > 0", dim=1))
    pieces: list[bytes] = []
    count = write_rows(question.restriction, question.domain, question.facet_rows, question.t_row, pieces.append)
    lines = b"".join(pieces).splitlines()
    assert len(pieces) > 1
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert count == sum(line.startswith(b"c") for line in lines)
    starts = [k for k, line in enumerate(lines) if line == b"b"]
    assert starts[0] == 0
    assert len(starts) > 1
    for first, after in itertools.pairwise([*starts, len(lines)]):
        known = 0
        for line in lines[first:after]:
            known += line.startswith(b"w")
            assert not line.startswith(b"c") or max(int(back, 16) for back in line.split()[2:]) <= known
        assert known <= 2**16
    # A block can be read on its own, which its first cells show.
    beginning = lines[starts[-1] : starts[-1] + 60]
    while not beginning[-1].startswith(b"c"):
        beginning.pop()
    assert question.listed(b"\n".join(beginning))


def test_whole_blocks_wait_until_they_are_full():
    regions = Asked.of(random_network([3, 40, 40, 1]), box(3, 6))
    cells = regions.cells()
    assert cells is not None
    run = Run(regions.problem, 1, regions.engine._exact_forms(), evidence=Wish(range(6), 6, prunes=True))
    assert run.lines() == b""
    run.put(cells, np.arange(len(cells.depth)))
    assert run.advance(NO_LIMIT, 1e6) is Pause.DONE
    full, begun = run.lines(whole_blocks=True).splitlines(), run.lines().splitlines()
    assert full[0] == begun[0] == b"b"
    assert full.count(b"b") >= 1
    assert begun.count(b"b") == 1
    assert run.lines() == b""


def test_a_list_can_be_stopped():
    question = Question(random_network([3, 32, 32, 1]), box(3, 6), pr.parse("y0 > 0", dim=1))
    rest = (question.restriction, question.domain, question.facet_rows, question.t_row)
    pieces: list[bytes] = []
    with in_small_steps(50), pytest.raises(KeyboardInterrupt):
        write_rows(*rest, pieces.append, until=lambda cells: cells > 100)
    assert b"".join(pieces).count(b"\nc ") > 100
    for compiled in (True, False):
        with pytest.raises(Stop), Limit(timeout=1e-4).kept():
            write_rows(*rest, pieces.append, compiled=compiled)


def test_a_row_is_needed_for_each_facet():
    question = Question(random_network([2, 3, 1]), box(2, 1), None)
    with pytest.raises(ValueError, match="a row is needed for each facet"):
        write_rows(question.restriction, question.domain, [0, 1, 2], 3, bytes)
