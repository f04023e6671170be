"""PyTorch's operators that put numbers in order, lowered one call at a time: sort, top-k, medians, running maxima.

Signatures are those of the operators. What they return are values, which are piecewise linear, and the places where
these stood, which jump and which nothing takes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_site import Jumping, Site, axis_of
from polyrelu.formats.lowering import Variable
from polyrelu.formats.sorting import ordered

Values = list[Any]
"""Values, and the places where they stood."""


def _statistics(site: Site, x: Variable, axis: int, places: Collection[int]) -> list[Variable]:
    """The numbers at some places of each sorted line along an axis, in the order asked for."""
    columns = [Variable(np.asarray(column, dtype=object)) for column in np.moveaxis(x.rows, axis, 0)]
    found = ordered(site.low, columns, places, site.where)
    return [found[place] for place in places]


def _stacked(site: Site, parts: list[Variable], axis: int) -> Variable:
    return site.low.settled(Variable(np.stack([part.rows for part in parts], axis=axis)))


def _sort(site: Site, x: Any, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Values:
    tensor = site.variable(x)
    axis = axis_of(dim, tensor.rows.ndim)
    places = range(tensor.shape[axis])
    return [_stacked(site, _statistics(site, tensor, axis, places[::-1] if descending else places), axis), Jumping()]


def _sort_rows(site: Site, x: Any) -> Variable:
    values: Variable = _sort(site, x, 0)[0]
    return values


def _top(site: Site, x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Values:
    if not sorted:
        raise InputError(f"{site.where}: {site.operator} with sorted=False leaves the order open; pass sorted=True")
    tensor = site.variable(x)
    axis = axis_of(dim, tensor.rows.ndim)
    places = range(tensor.shape[axis])
    return [_stacked(site, _statistics(site, tensor, axis, (places[::-1] if largest else places)[:k]), axis), Jumping()]


def _kth_smallest(site: Site, x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Values:
    tensor = site.variable(x)
    axis = axis_of(dim, tensor.rows.ndim)
    (found,) = _statistics(site, tensor, axis, [range(tensor.shape[axis])[k - 1]])
    return [Variable(np.expand_dims(found.rows, axis)) if keepdim else found, Jumping()]


def _median(site: Site, x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two middle numbers where there are two."""
    tensor = site.variable(x)
    if dim is None:
        (found,) = _statistics(site, Variable(tensor.rows.ravel()), 0, [(tensor.rows.size - 1) // 2])
        return found
    return _kth_smallest(site, tensor, (tensor.shape[dim] + 1) // 2, dim, keepdim)


def _running(site: Site, x: Any, dim: int) -> Values:
    tensor = site.variable(x)
    axis = axis_of(dim, tensor.rows.ndim)
    choose = op.maximum if site.operator == "cummax" else op.minimum
    best: list[Variable] = []
    for column in np.moveaxis(tensor.rows, axis, 0):
        own = Variable(np.asarray(column, dtype=object))
        best.append(op.as_variable(choose(site.low, best[-1], own, site.where), site.where) if best else own)
    return [_stacked(site, best, axis), Jumping()]


ORDERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("cummax", "cummin"), _running),
    **dict.fromkeys(("median", "nanmedian"), _median),
    "kthvalue": _kth_smallest,
    "msort": _sort_rows,
    "sort": _sort,
    "topk": _top,
}
