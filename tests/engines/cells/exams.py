"""What scripts/mutate_kernel.py asks of mutants of the kernel, beside the tests: short questions, each a test.

They are run in one process before it is forked for each mutant, so that what is right, and what the kernel as it is
spends on it, is known then. A mutant that is right and spends more, or says less, raises :class:`Effort`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.measured import measured
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run, Wish
from polyrelu.networks.relevant_part import restrict
from tests.engines.cells import differential
from tests.engines.cells.harness.harness import built, shared_folder
from tests.engines.cells.proofs import harness, spoilt
from tests.engines.cells.proofs.examples import MAKERS
from tests.engines.cells.proofs.laws import (
    QUICK,
    Laws,
    example,
    is_broken,
    wrong_counts,
    wrong_counts_of_zonotopes,
    wrong_on_grid,
)
from tests.engines.cells.runs import Asked, concurrent, finished
from tests.engines.cells.test_boxes import Bounds, decided
from tests.engines.cells.test_evidence import asked
from tests.engines.cells.test_interval_cells import tiles_within
from tests.engines.cells.test_kernel import wide
from tests.engines.cells.test_patches import known_of_target, targets
from tests.engines.cells.test_zonotope import cell_question, cell_steps, steps
from tests.engines.cells.test_zonotope import question as question_of_zonotopes
from tests.extreme_networks import box

ORIGINAL = Path(os.environ.get("POLYRELU_ORIGINAL", harness.KERNEL))
"""The folder of the kernel as it is: laws are made of its templates, whatever the mutant."""

QUESTIONS = differential.questions(150)
_usual: dict[str, Any] = {}


class Effort(AssertionError):
    """A right answer that costs more, or says less, than that of the kernel as it is."""


def usual(name: str, now: Any) -> Any:
    """What the kernel as it is, which is asked first, has."""
    return _usual.setdefault(name, now)


def is_other(now: Sequence[int], before: Sequence[int]) -> bool:
    """Whether efforts, in the order of differential.EFFORTS, are others; more points may be known."""
    return tuple(now[:-1]) != tuple(before[:-1]) or now[-1:] > before[-1:]


right_answer = cache(differential.right_answer)


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_answers(number):
    question = QUESTIONS[number]
    answer = differential.kernel_answer(question)
    assert answer.tiles == right_answer(question).tiles
    before = usual(question.name, answer.efforts)
    if is_other(answer.efforts, before):
        raise Effort(f"{question.name}: {answer.efforts}, not {before}")


# The order of the work

RUNS = {
    "one by one": (wide((5, 12)), box(5), 1),
    "by skeletons": (wide((5, 12, 5)), box(5), 0),
    "some by skeletons": (wide((4, 12, 6)), box(4), 2),
    "many parts": (wide((4, 30)), box(4), 0),
    "in doubt": (concurrent(np.random.default_rng(2)), box(2, 3), 1),
}


@cache
def to_be_run(name: str) -> tuple[Asked, int]:
    """A question, and of how many patches one is to go the general way."""
    network, domain, forced = RUNS[name]
    return Asked.of(network, domain), forced


@pytest.mark.parametrize("name", RUNS)
def test_the_clock_is_looked_at_as_often(name):
    asked, forced = to_be_run(name)
    run, looks = asked.begun(), []
    run.force_back(forced)
    while run.advance(NO_LIMIT, 0.0) is not Pause.DONE:
        looks.append((run.counts.cuts, run.counts.cells, run.counts.exact))
    before = usual(f"clock {name}", (looks, run.counts))
    assert run.counts.cells == before[1].cells
    if (looks, run.counts) != before:
        raise Effort(f"{name}: time is looked at after {looks}, not {before[0]}")


@pytest.mark.parametrize("name", RUNS)
def test_neighbours_come_one_after_the_other(name):
    asked, forced = to_be_run(name)
    run = asked.begun()
    run.force_back(forced)
    found = finished(run)
    packed, points = found.packed, usual(f"points {name}", np.array(found.points))
    changed = int(np.unpackbits(packed[1:] ^ packed[:-1]).sum())
    before = usual(f"order {name}", (len(packed), changed))
    assert len(packed) == before[0]
    if changed > before[1]:
        raise Effort(f"{name}: {changed} signs change from one cell to the next, not {before[1]}")
    if not np.array_equal(found.points, points, equal_nan=True):
        raise Effort(f"{name}: points inside are {found.points}, not {points}")


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("words", [1, 2])
def test_generators_are_as_near(name, words):
    asked, forced = to_be_run(name)
    run = asked.begun(words, keep=True)
    run.force_back(forced)
    kept = finished(run).generators
    now = kept.start, kept.vectors, kept.radius
    before = usual(f"generators {name} {words}", tuple(np.array(own) for own in now))
    if not all(np.array_equal(a, b) for a, b in zip(now, before, strict=True)):
        raise Effort(f"{name}: generators are others, or as near as {kept.radius}, not {before[2]}")


FLAT = [k for k, question in enumerate(QUESTIONS[:150]) if "==" in question.name or "0, y0 >= 0" in question.name]


@cache
def asked_for_flat(number: int) -> Asked:
    question = QUESTIONS[number]
    return Asked.of(question.network, box(question.network.input_dim, 2), question.target)


@pytest.mark.parametrize("number", FLAT[:24])
@pytest.mark.parametrize("words", [1, 2])
def test_flat_tiles_and_the_facets_that_touch_them(number, words):
    found = finished(asked_for_flat(number).begun(words))
    now = [np.array(getattr(found, name)) for name in found._fields if name.startswith("flat")]
    before = usual(f"flat {number} {words}", now)
    assert all(np.array_equal(a, b) for a, b in zip(now, before, strict=True))


# The clock, and what is listed

CLOCKED = [20, 22, 26, 36, 40, 42, 45, 46, *(k for k in range(150, len(QUESTIONS)) if "wide" not in QUESTIONS[k].name)]


@cache
def begun_with(number: int) -> tuple[Asked, list[Any]]:
    """A question, and the arrays of the cells that it begins with."""
    question = QUESTIONS[number]
    regions = Asked.of(question.network, box(question.network.input_dim, 2), question.target)
    cells = regions.cells()
    assert cells is not None
    return regions, [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]


def over_and_over(number: int, way: str) -> tuple[list[int], Any, bytes]:
    """How many cuts a run has made whenever it looks at the clock, what it counts in the end, and the lines it lists.

    It is asked a question as many times as let it do so a few times.
    """
    regions, cells = begun_with(number)
    rows = Wish(range(1, 1 + len(regions.problem.domain_sums)), 0, True) if way == "listing" else None
    keep, measure = way == "keeping", way == "measuring"
    run = Run(regions.problem, 1, regions.engine._exact_forms(), keep, measure, evidence=rows)
    run.force_back(way == "general")
    if way == "within":
        bytes_ = (regions.problem.neurons + 7) // 8
        run.keep_within((b"\x20" + bytes(bytes_))[:bytes_], (b"\xb0" + bytes(bytes_))[:bytes_])
    many = usual(f"times {number}", times(number))
    for _ in range(1 + many // 8 if keep or measure else many):  # which are more work
        run._kernel.put(*cells)
    looks = list[int]()
    while run.advance(NO_LIMIT, 0.0) is Pause.OUT_OF_TIME:
        looks.append(run.counts.cuts)
    return looks, run.counts, run.lines()


def times(number: int) -> int:
    """How many times a question lets a run look at the clock about five times."""
    regions, cells = begun_with(number)
    run = regions.run()
    run._kernel.put(*cells)
    run.advance(NO_LIMIT, 10.0)
    return 1 + 60_000 // (run.counts.signs + 8 * run.counts.cuts + 4096 * run.counts.exact)


@pytest.mark.parametrize("number", CLOCKED)
@pytest.mark.parametrize("way", ["alone", "general", "keeping", "measuring", "listing", "within"])
def test_the_clock_is_looked_at_after_as_many_cuts(number, way):
    now = over_and_over(number, way)
    before = usual(f"clock {number} {way}", now)
    if now != before:
        raise Effort(f"{now[:2]}, not {before[:2]}")


# Radii


@cache
def within_thirds(number: int, is_bounded: bool) -> Asked:
    """A question in a box, or an orthant, of which no facet is known as floats."""
    question, third = QUESTIONS[number], Fraction(10**20, 3 * 10**20 + 7)
    dim = question.network.input_dim
    orthant = pr.Polyhedron([[-int(i == j) for j in range(dim)] for i in range(dim)], [third] * dim)
    return Asked.of(question.network, box(dim, third) if is_bounded else orthant, question.target)


@pytest.mark.parametrize("number", [k for k in range(150, 166) if "wide" not in QUESTIONS[k].name])
@pytest.mark.parametrize("is_bounded", [True, False])
@pytest.mark.parametrize("forced", [0, 1])
def test_generators_have_the_radii_that_are_proven(number, is_bounded, forced):
    regions = within_thirds(number, is_bounded)
    run = regions.run(keep=True)
    run.force_back(forced)
    run.put(regions.roots(), np.arange(len(regions.roots().depth)))
    run.advance(NO_LIMIT, 10.0)
    now = run.found().generators.radius.tobytes()
    if now != usual(f"radii {number} {is_bounded} {forced}", now):
        raise Effort("other bounds")


@pytest.mark.parametrize("text", targets(40))
def test_generators_leave_flat_tiles_the_facets_that_they_touch(text):
    asked, _ = known_of_target(text)
    run = asked.begun()
    run.advance(NO_LIMIT, 10.0)
    now = tuple(column.tobytes() for column in run.found()[4:10])
    if now != usual(f"flat {text}", now):
        raise Effort("other facets")


# Bounds


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return harness.shared_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def laws(folder):
    return Laws(folder, ORIGINAL)


@pytest.fixture(scope="session")
def bounds(folder):
    return harness.bounds(folder)[harness.AS_IT_IS]


@pytest.fixture(scope="session")
def counting(folder):
    return harness.counting(folder)


def test_no_index_is_too_small(counting):
    assert wrong_counts(counting) == []


def test_no_index_of_zonotopes_is_too_small(folder):
    assert wrong_counts_of_zonotopes(harness.counting(folder, name="counting_zonotope")) == []


def test_the_grid_is_exact(bounds):
    assert wrong_on_grid(bounds) == []


def test_no_stored_example_breaks_a_law(laws, bounds):
    for weak in spoilt.WEAK.values():
        assert weak.seed < 0 or not is_broken(laws, bounds, weak.law, weak.seed)


@pytest.mark.parametrize("law", MAKERS)
def test_laws(laws, bounds, law):
    found = [laws.ratios(law, bounds, example(law, seed)) for seed in range(QUICK[law])]
    assert max(map(max, found)) <= 1
    for seed, (now, before) in enumerate(zip(found, usual(f"law {law}", found), strict=True)):
        if any(a < b - 1e-6 * abs(b) for a, b in zip(now, before, strict=True)):
            raise Effort(f"{law}, example {seed}: {now}, not {before}")


# Sizes


@cache
def tiling_of(number: int) -> Any:
    """The tiling of a question within a box, found by the kernel as it is, which is asked first."""
    question = QUESTIONS[number]
    domain = box(question.network.input_dim, 2)
    if question.target is None:
        return pr.linear_regions(question.network, domain, "cells")
    return pr.preimage(question.network, question.target, domain, "cells")


@cache
def exact_volumes(number: int) -> dict[tuple[int, int], Fraction]:
    """Of some tiles of a question's tiling, by part and place."""
    found = {}
    for part, (_, columns) in enumerate(tiling_of(number).parts):
        for i in range(0, len(columns), 1 + len(columns) // 8):
            if columns.polyhedron(i).is_full_dimensional():
                found[part, i] = columns.polyhedron(i).volume()
    return found


def certified(name: str, sizes: Any, exact: dict[int, Fraction]) -> None:
    """Hold sizes against exact ones, and their widths against the usual ones."""
    for i, volume in exact.items():
        if not np.isnan(sizes.volume_low[i]):
            assert Fraction(float(sizes.volume_low[i])) <= volume <= Fraction(float(sizes.volume_high[i]))
    columns = (sizes.volume_low, sizes.volume_high, sizes.box_low, sizes.box_high)
    before = usual(name, tuple(np.array(column) for column in columns))
    for own, other in zip(columns, before, strict=True):
        assert own.shape == other.shape
        off = np.abs(own - other) > 1e-12 * (1 + np.abs(other))
        if (np.isnan(own) & ~np.isnan(other)).any() or off.any():
            raise Effort(f"{name}: sizes are {own}, not {other}")


SIZED = [k for k, question in enumerate(QUESTIONS) if k < 60 or "wide" in question.name or "pyramid" in question.name]


@pytest.mark.parametrize("number", SIZED)
def test_sizes_from_rows(number):
    exact = exact_volumes(number)
    for part, (_, columns) in enumerate(tiling_of(number).parts):
        own = {i: volume for (p, i), volume in exact.items() if p == part}
        certified(f"rows {number} {part}", measured(columns), own)


@pytest.mark.parametrize("number", SIZED)
def test_sizes_on_the_way(number):
    question, exact = QUESTIONS[number], exact_volumes(number)
    target = question.target or pr.Polyhedron.whole_space(question.network.output_dim)
    tiling = pr.preimage(question.network, target, box(question.network.input_dim, 2), "cells", measure=True)
    if question.target is None or len(tiling) != len(tiling_of(number)):
        exact = {}
    for part, (_, columns) in enumerate(tiling.parts):
        own = {i: volume for (p, i), volume in exact.items() if p == part}
        sizes = getattr(columns, "sizes", None)
        if sizes is not None:
            certified(f"on the way {number} {part}", sizes, own)


# Intervals, evidence


def narrow(number: int) -> Any:
    question = QUESTIONS[number]
    target = question.target or pr.Polyhedron.whole_space(question.network.output_dim)
    return question.network, target, box(question.network.input_dim, 3)


@cache
def tiles_by_twin(number: int) -> list[Any]:
    network, target, domain = narrow(number)
    return [(tile.pattern, tile.polyhedron) for tile in pr.preimage(network, target, domain, "twin")]


@pytest.mark.parametrize("number", [k for k in range(0, 90, 2) if QUESTIONS[k].network.neuron_count <= 8])
def test_intervals(number):
    network, target, domain = narrow(number)
    expected = tiles_by_twin(number)
    restriction = restrict(network, target)
    ends = sorted({0, number * 7 % (1 << restriction.neuron_count), number * 29 % (1 << restriction.neuron_count)})
    parts = Interval.whole(restriction.neuron_count).cut(ends)
    found = [tile for part in parts for tile in tiles_within(restriction, domain, part, 1 + number % 17)]
    assert found == expected


LISTED = [*range(0, 150, 2), *(k for k in range(150, len(QUESTIONS)) if QUESTIONS[k].network.neuron_count < 40)]


@pytest.mark.parametrize("number", LISTED)
def test_evidence(number):
    question = asked(QUESTIONS[number])
    lines = question.lines()
    before = usual(f"lines {number}", lines)
    if lines == before:
        return
    cells = question.listed(lines)
    assert Counter(cells) >= Counter(), "cells are listed once"
    if len(cells) != len(question.listed(before)) or len(lines) > len(before):
        raise Effort(f"{len(lines)} bytes of {len(cells)} cells, not {len(before)}")


# Arrays

BEGUN = [k for k in range(30) if QUESTIONS[k].name.split()[1] in ("generic,", "dyadic,")][:4]


def references(arrays: Sequence[Any]) -> list[int]:
    """To each array: one more for each buffer that is not let go."""
    return [sys.getrefcount(array) for array in arrays]


@pytest.mark.parametrize("number", BEGUN)
def test_arrays_are_let_go(number):
    regions, cells = begun_with(number)
    tiles = [
        (np.eye(2, dtype=np.uint8), np.arange(3, dtype=np.int64), np.zeros(2, dtype=np.int32), np.ones((2, 2)))
        for _ in range(2)
    ]
    arrays = [*cells, *tiles[0], *tiles[1]]
    before = references(arrays)
    regions.run()._kernel.put(*cells)
    kernel_library().in_order(tiles, 2, 2, 1, 3600.0, list)
    kernel_library().measured(regions.problem.dim, 1, *(cells[k] for k in (4, 5, 6, 7, 9)))
    assert references(arrays) == before


# Boxes


@cache
def case_for_boxes(seed: int) -> Any:
    """A network, a target, and a point of each tile of its preimage."""
    rng = np.random.default_rng(seed)
    d = 1 + seed % 3
    net = pr.Network([(rng.normal(size=(6, d)), rng.normal(size=6)), (rng.normal(size=(2, 6)), rng.normal(size=2))])
    target = pr.Polyhedron(rng.normal(size=(2, 2)), rng.normal(size=2) / 4, equalities=[0] if seed % 5 == 4 else [])
    tiles = pr.preimage(net, target, box(d, 1), "twin")
    return net, target, [tile.point() for tile in tiles]


@pytest.mark.parametrize("seed", range(24))
def test_boxes(seed):
    net, target, points = case_for_boxes(seed)
    ends = -np.ones(net.input_dim), np.ones(net.input_dim)
    search, pause, given = decided(net, target, *ends, ripe=seed % 3, most=150)
    boxes = list(zip(given.low.tolist(), given.high.tolist(), strict=True))
    for x in points:
        assert any(is_within(x, low, high) for low, high in boxes)
    bounds = Bounds(net, *ends, target)
    enclosed = (*bounds.layers, bounds.rows) if bounds.is_certain else ()
    width = sum((float((own.high - own.low).sum()) for own in enclosed), 0.0)
    counts = (search.bounded, -search.excluded, len(boxes), bounds.is_certain and not bounds.misses)
    now = counts, width, pause
    before = usual(f"boxes {seed}", now)
    if (
        any(a > b for a, b in zip(now[0], before[0], strict=True))
        or width > before[1] * (1 + 1e-12)
        or pause != before[2]
    ):
        raise Effort(f"{now}, not {before}")


# Combinations


@pytest.fixture(scope="session")
def zonotopes(tmp_path_factory):
    return built("zonotope", shared_folder(tmp_path_factory))


@pytest.mark.parametrize("seeds", [range(a, a + 20) for a in range(0, 120, 20)])
@pytest.mark.parametrize("on_cells", [False, True])
def test_combinations(zonotopes, seeds, on_cells):
    """What the combination that came nearest is at least, of rows none of which is positive by itself."""
    for seed in seeds:
        net, low, high, *_ = question_of_zonotopes(5 * seed + 2)
        rng = np.random.default_rng(seed)
        count = int(rng.integers(2, 9))
        rows = rng.normal(size=(count, net.output_dim)) * 2.0 ** rng.integers(-2, 3, (count, 1))
        equality = (rng.random(count) < 0.3).tolist()
        offsets, share = np.zeros(count), rng.uniform(0.02, 0.5, count)
        shared, vertices = 0, np.zeros((1, 0))
        for _ in range(2):  # the second time rows that are not positive by themselves, by a share of what they vary
            asked = rows.tolist(), offsets.tolist(), equality
            if on_cells:
                _, generators, *_ = cell_question(5 * seed + 2)
                shared, vertices = net.input_dim, generators[:, :-2] / generators[:, -2:-1]
                made, _ = cell_steps(zonotopes, net, generators, *asked)
            else:
                made = steps(zonotopes, net, low, high, *asked)
            offsets = -(1 - share) * made.row_low - share * made.row_high
        assert all(t >= 0 or equal for t, equal in zip(made.factors, equality, strict=True))
        now = -np.inf
        if made.is_whole and not (made.row_low > 0).any():
            columns = made.entries[-1] @ made.factors
            least = columns[0] + (vertices @ columns[1 : 1 + shared]).min() - np.abs(columns[1 + shared :]).sum()
            now = least / np.abs(made.sums[-1]).max()
        before = usual(f"combination {seed} {on_cells}", (made.misses, now))
        if (made.misses, now + 1e-9) < before:
            raise Effort(f"{(made.misses, now)}, not {before}")


def is_within(x: Sequence[Fraction], low: Sequence[float], high: Sequence[float]) -> bool:
    """Whether a point lies in a box."""
    return all(Fraction(a) <= v <= Fraction(b) for a, v, b in zip(low, x, high, strict=True))
