r"""The input nearest to a given one that reaches a target, in any dimension, with a proof. Exact.

:func:`polyrelu.nearest_point` looks among the tiles of a preimage, all of which are known by then. Here none is: the
inputs are divided by best-first search (:mod:`polyrelu.analysis.best_first`), and what is certainly farther away than
the best point so far is set aside by its bounds. Of a classifier with hundreds of inputs that is the smallest
perturbation that changes the class.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.analysis.best_first import Best
from polyrelu.analysis.counterexamples import Candidates
from polyrelu.analysis.goals import NORMS, Goal
from polyrelu.analysis.nearest import Distance
from polyrelu.analysis.nearest_bracket import Bracket
from polyrelu.analysis.optimality import Checker
from polyrelu.analysis.proof_trees import Part, WrongProof
from polyrelu.analysis.smallest import Smallest
from polyrelu.analysis.some_input import some_input
from polyrelu.arithmetic.exact import ExactVector, enclosing_floats, exact_vector, nearest_floats
from polyrelu.errors import BudgetExceeded, EmptySetError, Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.networks.relevant_part import restrict
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import one_of, whole_number
from polyrelu.support.limits import Limit, Stop, unlimited

MOST_PARTS = 1_000_000
_FEW_INPUTS = 256  # with so many, or fewer, parts are bounded as soon as a nearer point is found
_DOUBLINGS, _HALVINGS = 7, 4  # of the radii of cubes in which nearer points are looked for
_SMALLER = 0.75  # of a cube, in which nothing seems to be nearer
_SEARCHING = 0.25  # of the time for the search
_RADII = (1, 2**4, 2**8, 2**16)  # of cubes around the given input in which points are drawn where a domain has no end


@dataclass(frozen=True, repr=False, eq=False)
class NearestInput(Distance):
    """The answer of :func:`nearest_input`.

    Attributes:
        point: a point of the closure of the set at the least distance; of the set itself when ``attained``; None where
            a run was stopped before it found one.
        value: what the network returns there; None then.
        target_index: the target that it reaches.
        norm: the norm.
        squared_distance: the square of the distance, exact; None where there is no point.
        attained: whether an input of the domain at that distance reaches the target; if not, strict conditions keep it
            open there.
        complete: whether no other input is nearer; if not, the run was stopped.
        at_least: a float that is certainly no larger than the distance of any input that reaches the target.
        stats: what the search did, by name.
        proof: why no input is nearer; see :meth:`check`.
    """

    point: ExactVector | None
    value: ExactVector | None
    target_index: int
    norm: str
    squared_distance: Fraction | None
    attained: bool
    complete: bool
    at_least: float
    stats: Mapping[str, int]
    proof: NearestProof

    def check(self) -> int:
        """Check the point and the proof, exactly, and without the search that found them; the number of parts.

        Raises:
            WrongProof: they prove nothing, or the run was stopped.

        Cost: exact products of matrices for each part, a tenth of a second each for layers of some hundred neurons.
        """
        if not self.complete or self.point is None or self.squared_distance is None:
            raise WrongProof("nearest_input: the run was stopped, so there is no proof")
        return self.proof.check(self.point, self.squared_distance, self.norm)

    def __repr__(self) -> str:
        state = "" if self.complete else ", incomplete"
        where = "nothing found" if self.squared_distance is None else f"distance {float(self):.6g}"
        return f"NearestInput({where} in {self.norm}, target {self.target_index}{state})"


@dataclass(frozen=True, eq=False)
class NearestProof:
    """What was asked, and the trees that prove the answer, one for each target.

    Attributes:
        network, targets, domain, start: the question.
        roots: the trees; of a target that is empty, or of a domain without free inputs, there is none.
    """

    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron
    start: ExactVector
    roots: Mapping[int, Part]

    @property
    def parts(self) -> int:
        """How many parts the trees have."""
        return sum(1 for root in self.roots.values() for _ in root)

    def check(self, point: ExactVector, squared_distance: Fraction, norm: str) -> int:
        """Check that a point is in the closure of the set, at the distance, and that no other is nearer."""
        cost = _cost(norm, point, self.start)
        if (2 * cost if norm == "l2" else cost**2) != squared_distance:
            raise WrongProof("nearest_input: the point has another distance")
        value = self.network.evaluate([point])[0]
        if not self.domain.closure().contains(point) or not any(t.closure().contains(value) for t in self.targets):
            raise WrongProof("nearest_input: the point does not reach a target")
        if not self.domain.sides.free or (not cost):
            return 0
        free = _free_cost(norm, cost, self.domain, self.start)
        count = 0
        for k, target in enumerate(self.targets):
            if target.is_empty() or free is None:
                continue
            if k not in self.roots:
                raise WrongProof(f"nearest_input: there is no tree for target {k}")
            problem = _smallest(self.network, target, self.domain, self.start, norm).problem(free)
            count += Checker(problem, free).check(self.roots[k])
        return count


def nearest_input(
    network: Network,
    target: Target,
    point: Iterable[Any],
    domain: Domain | None = None,
    norm: str = "linf",
    *,
    limit: int = MOST_PARTS,
    timeout: float | None = None,
    progress: bool | None = None,
) -> NearestInput:
    """The input nearest to a given one that reaches a target: the smallest change to it. Exact, in any dimension.

    Args:
        network: R^d -> R^m.
        target: as for :func:`polyrelu.engines.preimage.preimage`.
        point: the given input, d numbers.
        domain: the inputs that are meant, as for :func:`polyrelu.engines.preimage.preimage`.
        norm: ``"linf"``, the largest change of a coordinate; ``"l1"``, the sum of changes; ``"l2"``, Euclidean.
        limit: the most parts to divide the inputs into.
        timeout: seconds after which to stop; what was found until then is returned, with ``complete`` False. Where the
            search does not end in a quarter of that, the rest brings both ends of the distance together.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`NearestInput`, with the proof that no input is nearer.

    Raises:
        EmptySetError: no input of the domain reaches the target.
        BudgetExceeded: more parts than ``limit`` were needed.
        DimensionError: target, point or domain live in the wrong space.
        InputError: the norm is unknown, or ``timeout`` is not a positive number.
        Interrupted: Ctrl-C; its ``partial`` is what was found until then, with ``complete`` False.

    Cost: a linear program for each part, milliseconds, and as many parts as it takes: few where few neurons can switch
    within the distance.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> found = pr.nearest_input(net, "y0 >= 1", ["1/3"])
        >>> found.point, found.distance, found.check()
        ((Fraction(1, 1),), Fraction(2, 3), 5)
    """
    targets = given_targets(target, network, "nearest_input")
    inputs = given_domain(domain, network, "nearest_input")
    start = exact_vector(point, "nearest_input: point", network.input_dim)
    one_of(norm, NORMS, "nearest_input", "norm")
    most = whole_number(limit, "nearest_input: limit", 1)
    until = Limit(timeout=timeout, where="nearest_input")
    search = Limit(timeout=None if timeout is None else until.left * _SEARCHING, where="nearest_input")
    run = _Run(network, targets, inputs, start, norm, most, progress)
    try:
        with until.kept():
            if not run.is_decided(search):
                run.narrow(until)
                raise Stop
    except KeyboardInterrupt as stopped:
        with unlimited():
            found = run.answer(complete=False)
        if isinstance(stopped, Stop):
            return found
        raise Interrupted(f"nearest_input: stopped with {found!r}; it is in .partial", found) from stopped
    return run.answer(complete=True)


@dataclass(eq=False)
class _Run:
    """Searches the targets one after the other, each for something better than the best so far."""

    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron
    start: ExactVector
    norm: str
    limit: int
    progress: bool | None

    def __post_init__(self) -> None:
        self.best: Best | None = None
        self.index = 0
        self.roots: dict[int, Part] = {}
        self.without_tree: list[int] = []
        self.counts: dict[str, int] = {}
        self.least: list[float] = [-np.inf] * len(self.targets)
        self.far = Fraction(0)  # no input that reaches a target is nearer in the maximum norm, nor in others

    def decide(self) -> None:
        """Find the nearest input."""
        if self.domain.is_empty():
            self.least = [np.inf] * len(self.targets)
            return
        if self.domain.contains(self.start):
            value = self.network.evaluate([self.start])[0]
            for k, target in enumerate(self.targets):
                if target.contains(value):
                    self.best, self.index = Best(Fraction(0), False, self._free(self.start)), k
                    self.least = [0.0] * len(self.targets)
                    return
        found = [self._first(k) if self._is_open(k) else None for k in range(len(self.targets))]
        for k in sorted(range(len(found)), key=lambda k: math.inf if (own := found[k]) is None else own.cost):
            if self._is_open(k):
                self._search(k, found[k])
        if self.best is not None:
            for k in self.without_tree:
                self._run(k, self._smallest(k), self.best)

    def is_decided(self, limit: Limit) -> bool:
        """Whether the nearest input is found within a limit; raises Stop at others."""
        try:
            with limit.kept():
                self.decide()
        except Stop:
            if not limit.late:
                raise
            return False
        return True

    def narrow(self, limit: Limit) -> None:
        """Bring the ends of the distance together until a limit; a Stop passes through, and what was found stays."""
        bracket = Bracket(self.network, self.targets, self.domain, self.start)
        if self.best is not None and not self.best.is_open:
            bracket.offer(self.domain.sides.lift(self.best.point))
        try:
            bracket.narrow(limit)
        finally:
            self.far = bracket.low
            if bracket.point is not None:
                self._offer(bracket.point)

    def _offer(self, point: ExactVector) -> None:
        """Take an input that reaches a target for the best, if it is."""
        own = self._free(point)
        cost = Goal(self.norm, self._free(self.start)).cost(own)
        if self.best is None or cost < self.best.cost:
            value = self.network.evaluate([point])[0]
            self.best, self.index = (
                Best(cost, False, own),
                next(k for k, t in enumerate(self.targets) if t.contains(value)),
            )

    def _free(self, point: ExactVector) -> ExactVector:
        return tuple(point[j] for j in self.domain.sides.free)

    def _is_open(self, k: int) -> bool:
        """Whether there is something to look for in a target; where no input is free, that is decided at once."""
        target = self.targets[k]
        if target.is_empty():
            self.least[k] = np.inf
        elif not self.domain.sides.free:
            only = self.domain.sides.lift(())
            reached = target.contains(self.network.evaluate([only])[0])
            self.least[k] = 0.0 if reached else np.inf
            if reached and self.best is None:
                self.best, self.index = Best(Fraction(0), False, ()), k
        else:
            return True
        return False

    def _search(self, k: int, first: Best | None) -> None:
        """Look in a target, of which a point may be known, for the nearest input."""
        small = self._smallest(k)
        before = self.best
        known = first if first is not None and (before is None or first.cost < before.cost) else before
        if known is None and not small.free.is_bounded():  # nothing reaches it, which a tree says once there is a box
            self.least[k] = np.inf
            self.without_tree.append(k)
            return
        self._run(k, small, known)

    def _smallest(self, k: int) -> Smallest:
        return _smallest(self.network, self.targets[k], self.domain, self.start, self.norm)

    def _run(self, k: int, small: Smallest, known: Best | None) -> None:
        """Look in a target for something better than what is known."""
        before = self.best
        search = small.search(self.limit, self.progress, known)
        try:
            search.run()
        finally:
            self.least[k] = search.least
            if search.best is not before and search.best is not None:
                self.best, self.index = search.best, k
            for name, count in vars(search.counts).items():
                self.counts[name] = self.counts.get(name, 0) + count
        self.roots[k] = search.root

    def _first(self, k: int) -> Best | None:
        """Some point that reaches a target; None where there is none, or none was found and a box is known."""
        small, target = self._smallest(k), self.targets[k]
        has_many = len(self.domain.sides.free) > _FEW_INPUTS
        if has_many and (near := self._by_steps(target)) is not None:
            own = self._free(near)
            return Best(small.goal.cost(own), False, own)
        bounded = small.free.is_bounded()
        point = None
        for radius in (None,) if bounded else _RADII:
            around = self.domain if radius is None else self.domain & _cube(self.start, radius)
            found = None if around.is_empty() else Candidates(self.network, around, target).search(1)
            if found is not None:
                point = found.point
                break
        if point is None and not bounded and self.best is None:
            point = _some_point(self.network, target, self.domain)
        if point is None:
            return None
        if has_many:
            point = self._nearer(point, target)
        own = self._free(point)
        return Best(small.goal.cost(own), False, own)

    def _by_steps(self, target: Polyhedron) -> ExactVector | None:
        """A point that reaches a target a few steps away, if a smaller cube does not seem to have one."""
        candidates, centre = Candidates(self.network, self.domain, target), nearest_floats(self.start)
        found = candidates.by_steps(centre, self.norm)
        if found is None:
            return None
        far = float(nearest_floats([_cost("linf", found.point, self.start)])[0])
        return found.point if candidates.within(centre, _SMALLER * far) is None else None

    def _nearer(self, point: ExactVector, target: Polyhedron) -> ExactVector:
        """A point that reaches a target nearby, if cubes around the given input have one: small ones come first."""
        candidates, centre = Candidates(self.network, self.domain, target), nearest_floats(self.start)
        near, far = 0.0, float(nearest_floats([_cost("linf", point, self.start)])[0])
        radii = [far * 0.5**k for k in range(_DOUBLINGS, 0, -1)]
        for step in range(_DOUBLINGS + _HALVINGS):
            radius = radii[step] if step < len(radii) and radii[step] < far else 0.5 * near + 0.5 * far
            found = candidates.within(centre, radius)
            if found is None:
                near = radius
            else:
                point, far = found.point, radius
        return point

    def answer(self, complete: bool) -> NearestInput:
        """What was found."""
        stats = dict(self.counts)
        proof = NearestProof(self.network, self.targets, self.domain, self.start, self.roots)
        least = min((v for v in self.least), default=np.inf)
        if self.best is None:
            if complete:
                raise EmptySetError("nearest_input: no input of the domain reaches the target; this is proven")
            at_least = max(enclosing_floats(self.far)[0], _distance_below(self.norm, least))
            return NearestInput(None, None, 0, self.norm, None, False, False, at_least, stats, proof)
        point = self.domain.sides.lift(self.best.point)
        cost = _cost(self.norm, point, self.start)
        squared = 2 * cost if self.norm == "l2" else cost**2
        value = self.network.evaluate([point])[0]
        found = NearestInput(
            point, value, self.index, self.norm, squared, not self.best.is_open, complete, 0.0, stats, proof
        )
        below = _root_below(squared, float(found))
        known = max(enclosing_floats(self.far)[0], _distance_below(self.norm, least))
        at_least = below if complete else min(below, known)
        return replace(found, at_least=at_least)


def _root_below(squared: Fraction, root: float) -> float:
    """A float that is certainly no larger than the root of a number, nor than the nearest float of that."""
    below = min(root, float(np.finfo(np.float64).max))
    while Fraction(below) ** 2 > squared:
        below = float(np.nextafter(below, 0.0))
    return below


def _distance_below(norm: str, bound: float) -> float:
    """A distance that is no larger than one whose cost is at least ``bound``, or minus infinity."""
    if norm != "l2" or not 0 < bound < np.inf:
        return bound
    return float(np.nextafter(np.sqrt(2.0 * bound) * (1.0 - 2.0**-50), 0.0))


def _cost(norm: str, point: ExactVector, start: ExactVector) -> Fraction:
    return Goal(norm, start).cost(point)


def _free_cost(norm: str, cost: Fraction, domain: Polyhedron, start: ExactVector) -> Fraction | None:
    """The cost in the free inputs alone; None where constant ones cost as much in the maximum norm."""
    fixed = domain.sides.fixed
    own = _cost(norm, tuple(fixed.values()), tuple(start[j] for j in fixed))
    if norm == "linf":
        return cost if cost > own else None
    return cost - own


def _smallest(network: Network, target: Polyhedron, domain: Polyhedron, start: ExactVector, norm: str) -> Smallest:
    restriction = restrict(network, target)
    goal = Goal(norm, tuple(start[j] for j in domain.sides.free))
    return Smallest(restriction.layers, domain, goal, None, restriction.target)


def _cube(centre: ExactVector, radius: int) -> Polyhedron:
    return Polyhedron.box([v - radius for v in centre], [v + radius for v in centre])


def _some_point(network: Network, target: Polyhedron, domain: Polyhedron) -> ExactVector | None:
    """An input that reaches a target; None where there is none."""
    try:
        return some_input(network, target, domain)
    except BudgetExceeded as error:
        raise BudgetExceeded(f"nearest_input: no input was found by points; pass a bounded domain. {error}") from error
