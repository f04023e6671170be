r"""Networks as ``.keras`` files of Keras 3: an archive of ``config.json``, ``metadata.json`` and ``model.weights.h5``.

The configuration names layers and how they are connected; it is read as data, and no layer is ever made. The weights of
a layer lie in the HDF5 group ``layers/<its class in snake case, numbered>/vars/0, 1, ...``, whose attribute ``name`` is
the layer's own. Sequential and functional models of the layers in :mod:`polyrelu.formats.keras_layers` are read; what
holds code (Lambda layers, classes of one's own) is refused like any other layer. Reading needs the package h5py.

Source: Keras 3, ``keras/src/saving/saving_lib.py`` and the files it writes.
"""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import BudgetExceeded, DimensionError, InputError
from polyrelu.formats.keras_layers import GROUPS, Item, lower
from polyrelu.formats.lowering import Lowering, Variable
from polyrelu.formats.operators import Constant
from polyrelu.formats.packed import MOST_NUMBERS, check_numbers, read_members, refusing
from polyrelu.networks.network import Network
from polyrelu.support.extras import require

_BY_GROUPS = {"softmax", "log_softmax"}
_LARGEST_CONFIG = 2**24
_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")
_MODELS = {"Sequential", "Functional"}


def read_keras(path: Path, drop_final: str | None = None, input_shape: Sequence[int] | None = None) -> Network:
    """The network in a ``.keras`` file.

    Args:
        path: the file.
        drop_final: the last layer's class, or its activation, to leave out, for example ``"Softmax"``.
        input_shape: the shape of the input with a batch of 1, where the file leaves more open than the batch axis.

    Raises:
        InputError: not such a file, damaged, of Keras 2, or with a layer that is not supported (the message names it,
            its class and what is); ``drop_final`` is not what comes last.
        DimensionError: shapes do not fit.
        InexactError: a weight is NaN or infinite.
        BudgetExceeded: the network is too large to be written as dense layers.
        MissingExtraError: the package h5py is not installed.
    """
    h5py = require("h5py", f"reading {path}")
    config, weights = _unpacked(path)
    with refusing(path, "model"), from_memory(path), opened(h5py, weights, path) as stored:
        return Model(path, config, Weights(h5py, stored, path)).lowered(drop_final, input_shape)


@contextmanager
def from_memory(path: Path) -> Iterator[None]:
    """Let what the system is said to refuse be damage: what is read is in memory already.

    Raises:
        InputError: in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: damaged: its weights cannot be read ({error})") from error


def opened(h5py: Any, weights: bytes, path: Path) -> Any:
    """An HDF5 file from its bytes.

    Raises:
        InputError: it is none.
    """
    try:
        return h5py.File(io.BytesIO(weights), "r")
    except Exception as error:  # h5py promises no class
        raise InputError(f"{path}: damaged: its weights are no HDF5 file ({error})") from error


def _unpacked(path: Path) -> tuple[dict[str, Any], bytes]:
    members = read_members(path)
    missing = [name for name in _MEMBERS if name not in members]
    if missing:
        raise InputError(f"{path}: not a .keras file of Keras 3: it has no {missing[0]}")
    if max(len(members[name]) for name in _MEMBERS[:2]) > _LARGEST_CONFIG:
        raise InputError(f"{path}: its configuration is larger than the limit of {_LARGEST_CONFIG} bytes")
    try:
        config, metadata = (json.loads(members[name]) for name in _MEMBERS[:2])
    except (ValueError, RecursionError) as error:  # numbers of many digits, and deep nesting
        raise InputError(f"{path}: damaged: its configuration cannot be read ({error})") from error
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version.startswith("3.") or not isinstance(config, dict):
        raise InputError(f"{path}: was written by Keras {version}; load it in Keras 3 and save it again")
    return config, members[_MEMBERS[2]]


@dataclass
class Weights:
    """The arrays in the HDF5 file; only what lies in the file itself is read."""

    h5py: Any
    file: Any
    path: Path
    by_name: dict[str, str] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        layers = self._group("layers")
        for key in [] if layers is None else layers:
            own = self._group(f"layers/{key}/vars")
            name = None if own is None else own.attrs.get("name")
            if isinstance(name, str):
                self.by_name[name] = key

    def of(self, name: str, key: str) -> list[Constant]:
        """The arrays of a layer, found by its name, or by its key where the file has no names."""
        own = self._group(f"layers/{self.by_name.get(name, key)}/vars")
        return [] if own is None else [self._array(own, str(i), name) for i in range(len(own))]

    def _group(self, path: str) -> Any:
        found = self.file
        for part in path.split("/"):
            if not isinstance(found.get(part, getlink=True), self.h5py.HardLink):
                return None
            found = found[part]
        if not isinstance(found, self.h5py.Group):
            raise InputError(f"{self.path}: damaged: {path} in its weights is not a group")
        return found

    def _array(self, group: Any, key: str, name: str) -> Constant:
        where = f"{self.path}: weight {key} of layer {name!r}"
        found = group[key] if isinstance(group.get(key, getlink=True), self.h5py.HardLink) else None
        if not isinstance(found, self.h5py.Dataset) or found.external or found.is_virtual:
            raise InputError(f"{where}: is missing, or kept in another file")
        if found.size is None:
            raise InputError(f"{where}: holds nothing")
        self.numbers += found.size
        check_numbers(self.numbers, self.path)
        if found.dtype.kind != "f":
            raise InputError(
                f"{where}: is of type {found.dtype}; only plain floats are supported, not quantised weights"
            )
        if found.chunks is not None and math.prod(found.chunks) > MOST_NUMBERS:
            raise InputError(f"{where}: is stored in pieces of {found.chunks}, larger than any network")
        try:
            return np.asarray(found[()])
        except Exception as error:  # see above
            raise InputError(f"{where}: is damaged ({type(error).__name__}: {error})") from error


@dataclass
class _Layer:
    """A layer of the configuration, and the calls of it: what each reads."""

    name: str
    kind: str
    config: dict[str, Any]
    key: str
    calls: list[list[tuple[str, int]]]


@dataclass
class Model:
    """A model: its configuration, in the words of Keras 3, and its arrays."""

    path: Path
    config: dict[str, Any]
    weights: Weights

    def lowered(self, drop_final: str | None, input_shape: Sequence[int] | None) -> Network:
        """The network; arguments and errors as in :func:`read_keras`."""
        layers, (entry, _), output = self._graph()
        shape = self._input(layers[entry], input_shape)
        last = layers[output[0]]
        if drop_final is not None:
            output = self._without(last, drop_final, output)
        low = Lowering(math.prod(shape), f"{self.path}: input of shape {shape}")
        values: dict[tuple[str, int], Variable] = {(entry, 0): low.inputs(shape)}
        entries = 0
        for layer, number in self._order(layers, entry):
            inputs = [values[place] for place in layer.calls[number] if place in values]
            if len(inputs) != len(layer.calls[number]):
                raise InputError(f"{self._where(layer)}: what it reads is not a value of this model")
            weights = self.weights.of(layer.name, layer.key)
            item = Item(low, layer.kind, layer.config, inputs, weights, self._where(layer))
            values[layer.name, number] = made = lower(item)
            entries += math.prod(made.shape)
            if entries > MOST_NUMBERS:
                raise BudgetExceeded(f"{self._where(layer)}: the tensors up to here have over {MOST_NUMBERS} entries")
            if (layer.name, number) == output:
                break
        if output not in values:
            raise InputError(f"{self.path}: the output is no value of the model")
        made = values[output]
        if drop_final is not None and drop_final.lower() in _BY_GROUPS and made.shape[-1] != made.rows.size:
            raise InputError(
                f"{self.path}: the last {drop_final} takes {made.shape[-1]} of {made.rows.size} numbers at a time, so "
                "it cannot be left out as one operator; save the model without it"
            )
        return low.network(made)

    def _where(self, layer: _Layer) -> str:
        return f"{self.path}: layer {layer.name!r} ({layer.kind})"

    def _graph(self) -> tuple[dict[str, _Layer], tuple[str, int], tuple[str, int]]:
        """The layers by name, and the places of input and output."""
        kind = self.config["class_name"]
        if kind not in _MODELS:
            raise InputError(f"{self.path}: the model is a {kind}; only Sequential and Functional models are read")
        inner = self.config["config"]
        layers: dict[str, _Layer] = {}
        counts: Counter[str] = Counter()
        for given in inner["layers"]:
            own, name = given["class_name"], given["config"]["name"]
            group = GROUPS.get(own, "")
            key = f"{group}_{counts[group]}" if counts[group] else group
            counts[group] += 1
            if name in layers:
                raise InputError(f"{self.path}: two layers are called {name!r}")
            if given.get("registered_name") not in (None, own):
                raise InputError(f"{self.path}: layer {name!r} ({own}): a class of one's own, whose code is not read")
            calls = list(map(self._reads, given.get("inbound_nodes", [])))
            layers[name] = _Layer(name, own, given["config"], key, calls)
        if not layers:
            raise InputError(f"{self.path}: the model has no layers")
        if kind == "Functional":
            return layers, self._only(inner["input_layers"], "input"), self._only(inner["output_layers"], "output")
        if next(iter(layers.values())).kind != "InputLayer":
            first = _Layer("", "InputLayer", {"batch_shape": (inner.get("build_input_shape"))}, "", [])
            layers = {"": first} | layers
        names = list(layers)
        for before, name in pairwise(names):
            layers[name].calls = [[(before, 0)]]
        return layers, (names[0], 0), (names[-1], 0)

    def _only(self, places: list[Any], what: str) -> tuple[str, int]:
        found = places if isinstance(places[0], list) else [places]
        if len(found) != 1:
            raise InputError(f"{self.path}: the model has {len(found)} {what}s; expected one")
        return str(found[0][0]), int(found[0][1])

    def _reads(self, node: dict[str, Any]) -> list[tuple[str, int]]:
        """The places that a call reads."""
        extra = {key: value for key, value in node["kwargs"].items() if value not in (None, False)}
        tensors = node["args"][0] if len(node["args"]) == 1 and isinstance(node["args"][0], list) else node["args"]
        if extra or not all(isinstance(t, dict) and t.get("class_name") == "__keras_tensor__" for t in tensors):
            raise InputError(f"{self.path}: a layer is called with more than tensors, which is not understood: {extra}")
        history = [tensor["config"]["keras_history"] for tensor in tensors]
        return [(str(name), int(number)) for name, number, _ in history]

    def _order(self, layers: dict[str, _Layer], entry: str) -> Iterator[tuple[_Layer, int]]:
        """The calls, each after those it reads."""
        known = {(entry, 0)}
        waiting = [
            (layer, number) for layer in layers.values() if layer.name != entry for number in range(len(layer.calls))
        ]
        while waiting:
            later = []
            for layer, number in waiting:
                if known.issuperset(layer.calls[number]):
                    known.add((layer.name, number))
                    yield layer, number
                else:
                    later.append((layer, number))
            if len(later) == len(waiting):
                raise InputError(f"{self._where(later[0][0])}: what it reads is not made by any layer before it")
            waiting = later

    def _input(self, layer: _Layer, given: Sequence[int] | None) -> tuple[int, ...]:
        stored = layer.config.get("batch_shape")
        if given is None:
            if stored is None or None in stored[1:]:
                raise InputError(f"{self.path}: the input has the open shape {stored}; pass input_shape=(1, ...)")
            shape = tuple(1 if n is None else n for n in stored)
            if not all(isinstance(n, int) and n >= 1 for n in shape):
                raise InputError(f"{self.path}: the input has the shape {stored}; expected positive sizes")
            return shape
        shape = tuple(map(int, given))
        fits = stored is None or (
            len(stored) == len(shape) and all(n in (None, m) for n, m in zip(stored, shape, strict=True))
        )
        if not fits or min(shape, default=1) < 1:
            raise DimensionError(f"{self.path}: input_shape {shape} disagrees with the file's {tuple(stored or ())}")
        return shape

    def _without(self, last: _Layer, drop_final: str, output: tuple[str, int]) -> tuple[str, int]:
        """The place of the output when the last layer, or its activation alone, is left out."""
        activation, wanted = last.config.get("activation"), drop_final.lower()
        named = isinstance(activation, str) and activation.lower() == wanted
        if named and last.kind != "Activation":
            last.config["activation"] = "linear"
            return output
        if (named or last.kind.lower() == wanted) and len(last.calls[output[1]]) == 1:
            return last.calls[output[1]][0]
        found = f"{last.kind} with activation {activation!r}" if isinstance(activation, str) else last.kind
        raise InputError(f"{self.path}: drop_final is {drop_final!r}, but the last layer is {found}")
