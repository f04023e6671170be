"""PyTorch's operators that move numbers around, lowered one call at a time.

Signatures are those of the operators; what steers memory, devices or types of numbers is ignored, because numbers are
exact here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import InputError
from polyrelu.formats.aten_site import Condition, Rows, Site, axis_of
from polyrelu.formats.lowering import Variable, check_size


def _moving(move: Callable[..., Rows]) -> Callable[..., Any]:
    """An operator of one tensor that picks and arranges entries: ``move`` does it with an array of rows."""

    def lowered(site: Site, x: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(x, Condition):
            return x.moved(lambda rows: move(rows, *args, **kwargs))
        moved = move(site.variable(x).rows, *args, **kwargs)
        check_size(moved.shape, site.where)
        return Variable(np.asarray(moved, dtype=object))

    return lowered


def _same(site: Site, x: Any, *_: Any, **__: Any) -> Any:
    return x


def _view(rows: Rows, *shape: Any) -> Rows:
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape
    return rows.reshape(tuple(sizes))


def _flatten(rows: Rows, start_dim: int = 0, end_dim: int = -1) -> Rows:
    start, end = axis_of(start_dim, rows.ndim), axis_of(end_dim, rows.ndim)
    return rows.reshape(*rows.shape[:start], math.prod(rows.shape[start : end + 1]), *rows.shape[end + 1 :])


def _unflatten(rows: Rows, dim: int, sizes: Sequence[int]) -> Rows:
    axis = axis_of(dim, rows.ndim)
    return rows.reshape(*rows.shape[:axis], *sizes, *rows.shape[axis + 1 :])


def _squeeze(rows: Rows, dim: int | Sequence[int] | None = None) -> Rows:
    dims = range(rows.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    gone = {axis_of(d, rows.ndim) for d in dims}
    return rows.reshape([n for axis, n in enumerate(rows.shape) if n != 1 or axis not in gone])


def _unsqueeze(rows: Rows, dim: int) -> Rows:
    return np.expand_dims(rows, dim)


def _permute(rows: Rows, dims: Sequence[int]) -> Rows:
    return rows.transpose(dims)


def _transpose(rows: Rows, dim0: int, dim1: int) -> Rows:
    return rows.swapaxes(dim0, dim1) if rows.ndim else rows


def _all_axes_reversed(rows: Rows) -> Rows:
    return rows.T


def _matrix_transpose(rows: Rows) -> Rows:
    return rows.swapaxes(-1, -2)


def _move_axes(rows: Rows, source: Any, destination: Any) -> Rows:
    return np.moveaxis(rows, source, destination)


def _expand(rows: Rows, size: Sequence[int], implicit: bool = False) -> Rows:
    own = (1,) * (len(size) - rows.ndim) + rows.shape
    shape = tuple(n if wanted == -1 else wanted for n, wanted in zip(own, size, strict=True))
    check_size(shape, "expand")
    return np.broadcast_to(rows, shape)


def _expand_as(rows: Rows, other: Variable | NDArray[Any]) -> Rows:
    return np.broadcast_to(rows, other.shape)


def _repeat(rows: Rows, repeats: Sequence[int]) -> Rows:
    check_size((rows.size, *repeats), "repeat")
    return np.tile(rows.reshape((1,) * (len(repeats) - rows.ndim) + rows.shape), repeats)


def _slice(rows: Rows, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Rows:
    return rows[(slice(None),) * axis_of(dim, rows.ndim) + (slice(start, end, step),)]


def _select(rows: Rows, dim: int, index: int) -> Rows:
    return np.asarray(rows[(slice(None),) * axis_of(dim, rows.ndim) + (index,)], dtype=object)


def _narrow(rows: Rows, dim: int, start: int, length: int) -> Rows:
    start = int(start)
    return _slice(rows, dim, start, start + length)


def _index_select(rows: Rows, dim: int, index: NDArray[Any]) -> Rows:
    return np.take(rows, index, axis=dim)


def _index(rows: Rows, indices: Sequence[Any]) -> Rows:
    return np.asarray(rows[_as_index(indices)], dtype=object)


def _as_index(indices: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(slice(None) if i is None else _fixed(i) for i in indices)


def _fixed(index: Any) -> NDArray[Any]:
    if not isinstance(index, np.ndarray):
        raise TypeError("indices that depend on the input")
    return index


def _gather(rows: Rows, dim: int, index: Any, sparse_grad: bool = False) -> Rows:
    axis = axis_of(dim, rows.ndim)
    within = tuple(slice(None) if a == axis else slice(n) for a, n in enumerate(_fixed(index).shape))
    return np.take_along_axis(rows[within], index, axis)


def _roll(rows: Rows, shifts: Any, dims: Any = ()) -> Rows:
    return np.roll(rows, shifts, dims or None)


def _upsample(rows: Rows, output_size: Any, *scales: Any) -> Rows:
    """Each entry several times along the last axes."""
    given = next((s for s in scales if isinstance(s, (list, tuple))), [s for s in scales if s is not None])
    rank = len(output_size or given)
    lengths = rows.shape[-rank:]
    factors = [n / own for n, own in zip(output_size, lengths, strict=True)] if output_size else given
    if any(factor != int(factor) for factor in factors):
        raise ValueError(f"the factors {list(factors)} are no whole numbers")
    for axis, factor in enumerate(factors, rows.ndim - rank):
        rows = np.repeat(rows, int(factor), axis)
    return rows


def _diagonal(rows: Rows, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Rows:
    return rows.diagonal(offset, dim1, dim2)


# -- several tensors ----------------------------------------------------------------------------------------------


def _sections(rows: Rows, ends: Sequence[int], axis: int) -> list[Variable]:
    return [Variable(part) for part in np.split(rows, ends, axis=axis)]


def _split(site: Site, x: Any, split_size: int | Sequence[int], dim: int = 0) -> list[Variable]:
    rows = site.variable(x).rows
    axis = axis_of(dim, rows.ndim)
    if isinstance(split_size, int):
        return _sections(rows, range(split_size, rows.shape[axis], split_size), axis)
    return _sections(rows, np.cumsum(split_size)[:-1].tolist(), axis)


def _chunk(site: Site, x: Any, chunks: int, dim: int = 0) -> list[Variable]:
    rows = site.variable(x).rows
    return _split(site, x, max(-(-rows.shape[axis_of(dim, rows.ndim)] // chunks), 1), dim)


def _unbind(site: Site, x: Any, dim: int = 0) -> list[Variable]:
    rows = site.variable(x).rows
    return [Variable(np.asarray(part, dtype=object)) for part in np.moveaxis(rows, axis_of(dim, rows.ndim), 0)]


def _cat(site: Site, tensors: Sequence[Any], dim: int = 0) -> Variable:
    parts = [site.variable(t).rows for t in tensors]
    parts = [part for part in parts if part.shape != (0,)]  # which torch takes for nothing, whatever the others' rank
    return site.low.settled(Variable(np.concatenate(parts, axis=dim)))


def _stack(site: Site, tensors: Sequence[Any], dim: int = 0) -> Variable:
    return site.low.settled(Variable(np.stack([site.variable(t).rows for t in tensors], axis=dim)))


def _item(site: Site, values: Any, index: int) -> Any:
    return values[index]


# -- parts of a tensor put in place of others ---------------------------------------------------------------------


def _written(site: Site, x: Any, place: Any, source: Any) -> Variable:
    """The tensor after ``x[place] = source``."""
    rows = site.variable(x).rows.copy()
    rows[place] = site.variable(source).rows
    return site.low.settled(Variable(rows))


def _select_scatter(site: Site, x: Any, src: Any, dim: int, index: int) -> Variable:
    return _written(site, x, (slice(None),) * axis_of(dim, len(x.shape)) + (index,), src)


def _slice_scatter(
    site: Site, x: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Variable:
    return _written(site, x, (slice(None),) * axis_of(dim, len(x.shape)) + (slice(start, end, step),), src)


def _index_put(site: Site, x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Variable:
    if accumulate:
        raise InputError(f"{site.where}: {site.operator} that accumulates is not supported")
    return _written(site, x, _as_index(indices), values)


def _copy(site: Site, x: Any, src: Any, non_blocking: bool = False) -> Variable:
    return Variable(np.broadcast_to(site.variable(src).rows, x.shape))


def _masked_part(site: Site, x: Any, diagonal: int = 0) -> Variable:
    rows = site.variable(x).rows
    ones = np.ones(rows.shape[-2:], dtype=np.bool_)
    kept = np.tril(ones, diagonal) if site.operator == "tril" else np.triu(ones, diagonal)
    return _where_kept(site, rows, np.broadcast_to(kept, rows.shape))


def _where_kept(site: Site, rows: Rows, kept: NDArray[np.bool_]) -> Variable:
    zero = site.variable(0).rows.reshape(-1)[0]
    return Variable.of(
        [row if keep else zero for row, keep in zip(rows.ravel().tolist(), kept.ravel().tolist(), strict=True)],
        rows.shape,
    )


def _pad(site: Site, x: Any, pad: Sequence[int], mode: Any = "constant", value: float | None = None) -> Variable:
    if not isinstance(mode, str):  # constant_pad_nd has no mode
        mode, value = "constant", mode
    rows = site.variable(x).rows
    widths = [(0, 0)] * (rows.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    cut = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(rows.shape, widths, strict=True))
    rows, widths = rows[cut], [(max(a, 0), max(b, 0)) for a, b in widths]
    check_size([n + a + b for n, (a, b) in zip(rows.shape, widths, strict=True)], site.where)
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    fill = {"constant_values": 0} if mode == "constant" else {}
    places = np.pad(np.arange(1, rows.size + 1).reshape(rows.shape), widths, modes[mode], **fill)  # type: ignore[call-overload]
    flat = [site.variable(value or 0).rows.reshape(-1)[0], *rows.ravel().tolist()]
    return Variable.of([flat[i] for i in places.ravel().tolist()], places.shape)


_MOVES: dict[str, Callable[..., Rows]] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "view_copy"), _view),
    **dict.fromkeys(("permute", "permute_copy"), _permute),
    **dict.fromkeys(("expand", "broadcast_to"), _expand),
    **dict.fromkeys(("repeat", "tile"), _repeat),
    **dict.fromkeys(("numpy_T", "t"), _all_axes_reversed),
    **dict.fromkeys(("mT", "adjoint"), _matrix_transpose),
    **dict.fromkeys(("transpose", "swapaxes"), _transpose),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"), _upsample),
    "diagonal": _diagonal,
    "expand_as": _expand_as,
    "flatten": _flatten,
    "flip": lambda rows, dims: np.flip(rows, tuple(dims)),
    "gather": _gather,
    "index": _index,
    "index_select": _index_select,
    "movedim": _move_axes,
    "narrow": _narrow,
    "roll": _roll,
    "select": _select,
    "slice": _slice,
    "squeeze": _squeeze,
    "unflatten": _unflatten,
    "unsqueeze": _unsqueeze,
}
_COPIES = ("alias", "clone", "contiguous", "detach", "lift_fresh_copy", "positive")

SHAPES: dict[str, Callable[..., Any]] = {
    **{name: _moving(move) for name, move in _MOVES.items()},
    **dict.fromkeys(_COPIES, _same),
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    **dict.fromkeys(("constant_pad_nd", "pad"), _pad),
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    **dict.fromkeys(("tril", "triu"), _masked_part),
    "chunk": _chunk,
    "copy": _copy,
    "fill": _copy,
    "getitem": _item,
    "index_put": _index_put,
    "select_scatter": _select_scatter,
    "slice_scatter": _slice_scatter,
    "stack": _stack,
    "unbind": _unbind,
}
