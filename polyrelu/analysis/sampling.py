"""Uniform random points of a tiling, every one of them certified to lie in it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.measure import bar, outwards, tile_volumes
from polyrelu.arithmetic.exact import FloatArray, nearest_floats, to_floats
from polyrelu.errors import EmptySetError, InexactError, InputError
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.volume import simplex_volume, triangulation
from polyrelu.support.arguments import whole_number
from polyrelu.tilings.tiling import Tiling

# Drawing so many points from a box takes about as long as drawing one from a tile.
_DRAWS_PER_POINT = 1000
_FRUITLESS_ROUNDS = 64
_MOST_POINTS = 10**9
# Volumes whose greatest lies between them are in proportion as floats, up to their rounding, and so is their sum.
_LEAST_SIZE, _GREATEST_SIZE = 2.0**-900, 2.0**900


def sample_points(tiling: Tiling, n: int, seed: int | None = None) -> FloatArray:
    """Random points of a bounded tiling, an (n, d) array of floats; uniform up to the rounding of floats.

    Uniform points of a box around the domain are drawn, and those in the tiling kept. If hardly any are, the rest come
    from the tiles: a tile is drawn by its volume, a simplex of its triangulation by its volume, and a point of that
    uniformly; one that rounding has pushed out of its tile is drawn again. Either way exact arithmetic has the last
    word: every point lies in the tiling. A flat domain is sampled if its box is just as flat.

    Args:
        tiling: where the points shall lie.
        n: how many, a billion at most.
        seed: of ``numpy.random.default_rng``; the same seed gives the same points of the same tiling.

    Raises:
        EmptySetError: there are no tiles.
        UnboundedError: a tile of full dimension is unbounded.
        InputError: all tiles are flat, or n or the seed is no whole number from zero up.
        InexactError: the tiles are so thin that no floats in them are found, or reach beyond the greatest float.

    Cost: microseconds for each point that is drawn from the box, and a double description for each tile that is drawn.

    >>> import polyrelu as pr
    >>> distance = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x0|
    >>> far = pr.preimage(distance, pr.parse("y0 >= 1/3", dim=1), pr.Polyhedron.box([-1], [1]))
    >>> points = far.sample_points(100, seed=0)
    >>> points.shape, bool((abs(points) > 1 / 3).all())
    ((100, 1), True)
    """
    n = whole_number(n, "sample_points: n", 0, _MOST_POINTS)
    seed = None if seed is None else whole_number(seed, "sample_points: seed")
    if not len(tiling):
        raise EmptySetError("sample_points: the tiling has no tiles; ask len() first")
    random = np.random.default_rng(seed)
    points = _from_box(tiling, n, random)
    if len(points) < n:
        points = np.concatenate([points, _from_tiles(tiling, n - len(points), random)])
    return points


def _from_box(tiling: Tiling, n: int, random: np.random.Generator) -> FloatArray:
    """At most n points of the tiling; fewer where a box around the domain holds little of it, or does not exist.

    How many there are depends on how many of those drawn lay in the tiling, not on where, so they are uniform.
    """
    dim = tiling.domain.ambient_dim
    found, kept, drawn = [np.empty((0, dim))], 0, 0
    low, high = outwards(*box_of(tiling.domain))
    with np.errstate(over="ignore"):
        if not np.isfinite(high - low).all():
            return found[0]
    while kept < n and kept * _DRAWS_PER_POINT >= drawn:
        candidates = low + (high - low) * random.random((_DRAWS_PER_POINT, dim))
        inside = np.flatnonzero(tiling.contains(candidates))[: n - kept]
        found.append(candidates[inside])
        kept, drawn = kept + len(inside), drawn + len(candidates)
    return np.concatenate(found)


def _from_tiles(tiling: Tiling, n: int, random: np.random.Generator) -> FloatArray:
    """N points of the tiling by way of its tiles' volumes."""
    weights = _weights(tiling)
    points = np.empty((n, tiling.domain.ambient_dim))
    waiting, fruitless = np.arange(n), 0
    prepared: dict[int, _Simplices] = {}
    while len(waiting):
        drawn = random.choice(len(tiling), size=len(waiting), p=weights)
        left = np.ones(len(waiting), dtype=np.bool_)
        for i in bar(np.unique(drawn).tolist()):
            if i not in prepared:
                prepared[i] = _Simplices.of(tiling[i].polyhedron)
                if not np.isfinite(prepared[i].vertices).all():
                    raise InexactError(
                        f"sample_points: tile {i} reaches beyond the greatest float, 1.8e308, so that floats cannot be "
                        f"uniform in it; ask for the preimage on a smaller box"
                    )
            here = np.flatnonzero(drawn == i)
            candidates = prepared[i].draw(len(here), random)
            inside = np.asarray(tiling[i].contains(candidates))
            points[waiting[here[inside]]] = candidates[inside]
            left[here[inside]] = False
        fruitless = fruitless + 1 if left.all() else 0
        if fruitless == _FRUITLESS_ROUNDS:
            raise InexactError(
                f"sample_points: {fruitless} rounds found no float in a tile, last in tile {int(drawn[-1])}; the tiles "
                f"are too thin for floats, use Tile.inner_point, which is exact"
            )
        waiting = waiting[left]
    return points


class _Simplices(NamedTuple):
    """A triangulated polytope: (m, d) vertices, (k, d + 1) vertex numbers, and k probabilities."""

    vertices: FloatArray
    corners: NDArray[np.intp]
    weights: FloatArray

    @classmethod
    def of(cls, polyhedron: Polyhedron) -> _Simplices:
        """A polytope of full dimension, its vertices rounded."""
        exact = polyhedron.vertices
        simplices = list(triangulation(exact, polyhedron.halfspaces))
        vertices = nearest_floats(x for v in exact for x in v).reshape(len(exact), polyhedron.ambient_dim)
        volumes = [simplex_volume([exact[k] for k in simplex]) for simplex in simplices]
        return cls(vertices, np.array(simplices, dtype=np.intp), _probabilities(volumes))

    def draw(self, n: int, random: np.random.Generator) -> FloatArray:
        """Uniform points, (n, d), finite where rounding would overflow."""
        simplices = self.corners[random.choice(len(self.corners), size=n, p=self.weights)]
        shares = random.standard_exponential((n, self.corners.shape[1]))
        shares /= shares.sum(axis=1, keepdims=True)
        with np.errstate(over="ignore"):
            drawn = np.einsum("nk,nkd->nd", shares, self.vertices[simplices])
        return np.clip(np.asarray(drawn, dtype=np.float64), -sys.float_info.max, sys.float_info.max)


def _weights(tiling: Tiling) -> FloatArray:
    """The probabilities with which tiles are drawn."""
    if tiling.domain.is_full_dimensional():
        low, high = tile_volumes(tiling, Polyhedron.volume)
        sizes = 0.5 * low + 0.5 * high
        if _LEAST_SIZE <= sizes.max(initial=0.0) <= _GREATEST_SIZE:
            return np.asarray(sizes / sizes.sum(), dtype=np.float64)
        if high.view(np.int64).any():  # their bits, because there are modes in which subnormal numbers pass for zero
            volumes = [tile.polyhedron.volume() for tile in tiling]
            if any(volumes):
                return _probabilities(volumes)
    raise InputError(
        "sample_points: all tiles are flat, and floats on a flat tile need not exist; use Tile.inner_point"
    )


def _probabilities(volumes: Sequence[Fraction]) -> FloatArray:
    """Floats in proportion to exact numbers, not all zero, with sum one."""
    total = sum(volumes, Fraction(0))
    weights = to_floats(volume / total for volume in volumes)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
