r"""How small and how large an output can get: the exact range of a linear form of the outputs over a domain.

Where there are few inputs, or a domain does not end, it is found by going down from region to region
(:mod:`polyrelu.analysis.descent`), and a certificate proves that nothing is beyond an end. Over a domain of many inputs
that ends everywhere it is found by best-first search (:mod:`polyrelu.analysis.best_first`), whose tree is the proof.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from polyrelu.analysis.best_first import Search
from polyrelu.analysis.descent import Descent
from polyrelu.analysis.goals import Goal
from polyrelu.analysis.optimality import Checker
from polyrelu.analysis.proof_trees import Part, WrongProof
from polyrelu.analysis.range_certificates import check_certificate, proved_anew, statement_below
from polyrelu.analysis.smallest import Smallest
from polyrelu.arithmetic.exact import ExactVector, enclosing_floats, exact_vector, nearest_floats
from polyrelu.engines.cells.budget import ALWAYS
from polyrelu.errors import EmptySetError, InputError, Interrupted
from polyrelu.networks.layer import Layer
from polyrelu.networks.linear_constraints import linear_form
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.networks.relevant_part import restrict_as_stated
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, is_sequence, whole_number
from polyrelu.support.limits import Limit, unlimited
from polyrelu.support.numerals import shown

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
            WrongProof: they are not proved, as where an end is infinite, or the run was stopped.
            BudgetExceeded: there are no trees, and a certificate gets too large.

        Cost: where there are few inputs a certificate is written and checked: a second run, and a third of a
        millisecond for each vertex of a region.
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
        roots: the trees, by the sign of the form that is made small; of an end without one there is a certificate.
    """

    network: Network
    form: Form
    domain: Polyhedron
    roots: Mapping[int, Part]

    def check(self, sign: int, end: Extreme, certificate: Path | None = None) -> int:
        """Check one end, by its tree or by a certificate; without a file one is written anew."""
        value, point = end.value, end.point
        if not isinstance(value, Fraction) or point is None or not end.complete:
            raise WrongProof("output_range: an end that is not known, or infinite, has no proof")
        if not self.domain.closure().contains(point) or self.form.at(self.network.evaluate([point])[0]) != value:
            raise WrongProof("output_range: a point does not have the value")
        if self.is_constant:
            return 0
        toward = self.form.times(sign)
        if sign in self.roots:
            problem = _smallest(self.network, toward, self.domain).problem()
            return Checker(problem, sign * value).check(self.roots[sign])
        statement = self.statement(sign, value)
        if certificate is None:
            return proved_anew(statement)
        check_certificate(statement, certificate)
        return 1

    @property
    def is_constant(self) -> bool:
        """Whether there is but one value, at sight."""
        return not self.domain.sides.free or not any(self.form.coefficients)

    def statement(self, sign: int, value: Fraction) -> Statement:
        """The question whether some value is beyond an end."""
        toward = self.form.times(sign)
        return statement_below(self.network, toward.coefficients, sign * value - toward.constant, self.domain)


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
        limit: the most parts to divide the inputs into, where there are many inputs.
        timeout: seconds after which to stop; what is known then is returned, with ``complete`` False.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        An :class:`OutputRange`, with the proof that no value is beyond its ends.

    Raises:
        EmptySetError: the domain is empty.
        BudgetExceeded: more parts than ``limit`` were needed; or the domain does not end, and cells get too large.
        DimensionError: the domain lives in another space, or there are not m numbers.
        InputError: there is no such output, or ``timeout`` is not a positive number.
        ParseError: a text is no linear form.
        Interrupted: Ctrl-C; its ``partial`` is what is known then, with ``complete`` False.

    Cost: up to seven free inputs, and without end, that of some runs of :func:`polyrelu.verify`: at worst microseconds
    for each region and run. Otherwise for each part bounds of all neurons and a linear program, milliseconds.

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


def _smallest(network: Network, form: Form, domain: Polyhedron) -> Smallest:
    """The question for the smallest value of a form that is not constant, over a domain with free inputs."""
    *layers, rows = _one_output(network, form)
    return Smallest(tuple(layers), domain, Goal(), rows, Polyhedron.whole_space(rows.input_dim))


def _one_output(network: Network, form: Form) -> tuple[Layer, ...]:
    """The layers that a form sees, and one that returns it."""
    whole = Polyhedron.from_halfspaces([Halfspace.of(form.coefficients, 0)], network.output_dim)
    restriction = restrict_as_stated(network, whole)
    own = tuple(form.coefficients[i] for i in restriction.outputs)
    return *restriction.layers, Layer.from_rows((own,), (form.constant,), [False], len(own))


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
        self.descents: dict[int, Descent] = {}
        self.stats: dict[str, int] = {}

    def decide(self) -> None:
        """Find both ends."""
        moves = any(self.form.coefficients)
        if moves and (len(self.domain.sides.free) <= ALWAYS or not self.domain.is_bounded()):
            for sign in (1, -1):  # both, so that an end that is not come to has a bound
                network = Network(_one_output(self.network, self.form.times(sign)))
                self.descents[sign] = Descent(network, self.domain, self.progress)
        for sign in (1, -1):
            if not moves:
                self._constant(sign)
            elif self.descents:
                self._go_down(sign)
            else:
                self._search(sign)

    def _constant(self, sign: int) -> None:
        point = self.domain.sample_point()
        bound = enclosing_floats(self.form.constant)[0 if sign > 0 else 1]
        self.ends[sign] = Extreme(self.form.constant, point, True, None, True, bound)

    def _go_down(self, sign: int) -> None:
        descent = self.descents[sign]
        try:
            descent.run()
        finally:
            self._count(steps=descent.steps, boxes=descent.boxes, cells=descent.cells)

    def _search(self, sign: int) -> None:
        small = _smallest(self.network, self.form.times(sign), self.domain)
        search = self.searches[sign] = small.search(self.limit, self.progress, None)
        _draw(search)
        try:
            search.run()
        finally:
            self._count(**vars(search.counts))
        self.roots[sign] = search.root

    def _count(self, **counts: int) -> None:
        for name, count in counts.items():
            self.stats[name] = self.stats.get(name, 0) + count

    def answer(self) -> OutputRange:
        """What was found."""
        for sign, descent in self.descents.items():
            self.ends[sign] = _reached(sign, descent)
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


def _reached(sign: int, descent: Descent) -> Extreme:
    """What a descent has come to."""
    if descent.ray is not None:
        end = -sign * math.inf
        return Extreme(end, descent.point, False, descent.ray, descent.complete, end)
    if descent.value is None:
        return Extreme(None, None, False, None, False, sign * descent.least())
    value = sign * descent.value
    bound = enclosing_floats(value)[0 if sign > 0 else 1]
    if not descent.complete:
        bound = sign * min(descent.least(), sign * bound)
    return Extreme(value, descent.point, descent.attained, None, descent.complete, bound)


def _draw(search: Search) -> None:
    """Offer the best of some points, and of corners, to begin with."""
    random = np.random.default_rng(_SEED)
    low, high = (np.clip(end, -_FARTHEST, _FARTHEST) for end in (search.root.low, search.root.high))
    points = random.uniform(low, high, (_DRAWN, len(low)))
    points[: _DRAWN // 2] = np.where(points[: _DRAWN // 2] > 0.5 * low + 0.5 * high, high, low)
    search.offer_best(points)
