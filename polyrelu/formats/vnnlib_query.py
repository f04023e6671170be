"""What a VNN-LIB file asks of the networks that it declares, and of which files these are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from os import PathLike
from typing import Any

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import DimensionError, InputError
from polyrelu.formats.load import load_network
from polyrelu.formats.vnnlib_tensors import DeclaredNetwork, Tensor, total
from polyrelu.networks.final_operators import before_final, by_groups
from polyrelu.networks.joint import Wiring, side_by_side
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Member, Property


@dataclass(frozen=True, repr=False)
class Query:
    """What a VNN-LIB file asks of networks.

    Attributes:
        networks: those that it declares.
        prop: what it asks of all of them side by side, as one network: see :meth:`joint`.
        wiring: the inputs of that network which each takes. Inputs of two that are to be equal are one.
    """

    networks: tuple[DeclaredNetwork, ...]
    prop: Property
    wiring: tuple[Wiring, ...]

    def __repr__(self) -> str:
        return f"Query({', '.join(network.name for network in self.networks)}: {self.prop!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """The networks of which one has to say what they are: all but those that are equal to another one."""
        return tuple(network.name for network in self.networks if network.equal_to is None)

    def of_one_network(self, where: str) -> Property:
        """The property, of a network that may be asked several times at once.

        Raises:
            InputError: it is about different networks, or about hidden values.
        """
        if len(self.names) > 1:
            raise InputError(
                f"{where}: is about the networks {' and '.join(self.names)}; read it by load_query, and say what each "
                "is: query.joint({...})"
            )
        for network in self.networks:
            if network.of_kind("hidden"):
                raise InputError(
                    f"{where}: is about values inside {network.name}, by their names in an ONNX file; read it by "
                    "load_query, and say the file: query.joint({...})"
                )
        one = self.networks[0]
        if len(self.networks) == 1:
            return self.prop
        members = tuple(Member(None, places) for places in self.wiring)
        return replace(self.prop, input_dim=one.input_dim, output_dim=one.output_dim, members=members)

    def before_final(self, operator: str) -> Property:
        """What is asked, before a last operator of each network; see :mod:`polyrelu.networks.final_operators`.

        Raises:
            InputError: it is not linear there, or compares outputs of several of these operators.
        """
        values = [tensor for network in self.networks for tensor in network.values]
        if len(values) > 1 and by_groups(operator):
            names = " and ".join(tensor.name for tensor in values)
            raise InputError(f"before_final: the property is about {names}, each with a {operator} of its own")
        return before_final(self.prop, operator)

    def joint(self, networks: Mapping[str, Network | str | PathLike[str]], **options: Any) -> Network:
        """The network that asks all at once, of which the property is: for ``verify(query.joint(...), query.prop)``.

        Args:
            networks: what each of the :attr:`names` is: a network, or a file. A network returns outputs and, after
                them, the hidden values that are declared; of a file in ONNX these are found by name.
            options: for :func:`~polyrelu.formats.load.load_network`.

        Raises:
            InputError: a network is missing, or there is one too many.
            DimensionError: one has other dimensions than are declared.
        """
        if set(networks) != set(self.names):
            said = ", ".join(networks) or "none"
            raise InputError(f"joint: the property is about {', '.join(self.names)}, and what is said is of {said}")
        found: list[Network] = []
        for declared in self.networks:
            given = networks[declared.equal_to or declared.name]
            own = given if isinstance(given, Network) else _loaded(given, declared, options)
            found.append(_fitting(own, declared))
        return side_by_side(found, self.wiring)

    def assignment(self, point: ExactVector, values: ExactVector) -> Iterator[tuple[Tensor, Sequence[Fraction]]]:
        """What each tensor is at a point of the joint network, in the order of the declarations.

        Args:
            point: an input of the joint network.
            values: what it returns there.
        """
        begin = 0
        for network, places in zip(self.networks, self.wiring, strict=True):
            entries = {}
            own = [point[j] for j in places]
            for tensor in network.inputs:
                entries[tensor.name], own = own[: tensor.size], own[tensor.size :]
            for tensor in network.values:
                entries[tensor.name] = list(values[begin : begin + tensor.size])
                begin += tensor.size
            yield from ((tensor, entries[tensor.name]) for tensor in network.tensors)


def _loaded(path: str | PathLike[str], declared: DeclaredNetwork, options: Mapping[str, Any]) -> Network:
    """The network in a file, with the outputs and hidden values that are declared."""
    if declared.is_plain:
        return load_network(path, **options)
    from polyrelu.formats.onnx_values import load_values  # what reads ONNX takes longer to import than the kernel

    return load_values(path, declared, **options)


def _fitting(network: Network, declared: DeclaredNetwork) -> Network:
    """The network, which has the dimensions that are declared."""
    for found, dim, what in (
        (network.input_dim, declared.input_dim, "input"),
        (network.output_dim, total(declared.values), "output"),
    ):
        if found != dim:
            raise DimensionError(
                f"joint: {declared.name} declares {dim} {what}s but the network has {found}; is it another network's?"
            )
    return network
