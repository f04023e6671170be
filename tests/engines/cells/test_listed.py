"""What runs list as evidence where something ends: a word of bits, a patch, a run, or what floats know."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import cache

import pytest

import polyrelu as pr
from polyrelu.engines.cells import evidence
from polyrelu.engines.cells.problem import problem
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run, Wish
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.networks.pattern_cells import Placed
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.engines.cells.differential import round_polytope
from tests.engines.cells.listings import Bits, Question
from tests.engines.cells.runs import put, stack
from tests.engines.cells.test_evidence import General, random_network
from tests.engines.cells.test_rows import read
from tests.extreme_networks import box

LONG = 1e6
PLANE = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[False])
LINE = pr.Network([([[1]], [0])], relu=[False])


def patterns(lines: bytes) -> Counter[Bits]:
    """Of the cells of some lines."""
    found, ones = Counter[Bits](), set[int]()
    for word, *words in map(bytes.split, lines.splitlines()):
        numbers = [int(number, 16) for number in words]
        if word == b"b":
            ones.clear()
        elif word == b"p":
            ones ^= set(numbers)
        elif word == b"c":
            found[tuple(int(k in ones) for k in range(numbers[0]))] += 1
    return found


def run_of(question: Question, exact: ExactForms | None = None) -> Run:
    """A run that lists, with nothing to do yet, in masks of one word."""
    forms = exact or exact_forms(question)
    wish = Wish(question.facet_rows, question.t_row, prunes=True)
    return Run(problem(question.restriction, question.chart), 1, forms, evidence=wish)


def exact_forms(question: Question) -> ExactForms:
    """What answers a run's questions."""
    layers = question.chart.pulled_back(question.restriction.layers)
    return ExactForms(layers, question.restriction.target.halfspaces, question.chart.forms)


def begun(question: Question, run: Run) -> Run:
    """With all to do."""
    cells = stack([Placed(question.chart.start)], len(run.P.coord_of), 1, run.P.dim)
    assert cells is not None
    put(run, cells)
    return run


def done(run: Run) -> Counter[Bits]:
    """What it lists in the end."""
    assert run.advance(NO_LIMIT, LONG) is Pause.DONE
    return patterns(run.lines())


@cache
def rounded(facets: int) -> Question:
    """A neuron that is on within a polygon."""
    return Question(pr.Network([([[1, 0]], [1000])], relu=[True]), round_polytope(2, facets), None)


@pytest.mark.parametrize("facets", [63, 64, 65, 70])
def test_facets_beyond_a_word_are_named(facets):
    question = rounded(facets)
    (cell,) = read(question.lines())
    assert all(len(rows) == 2 for rows in cell.rows)
    assert Counter(itertools.chain(*cell.rows)) == dict.fromkeys(question.facet_rows, 2)


@cache
def steps(neurons: int) -> Question:
    """A neuron that is on from each number on."""
    network = pr.Network([([[1]] * neurons, [-k for k in range(neurons)])], relu=[True])
    return Question(network, box(1, 200), None)


@pytest.mark.parametrize("neurons", [1, 7, 8, 62, 63, 64, 65, 66, 127, 128])
def test_patterns_of_steps_on_a_line(neurons):
    """One neuron after the other is on."""
    right = [tuple(int(k < on) for k in range(neurons)) for on in range(neurons + 1)]
    assert patterns(steps(neurons).lines()) == Counter(right)


@pytest.mark.parametrize("way", [Run, General])
def test_cells_that_may_be_unbounded_are_not_left_to_bounds(way, monkeypatch):
    """A cell that is listed early ends with a row that is positive on it, or all its vertices are in the plane."""
    monkeypatch.setattr(evidence, "Run", way)
    early = 0
    for question in unbounded():
        sites = question.restriction.neuron_count + len(question.restriction.target.halfspaces)
        for pattern, vertices in question.listed(question.lines()):
            if len(pattern) < sites and not pattern[-1]:
                assert all(vertex[-1] for vertex in vertices)
                early += 1
    assert early > 0


@cache
def unbounded() -> list[Question]:
    """Lines and half lines of which no point has what several rows ask for."""
    texts = ("y0 >= 1, y1 <= -1, y0 + y1 == 40", "y0 <= -3, y0 >= 3")
    domains = [Polyhedron.whole_space(1), Polyhedron([[-1]], [0]), Polyhedron([[1]], [0])]
    return [
        Question(random_network([1, 4, 2], seed), domain, pr.parse(text, dim=2))
        for seed, text, domain in itertools.product((0, 1), texts, domains)
    ]


@cache
def nested(last: str) -> Question:
    """More rows than a patch has neurons, each within the one before."""
    return Question(LINE, box(1, 200), pr.parse(", ".join([*(f"y0 <= {100 - k}" for k in range(66)), last]), dim=1))


@cache
def listed_exactly(last: str) -> Counter[Bits]:
    """The cells of that."""
    return patterns(nested(last).lines(compiled=False))


@pytest.mark.parametrize("last", ["y0 >= -90", "y0 >= 36"])
def test_targets_may_have_more_rows_than_a_patch_has_neurons(last):
    assert patterns(nested(last).lines()) == listed_exactly(last)


def test_rows_that_have_cut_a_cell_in_an_earlier_patch_count_in_a_later_one():
    """There a row turns out to be violated."""
    cells = patterns(nested("y0 >= 90").lines())
    assert set(cells.values()) == {1}
    assert cover(cells)
    assert all(any(cell) for cell in cells if len(cell) < 62)


def begins(one: Bits, other: Bits) -> bool:
    return other[: len(one)] == one


def cover(cells: Iterable[Bits]) -> bool:
    """Whether no pattern begins another one."""
    return not any(begins(a, b) or begins(b, a) for a, b in itertools.combinations(cells, 2))


@cache
def halves() -> Question:
    """The first neuron tells whether the target can be met, and all others cut both sides of it."""
    hidden = [[-1, 0], [0, 1], [0, 1], [0, 2]]
    network = pr.Network([(hidden, [0, 0, Fraction(1, 2), -1]), ([[1, 0, 0, 0]], [0])], relu=[True, False])
    return Question(network, box(2, 2), pr.parse("y0 >= 1", dim=1))


@cache
def hexagons() -> Question:
    """Layers of six neurons, some of whose cells bounds discard."""
    return Question(random_network([2, 6, 6, 2], 3), box(2, 2), pr.parse("y0 >= 3", dim=2))


@pytest.mark.parametrize("cuts", range(4))
@pytest.mark.parametrize("made", [halves, hexagons])
def test_bounds_wait_for_the_next_layer_where_a_layer_is_cut_in_part(made, cuts):
    """Another run goes on with a cell that some neurons of a layer have cut: it is not listed without their bits."""
    question = made()
    run, other = begun(question, run_of(question)), run_of(question)
    run.force_back(1)
    for _ in range(cuts):
        run.advance(1, LONG)
    put(other, run.give(everything=True))
    other.force_back(1)
    cells = patterns(run.lines()) + done(other)
    assert set(cells.values()) == {1}
    assert cover(cells)


@cache
def opposite() -> tuple[Question, Counter[Bits]]:
    """A difference of twins and its opposite, and the cells as they are listed exactly."""
    third = Fraction(1, 3)
    layers = [([[1], [1], [-1]], [0, 0, 5]), ([[third, -third, 0], [-third, third, 0], [0, 0, 1]], [0, 0, -1])]
    question = Question(pr.Network(layers, relu=[True, True]), box(1, 3), None)
    return question, patterns(question.lines(compiled=False))


def test_a_copy_of_what_vanishes_is_off():
    """Floats do not know that a difference is zero; where it is, the opposite neuron is off as well."""
    question, right = opposite()
    assert patterns(question.lines()) == right


def interrupted(*_: bytes) -> tuple[bytes, float, bytes]:
    """What cannot answer."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("before", [0, 1, 2])
def test_what_a_row_is_about_to_cut_is_open_until_it_does(before):
    """Rows after it are in doubt at a vertex, and another run goes on when exact arithmetic was asked in vain."""
    a, b = 2**60 + 1, 2**60 + 3
    rows = [[1, 0]] * before + [[0, 1], [a, b]]
    question = Question(PLANE, box(2, 3), Polyhedron(rows, [2 - k for k in range(before)] + [0, 3 * (a + b)]))
    right = done(begun(question, run_of(question)))
    exact, other = exact_forms(question), run_of(question)
    exact.answer = interrupted  # type: ignore[method-assign, assignment]
    run = begun(question, run_of(question, exact))
    with pytest.raises(KeyboardInterrupt):
        run.advance(NO_LIMIT, LONG)
    listed = patterns(run.lines())
    put(other, run.give(everything=True))
    assert listed + done(other) == right
