"""What a VNN-LIB file declares: single variables in version 1, networks with their tensors in version 2."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import get_args

from polyrelu.formats.vnnlib_syntax import Atom, List, Node, Source
from polyrelu.formats.vnnlib_tensors import (
    ELEMENTS,
    LARGEST,
    TENSOR,
    WHOLE,
    DeclaredNetwork,
    Kind,
    Tensor,
    indices,
    total,
)
from polyrelu.networks.clauses import Variable

_VARIABLE = re.compile(r"([XY])_(0|[1-9]\d{0,6})", re.ASCII)
_IN_NETWORKS = {f"declare-{kind}": kind for kind in get_args(Kind)}
_ORDER: tuple[Kind, ...] = ("input", "hidden", "output")
_EQUIVALENT = ("equal-to", "isomorphic-to")
COMMANDS = ("declare-const", "declare-fun", "declare-network", "vnnlib-version")


class Declarations:
    """The names that a file declares, and what they stand for.

    Variables are numbered through all networks: their inputs, and the values that the property speaks of, of each
    network its outputs and after them its hidden values.

    Attributes:
        networks: those of version 2, in order; or one called ``N`` for the variables of version 1.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.fail = source, source.fail
        self._single: dict[Variable, int] = {}
        self._declared: list[DeclaredNetwork] = []
        self._names: set[str] = set()

    def read(self, command: List, head: str) -> None:
        """Take in one of the :data:`COMMANDS`."""
        if head == "declare-network":
            self._declared.append(self._network(command))
        elif head == "vnnlib-version":
            self._check_version(command)
        else:
            self._read_single(command)

    @property
    def are_single(self) -> bool:
        """Whether variables are declared one by one, as in version 1."""
        return not self._declared

    @cached_property
    def networks(self) -> tuple[DeclaredNetwork, ...]:
        """The networks; to be asked for once all is read."""
        if self._declared:
            return tuple(self._declared)
        kinds: tuple[tuple[str, str, Kind], ...] = (("x", "X", "input"), ("y", "Y", "output"))
        tensors = [Tensor(letter, kind, "real", (self._dimension(key, letter),)) for key, letter, kind in kinds]
        return (DeclaredNetwork("N", tuple(tensors)),)

    @cached_property
    def places(self) -> dict[str, tuple[Tensor, str, int]]:
        """For each tensor's name the tensor, the kind of its variables, and where these begin."""
        found: dict[str, tuple[Tensor, str, int]] = {}
        begin = {"x": 0, "y": 0}
        for network in self.networks:
            for kind, tensors in (("x", network.inputs), ("y", network.values)):
                for tensor in tensors:
                    found[tensor.name] = tensor, kind, begin[kind]
                    begin[kind] += tensor.size
        return found

    @property
    def inputs(self) -> list[range]:
        """The inputs of each network."""
        sizes = [network.input_dim for network in self.networks]
        return [range(sum(sizes[:i]), sum(sizes[: i + 1])) for i in range(len(sizes))]

    @property
    def value_count(self) -> int:
        """How many values of all networks the property may speak of."""
        return sum(total(network.values) for network in self.networks)

    def variable(self, atom: Atom) -> Variable | None:
        """The variable that a word names; None if it names none."""
        name, _, place = atom.text.removesuffix("]").partition("[")
        if self.are_single:
            match = _VARIABLE.fullmatch(atom.text)
            if match is None:
                return None
            variable = match[1].lower(), int(match[2])
            if variable not in self._single:
                self.fail(f"{atom.text} is not declared", atom.place)
            return variable
        if name not in self.places:
            return None
        tensor, kind, begin = self.places[name]
        try:
            return kind, begin + tensor.flat(indices(place))
        except ValueError as error:
            return self.fail(f"{atom.text}: {error}", atom.place)

    @property
    def examples(self) -> str:
        """Variables as they are written."""
        if self.are_single:
            return "X_0 or Y_0"
        return " or ".join(f"{tensor.name}{[0] * len(tensor.shape)}" for tensor, _, _ in self.places.values())

    # -- version 1 -----------------------------------------------------------------------------------------------

    def _read_single(self, command: List) -> None:
        if self._declared:
            self.fail("single variables are of VNN-LIB 1; a network is declared already", command.place)
        texts = [item.text if isinstance(item, Atom) else item.items for item in command.items]
        rest = [[], "Real"] if texts[0] == "declare-fun" else ["Real"]
        match = _VARIABLE.fullmatch(texts[1]) if len(texts) > 1 and isinstance(texts[1], str) else None
        if match is None or texts[2:] != rest:
            example = "(declare-fun X_0 () Real)" if texts[0] == "declare-fun" else "(declare-const X_0 Real)"
            self.fail(f"a declaration reads {example}, with X for an input and Y for an output", command.place)
        variable = match[1].lower(), int(match[2])
        if variable in self._single:
            self.fail(f"{match[0]} is declared twice", command.place)
        self._single[variable] = command.place

    def _dimension(self, kind: str, letter: str) -> int:
        places = {i: place for (k, i), place in self._single.items() if k == kind}
        for count, i in enumerate(sorted(places)):
            if i != count:
                self.fail(f"{letter}_{i} is declared but {letter}_{count} is not; indices count from 0", places[i])
        if not places:
            self.fail(f"no {letter}_0 is declared; expected (declare-const {letter}_0 Real)", len(self.source.text))
        return len(places)

    # -- version 2 -----------------------------------------------------------------------------------------------

    def _check_version(self, command: List) -> None:
        texts = [item.text for item in command.items if isinstance(item, Atom)]
        if len(command.items) != 2 or not re.fullmatch(r"<?2\.\d{1,6}>?", texts[-1], re.ASCII):
            self.fail("the version is not understood; expected (vnnlib-version <2.0>)", command.place)

    def _network(self, command: List) -> DeclaredNetwork:
        if self._single:
            self.fail("a network is declared beside single variables, which are of VNN-LIB 1", command.place)
        name = command.items[1] if len(command.items) > 1 else command
        if not isinstance(name, Atom) or not re.fullmatch(r"[A-Za-z]\w*", name.text, re.ASCII):
            self.fail("expected the network's name, as in (declare-network f ...)", name.place)
        if name.text in self._networks:
            self.fail(f"a network called {name.text!r} is declared twice", name.place)
        network = DeclaredNetwork(name.text, ())
        for item in command.items[2:]:
            network = self._with(network, item)
        if not (network.inputs and network.of_kind("output")):
            self.fail("expected a network with an input and an output", command.place)
        named = {tensor.onnx_name is None for tensor in network.tensors if tensor.kind != "hidden"}
        if len(named) > 1:
            self.fail("either all inputs and outputs of a network have names of the ONNX file, or none", command.place)
        return self._checked(network, command.place)

    @property
    def _networks(self) -> dict[str, DeclaredNetwork]:
        return {network.name: network for network in self._declared}

    def _with(self, network: DeclaredNetwork, item: Node) -> DeclaredNetwork:
        """The network with what an item in its declaration says."""
        head = self.source.head(item, "a declaration such as (declare-input X real [1,5])")
        assert isinstance(item, List)
        if head in _EQUIVALENT:
            return self._equivalent(network, item, head)
        if head not in _IN_NETWORKS:
            known = ", ".join((*_IN_NETWORKS, *_EQUIVALENT))
            self.fail(f"{head!r} in a network is not known; known are {known}", item.place)
        tensor = self._tensor(_IN_NETWORKS[head], item)
        if network.tensors and _ORDER.index(tensor.kind) < _ORDER.index(network.tensors[-1].kind):
            self.fail("inputs are declared first, then hidden values, and outputs last", item.place)
        return replace(network, tensors=(*network.tensors, tensor))

    def _equivalent(self, network: DeclaredNetwork, item: List, head: str) -> DeclaredNetwork:
        other = item.items[1] if len(item.items) == 2 else item
        if not isinstance(other, Atom) or other.text not in self._networks:
            known = ", ".join(self._networks) or "none yet"
            self.fail(f"{head} names a network that is declared before; these are {known}", item.place)
        if network.tensors or network.equal_to or network.isomorphic_to:
            self.fail(f"{head} stands once, before inputs and outputs", item.place)
        if head == "isomorphic-to":
            return replace(network, isomorphic_to=other.text)
        return replace(network, equal_to=self._networks[other.text].equal_to or other.text)

    def _checked(self, network: DeclaredNetwork, place: int) -> DeclaredNetwork:
        """The network, whose tensors have the shapes of those of the network that it is like."""
        like = network.equal_to or network.isomorphic_to
        if like is None:
            return network
        for kind in ("input", "output"):
            own, other = ([one.shape for one in net.of_kind(kind)] for net in (network, self._networks[like]))
            if own != other:
                shapes = " and ".join(", ".join(str(list(shape)) for shape in shapes) for shapes in (own, other))
                self.fail(f"{network.name!r} is to be like {like!r}, but their {kind}s have shapes {shapes}", place)
        return network

    def _tensor(self, kind: Kind, node: List) -> Tensor:
        texts = [item.text if isinstance(item, Atom) else "(" for item in node.items[1:]]
        match = TENSOR.fullmatch(" ".join(texts))
        if match is None:
            self.fail(f"a declaration reads (declare-{kind} X real [1,5])", node.place)
        name, element, shape, onnx_name = match.groups()
        known = ELEMENTS if kind == "input" else ELEMENTS + WHOLE
        if element.lower() not in known:
            self.fail(f"elements of type {element!r} are not supported; known are {', '.join(known)}", node.place)
        if name in self._names:
            self.fail(f"{name!r} is declared twice", node.place)
        if kind == "hidden" and onnx_name is None:
            self.fail('the name in the ONNX file is missing: (declare-hidden H real [1,5] "name")', node.place)
        self._names.add(name)
        tensor = Tensor(name, kind, element, indices(shape), onnx_name)
        if min(tensor.shape, default=1) < 1 or tensor.size > LARGEST:
            self.fail(f"the shape [{shape}] is not supported", node.place)
        return tensor
