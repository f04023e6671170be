"""Targets and domains as people pass them to a question about a network.

A target is a polyhedron of outputs, a text such as ``"y0 > 0 and y1 <= 1/2"`` (:mod:`polyrelu.networks.
linear_constraints`), or a list of these, meaning their union. A domain is a polyhedron of inputs, the two corners of a
box (:mod:`polyrelu.polyhedra.given_sets`), a text about ``x0``, ``x1``, ..., or None for all inputs. The dimensions are
the network's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from polyrelu.errors import DimensionError
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.polyhedra.given_sets import SetLike, given_set
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, items

Target: TypeAlias = Polyhedron | str | Sequence[Polyhedron | str]
Domain: TypeAlias = SetLike | str

_ADVICE = "pass a Polyhedron, a text such as 'y0 > 0', or a list of these"


def given_targets(value: Any, network: Network, where: str) -> tuple[Polyhedron, ...]:
    """The targets that were passed, in the network's output space.

    Args:
        value: a polyhedron, a text, or a list of these.
        network: R^d -> R^m.
        where: names the function in errors.

    Raises:
        InputError: something else was passed, or is among them.
        ParseError: a text breaks the grammar.
        DimensionError: a polyhedron does not live in R^m.
    """
    instance(network, Network, f"{where}: network", "pass a Network; load_network reads files")
    several = [value] if isinstance(value, Polyhedron | str) else items(value, f"{where}: target", _ADVICE)
    targets = tuple(given_outputs(one, network.output_dim, f"{where}: target {i}") for i, one in enumerate(several))
    for i, one in enumerate(targets):
        if one.ambient_dim != network.output_dim:
            raise DimensionError(
                f"{where}: target {i} lives in R^{one.ambient_dim} but the network's outputs in R^{network.output_dim}"
            )
    return targets


def given_outputs(value: Any, dim: int, where: str) -> Polyhedron:
    """A set of outputs: a polyhedron of any space, or a text about y0, y1, ... in R^dim."""
    return parse(value, dim) if isinstance(value, str) else instance(value, Polyhedron, where, _ADVICE)


def given_domain(value: Any, network: Network, where: str) -> Polyhedron:
    """The domain that was passed, in the network's input space; all of it for None.

    Args:
        value: a polyhedron, the two corners of a box, a text about x0, x1, ..., or None.
        network: R^d -> R^m.
        where: names the function in errors.

    Raises:
        InputError: something else was passed, or a list of pairs (low, high).
        ParseError: a text breaks the grammar.
        DimensionError: a polyhedron does not live in R^d.
    """
    instance(network, Network, f"{where}: network", "pass a Network; load_network reads files")
    if value is None:
        return Polyhedron.whole_space(network.input_dim)
    domain = given_region(value, network.input_dim, f"{where}: domain")
    if domain.ambient_dim != network.input_dim:
        raise DimensionError(
            f"{where}: the domain lives in R^{domain.ambient_dim} but the network's inputs in R^{network.input_dim}"
        )
    return domain


def given_region(value: Any, dim: int, where: str) -> Polyhedron:
    """A set of inputs: a polyhedron of any space, the two corners of a box in R^dim, or a text about x0, x1, ..."""
    return parse(value, dim, names=("x",)) if isinstance(value, str) else given_set(value, dim, where)
