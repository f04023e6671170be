"""The steepest region of a network over a domain: boxes are halved until their regions are few, and these are found.

Bounds of all slopes on a box (:mod:`polyrelu.bounds.slopes`) prove that nothing on it is steeper than what is known,
or it is halved, the steepest first, along the input that moves the outputs the most. Where few neurons may switch on a
box, its regions are found, and the steepest of them is looked at exactly; floats with bounds say which can be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np

from polyrelu.analysis.arrays import arrays
from polyrelu.analysis.measure import outwards
from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, FloatArray, enclosing_floats, exact_vector
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.arithmetic.spectral import spectral_bounds, spectral_norm
from polyrelu.bounds.linear import Enclosure, LinearBounds
from polyrelu.bounds.slopes import SlopeBounds, Slopes
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import BudgetExceeded, InputError, Interrupted
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.network import Network
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tiling import Tiling

_MOST_REGIONS = 2_000_000  # that a box may have, by a bound that is far too large, where finding them is tried
_TRIED = 50_000  # regions of a box; if it has more, it is halved all the same
_FEW_INPUTS, _RESTED = 6, 3  # with so few inputs regions are looked for, too, after so many halvings
_AT_ONCE = 32  # boxes, which are halved together
_NARROW = 2.0**-30  # of the domain: boxes that are not halved any more
_SEED, _DRAWN, _LOOKED_AT = 29, 256, 4


class Steepest(NamedTuple):
    """The steepest region that is known.

    Attributes:
        low, high: floats around the norm of the Jacobian; the exact norm decides where it is there.
        value: the norm, if it is rational for certain.
        matrix: the Jacobian by the free inputs.
        point: inside the region, in these.
    """

    low: float
    high: float
    value: Fraction | None
    matrix: ExactMatrix
    point: ExactVector


def exact_norm(matrix: ExactMatrix, norm: str) -> tuple[float, float, Fraction | None]:
    """The norm of a matrix between two floats, and itself in ``linf`` and ``l1``."""
    if norm == "l2":
        return *spectral_norm(matrix), None
    lines = matrix if norm == "linf" else tuple(zip(*matrix, strict=True))
    value = max((sum(map(abs, line), Fraction(0)) for line in lines), default=Fraction(0))
    return *enclosing_floats(value), value


class _Box(NamedTuple):
    """A box that waits, the steepest first.

    Attributes:
        key: how steep it may be at most, times -1.
        number: its own.
        low, high: its ends.
        known: what enters the ReLU of each layer on it.
        weights: how much each input moves the outputs on it, about.
        rested: how often it was halved since its regions were looked for.
    """

    key: float
    number: int
    low: FloatArray
    high: FloatArray
    known: tuple[Enclosure, ...]
    weights: FloatArray
    rested: int


@dataclass(eq=False)
class Search:
    """Looks for the steepest region, in the inputs that the domain leaves free."""

    network: Network
    domain: Polyhedron
    norm: str
    limit: int
    progress: bool | None
    best: Steepest | None = None
    beyond: float = math.inf  # no region that was not looked at is steeper
    is_done: bool = False
    waiting: list[_Box] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    stats: dict[str, int] = field(default_factory=lambda: {"boxes": 0, "by_cells": 0, "regions": 0})

    def __post_init__(self) -> None:
        self.folding = Folding.of(self.domain)
        layers, self.free = self.network.layers, self.domain
        if self.folding is not None:
            layers, self.free = self.folding.layers(layers), self.folding.domain
        self.own, self.bounds, self.slopes = Network(layers), LinearBounds(layers), SlopeBounds(layers)
        if not self.free.is_full_dimensional():
            raise InputError(
                "lipschitz: the domain lies in a hyperplane; ask about net.slice(origin, directions), whose inputs are "
                "coordinates on it, or make inputs constant"
            )

    def run(self) -> None:
        """Look until nothing is left that could be steeper."""
        if not self.own.input_dim:
            zeros = ((),) * self.own.output_dim
            self.best = Steepest(0.0, 0.0, Fraction(0), zeros, ())
        elif self.free.is_bounded() and floats_are_sound():
            self._search_boxes()
        else:
            self._by_regions(self.free)
        self.beyond, self.is_done = -math.inf, True

    def in_all_inputs(self, best: Steepest) -> tuple[ExactMatrix, ExactVector]:
        """The Jacobian of the steepest region, and the point in it, in all inputs."""
        if self.folding is None:
            return best.matrix, best.point
        point = self.folding.sides.lift(best.point)
        return self.network.affine_map(self.network.activation_pattern(point))[0], point

    # -- boxes --------------------------------------------------------------------------------------------------------

    def _search_boxes(self) -> None:
        low, high = (end[None] for end in outwards(*box_of(self.free)))
        self.width = high[0] - low[0]
        self._draw(low[0], high[0])
        self._add(low, high, None, [_RESTED])
        with progress_bar(self.progress, desc="boxes", unit=" boxes") as bar:
            while self.waiting and -self.waiting[0].key > self._known:
                check()
                self.beyond = -self.waiting[0].key
                self._step()
                bar.update(self.stats["boxes"] - bar.n)

    def _step(self) -> None:
        """Halve the steepest boxes, and find the regions of those that are ripe."""
        halved = list[_Box]()
        while self.waiting and len(halved) < _AT_ONCE and -self.waiting[0].key > self._known:
            box = heappop(self.waiting)
            is_ripe = self._is_ripe(box)
            if not (is_ripe and self._by_regions_of(box)):
                halved.append(box._replace(rested=0 if is_ripe else box.rested + 1))
        if not halved:
            return
        self._require_room(len(self.waiting) + 2 * len(halved))
        ends = [half for box in halved for half in self._halves(box)]
        low, high = (np.array(end) for end in zip(*ends, strict=True))
        both = [box for box in halved for _ in range(2)]
        self._add(low, high, _joined([box.known for box in both]), [box.rested for box in both])

    def _add(self, low: FloatArray, high: FloatArray, known: Sequence[Enclosure] | None, rested: Sequence[int]) -> None:
        """Bound boxes, and let those wait that may be steeper than what is known."""
        found = self.bounds.over(low, high, known)
        steep = self.slopes.norms(found.layers, self.norm)
        weights = np.nan_to_num(np.abs(found.slopes).sum(axis=1)) + 2.0**-20
        for place in np.flatnonzero(steep > self._known).tolist():
            own = tuple(Enclosure(*(end[place] for end in layer)) for layer in found.layers)
            number, ends = next(self.numbers), (low[place], high[place])
            heappush(self.waiting, _Box(-steep[place], number, *ends, own, weights[place], rested[place]))
        self.stats["boxes"] += len(low)

    @property
    def _known(self) -> float:
        """What is not steeper than this does not matter."""
        if self.best is None:
            return -1.0
        return self.best.high if self.best.value is None else self.best.low

    def _require_room(self, boxes: int) -> None:
        if boxes > self.limit:
            raise BudgetExceeded(
                f"lipschitz: {boxes} boxes wait, more than limit={self.limit}; raise it, choose a smaller domain, or "
                "pass timeout= to be told what is known until then"
            )

    def _is_ripe(self, box: _Box) -> bool:
        """Whether few regions may be on a box, or it is too narrow to halve."""
        layers = zip(self.own.layers, box.known, strict=True)
        doubtful = sum(int(np.count_nonzero(layer.relu & (own.low < 0) & (own.high > 0))) for layer, own in layers)
        dim = self.own.input_dim
        if dim <= _FEW_INPUTS and box.rested >= _RESTED:
            return True
        most = sum(math.comb(doubtful, i) for i in range(min(dim, doubtful) + 1))
        return most <= _MOST_REGIONS or self._is_narrow(box)

    def _is_narrow(self, box: _Box) -> bool:
        return bool((box.high - box.low <= _NARROW * self.width).all())

    def _halves(self, box: _Box) -> list[tuple[FloatArray, FloatArray]]:
        """A box in two, along the input that moves the outputs the most on it."""
        j = int(np.argmax(box.weights * (box.high - box.low)))
        below, above = box.high.copy(), box.low.copy()
        below[j] = above[j] = 0.5 * box.low[j] + 0.5 * box.high[j]
        return [(box.low, below), (above, box.high)]

    # -- regions ------------------------------------------------------------------------------------------------------

    def _draw(self, low: FloatArray, high: FloatArray) -> None:
        """Look at the regions around some points, those first that are steep in floats."""
        with np.errstate(all="ignore"):
            points = low + (high - low) * np.random.default_rng(_SEED).random((_DRAWN, len(low)))
            points = points[np.isfinite(points).all(axis=1)]
            points = points[self.free.contains_floats(points)]
            jacobians = np.nan_to_num(_jacobians(self.own, points))
            steep = Slopes(jacobians.transpose(0, 2, 1), np.zeros(1)).norms(self.norm)
        for i in np.argsort(-steep)[:_LOOKED_AT].tolist():
            point = exact_vector(points[i], "lipschitz")
            signs = signs_at(self.own.layers, point)
            if all(sign for own in signs for sign in own):  # so the point is inside of a region
                self._offer(self.own.affine_map(signs.active)[0], partial(tuple, point))

    def _by_regions_of(self, box: _Box) -> bool:
        """Look at the regions of a box; False if they are many, and it had better be halved."""
        domain = self.free & Polyhedron.box(*map(_exactly, (box.low, box.high)))
        return not domain.is_full_dimensional() or self._by_regions(domain, None if self._is_narrow(box) else _TRIED)

    def _by_regions(self, domain: Polyhedron, most: int | None = None) -> bool:
        """Look at all regions of a part of the domain, or at some if there are more than so many, and then False."""
        self.stats["by_cells"] += 1
        too_many = False

        def until(found: int) -> bool:
            nonlocal too_many
            too_many = most is not None and found > most
            return too_many

        try:
            tiling = linear_regions(self.own, domain, progress=False, until=until)
        except Interrupted as stopped:
            if not too_many:
                raise KeyboardInterrupt from stopped
            tiling = stopped.partial
        self._steepest_of(tiling)
        return tiling.complete

    def _steepest_of(self, tiling: Tiling) -> None:
        """Look at the regions of a tiling that can be the steepest, exactly."""
        self.stats["regions"] += len(tiling)
        found = arrays(tiling).maps
        steep = self._of_maps(found.matrices, found.radius)
        for i in np.argsort(-steep).tolist():
            if not steep[i] > self._known:
                break
            check()
            _, matrix, _ = tiling[i].affine_map()
            self._offer(matrix, tiling[i].inner_point)

    def _of_maps(self, matrices: FloatArray, radius: FloatArray) -> FloatArray:
        """Upper bounds of the norms of Jacobians that are known within some radius."""
        if self.norm == "l2":
            return spectral_bounds(matrices, radius.max(axis=1, initial=0.0))
        spread = np.broadcast_to(radius[:, None], (len(matrices), matrices.shape[2], matrices.shape[1]))
        return Slopes(matrices.transpose(0, 2, 1), spread).norms(self.norm)

    def _offer(self, matrix: ExactMatrix, point: Callable[[], ExactVector]) -> None:
        """Keep a Jacobian if it is the steepest."""
        low, high, value = exact_norm(matrix, self.norm)
        best = self.best
        if best is None or (value > best.value if value is not None and best.value is not None else low > best.low):
            self.best = Steepest(low, max(high, 0.0 if best is None else best.high), value, matrix, point())
        elif best is not None and value is None and high > best.high:
            self.best = best._replace(high=high)


def _jacobians(network: Network, points: FloatArray) -> FloatArray:
    """About the Jacobians at points, (k, m, d)."""
    values, passed = points, list[FloatArray]()
    for layer in network.layers:
        values = values @ layer.float_weight.T + layer.float_bias
        passed.append(np.where(np.array(layer.relu, dtype=np.bool_) & (values <= 0), 0.0, 1.0))
        values = values * passed[-1]
    found = np.tile(np.eye(network.output_dim), (len(points), 1, 1))
    for layer, own in zip(reversed(network.layers), reversed(passed), strict=True):
        found = (found * own[:, None]) @ layer.float_weight
    return found


def _joined(known: Sequence[tuple[Enclosure, ...]]) -> list[Enclosure]:
    """What is known of single boxes, as what is known of many."""
    return [Enclosure(*map(np.array, zip(*layer, strict=True))) for layer in zip(*known, strict=True)]


def _exactly(values: FloatArray) -> list[Fraction]:
    return [Fraction(v) for v in values.tolist()]
