"""Questions for the compiled kernel whose answers the twin knows: small, and of the kinds on which it may go wrong.

A question is asked in the way that it says: with one worker or two, every patch by skeletons or some of them the
general way, or in bits, where a run is stopped after a few cuts and what is left is given to others. An answer is
compared as a whole: patterns, facets, flat tiles; points must lie inside, and kept generators be as near as they say.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells import runner as cell_runner
from polyrelu.engines.cells.problem import UNDECIDED, Problem
from polyrelu.engines.cells.run import Found, Pause, Run
from polyrelu.engines.cells.runner import Runner
from polyrelu.engines.cells.signs import ExactForms
from tests.extreme_networks import box, just_missed, of_any_magnitude, power

SMALL = ("integers", "signs", "no bias", "pairs", "multiples", "generic", "dyadic", "parallel", "magnitudes", "missed")
TARGETS = (None, "y0 > 0", "y0 == 0", "y0 <= 0", "y0 == y1", "y0 >= y1, y0 <= 0", "y0 <= 0, y0 >= 0", "y0 < y1, y1 < 0")
WAYS = ("alone", "general", "mixed", "two", "in bits", "keeping")


class Size(NamedTuple):
    """The most that networks have: inputs, neurons of a layer, and layers."""

    inputs: int
    neurons: int
    layers: int


OFF, ON = 0, 1
FEW, FEWEST = Size(3, 5, 3), Size(2, 3, 2)


class Question(NamedTuple):
    """A network, what is asked of it, and the way in which the kernel is to work."""

    name: str
    network: pr.Network
    target: pr.Polyhedron | None
    domain: pr.Polyhedron | None
    way: str

    def answer(self, method: str, workers: int = 1) -> Any:
        """The tiling that a method finds."""
        if self.target is None:
            return pr.linear_regions(self.network, self.domain, method, workers=workers)
        return pr.preimage(self.network, self.target, self.domain, method, workers=workers)


def nearly_parallel(rng: np.random.Generator, size: Size = FEW) -> pr.Network:
    """Lines of few directions, some a last digit beside each other."""
    dim = int(rng.integers(2, size.inputs + 1))
    base = rng.normal(size=(3, dim + 1)) if rng.random() < 0.7 else rng.integers(-4, 5, (3, dim + 1)).astype(float)
    rows = base[rng.integers(0, 3, int(rng.integers(4, size.neurons + 3)))]
    rows = rows * rng.choice([1, -1, 1.5, 3, -0.7], len(rows))[:, None]
    for row in rows:
        k = int(rng.integers(dim + 1))
        row[k] = np.nextafter(row[k], np.inf * rng.choice([-1, 1])) if rng.random() < 0.6 else row[k]
    layers = [(rows[:, :dim], rows[:, dim]), (rng.normal(size=(3, len(rows))), rng.normal(size=3))]
    return pr.Network(layers, relu=[True, True])


def of_widths(rng: np.random.Generator, kind: str, widths: list[int]) -> pr.Network:
    """A network of one of the kinds that are not extreme."""
    layers = []
    for a, b in itertools.pairwise(widths):
        weight, bias = rng.normal(size=(b, a)), rng.normal(size=b)
        if kind in ("integers", "multiples"):
            weight, bias = rng.integers(-2, 3, (b, a)).astype(float), rng.integers(-2, 3, b).astype(float)
        if kind == "signs":
            weight, bias = rng.integers(-1, 2, (b, a)).astype(float), rng.integers(-1, 2, b).astype(float)
        if kind == "no bias":
            bias = np.zeros(b)
        if kind == "dyadic":
            weight, bias = np.round(weight * 64) / 64, np.round(bias * 64) / 64
        if kind == "pairs":
            weight[b // 2 : b // 2 * 2], bias[b // 2 : b // 2 * 2] = -weight[: b // 2], -bias[: b // 2]
        if kind == "multiples":
            weight[-1], bias[-1] = weight[0] * 3, bias[0] * 3
        layers.append((weight, bias))
    return pr.Network(layers, relu=[*[True] * (len(layers) - 1), bool(rng.random() < 0.5)])


def small_network(rng: np.random.Generator, kind: str, size: Size = FEW) -> pr.Network:
    """A network of a few neurons; extreme ones have the size of their kind."""
    if kind == "parallel":
        return nearly_parallel(rng, size)
    if kind == "magnitudes":
        return of_any_magnitude(rng)
    if kind == "missed":
        beside = None if rng.random() < 0.5 else int(rng.integers(0, 1000))
        return just_missed(rng, int(rng.integers(-500, 490)), int(rng.integers(-500, 490)), beside)
    inputs, layers = int(rng.integers(1, size.inputs + 1)), int(rng.integers(1, size.layers + 1))
    widths = [inputs, *(int(n) for n in rng.integers(2, size.neurons + 1, layers))]
    return of_widths(rng, kind, widths)


def small_question(seed: int, size: Size = FEW) -> Question:
    """One of endlessly many questions of a few cells."""
    rng = np.random.default_rng(seed)
    kind = SMALL[seed % len(SMALL)]
    network = small_network(rng, kind, size)
    d, outputs = network.input_dim, network.output_dim
    radius = power(rng.integers(-500, 500)) if kind == "magnitudes" else int(rng.integers(1, 5))
    domain = [None, box(d, radius), box(d, radius), pr.Polyhedron([[-1] * d], [1])][int(rng.integers(4))]
    text = TARGETS[int(rng.integers(len(TARGETS)))]
    if text is not None and outputs == 1:
        text = text.replace("y1", "1")
    target = None if text is None else pr.parse(text, dim=outputs)
    way = WAYS[seed // len(SMALL) % len(WAYS)]
    return Question(f"{seed} {kind}, {text}, {way}", network, target, domain, way)


def larger_questions() -> Iterator[Question]:
    """Some of hundreds of cells: patches of many parts, masks of two words, layers that change by few terms."""
    rng = np.random.default_rng(0)
    for kind, widths, text, way in (
        ("generic", [2, 12, 6], None, "alone"),
        ("generic", [2, 9, 9, 2], "y0 >= y1", "mixed"),
        ("generic", [3, 8, 5], None, "general"),
        ("generic", [3, 5, 4], None, "keeping"),
        ("integers", [2, 8, 6, 2], "y0 == y1", "alone"),
        ("signs", [3, 7, 4], None, "general"),
        ("dyadic", [2, 14, 2], "y0 >= y1", "keeping"),
        ("pairs", [3, 8, 4], None, "mixed"),
        ("generic", [1, 70, 3], None, "alone"),  # more neurons than a word has bits
        ("generic", [2, 66], None, "in bits"),
        ("no bias", [3, 8, 6], None, "two"),
        ("signs", [4, 5, 2], None, "general"),
        ("signs", [4, 5], None, "in bits"),
        ("integers", [4, 5, 2], "y0 >= y1", "alone"),
        ("signs", [5, 4], None, "keeping"),
    ):
        network = of_widths(rng, kind, widths)
        target = None if text is None else pr.parse(text, dim=widths[-1])
        yield Question(f"{kind} {widths}, {text}, {way}", network, target, box(widths[0], 2), way)


def wide_questions() -> Iterator[Question]:
    """Some whose cells have more facets than a word has bits, in the plane and in space."""
    rng = np.random.default_rng(1)
    for d, kind, text, way in (
        (2, "generic", None, "alone"),
        (2, "integers", "y0 == y1", "general"),
        (3, "generic", "y0 > 0, y1 > 0", "keeping"),
    ):
        network = of_widths(rng, kind, [d, 5, 2])
        target = None if text is None else pr.parse(text, dim=2)
        yield Question(f"wide {d} {kind}, {text}, {way}", network, target, round_polytope(d, 70), way)


def made_questions() -> Iterator[Question]:
    """Some that random ones do not come to."""
    # From five dimensions on two vertices may have d - 1 facets in common and no edge, and what is made between them
    # anyhow is no vertex, if no harm to signs and facets: opposite vertices of a square
    # times the apex of a pyramid with four sides, which all have that square.
    sides = [[1, 0, 1, 0, 0], [-1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0, -1, 1, 0, 0], [0, 0, -1, 0, 0]]
    square = [[0, 0, 0, 1, 0], [0, 0, 0, -1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, -1]]
    pyramid = pr.Polyhedron([*sides, *square], [1, 1, 1, 1, 0, 1, 1, 1, 1])
    across = pr.Network([([[0, 0, 0, 1, 1], [1, 2, 1, 1, 0], [0, 1, 2, 1, -1]], [0.25, -0.5, -1.5])], relu=[True])
    for way in ("alone", "keeping"):
        yield Question(f"pyramid times square, {way}", across, None, pyramid, way)
    # Lines of long integers, three of which meet in a point that is too long for the grid: it is rounded, and no longer
    # on it.
    rng = np.random.default_rng(3)
    for bits in (20, 25):
        four = rng.integers(-(1 << bits), 1 << bits, (4, 3))
        lines = np.vstack([four, four[0] + four[1], four[0] - four[1], four[2] + four[0]]).astype(float)
        lines[:, 2] /= 4
        meeting = pr.Network([(lines[:, :2], lines[:, 2])], relu=[True])
        for way in ("alone", "general", "keeping"):
            yield Question(f"meeting off the grid, {bits} bits, {way}", meeting, None, box(2, 2), way)
    # Points on a line so near to each other that floats do not tell them apart, but the grid does: fractions that are
    # neighbours.
    rows = list[list[int]]()
    for a, b in ((1_000_000_007, 123_456_789), (536_870_923, 222_222_222)):
        c = pow(b, -1, a)  # b c - a d = 1
        d = (b * c - 1) // a
        rows += [[a, -b], [c, -d], [a - c, d - b]]
    for order in (1, -1):
        near = np.array(rows[::order], dtype=float) / 2.0**31
        network = pr.Network([(near[:, :1], near[:, 1])], relu=[True])
        for way in ("alone", "general"):
            yield Question(f"neighbours, {order}, {way}", network, None, box(1, 2), way)
    # Layers without a bias before one that has some, with weights that are no floats.
    rng = np.random.default_rng(4)
    thirds = [[[Fraction(int(v), 3) for v in row] for row in rng.integers(-9, 10, (4, n))] for n in (2, 4, 4)]
    thirds[1][1] = [Fraction(1, 3), Fraction(0), Fraction(0), Fraction(0)]  # vanishes where that neuron is off
    for biased in ((0, 1), (0, 0, 1), (1, 0), (0, 1, 0)):
        layers = [pr.Layer(w, [Fraction(bias, 7)] * 4, True) for w, bias in zip(thirds, biased, strict=False)]
        for way in ("alone", "general"):
            yield Question(f"biases {biased}, {way}", pr.Network(layers), None, box(2, 2), way)
    # Caps of a polygon with more facets than a word has bits; what is left has a few less, and its neurons lie across
    # the end of the word.
    rng = np.random.default_rng(2)
    directions = [(math.cos(a), math.sin(a)) for a in (0.3, 2.0, 4.5)]
    caps = [*([x, y] for x, y in directions), [1.0, 0.0], [0.0, 1.0]]
    through = rng.normal(size=(6, 5))
    offsets = rng.normal(size=6) - 10 * through[:, 3:].sum(axis=1)
    network = pr.Network([(caps, [-3.5, -3.6, -3.7, 10, 10]), (through, offsets)], relu=[True, True])
    for way in ("alone", "general", "in bits"):
        yield Question(f"caps, {way}", network, None, round_polytope(2, 74), way)


def round_polytope(d: int, facets: int) -> pr.Polyhedron:
    """Of so many facets: in the plane a polygon about a circle, above it a prism."""
    angles = [2 * math.pi * k / facets for k in range(facets)]
    normals = [[Fraction(round(64 * math.cos(a)), 64), Fraction(round(64 * math.sin(a)), 64)] for a in angles]
    offsets = [2 * (Fraction(x * x + y * y).limit_denominator(64) + 1) for x, y in normals]
    if d == 2:
        return pr.Polyhedron(normals, offsets)
    ends = [[0, 0, 1], [0, 0, -1]]
    return pr.Polyhedron([*([x, y, 0] for x, y in normals), *ends], [*offsets, 1, 1])


def questions(count: int) -> list[Question]:
    """Small ones first, because they are quick."""
    return [*map(small_question, range(count)), *larger_questions(), *made_questions(), *wide_questions()]


class Answer(NamedTuple):
    """What is compared of a tiling, and what it cost: see :data:`EFFORTS`. No efforts are known of two workers."""

    tiles: tuple[Any, ...]
    efforts: tuple[int, ...] = ()


EFFORTS = (
    *("cuts", "discarded", "solves", "pruned", "exact", "skeletons", "fallbacks"),
    *("signs", "flat", "bounded", "excluded", "points that are not known"),
)


class Wrong(AssertionError):
    """An answer contradicts itself: a point or a generator is not where it should be."""


def tiles_of(tiling: Any) -> tuple[Any, ...]:
    """Patterns and polyhedra, in their order."""
    return tuple((tile.pattern, tile.polyhedron) for tile in tiling)


def right_answer(question: Question) -> Answer:
    """The twin's."""
    return Answer(tiles_of(question.answer("twin")))


def kernel_answer(question: Question) -> Answer:
    """The kernel's, in the way that the question says.

    Raises:
        Wrong: see there.
    """
    runs: list[Run] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "_work", _working(question.way, runs))
        tiling = question.answer("cells", workers=2 if question.way == "two" else 1)
        tiles = tiles_of(tiling)
    unknown = _check_points(tiling)
    if question.way == "two":
        return Answer(tiles)
    counts = [run.counts for run in runs]
    return Answer(tiles, (*(sum(getattr(c, name) for c in counts) for name in EFFORTS[:-1]), unknown))


def _working(way: str, runs: list[Run]) -> Callable[..., None]:
    """How a runner is to work."""
    as_ever = Runner._work

    def work(self: Runner, problem: Problem, exact: Callable[[], ExactForms]) -> None:
        if way == "two":
            patched = pytest.MonkeyPatch()
            patched.setattr(cell_runner, "_SECONDS_ALONE", 0.0)
            try:
                as_ever(self, problem, exact)
            finally:
                patched.undo()
            return
        board = self._board
        assert board is not None

        def new() -> Any:
            run = Run(problem, self.words, _listening(exact()), keep=way == "keeping")
            return cell_runner._Member(run, board.pieces)

        board.members.append(new())
        first = board.members[0]
        first.run.force_back({"general": 1, "mixed": 2}.get(way, 0))
        first.take(board.jobs)
        if way == "in bits":
            _work_in_bits(board.members, new)
        else:
            while first.advance(10.0) not in (Pause.DONE, Pause.TOO_NARROW):
                pass
        runs.extend(member.run for member in board.members)
        if way == "keeping" and not first.too_narrow:
            for found in board.found():
                _check_generators(exact(), problem, found)

    return work


def _listening(exact: ExactForms) -> ExactForms:
    """Exact forms that are asked about cells whose signs are told in the words of those who ask."""
    answer = exact.answer

    def asked(signs: bytes, *others: bytes) -> tuple[bytes, float, bytes]:
        if not set(signs) <= {OFF, ON, UNDECIDED}:
            raise Wrong(f"signs are {set(signs)}")
        return answer(signs, *others)

    exact.answer = asked  # type: ignore[method-assign, assignment]
    return exact


def _work_in_bits(members: list[Any], new: Callable[[], Any]) -> None:
    """Stop after every few cuts, and give what waits longest, or all that is left, to another run."""
    busy = deque(members)
    while busy:
        member = busy.popleft()
        turn = len(members)
        if turn % 2:
            member.run.share(True)
        pause = member.run.advance(1 + turn % 4, 10.0)
        member.run.share(False)
        member.too_narrow |= pause is Pause.TOO_NARROW
        member.collect()
        if pause in (Pause.DONE, Pause.TOO_NARROW):
            continue
        cells = member.run.give(everything=turn % 3 == 0)
        busy.append(member)
        if len(cells.depth):
            other = new() if turn < 12 else members[turn // 2]
            other.run.put(cells, np.arange(len(cells.depth)))
            if turn < 12:
                members.append(other)
            if other not in busy:
                busy.append(other)


def _check_points(tiling: Any) -> int:
    """Whether all points that are known are inside their tiles; how many are not known."""
    unknown = 0
    for tile in tiling:
        points = getattr(tile.source, "points", None)
        if points is None:
            continue
        if np.isnan(points[tile.number]).any():
            unknown += 1
            continue
        point = tile.source.inner_point(tile.number)
        for row in tile.polyhedron.halfspaces:
            if row.relation == "==" or sum(a * x for a, x in zip(row.normal, point, strict=True)) >= row.offset:
                raise Wrong(f"{point} is not inside {row}")
    return unknown


def _check_generators(exact: ExactForms, problem: Problem, found: Found) -> None:
    """Whether each generator of each finished cell is as near to an exact one as its radius says."""
    signs = np.full(len(problem.coord_of), 0, dtype=np.uint8)
    for i, packed in enumerate(found.packed):
        signs[: problem.neurons] = np.unpackbits(packed, count=problem.neurons)
        forms = exact.on(signs)
        facets = found.facets[found.facet_start[i] : found.facet_start[i + 1]].tolist()
        own = slice(found.generators.start[i], found.generators.start[i + 1])
        vectors, radii = found.generators.vectors[own], found.generators.radius[own]
        masks = [sum(int(word) << 64 * w for w, word in enumerate(row)) for row in found.generators.tight[own]]
        every = 0
        for mask in masks:
            every |= mask
        bits = [k for k in range(every.bit_length()) if every >> k & 1]
        if len(bits) == len(facets) + 1:
            continue  # the facet at infinity is not among those that are handed out
        if len(bits) != len(facets):
            raise Wrong(f"generators lie on {len(bits)} facets of {len(facets)}")
        for vector, radius, mask in zip(vectors.tolist(), radii.tolist(), masks, strict=True):
            on = [facet for k, facet in zip(bits, facets, strict=True) if mask >> k & 1]
            off = [facet for k, facet in zip(bits, facets, strict=True) if not mask >> k & 1]
            if off and not math.isinf(radius) and not _is_near(forms.generator(on, off), vector, Fraction(radius)):
                raise Wrong(f"{vector} is not within {radius} of a generator")


def _is_near(exact: Sequence[int], vector: Sequence[float], radius: Fraction) -> bool:
    """Whether some multiple of a vector is within a radius of another: each entry allows an interval of factors."""
    low, high = Fraction(0), None
    for a, v in zip(exact, map(Fraction, vector), strict=True):
        if a == 0:
            if abs(v) > radius:
                return False
            continue
        ends = sorted(((v - radius) / a, (v + radius) / a))
        low, high = max(low, ends[0]), ends[1] if high is None else min(high, ends[1])
    return high is not None and low <= high
