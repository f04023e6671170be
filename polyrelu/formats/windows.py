r"""Convolution and pooling in any number of spatial dimensions, exactly.

A tensor has shape (batch, channels, \*space). A *window* is the list of the places that one output reads. Along each
axis the output i reads :math:`i s - p + j \delta` for j below the kernel size k, with stride s, padding p and dilation
:math:`\delta`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import DimensionError, InputError
from polyrelu.formats.lowering import ZERO, Lowering, SparseRow, Variable, check_size, check_work, combine
from polyrelu.formats.operators import Value, fractions, largest

PADDING, BEYOND = -1, -2
"""Marks of places in the padding, and of places past it, which a rounded-up output size reaches."""


@dataclass(frozen=True)
class Windows:
    """The windows of a convolution or pooling.

    Attributes:
        kernel, strides, dilations: a number for each spatial axis.
        pads: all that is added before each axis, then all after.
        ceil: round the output size up, as pooling may.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    ceil: bool = False

    def places(self, space: Sequence[int], where: str) -> tuple[NDArray[np.int64], tuple[int, ...]]:
        """The places in a flattened space, (outputs, taps), negative in the padding or beyond; and the output's shape.

        Raises:
            DimensionError: the numbers do not fit the space, or the kernel is larger than it.
            InputError: a number that must be positive is not.
        """
        rank = len(space)
        if {len(self.kernel), len(self.strides), len(self.dilations), len(self.pads) // 2} != {rank}:
            raise DimensionError(
                f"{where}: kernel {self.kernel}, strides {self.strides}, dilations {self.dilations} and pads "
                f"{self.pads} do not fit {rank} spatial axes"
            )
        if min((*self.kernel, *self.strides, *self.dilations), default=1) < 1 or min(self.pads, default=0) < 0:
            raise InputError(f"{where}: kernel, strides and dilations must be positive and pads not negative; {self}")
        axes = [self._axis(axis, space[axis], where) for axis in range(rank)]
        shape = tuple(len(axis) for axis in axes)
        check_size((*shape, *self.kernel), where)
        flat = np.zeros((1, 1), dtype=np.int64)
        for axis, size in zip(axes, space, strict=True):
            mark = np.minimum(np.where(flat < 0, flat, 0)[:, None, :, None], np.where(axis < 0, axis, 0)[None, :, None])
            joined = np.where(mark < 0, mark, flat[:, None, :, None] * size + axis[None, :, None])
            flat = joined.reshape(flat.shape[0] * axis.shape[0], flat.shape[1] * axis.shape[1])
        return flat, shape

    def _axis(self, axis: int, size: int, where: str) -> NDArray[np.int64]:
        """The places along one axis, of shape (outputs, kernel)."""
        stride, dilation, before = self.strides[axis], self.dilations[axis], self.pads[axis]
        after = self.pads[axis + len(self.kernel)]
        reach = dilation * (self.kernel[axis] - 1) + 1
        room = size + before + after - reach
        if room < 0:
            raise DimensionError(
                f"{where}: axis {axis} has {size} places, padded {before + size + after}; needs {reach}"
            )
        check_size((room // stride + 2, self.kernel[axis]), where)
        count = room // stride + 1
        # A window that was rounded up to must begin before the padding at the end.
        if self.ceil and room % stride and count * stride < size + before:
            count += 1
        place = np.arange(count)[:, None] * stride - before + np.arange(self.kernel[axis])[None] * dilation
        marked = np.where((place < 0) | (place >= size), PADDING, place)
        return np.where(place >= size + after, BEYOND, marked)


def same_pads(
    space: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], upper: bool
) -> tuple[int, ...]:
    """The pads for which the output has size ceil(size / stride); an odd one goes to the end if ``upper``."""
    totals = [
        max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
        for n, k, s, d in zip(space, kernel, strides, dilations, strict=True)
    ]
    small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
    return tuple(small + large if upper else large + small)


def convolution(x: Variable, weight: Value, bias: Value | None, windows: Windows, groups: int, where: str) -> Variable:
    """The convolution (cross-correlation, as all frameworks mean it) with a constant weight of shape (m, c/groups, *k).

    Raises:
        InputError: the weight or bias depends on the input.
        DimensionError: the shapes do not fit.
    """
    if isinstance(weight, Variable) or isinstance(bias, Variable):
        raise InputError(f"{where}: the weight or bias of a convolution depends on the input; it must be constant")
    kernel = fractions(weight, where)
    batch, channels, space = x.shape[0], x.shape[1], x.shape[2:]
    outputs = kernel.shape[0]
    if groups < 1 or channels % groups or outputs % groups or kernel.shape[1] != channels // groups:
        raise DimensionError(
            f"{where}: a weight of shape {kernel.shape} in {groups} groups does not fit {channels} channels"
        )
    offsets = [ZERO] * outputs if bias is None else fractions(bias, where).ravel().tolist()
    if len(offsets) != outputs or kernel.shape[2:] != windows.kernel:
        raise DimensionError(f"{where}: {len(offsets)} biases and kernel {windows.kernel}, weight {kernel.shape}")
    places, shape = windows.places(space, where)
    check_size((batch, outputs, *shape), where)
    check_work(math.prod((batch, *kernel.shape, *shape)), where)
    size, depth = math.prod(space), channels // groups
    taps = [[(t, p) for t, p in enumerate(window) if p >= 0] for window in places.tolist()]
    coefficients: list[SparseRow] = []
    constants: list[Fraction] = []
    for image in range(batch):
        for out, filters in enumerate(kernel.reshape(outputs, depth, -1).tolist()):
            first = image * channels + out // (outputs // groups) * depth
            for window in taps:
                coefficients.append(
                    {(first + c) * size + p: own[t] for c, own in enumerate(filters) for t, p in window if own[t]}
                )
            constants += [offsets[out]] * len(taps)
    return combine(coefficients, constants, x.flat, (batch, outputs, *shape))


class Scattering(NamedTuple):
    """Where the taps of a transposed convolution go: input i adds to the outputs i s - p + j d for j below k.

    Attributes:
        kernel, strides, dilations, before: a number for each spatial axis; ``before`` is cut off at the beginning.
        shape: of the output's space.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    shape: tuple[int, ...]

    def places(self, space: Sequence[int]) -> NDArray[np.int64]:
        """The flattened places of the output, (inputs, taps); -1 where nothing is."""
        flat = np.zeros((1, 1), dtype=np.int64)
        for n, k, s, d, p, m in zip(
            space, self.kernel, self.strides, self.dilations, self.before, self.shape, strict=True
        ):
            axis = np.arange(n)[:, None] * s - p + np.arange(k)[None] * d
            axis = np.where((axis < 0) | (axis >= m), -1, axis)
            wide, own = flat[:, None, :, None], axis[None, :, None]
            made = np.where((wide < 0) | (own < 0), -1, wide * m + own)
            flat = made.reshape(flat.shape[0] * n, flat.shape[1] * k)
        return flat


def transposed_convolution(
    x: Variable, weight: Value, bias: Value | None, scattering: Scattering, groups: int, where: str
) -> Variable:
    """The transposed convolution with a constant weight of shape (c, m/groups, *k).

    Raises:
        InputError: the weight or bias depends on the input.
        DimensionError: the shapes do not fit.
    """
    if isinstance(weight, Variable) or isinstance(bias, Variable):
        raise InputError(f"{where}: the weight or bias of a convolution depends on the input; it must be constant")
    kernel = fractions(weight, where)
    batch, channels, space = x.shape[0], x.shape[1], x.shape[2:]
    if groups < 1 or channels % groups or kernel.shape[0] != channels or min(scattering.shape, default=1) < 1:
        raise DimensionError(
            f"{where}: a weight of shape {kernel.shape} in {groups} groups does not fit {channels} channels, or the "
            f"output has the shape {scattering.shape}"
        )
    depth = kernel.shape[1]
    outputs, size, room = depth * groups, math.prod(space), math.prod(scattering.shape)
    offsets = [ZERO] * outputs if bias is None else fractions(bias, where).ravel().tolist()
    if len(offsets) != outputs:
        raise DimensionError(f"{where}: {len(offsets)} biases for {outputs} channels")
    check_size((batch, outputs, *scattering.shape), where)
    check_work(math.prod((batch, *kernel.shape, size)), where)
    targets = scattering.places(space).tolist()
    coefficients: list[SparseRow] = [{} for _ in range(batch * outputs * room)]
    taps = kernel.reshape(channels, depth, -1).tolist()
    for image, c in itertools.product(range(batch), range(channels)):
        source = (image * channels + c) * size
        for out, own in enumerate(taps[c]):
            first = (image * outputs + c // (channels // groups) * depth + out) * room
            for i, places in enumerate(targets):
                for place, value in zip(places, own, strict=True):
                    if place >= 0 and value:
                        row = coefficients[first + place]
                        row[source + i] = row.get(source + i, ZERO) + value
    constants = [offsets[out] for _ in range(batch) for out in range(outputs) for _ in range(room)]
    return combine(coefficients, constants, x.flat, (batch, outputs, *scattering.shape))


def average_pool(x: Variable, windows: Windows, count_padding: bool, where: str) -> Variable:
    """The mean of each window, with padding counted as zeros or left out."""
    places, shape = windows.places(x.shape[2:], where)
    check_size((*x.shape[:2], *shape), where)
    size = math.prod(x.shape[2:])
    means = []
    for window in places.tolist():
        inside = [p for p in window if p >= 0]
        count = sum(p != BEYOND for p in window) if count_padding else len(inside)
        if not count:
            raise InputError(f"{where}: a window lies wholly in the padding, so it has no mean; reduce the padding")
        means.append((inside, Fraction(1, count)))
    coefficients = [
        {channel * size + p: share for p in inside}
        for channel in range(x.shape[0] * x.shape[1])
        for inside, share in means
    ]
    return combine(coefficients, [ZERO] * len(coefficients), x.flat, (*x.shape[:2], *shape))


def max_pool(low: Lowering, x: Variable, windows: Windows, where: str) -> Variable:
    """The maximum of each window; padding never wins.

    Windows that padding cuts repeat one of their places, which changes no maximum.

    Raises:
        InputError: a window lies wholly in the padding.
    """
    places, shape = windows.places(x.shape[2:], where)
    check_size((*x.shape[:2], *places.shape), where)
    filled = []
    for window in places.tolist():
        inside = [p for p in window if p >= 0]
        if not inside:
            raise InputError(f"{where}: a window lies wholly in the padding, so it has no maximum; reduce the padding")
        filled.append([p if p >= 0 else inside[0] for p in window])
    index: NDArray[Any] = np.array(filled, dtype=np.int64).reshape(places.shape)
    flat = x.rows.reshape(*x.shape[:2], -1)
    columns = [Variable(flat[:, :, index[:, tap]].reshape(*x.shape[:2], *shape)) for tap in range(index.shape[1])]
    return largest(low, columns, where)
