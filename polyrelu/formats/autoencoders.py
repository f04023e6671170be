r"""Sparse autoencoders as networks, from their four arrays.

The layout is the usual one of such files, with points as rows:

.. math:: h = \max(0, (x - c) W_{enc} + b_{enc}), \qquad y = h W_{dec} + b_{dec},

``W_enc`` of shape (d, n), ``W_dec`` of shape (n, d). What is subtracted from the input, c, is ``b_pre`` where the file
has it, else ``b_dec`` itself, which is what most training code does by default; where it does not, ``centre=False``.
Files hold numbers and no activation: it is taken for ReLU. Arrays of other kinds of autoencoders (a threshold, a gate)
are refused, because those jump. The network's first layer has the bias :math:`b_{enc} - c W_{enc}`, exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import as_fractions, exact_matrix, exact_vector, flint_matrix, matrix_rows
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

_NAMES = ("W_enc", "b_enc", "W_dec", "b_dec")
_CENTRE = "b_pre"


def is_autoencoder(names: Collection[str]) -> bool:
    """Whether arrays of these names are a sparse autoencoder's."""
    return "W_enc" in names


def autoencoder(arrays: Mapping[str, NDArray[Any]], path: Path, centre: bool | None) -> Network:
    """The network of a sparse autoencoder's arrays.

    Args:
        arrays: ``W_enc, b_enc, W_dec, b_dec`` and perhaps ``b_pre``. The matrices may be transposed, which is seen
            where d and n differ; where they do not, the layout is the usual one.
        path: the file, for messages.
        centre: whether ``b_pre``, or else ``b_dec``, is subtracted from the input; by default it is.

    Raises:
        InputError: an array is missing, or is none of an autoencoder of ReLUs.
        DimensionError: shapes do not fit.
        InexactError: a number is NaN or infinite.
    """
    missing, extra = sorted(set(_NAMES) - arrays.keys()), sorted(arrays.keys() - {*_NAMES, _CENTRE})
    if missing or extra:
        raise InputError(
            f"{path}: a sparse autoencoder has the arrays {', '.join(_NAMES)} and perhaps {_CENTRE}; missing: "
            f"{', '.join(missing) or 'none'}, not understood: {', '.join(extra[:10]) or 'none'}. Thresholds and gates "
            "jump, so autoencoders with these are no networks of ReLUs"
        )
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise InputError(f"{path}: {name} has the type {array.dtype}; expected real numbers")
    arrays = {name: as_fractions(array) for name, array in arrays.items()}
    d, n = (_length(arrays[name], name, path) for name in ("b_dec", "b_enc"))
    encoder = _oriented(arrays["W_enc"], (n, d), "W_enc", path)
    decoder = _oriented(arrays["W_dec"], (d, n), "W_dec", path)
    shift = arrays.get(_CENTRE, arrays["b_dec"])
    if shift.shape != (d,):
        raise DimensionError(f"{path}: {_CENTRE} has shape {shift.shape}, but b_dec has {d} numbers")
    bias = exact_vector(arrays["b_enc"], f"{path}: b_enc")
    if centre is not False:
        rows = exact_matrix(encoder, f"{path}: W_enc")
        column = [(v,) for v in exact_vector(shift, f"{path}: {_CENTRE if _CENTRE in arrays else 'b_dec'}")]
        moved = matrix_rows(flint_matrix(rows, d) * flint_matrix(column, 1))
        bias = tuple(b - m for b, (m,) in zip(bias, moved, strict=True))
    return Network(
        [
            Layer(encoder, bias, True, where=f"{path}: encoder"),
            Layer(decoder, arrays["b_dec"], False, where=f"{path}: decoder"),
        ]
    )


def _length(vector: NDArray[Any], name: str, path: Path) -> int:
    if vector.ndim != 1:
        raise DimensionError(f"{path}: {name} has shape {vector.shape}; expected a vector")
    return len(vector)


def _oriented(array: NDArray[Any], shape: tuple[int, int], name: str, path: Path) -> NDArray[Any]:
    """A matrix so that it multiplies columns, from the usual layout, in which it multiplies rows."""
    if array.shape == shape[::-1]:
        return np.ascontiguousarray(array.T)
    if array.shape == shape:
        return array
    raise DimensionError(f"{path}: {name} has shape {array.shape}; expected {shape[::-1]}, as b_enc and b_dec say")
