r"""What is asked of a network: targets by name, and properties as (domain, targets) pairs.

The targets here are sets of *outputs* in R^dim, to be passed to :func:`polyrelu.engines.preimage.preimage`. A
:class:`Property` describes what must not happen, as a union over its disjuncts of {x in domain : f(x) in a target}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.networks.joint import Inside, Wiring, observing, side_by_side
from polyrelu.networks.network import Network
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, dimension
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from polyrelu._conveniences import PropertyMethods
else:
    PropertyMethods = object  # what makes properties of texts is put on the class from there


@dataclass(frozen=True)
class Disjunct:
    """A domain of inputs, and the union of targets that no input of it may reach."""

    domain: Polyhedron
    targets: tuple[Polyhedron, ...]


@dataclass(frozen=True)
class Member:
    """A network that a property is about, beside others.

    Attributes:
        network: the network; None for the one that is asked about.
        wiring: the coordinates of the domain that are its inputs.
        inside: values inside it that the property speaks of.
    """

    network: Network | None
    wiring: Wiring
    inside: tuple[Inside, ...] = ()

    def returned(self, network: Network) -> Network:
        """The network of which the property says something, with its values inside."""
        own = network if self.network is None else self.network
        return observing(own, self.inside) if self.inside else own


@dataclass(frozen=True, repr=False)
class Property(PropertyMethods):
    """A set of inputs and outputs that a network ought to avoid.

    Attributes:
        input_dim, output_dim: the dimensions of the network's inputs and outputs.
        disjuncts: the network breaks the property iff for one of them it maps a point of the domain into a target.
        with_inputs: whether targets are about outputs and inputs together, as where the two are compared: they live in
            R^(output_dim + input_dim), outputs first.
        members: of a property about values inside the network, about copies of it or about other networks: these. Their
            outputs and values inside, one member after the other, are what targets are about, and domains live in the
            space of the coordinates that they take. None for the network alone.
    """

    input_dim: int
    output_dim: int
    disjuncts: tuple[Disjunct, ...]
    with_inputs: bool = False
    members: tuple[Member, ...] = ()

    @property
    def domain_dim(self) -> int:
        """The dimension of the space in which the domains live."""
        taken = (j + 1 for member in self.members for j in member.wiring)
        return max(taken, default=0) if self.members else self.input_dim

    @property
    def value_names(self) -> list[str]:
        """What the members return, as it is written: ``y0``, ``h1_3``, and with a prime for every member before."""
        if not self.members:
            return [f"y{i}" for i in range(self.output_dim)]
        names = []
        for number, member in enumerate(self.members):
            outputs = self.output_dim if member.network is None else member.network.output_dim
            own = [*(f"y{i}" for i in range(outputs)), *map(str, member.inside)]
            names += [name + "'" * number for name in own]
        return names

    @property
    def input_names(self) -> list[str]:
        """The coordinates of domains, as they are written; one that several members take has the name of the first."""
        if not self.members:
            return [f"x{j}" for j in range(self.input_dim)]
        names: dict[int, str] = {}
        for number, member in enumerate(self.members):
            for j, place in enumerate(member.wiring):
                names.setdefault(place, f"x{j}" + "'" * number)
        return [names.get(place, f"x{place}") for place in range(self.domain_dim)]

    @property
    def target_names(self) -> list[str]:
        """The coordinates of targets, as they are written."""
        return self.value_names + self.input_names * self.with_inputs

    def asked_of(self, network: Network) -> Network:
        """The network whose values the targets are about.

        It is the network itself, unless the property compares inputs with outputs, or has members.
        """
        if self.members:
            parts = [member.returned(network) for member in self.members]
            network = side_by_side(parts, [member.wiring for member in self.members])
        return network.with_inputs() if self.with_inputs else network

    def __repr__(self) -> str:
        domains, targets = len(self.disjuncts), sum(len(one.targets) for one in self.disjuncts)
        counts = (f"{count} {word}{'s' * (count != 1)}" for count, word in ((domains, "domain"), (targets, "target")))
        return f"Property(R^{self.input_dim} -> R^{self.output_dim}: {', '.join(counts)})"


def wins(k: int, dim: int, strict: bool = False) -> Polyhedron:
    """The outputs whose coordinate k is the largest, ties included unless ``strict``; class k is predicted.

    Args:
        k: the coordinate.
        dim: the dimension of the output space.
        strict: whether every other coordinate must be smaller.

    Raises:
        InputError: there is no coordinate k.

    >>> wins(1, dim=3)
    Polyhedron(R^3: x0 - x1 <= 0, x1 - x2 >= 0)
    """
    _check(k, dim, "wins")
    others = [j for j in range(dim) if j != k]
    return Polyhedron.from_halfspaces(
        [Halfspace.of([int(i == j) - int(i == k) for i in range(dim)], 0, "<" if strict else "<=") for j in others], dim
    )


def active(i: int, dim: int) -> Polyhedron:
    """The outputs with a positive coordinate i: an open half-space.

    Raises:
        InputError: there is no coordinate i.
    """
    return Polyhedron.from_halfspaces([_bound(i, -1, 0, "<", dim, "active")], dim)


def inactive(i: int, dim: int) -> Polyhedron:
    """The outputs whose coordinate i is at most zero: the complement of :func:`active`.

    Raises:
        InputError: there is no coordinate i.
    """
    return Polyhedron.from_halfspaces([_bound(i, 1, 0, "<=", dim, "inactive")], dim)


def level(i: int, c: Any, dim: int) -> Polyhedron:
    """The outputs whose coordinate i is exactly c; their preimage is a level set, mostly of lower dimension.

    Raises:
        InputError: there is no coordinate i.
        InexactError: c has no exact rational value.
    """
    return Polyhedron.from_halfspaces([_bound(i, 1, c, "==", dim, "level")], dim)


def between(i: int, low: Any, high: Any, dim: int) -> Polyhedron:
    """The outputs with ``low <= y_i <= high``; one point of the axis where the two are equal.

    Raises:
        InputError: there is no coordinate i, or ``low`` is above ``high``.
        InexactError: a bound has no exact rational value.
    """
    below, above = exact(low, "between: low"), exact(high, "between: high")
    if below > above:
        raise InputError(f"between: low {shown(below)} is above high {shown(above)}; swap them")
    if below == above:
        return level(i, below, dim)
    return Polyhedron.from_halfspaces(
        [_bound(i, -1, -below, "<=", dim, "between"), _bound(i, 1, above, "<=", dim, "between")], dim
    )


def _bound(i: int, sign: int, offset: Any, relation: Relation, dim: int, where: str) -> Halfspace:
    _check(i, dim, where)
    return Halfspace.of([sign * (j == i) for j in range(dim)], exact(offset, f"{where}: bound"), relation)


def _check(i: int, dim: int, where: str) -> None:
    space = dimension(dim, f"{where}: dim")
    number = as_whole(i)
    if number is None or not 0 <= number < space:
        raise InputError(f"{where}: there is no coordinate {shown(i)} in R^{dim}; choose from 0 to {dim - 1}")
