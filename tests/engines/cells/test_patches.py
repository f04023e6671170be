"""Questions made for one thing that patches have to do, each against the twin, whichever way they are cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any, NamedTuple

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.cells.problem import Cells, widened
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.networks.relevant_part import keep_all
from tests.engines.cells.runs import LONG, Asked, Tiles, finished, put, twin
from tests.engines.cells.test_interval_cells import tiles_within
from tests.extreme_networks import box


class Case(NamedTuple):
    """A question, and how many words its masks are to have."""

    network: pr.Network
    domain: pr.Polyhedron | None
    target: pr.Polyhedron | None = None
    words: int = 1


def layer(rows: Sequence[Sequence[Fraction | int]], offsets: Sequence[Fraction | int], relu: bool = True) -> pr.Layer:
    return pr.Layer(rows, offsets, [relu] * len(rows))


def full_of_neurons() -> Case:
    """As many neurons as a patch takes, one more that repeats the last of them, and a layer after them."""
    thresholds = [Fraction(k, 4) for k in range(64)]
    first = layer([*([1] for _ in thresholds), [-3]], [*(-t for t in thresholds), 3 * thresholds[-1]])
    second = layer([[1, -2, *[0] * 62, 1], [1] * 65], [Fraction(-1, 8), -100])
    return Case(pr.Network([first, second]), box(1, 16), words=2)


def full_and_opposed() -> Case:
    """As many neurons as a patch takes, the opposite of the first of them, and a layer after them."""
    thresholds = [Fraction(k, 4) for k in range(1, 65)]
    first = layer([*([1] for _ in thresholds), [-1]], [*(-t for t in thresholds), thresholds[0]])
    second = layer([[1, *[0] * 63, 2], [0] * 64 + [1]], [Fraction(-1, 8), Fraction(-1, 16)])
    return Case(pr.Network([first, second]), box(1, 20), words=2)


def full_at_the_end() -> Case:
    """As many neurons as a patch takes, one more that repeats the last of them, and nothing after them."""
    return Case(pr.Network(full_of_neurons().network.layers[:1]), box(1, 16), words=2)


def parabola(sides: int) -> pr.Polyhedron:
    """A polygon with vertices (i, i^2), and so many sides."""
    first = -(sides // 2)
    places = range(first, first + sides)
    rows = [[i + j, -1] for i, j in itertools.pairwise(places)]
    offsets = [i * j for i, j in itertools.pairwise(places)]
    return pr.Polyhedron([*rows, [-(places[0] + places[-1]), 1]], [*offsets, -places[0] * places[-1]])


def many_sides(sides: int) -> Callable[[], Case]:
    """A polygon of which neurons cut off a few of its first sides and of its last; another goes through two vertices.

    One more touches it in a vertex; what is left has nearly all sides.
    """

    def beyond(first: int, last: int) -> tuple[list[int], Fraction]:
        return [first + last, -1], Fraction(-first * last)

    def make() -> Case:
        low, high = -(sides // 2), sides - 1 - sides // 2
        chords = beyond(low, low + 3), beyond(2, 5), beyond(high - 4, high)
        shifts = Fraction(1, 2), 0, Fraction(1, 4)
        offsets = [offset + shift for (_, offset), shift in zip(chords, shifts, strict=True)]
        first = layer([[8, 1], *(row for row, _ in chords)], [16, *offsets])
        last = layer([[1, 1, 0, 0], [1, 0, -1, 1]], [Fraction(-9, 2), Fraction(-1, 4)])
        return Case(pr.Network([first, last]), parabola(sides), words=-(-(sides + 8) // 64))

    return make


def cut_corners(side: int, dim: int = 9) -> Callable[[], Case]:
    """A cube of so many vertices that parts have more than it, and patches more than there is room for at first."""

    def make() -> Case:
        corner = layer([[side] * dim], [side * Fraction(1 - 2 * dim, 2)])
        beyond = [layer([[4 * side]], [-1]), layer([[4]], [-1])] if side > 0 else [layer([[4]], [-1])]
        return Case(pr.Network([corner, *beyond]), box(dim))

    return make


def told_before() -> Case:
    """A neuron that vanishes identically, told exactly before the run; one repeats it, with the other sign."""
    first = pr.Layer([[1, 0], [0, 1]], [0, 0], [True, False])
    second = layer([[1, 0], [0, 1], [-2, 0], [3, 0], [1, 1]], [0, 0, 0, 0, -1])
    return Case(pr.Network([first, second]), None)


def told_before_another_layer() -> Case:
    """The same, with neurons after it that repeat each other."""
    layers = told_before().network.layers
    third = layer([[1, 0, 0, 0, 1], [0, 1, 0, 0, 1], [0, -1, 0, 0, -1]], [-1, -2, 2])
    return Case(pr.Network([*layers, third]), None)


def repeated() -> Case:
    """Neurons of two layers that repeat others, and vanish where those of the layer before are off."""
    first = layer([[1, 0], [0, 1], [-2, 0], [1, 1]], [0, 0, 0, -1])
    second = layer([[1, 1, 0, 0], [1, -2, 0, 1], [-2, -2, 0, 0], [3, -6, 0, 3]], [0, 0, 0, 0])
    third = layer([[1, 1, 0, 0], [-1, -1, 0, 0], [0, 1, 1, -1]], [-1, 1, 0])
    return Case(pr.Network([first, second, third]), box(2, 3))


def no_neurons() -> Case:
    """Nothing that cuts."""
    return Case(pr.Network([layer([[1, 2]], [0], relu=False)]), box(2))


def pointed_at_the_end() -> Case:
    """A strip that the only neuron ends, which is told before the run."""
    return Case(pr.Network([layer([[0, 1]], [0])]), pr.Polyhedron([[1, 0], [-1, 0]], [1, 0]))


def linear_at_the_end() -> Case:
    """Two layers without neurons after one that has some."""
    first = layer([[1, 2], [2, -1], [1, 1]], [Fraction(1, 3), 0, -1])
    return Case(pr.Network([first, layer([[1, 1, -1]], [0], False), layer([[2], [-1]], [1, 0], False)]), box(2))


CASES = {
    "no neurons": no_neurons,
    "pointed at the end": pointed_at_the_end,
    "linear at the end": linear_at_the_end,
    "as many neurons as there are bits": full_of_neurons,
    "and nothing after them": full_at_the_end,
    "and the opposite of the first": full_and_opposed,
    **{f"{sides} sides": many_sides(sides) for sides in (57, 62, 64, 66, 72, 76)},
    "a corner of a cube": cut_corners(1),
    "all but a corner": cut_corners(-1),
    "told before": told_before,
    "told before, another layer": told_before_another_layer,
    "repeated": repeated,
}


@cache
def known(name: str) -> tuple[Asked, int, Tiles]:
    case = CASES[name]()
    return Asked.of(*case[:3]), case.words, twin(*case[:3])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("forced", [0, 1])
def test_tiles_are_those_of_the_twin(name, forced):
    asked, words, expected = known(name)
    run = asked.begun(words)
    run.force_back(forced)
    assert asked.tiles([finished(run)]) == expected


def test_patches_of_many_generators_are_cut_on_as_others():
    """Hyperplanes through the middle of a cube, in general position, with more vertices than a patch is to have."""
    dim, neurons = 6, 10
    rows = np.random.default_rng(0).integers(-9, 10, (neurons, dim))
    run = Asked.of(pr.Network([(rows, [0] * neurons)], relu=[True]), box(dim)).begun()
    run.force_back(1)
    packed = finished(run).packed
    assert run.counts.skeletons == 0
    assert len(packed) == 2 * sum(comb(neurons - 1, k) for k in range(dim))
    assert len(np.unique(packed, axis=0)) == len(packed)


@cache
def cube_of_eleven() -> Asked:
    """A cube in eleven dimensions, all of which is on one side."""
    return Asked.of(pr.Network([([[1] + [0] * 10], [2])], relu=[True]), box(11))


def test_a_root_may_have_more_generators_than_there_is_room_for_at_first():
    kept = finished(cube_of_eleven().begun(keep=True)).generators
    assert sorted(((kept.vectors[:, :-1] > 0) @ (1 << np.arange(11))).tolist()) == list(range(1 << 11))
    assert (np.abs(kept.vectors[:, :-1]) == kept.vectors[:, -1:]).all()
    assert not kept.radius.any()


@pytest.mark.parametrize("name", ["told before", "told before, another layer"])
def test_a_neuron_that_is_said_to_be_off_may_vanish(name):
    """What repeats it with the other sign is not on then."""
    asked, words, expected = known(name)
    cells, run = asked.roots(words), asked.run(words)
    signs = cells.signs.copy()
    assert (signs[:, 1] == 2).all()
    signs[signs[:, 0] == 0, 1] = 0  # it is positive where the first neuron is, else zero
    put(run, cells._replace(signs=signs))
    assert asked.tiles([finished(run)]) == expected


def with_facets_moved_on(cells: Cells) -> Cells:
    """The same cell, and each of its facets in the place of the one before."""
    (slots,), count = cells.slots.copy(), int((cells.slots != -2).sum())
    slots[:count] = np.roll(slots[:count], -1)
    first = cells.tight & np.uint64(1)
    return cells._replace(slots=slots[None], tight=cells.tight >> np.uint64(1) | first << np.uint64(count - 1))


def test_what_is_found_of_a_cell_does_not_depend_on_those_before_it():
    """An orthant whose facets are no floats, and its facet at infinity in each place in turn."""
    third, rng = Fraction(10**20, 3 * 10**20 + 7), np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(6, 2)), rng.normal(size=6))], relu=[True])
    asked = Asked.of(network, pr.Polyhedron([[-1, 0], [0, -1]], [third, third]))
    ways = [asked.roots()]
    ways += [with_facets_moved_on(ways[0])]
    ways += [with_facets_moved_on(ways[1])]
    assert {way.slots[0].tolist().index(-1) for way in ways} == {0, 1, 2}
    for forced in (0, 1):
        alone, together = list[bytes](), asked.run(keep=True)
        together.force_back(forced)
        for way in [*ways, *ways[::-1]]:
            run = asked.run(keep=True)
            run.force_back(forced)
            put(run, way)
            alone.append(finished(run).generators.radius.tobytes())
            put(together, way)
            assert finished(together).generators.radius.tobytes() == alone[-1]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("cuts", [1, 3, 9])
def test_so_are_those_of_cells_that_are_given_away(name, cuts):
    asked, words, expected = known(name)
    run, other = asked.begun(words), asked.run(words)
    run.advance(cuts, LONG)
    found = [run.found()]
    put(other, run.give(everything=True))
    if other.advance(cuts, LONG) is not Pause.DONE:
        put(run, other.give())
    run.advance(NO_LIMIT, LONG)
    assert asked.tiles([*found, finished(other), run.found()]) == expected


@pytest.mark.parametrize("forced", [0, 1])
def test_a_run_whose_masks_are_too_narrow_leaves_all_that_it_has_not_done(forced):
    asked, _, expected = known("64 sides")
    run, wider = asked.begun(1), asked.run(2)
    run.force_back(forced)
    assert run.advance(NO_LIMIT, LONG) is Pause.TOO_NARROW
    put(wider, widened(run.give(everything=True)))
    assert asked.tiles([run.found(), finished(wider)]) == expected


def test_roots_that_others_share_are_cut_coarsely_first():
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(12, 2)), rng.normal(size=12))], relu=[True])
    asked, skeletons = Asked.of(network, box(2)), list[int]()
    for shares in (False, True):
        run = Run(asked.problem, 1, asked.engine._exact_forms(), shares=shares)
        put(run, asked.roots())
        run.share(True)
        pause = run.advance(NO_LIMIT, LONG)
        assert pause is (Pause.ASKED if shares else Pause.DONE)
        run.share(False)
        run.advance(NO_LIMIT, LONG)
        skeletons.append(run.counts.skeletons)
    assert skeletons[0] == 1
    assert skeletons[1] > 5


# Intervals


@pytest.mark.parametrize("name", ["told before", "told before, another layer", "repeated", "62 sides"])
@pytest.mark.parametrize("cuts", [2, 50])
def test_tiles_of_intervals_are_those_of_the_twin_in_their_order(name, cuts):
    case = CASES[name]()
    domain = case.domain or pr.Polyhedron.whole_space(case.network.input_dim)
    restriction = keep_all(case.network)
    digits = restriction.neuron_count
    found = list[Any]()
    for part in Interval.whole(digits).cut([0, (1 << digits) // 3, (1 << digits) * 5 // 7]):
        found += tiles_within(restriction, domain, part, cuts)
    assert found == known(name)[2]


# Bounds


@cache
def seldom_met(neurons: int) -> tuple[Asked, Tiles]:
    """A target that is met near one point, and neurons that all repeat each other, so that there are many to bound."""
    one = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    at = [Fraction(-1, 4), Fraction(1, 4), Fraction(-1, 8), Fraction(1, 8)]
    factors = [Fraction(k + 1, neurons) for k in range(neurons // 4)]
    first = layer([[f * v for v in row] for f in factors for row in one], [f * t for f in factors for t in at])
    ones = [[-f] * neurons for f in factors]
    second = layer(ones, [f * neurons / 16 for f in factors])
    last = layer([[1] * len(factors)], [0], relu=False)
    most = sum(factors) * neurons / 16
    question = pr.Network([first, second, last]), box(2), pr.parse(f"y0 >= {most * 15 / 16}", dim=1)
    return Asked.of(*question), twin(*question)


@pytest.mark.parametrize("neurons", [8, 240])
def test_what_is_too_much_to_bound_is_not_discarded(neurons):
    asked, expected = seldom_met(neurons)
    assert expected
    run = asked.begun()
    assert asked.tiles([finished(run)]) == expected


# Rows of targets

ROWS = ("y0 <= 0", "y0 >= 0", "y0 < 0", "y0 > 0", "y0 == 0", "y1 >= 0", "y1 < 0", "y1 == 0", "y0 + y1 >= 0")
ROWS_OF_SUMS = ("y0 + y1 < 0", "y0 == y1", "y0 > y1", "y0 - y1 <= 1", "y0 - y1 >= 1", "2*y0 + y1 == 2")


def targets(count: int) -> list[str]:
    """Some of the targets of two or three rows, in any order."""
    every = [", ".join(own) for k in (2, 3) for own in itertools.permutations(ROWS + ROWS_OF_SUMS, k)]
    return [every[k * 7919 % len(every)] for k in range(count)]


@cache
def known_of_target(text: str) -> tuple[Asked, Tiles]:
    """Both coordinates of a square, which rows touch along sides and in corners of cells."""
    across = layer([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 0, 0])
    network = pr.Network([across, layer([[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0], relu=False)])
    question = network, box(2), pr.parse(text, dim=2)
    return Asked.of(*question), twin(*question)


@pytest.mark.parametrize("text", targets(40))
def test_what_rows_leave_is_what_the_twin_leaves(text):
    asked, expected = known_of_target(text)
    assert asked.tiles([finished(asked.begun())]) == expected


@cache
def at_the_last_vertex(sides: int, text: str) -> tuple[Asked, Tiles]:
    """What the rows of a target leave that meet in a vertex of a polygon, one of them along its last side but one."""
    high = sides - 1 - sides // 2
    through = pr.Layer([[1, 0], [0, 1], [1, 0]], [0, 0, Fraction(-1, 2)], [False, False, True])
    target = pr.parse(text.format(a=2 * high - 1, c=high * (high - 1), h=high, f=9 * high * high), dim=3)
    unit = [[int(i == j) for j in range(3)] for i in range(3)]
    question = pr.Network([through, layer(unit, [0] * 3, relu=False)]), parabola(sides), target
    return Asked.of(*question), twin(*question)


MEETING = (
    "{a}*y0 - y1 < {c}, y0 >= {h}",
    "y1 - 90*y0 <= 5, {a}*y0 - y1 < {c}, y1 - 80*y0 <= 400, y0 >= {h}",
    "{a}*y0 - y1 <= {c}, y0 >= {h}",
    "y0 <= {h}, {a}*y0 - y1 >= {c}, y0 >= {h}",
    "y1 < {f}, y0 >= {h}",  # which does not vanish there
)


@pytest.mark.parametrize("sides", [6, 70])
@pytest.mark.parametrize("text", MEETING)
def test_a_vertex_is_left_unless_what_is_strict_vanishes_there(sides, text):
    asked, expected = at_the_last_vertex(sides, text)
    assert len(expected) == ("< {c}" not in text)
    run = asked.begun(1 + sides // 64)
    assert asked.tiles([finished(run)]) == expected
    assert run.counts.flat == len(expected)


# Generators that are as far off as they say


@cache
def displaced(seed: int) -> tuple[Asked, Tiles]:
    """Neurons that pass through the corners of a square, through points just beside them, and elsewhere."""
    rng = np.random.default_rng(seed)
    normals = rng.integers(-5, 6, (8, 2))
    corners = rng.choice([-1, 1], (8, 2))
    beside = rng.choice([0.0, 0.0, 2.0**-14, -(2.0**-14), 2.0**-11, 0.5], 8)
    network = pr.Network([(normals, beside - (normals * corners).sum(axis=1)), (rng.normal(size=(3, 8)), [0, 1, -1])])
    question = network, box(2)
    return Asked.of(*question), twin(*question)


@pytest.mark.parametrize("seed", range(12))
def test_generators_may_be_as_far_off_as_they_say(seed):
    """So no sign at one is told that another, which is as near, does not have."""
    asked, expected = displaced(seed)
    cells = asked.roots()
    rng = np.random.default_rng(seed)
    far = rng.choice([0.0, 2.0**-30, 2.0**-13, 2.0**-10], len(cells.radius))
    off = cells.vectors + far[:, None] * rng.choice([-1.0, 1.0], cells.vectors.shape)
    for forced in (0, 1):
        run = asked.run()
        run.force_back(forced)
        put(run, cells._replace(vectors=off, radius=cells.radius + far))
        assert asked.tiles([finished(run)]) == expected


@pytest.mark.parametrize("place", range(4))
def test_the_farthest_off_counts_wherever_it_is_among_the_others(place):
    """A neuron cuts off a corner that is not seen where that generator seems to be."""
    network = pr.Network([([[1.0, 0.0]], [-1 + 2.0**-11])], relu=[True])
    diamond = pr.Polyhedron([[1, 1], [1, -1], [-1, 1], [-1, -1]], [1] * 4)
    asked, expected = Asked.of(network, diamond), twin(network, diamond)
    cells = asked.roots()
    corner = int((cells.vectors[:, 0] / cells.vectors[:, 2]).argmax())
    order = [k for k in range(4) if k != corner]
    order.insert(place, corner)
    vectors, radius = cells.vectors[order], cells.radius[order]
    vectors[place, 0] -= 2.0**-10
    radius[place] += 2.0**-10
    run = asked.run()
    put(run, cells._replace(vectors=vectors, radius=radius, solved=cells.solved[order], tight=cells.tight[order]))
    assert len(expected) == 2
    assert asked.tiles([finished(run)]) == expected


@cache
def open_and_bounded(seed: int) -> tuple[Asked, Tiles]:
    """A square, or a quarter of the plane, of which floats know all corners, cut by neurons."""
    rng = np.random.default_rng(seed)
    network = pr.Network([(rng.normal(size=(4, 2)), rng.normal(size=4)), (rng.normal(size=(3, 4)), rng.normal(size=3))])
    question = network, box(2) if seed % 2 else pr.Polyhedron([[-1, 0], [1, -2]], [0, 0])
    return Asked.of(*question), twin(*question)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("words", [1, 2])
def test_generators_of_which_nothing_is_known_are_found_from_their_facets(seed, sign, words):
    """Even of the opposite direction: other facets tell which of both it is."""
    asked, expected = open_and_bounded(seed)
    cells = asked.roots(words)
    nothing = np.full_like(cells.radius, np.inf)
    run = asked.run(words)
    put(run, cells._replace(vectors=sign * cells.vectors, radius=nothing, solved=np.zeros_like(cells.solved)))
    assert asked.tiles([finished(run)]) == expected
    assert run.counts.exact == 0


def test_what_exact_arithmetic_finds_on_the_grid_is_exact_from_there_on():
    """A vertex of few bits on an edge whose ends have many: that the next layer vanishes there is not asked."""
    half, quarter, many = Fraction(1, 2), Fraction(1, 4), Fraction(10**20, 3 * 10**20 + 7)
    domain = pr.Polyhedron([[-1, 1], [1, 0], [0, -1]], [quarter - half, half + many, many - quarter])
    first = [[1, 0], [1, 2], [2, -1]], [-half, -1, -3 * quarter]  # all vanish in the middle of an edge
    network = pr.Network([first, ([[1, -1, 0], [0, 1, -1], [1, 1, -3]], [0, 0, 0])], relu=[True, True])
    asked, exact, questions = Asked.of(network, domain), ExactForms.answer, list[list[int]]()

    def noted(forms: ExactForms, *question: bytes) -> tuple[bytes, float, bytes]:
        questions.append(np.frombuffer(question[1], np.int32).tolist())
        return exact(forms, *question)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExactForms, "answer", noted)
        run = asked.begun()
        run.force_back(1)
        found = finished(run)
    assert asked.tiles([found]) == twin(network, domain)
    assert sum(0 in facets for facets in questions) == 1  # on that edge


@cache
def twins_after_an_affine_layer() -> tuple[Asked, Tiles]:
    """The first neuron of all comes again behind others, and is off where the next layer vanishes in doubt."""
    third, point = Fraction(1, 3), (Fraction(3, 7), Fraction(5, 7))
    bent = [[Fraction(k, 3), 1 - third * k * k] for k in range(1, 7)]
    rows = [[Fraction(2), Fraction(-3)], *bent, [Fraction(4), Fraction(-6)]]
    through = [-sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in rows]
    offsets = [through[0] - 1, *through[1:4], *(end + third for end in through[4:7]), through[7] - 2]
    there = [max(own - end, Fraction(0)) for own, end in zip(offsets, through, strict=True)]
    second = [[Fraction(k * i % 7 - 3, 3) for k in range(1, 9)] for i in (1, 2, 3)]
    ends = [-sum((a * v for a, v in zip(row, there, strict=True)), Fraction(0)) for row in second]
    affine = pr.Layer([[1, 0], [0, 1]], [0, 0], relu=False)
    question = pr.Network([affine, pr.Layer(rows, offsets, relu=True), pr.Layer(second, ends, relu=True)]), box(2, 3)
    return Asked.of(*question), twin(*question)


@pytest.mark.parametrize("cuts", [1, 2, 3, 4])
def test_a_neuron_of_which_another_run_told_that_it_is_off_is_off_in_questions(cuts):
    asked, expected = twins_after_an_affine_layer()
    run, other = Run(asked.problem, 1, asked.engine._exact_forms(), shares=True), asked.run()
    put(run, asked.roots())
    run.force_back(1)
    run.advance(cuts, LONG)
    put(other, run.give(everything=True))
    other.force_back(1)
    assert asked.tiles([finished(run), finished(other)]) == expected
    assert other.counts.exact > 0
