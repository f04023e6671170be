"""A claimed counterexample, looked at anew: whether a point breaks a property, exactly, and if not, by how much.

Nothing of how it was found plays a part: the network is evaluated at the point, and what comes out is held against
domains and targets, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from polyrelu.analysis.counterexamples import Candidates
from polyrelu.arithmetic.exact import ExactVector, rounded_text
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.polyhedra.polyhedron import Polyhedron

Run = Callable[[ExactVector], ExactVector | None]
"""What a program returns at a point, whose entries are binary32 numbers; None if that is not finite."""
_RADII, _AROUND, _TRIED = 12, 64, 16


@dataclass(frozen=True)
class Replay:
    """What became of a claimed counterexample.

    Attributes:
        point: where the network was asked.
        value: what it returned.
        place: the numbers of the disjunct and of the target that it reaches; None if it is no counterexample.
        missed: for none, the rows of the case that comes closest which do not hold, and by how much.
    """

    point: ExactVector
    value: ExactVector
    place: tuple[int, int] | None
    missed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.place is not None


def replay(network: Network, prop: Property, point: ExactVector, value: ExactVector | None = None) -> Replay:
    """Whether a point breaks a property, exactly.

    Args:
        network: R^d -> R^m, as for :func:`~polyrelu.analysis.verify.verify`.
        prop: what must not happen.
        point: an input, of the property's domains.
        value: what somebody says that the network returns there, in the place of what it does.

    Cost: an evaluation, and linear in the rows of the property.
    """
    asked = prop.asked_of(network)
    found = asked.evaluate([point])[0] if value is None else (*value, *point * prop.with_inputs)
    own = found[: len(prop.value_names)]
    best: tuple[Fraction, list[str]] | None = None
    for i, disjunct in enumerate(prop.disjuncts):
        outside = list(_missed(disjunct.domain, point, prop.input_names))
        for j, target in enumerate(disjunct.targets):
            missed = [*outside, *_missed(target, found, prop.target_names)]
            if not missed:
                return Replay(point, own, (i, j))
            worst = max(by for by, _ in missed)
            if best is None or worst < best[0]:
                best = worst, [text for _, text in missed]
    return Replay(point, own, None, tuple(best[1] if best else ["the property has no case: nothing breaks it"]))


def _missed(rows: Polyhedron, point: ExactVector, names: Sequence[str]) -> Iterator[tuple[Fraction, str]]:
    """The rows that do not hold at a point, and by how much, scaled by the largest coefficient."""
    for row in rows.halfspaces:
        if not row.holds(point):
            by = abs(row.slack(point)) / max(1, *map(abs, row.normal))
            how = f"missed by {rounded_text(by, 3)}" if by else "met with equality, and strict"
            yield by, f"{row.format(names, 6)} is {how}"


def in_floats(point: ExactVector) -> ExactVector | None:
    """The nearest binary32 point; None where there is none."""
    with np.errstate(over="ignore"):
        rounded = [np.float32(float(v)) if abs(v) < 2**200 else np.float32(np.inf) for v in point]
    return tuple(Fraction(float(v)) for v in rounded) if np.isfinite(rounded).all() else None


def float_counterexample(
    network: Network,
    prop: Property,
    place: tuple[int, int],
    point: ExactVector,
    run: Run,
    said: Property | None = None,
) -> Replay | None:
    """A counterexample of binary32 entries that breaks the property also as a program runs the network.

    The given one is rounded first; then points around it are tried, those first that are deepest inside the target.
    A point counts if it lies in the domain, exactly, and what the program returns lies in the target, exactly.

    Args:
        network: R^d -> R^m.
        prop: what must not happen.
        place: the disjunct and the target.
        point: a counterexample.
        run: the program.
        said: the same property about what the program returns, where that is not what the network returns, because its
            last operator is left out.

    Returns:
        The counterexample with what the program returned, or None where none was found: there may be some.

    Cost: some hundred runs in floats, and up to 16 of the program.
    """
    disjunct = prop.disjuncts[place[0]]
    domain, target = disjunct.domain, disjunct.targets[place[1]]
    reached = target if said is None else said.disjuncts[place[0]].targets[place[1]]
    for candidate in _around(prop.asked_of(network), domain, target, point):
        rounded = in_floats(candidate)
        if rounded is None or not domain.contains(rounded):
            continue
        value = run(rounded)
        if value is not None and reached.contains((*value, *rounded * prop.with_inputs)):
            return Replay(rounded, value, place)
    return None


def _around(network: Network, domain: Polyhedron, target: Polyhedron, point: ExactVector) -> Iterator[ExactVector]:
    """A point, that point in the box of binary32 ends, and points around it, of which the best come first."""
    yield point
    ends = [_float_end(domain, j, sign) for sign in (-1, 1) for j in range(domain.ambient_dim)]
    low, high = (np.array(half) for half in (ends[: domain.ambient_dim], ends[domain.ambient_dim :]))
    middle = np.clip(np.array([float(v) for v in point]), low, high)
    yield tuple(map(Fraction, middle.tolist()))
    random, width = np.random.default_rng(0), np.where(np.isfinite(high - low), high - low, 1.0)
    radii = np.repeat(2.0 ** -np.arange(2, 2 * _RADII + 2, 2), _AROUND)[:, None]
    shifts = random.uniform(-1, 1, (len(radii), len(middle)))
    points = np.clip(middle + radii * shifts * width, low, high).astype(np.float32).astype(np.float64)
    order = np.argsort(-Candidates(network, domain, target).margins(points))
    for place in order[: _TRIED - 2].tolist():
        yield tuple(map(Fraction, points[place].tolist()))


def _float_end(domain: Polyhedron, j: int, sign: int) -> float:
    """The last binary32 number within a bound of a coordinate."""
    side = (domain.sides.low if sign < 0 else domain.sides.high).get(j)
    if side is None or abs(side.value) > 2**120:
        return float(sign * np.finfo(np.float32).max)
    end = np.float32(float(side.value))
    if sign * Fraction(float(end)) > sign * side.value or (side.is_open and Fraction(float(end)) == side.value):
        end = np.nextafter(end, np.float32(-sign * np.inf))
    return float(end)
