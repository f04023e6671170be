r"""How small and how large an output can get: the exact range of a linear form of the outputs over a domain.

Over a domain that ends everywhere it is found by best-first search (:mod:`polyrelu.analysis.best_first`), in any
dimension, and with a proof. Over one that does not, all linear regions are looked at: the form is linear on each, and
has its ends at vertices, or none along a ray.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from polyrelu.analysis.best_first import Search
from polyrelu.analysis.goals import Goal
from polyrelu.analysis.optimality import Checker, Part, WrongProof
from polyrelu.analysis.smallest import Smallest
from polyrelu.arithmetic.exact import ExactVector, enclosing_floats, exact_vector, nearest_floats
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import EmptySetError, InputError, Interrupted
from polyrelu.networks.layer import Layer
from polyrelu.networks.linear_constraints import linear_form
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.networks.relevant_part import restrict_as_stated
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, is_sequence, whole_number
from polyrelu.support.limits import Limit, check, unlimited
from polyrelu.support.numerals import shown
from polyrelu.tilings.tile import Tile

Output: TypeAlias = int | str | Sequence[Any]
MOST_PARTS = 1_000_000
_SEED, _DRAWN = 6, 1024
_FARTHEST = 2.0**1000  # where points are drawn
_ADVICE = "pass its number, a text such as 'y0 - 2*y1', or a number for each output"


class Form(NamedTuple):
    """A linear form of the outputs: a coefficient for each, and a constant."""

    coefficients: ExactVector
    constant: Fraction

    def at(self, value: ExactVector) -> Fraction:
        """What it is at an output."""
        return sum((a * v for a, v in zip(self.coefficients, value, strict=True)), self.constant)

    def times(self, sign: int) -> Form:
        """The form times 1 or -1."""
        return Form(tuple(sign * a for a in self.coefficients), sign * self.constant)


@dataclass(frozen=True, eq=False)
class Extreme:
    """The smallest or the largest value.

    Attributes:
        value: the infimum or supremum, exact; infinite where there is no end; None where a run was stopped before any
            value was known.
        point: where the value is attained, or a point of the closure near which it is approached; where there is no
            end, the beginning of ``ray``.
        attained: whether the point belongs to the domain and has the value.
        ray: a direction along which the form has no end; None where it has one.
        complete: whether no value is beyond it; if not, the run was stopped.
        bound: a float that no value is beyond, for certain.
    """

    value: Fraction | float | None
    point: ExactVector | None
    attained: bool
    ray: ExactVector | None
    complete: bool
    bound: float

    def __float__(self) -> float:
        """The value as a float, infinite beyond their range; what is known of it where it is not."""
        if isinstance(self.value, Fraction):
            return float(nearest_floats([self.value])[0])
        return self.bound if self.value is None else self.value


@dataclass(frozen=True, eq=False)
class OutputRange:
    """The answer of :func:`output_range`.

    Attributes:
        minimum, maximum: the ends.
        stats: what the searches did, by name.
        proof: why nothing is beyond the ends; see :meth:`check`.
    """

    minimum: Extreme
    maximum: Extreme
    stats: Mapping[str, int]
    proof: RangeProof

    @property
    def complete(self) -> bool:
        """Whether both ends are known."""
        return self.minimum.complete and self.maximum.complete

    def check(self) -> int:
        """Check both ends, exactly, and without the search that found them; the number of parts of the proof.

        Raises:
            WrongProof: they are not proved, as where the domain has no end, or the run was stopped.
        """
        return sum(self.proof.check(sign, end) for sign, end in ((1, self.minimum), (-1, self.maximum)))

    def __repr__(self) -> str:
        ends = (f"{float(end):.6g}" for end in (self.minimum, self.maximum))
        return f"OutputRange({' to '.join(ends)}{'' if self.complete else ', incomplete'})"


@dataclass(frozen=True, eq=False)
class RangeProof:
    """What was asked, and the trees that prove the two ends.

    Attributes:
        network, form, domain: the question.
        roots: the trees, by the sign of the form that is made small.
    """

    network: Network
    form: Form
    domain: Polyhedron
    roots: Mapping[int, Part]

    def check(self, sign: int, end: Extreme) -> int:
        """Check one end."""
        value, point = end.value, end.point
        if not isinstance(value, Fraction) or point is None or not end.complete:
            raise WrongProof("output_range: an end that is not known, or infinite, has no proof")
        if not self.domain.closure().contains(point) or self.form.at(self.network.evaluate([point])[0]) != value:
            raise WrongProof("output_range: a point does not have the value")
        small = _smallest(self.network, self.form.times(sign), self.domain)
        if small is None:
            return 0
        if sign not in self.roots:
            raise WrongProof("output_range: only over a domain that ends everywhere there is a proof; pass a box")
        return Checker(small.problem(), sign * value).check(self.roots[sign])


def output_range(
    network: Network,
    domain: Domain | None = None,
    output: Output = 0,
    *,
    limit: int = MOST_PARTS,
    timeout: float | None = None,
    progress: bool | None = None,
) -> OutputRange:
    """The exact smallest and largest value of an output over a domain, and where they are.

    Args:
        network: R^d -> R^m.
        domain: as for :func:`polyrelu.engines.preimage.preimage`; any number of inputs where it ends everywhere.
        output: the number of an output, or a linear form of the outputs: a text such as ``"y0 - 2*y1"``, or m numbers.
        limit: the most parts to divide the inputs into.
        timeout: seconds after which to stop; what is known then is returned, with ``complete`` False.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        An :class:`OutputRange`, with the proof that no value is beyond its ends.

    Raises:
        EmptySetError: the domain is empty.
        BudgetExceeded: more parts than ``limit`` were needed; or the domain does not end, and has too many inputs for
            that.
        DimensionError: the domain lives in another space, or there are not m numbers.
        InputError: there is no such output, or ``timeout`` is not a positive number.
        ParseError: a text is no linear form.
        Interrupted: Ctrl-C; its ``partial`` is what is known then, with ``complete`` False.

    Cost: for each part bounds of all neurons and a linear program, milliseconds; of a domain without end that of its
    linear regions.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [1, 0]], [0, 0])])  # |x|, relu(x)
        >>> found = pr.output_range(net, ([-2], [3]), "y0 - 2*y1")
        >>> found.minimum.value, found.minimum.point, found.maximum.value
        (Fraction(-3, 1), (Fraction(3, 1),), Fraction(2, 1))
    """
    inputs = given_domain(domain, network, "output_range")
    form = given_form(output, network, "output_range")
    most = whole_number(limit, "output_range: limit", 1)
    until = Limit(timeout=timeout, where="output_range")
    if inputs.is_empty():
        raise EmptySetError("output_range: the domain is empty, so there is no value")
    run = _Run(network, form, inputs, most, progress)
    try:
        with until.kept():
            run.decide()
    except KeyboardInterrupt as stopped:
        with unlimited():
            found = run.answer()
        if until(0):
            return found
        raise Interrupted(f"output_range: stopped with {found!r}; it is in .partial", found) from stopped
    return run.answer()


def given_form(value: Any, network: Network, where: str) -> Form:
    """A linear form of a network's outputs, as people pass it."""
    dim = network.output_dim
    if isinstance(value, str):
        return Form(*linear_form(value, dim))
    number = as_whole(value)
    if number is not None:
        number = whole_number(value, f"{where}: output", 0, dim - 1)
        return Form(tuple(Fraction(int(i == number)) for i in range(dim)), Fraction(0))
    if not is_sequence(value):
        raise InputError(f"{where}: output is {shown(value)} of type {type(value).__name__}; {_ADVICE}")
    return Form(exact_vector(value, f"{where}: output", dim), Fraction(0))


def _smallest(network: Network, form: Form, domain: Polyhedron) -> Smallest | None:
    """The question for the smallest value; None where there is nothing to look for: no free input, or a constant."""
    if not domain.sides.free or not any(form.coefficients):
        return None
    whole = Polyhedron.from_halfspaces([Halfspace.of(form.coefficients, 0)], network.output_dim)
    restriction = restrict_as_stated(network, whole)
    own = tuple(form.coefficients[i] for i in restriction.outputs)
    layer = Layer.from_rows((own,), (form.constant,), [False], len(own))
    return Smallest(restriction.layers, domain, Goal(), layer, Polyhedron.whole_space(len(own)))


@dataclass(eq=False)
class _Run:
    """Looks for both ends."""

    network: Network
    form: Form
    domain: Polyhedron
    limit: int
    progress: bool | None

    def __post_init__(self) -> None:
        self.ends: dict[int, Extreme] = {}
        self.roots: dict[int, Part] = {}
        self.searches: dict[int, Search] = {}
        self.stats: dict[str, int] = {}

    def decide(self) -> None:
        """Find both ends."""
        if not self.domain.is_bounded():
            self._by_regions()
            return
        for sign in (1, -1):
            small = _smallest(self.network, self.form.times(sign), self.domain)
            if small is None:
                self._constant(sign)
                continue
            search = small.search(self.limit, self.progress, None)
            self.searches[sign] = search
            _draw(search)
            try:
                search.run()
            finally:
                for name, count in vars(search.counts).items():
                    self.stats[name] = self.stats.get(name, 0) + count
            self.roots[sign] = search.root

    def _constant(self, sign: int) -> None:
        point = self.domain.sample_point()
        value = self.form.at(self.network.evaluate([point])[0])
        bound = enclosing_floats(value)[0 if sign > 0 else 1]
        self.ends[sign] = Extreme(value, point, True, None, True, bound)

    def answer(self) -> OutputRange:
        """What was found."""
        for sign, search in self.searches.items():
            self.ends[sign] = self._end(sign, search)
        unknown = {sign: Extreme(None, None, False, None, False, -sign * math.inf) for sign in (1, -1)}
        ends = unknown | self.ends
        proof = RangeProof(self.network, self.form, self.domain, self.roots)
        return OutputRange(ends[1], ends[-1], self.stats, proof)

    def _end(self, sign: int, search: Search) -> Extreme:
        best, complete = search.best, sign in self.roots
        if best is None:
            return Extreme(None, None, False, None, False, sign * search.least)
        value, point = sign * best.cost, self.domain.sides.lift(best.point)
        bound = enclosing_floats(value)[0 if sign > 0 else 1]
        if not complete:
            bound = sign * min(search.least, sign * bound)
        return Extreme(value, point, not best.is_open, None, complete, bound)

    # -- domains without end ------------------------------------------------------------------------------------------

    def _by_regions(self) -> None:
        """By the vertices and rays of all linear regions."""
        if not any(self.form.coefficients):
            for sign in (1, -1):
                self._constant(sign)
            return
        whole = Polyhedron.from_halfspaces([Halfspace.of(self.form.coefficients, 0)], self.network.output_dim)
        restriction = restrict_as_stated(self.network, whole)
        own = tuple(self.form.coefficients[i] for i in restriction.outputs)
        layer = Layer.from_rows((own,), (self.form.constant,), [False], len(own))
        tiling = linear_regions(Network((*restriction.layers, layer)), self.domain, progress=self.progress)
        self.stats["regions"] = len(tiling)
        found: dict[int, Extreme] = {}
        for tile in tiling:
            check()
            for sign in (1, -1):
                end = _end_on(tile, sign)
                if sign not in found or _is_beyond(end, found[sign], sign):
                    found[sign] = end
        self.ends = found


def _is_beyond(end: Extreme, other: Extreme, sign: int) -> bool:
    """Whether an end is beyond another, or equal and attained."""
    assert end.value is not None
    assert other.value is not None
    if end.value == other.value:
        return end.attained and not other.attained
    return sign * end.value < sign * other.value


def _end_on(tile: Tile, sign: int) -> Extreme:
    """The end on one region, on which the only output is affine."""
    _, (row,), (constant,) = tile.affine_map()
    polyhedron = tile.polyhedron
    vertices, rays, lines = polyhedron.generators
    directions = (*rays, *lines, *(tuple(-v for v in line) for line in lines))
    falling = next((ray for ray in directions if sign * _product(row, ray) < 0), None)
    if falling is not None:
        begin = polyhedron.sample_point()
        return Extreme(-sign * math.inf, begin, False, falling, True, -sign * math.inf)
    point = min(vertices, key=lambda vertex: sign * _product(row, vertex))
    value = _product(row, point) + constant
    attained = polyhedron.contains(point)
    if not attained:
        level = polyhedron & Polyhedron.from_halfspaces([Halfspace.of(row, value - constant, "==")], len(row))
        attained = not level.is_empty()
        point = level.sample_point() if attained else point
    return Extreme(value, point, bool(attained), None, True, enclosing_floats(value)[0 if sign > 0 else 1])


def _product(first: ExactVector, second: ExactVector) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True) if a), Fraction(0))


def _draw(search: Search) -> None:
    """Offer the best of some points, and of corners, to begin with."""
    random = np.random.default_rng(_SEED)
    low, high = (np.clip(end, -_FARTHEST, _FARTHEST) for end in (search.root.low, search.root.high))
    points = random.uniform(low, high, (_DRAWN, len(low)))
    points[: _DRAWN // 2] = np.where(points[: _DRAWN // 2] > 0.5 * low + 0.5 * high, high, low)
    search.offer_best(points)
