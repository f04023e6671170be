"""Networks as trees of parameters, as Flax and JAX keep them: dictionaries of arrays, and no architecture.

So only Dense layers are read, ``{"kernel": (inputs, outputs), "bias": (outputs,)}``, with ReLU between them. Their
order is that of the numbers at the end of their names, ``Dense_0, Dense_1, ..., Dense_10``; of other names it has to be
said, because trees are sorted by name and remember no other order. Neither package is needed: arrays are what
``numpy.asarray`` takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import as_fractions
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.float_rows import entries_for_layer
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.support.arguments import items
from polyrelu.support.numerals import shown

_WHERE = "Network.from_flax"
_KERNELS, _BIASES = ("kernel", "w", "weight", "W"), ("bias", "b", "B")
_NUMBER = re.compile(r"(\d{1,9})$", re.ASCII)
_DEEPEST = 32


def from_flax(params: Any, order: Sequence[str] | None = None) -> Network:
    """The network of a tree of Dense layers: Flax's ``variables["params"]``, or nested dictionaries like it.

    Args:
        params: a mapping of layers, perhaps nested, ``{"Dense_0": {"kernel": ..., "bias": ...}, ...}``; biases may be
            left out. Kernels are (inputs, outputs), as ``x @ kernel + bias``.
        order: the layers' names from first to last, where they do not end in numbers; of nested ones, ``"a/b"``.

    Example:
        >>> tree = {"Dense_0": {"kernel": [[1, -1]]}, "Dense_1": {"kernel": [[1], [1]]}}
        >>> Network.from_flax(tree)([-3])
        array([Fraction(3, 1)], dtype=object)

    Raises:
        InputError: no such tree, something in it is no Dense layer, or the order is not known.
        DimensionError: the layers do not fit together.
        InexactError: a weight is NaN or infinite.
    """
    if not isinstance(params, Mapping):
        raise InputError(f"{_WHERE}: expected a mapping of layers, got {type(params).__name__}")
    found = _layers(params, (), {})
    if not found:
        raise InputError(f"{_WHERE}: there is no layer with a kernel in the tree")
    names = _order(list(found), order)
    return Network(_dense(found[name], name, i < len(names) - 1) for i, name in enumerate(names))


def _layers(tree: Mapping[Any, Any], path: tuple[str, ...], found: dict[str, Mapping[Any, Any]]) -> dict[str, Any]:
    """The layers of a tree by their paths."""
    if len(path) > _DEEPEST:
        raise InputError(f"{_WHERE}: the tree is more than {_DEEPEST} levels deep at {'/'.join(path[:4])}/...")
    if any(isinstance(value, Mapping) for value in tree.values()):
        for name, value in tree.items():
            if not isinstance(value, Mapping):
                raise InputError(f"{_WHERE}: {'/'.join((*path, str(name)))} stands beside layers, and is none")
            _layers(value, path if (not path and name == "params") else (*path, str(name)), found)
    elif tree:
        found["/".join(path)] = tree
    return found


def _order(names: list[str], given: Sequence[str] | None) -> list[str]:
    if given is not None:
        chosen = items(given, f"{_WHERE}: order", "pass the layers' names from first to last")
        if sorted(map(str, chosen)) != sorted(names):
            raise InputError(f"{_WHERE}: order is {shown(chosen)}, but the layers are {', '.join(names)}")
        return list(map(str, chosen))
    ends = [_NUMBER.search(name) for name in names]
    numbers = [int(end[1]) for end in ends if end is not None]
    if len(names) > 1 and (len(numbers) < len(names) or len(set(numbers)) < len(numbers)):
        raise InputError(
            f"{_WHERE}: the names {', '.join(names[:8])} do not end in different numbers, so nobody knows which layer "
            "comes first; pass order=[...] with all names from first to last"
        )
    return [name for _, name in sorted(zip(numbers, names, strict=True))] if len(names) > 1 else names


def _dense(parts: Mapping[Any, Any], name: str, relu: bool) -> Layer:
    where = f"{_WHERE}: layer {name}"
    kernels, biases = ([key for key in keys if key in parts] for keys in (_KERNELS, _BIASES))
    extra = [key for key in parts if key not in (*_KERNELS, *_BIASES)]
    if len(kernels) != 1 or len(biases) > 1 or extra:
        raise InputError(f"{where}: has {', '.join(map(str, parts))}; expected a kernel and perhaps a bias, of a Dense")
    kernel = _array(parts[kernels[0]], f"{where}: {kernels[0]}")
    if kernel.ndim != 2:
        raise DimensionError(f"{where}: the kernel has shape {kernel.shape}; expected a matrix (inputs, outputs)")
    bias = _array(parts[biases[0]], f"{where}: {biases[0]}") if biases else np.zeros(kernel.shape[1])
    return Layer(entries_for_layer(np.ascontiguousarray(kernel.T)), as_fractions(bias), relu, where=where)


def _array(given: Any, where: str) -> Any:
    """An array of numpy; numbers of bfloat16 as float32, which holds all of them."""
    given = getattr(given, "value", given)  # of Flax's boxes
    try:
        array = np.asarray(given)
    except Exception as error:  # of whatever stands for an array
        raise InputError(f"{where}: is no array ({error})") from error
    if array.dtype.kind == "V" and array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if array.dtype.kind not in "fiuO":
        raise InputError(f"{where}: has the type {array.dtype}; expected real numbers")
    return array
