r"""The image of a domain under a network, as polyhedra: what it can return, exactly.

A network is affine on each of its linear regions, so the image of a domain is the union of the regions' images under
these maps, each a polyhedron. Images of lower dimension are kept; one that lies in another is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from polyrelu.engines.preimage import linear_regions
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance
from polyrelu.support.limits import Limit, check
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling


def image(
    network: Network, domain: Domain | None = None, *, timeout: float | None = None, progress: bool | None = None
) -> tuple[Polyhedron, ...]:
    """All outputs of a network on a domain, as polyhedra whose union they are. Exact.

    Args:
        network: R^d -> R^m.
        domain: as for :func:`polyrelu.engines.preimage.preimage`.
        timeout: seconds after which to stop as for Ctrl-C.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        Polyhedra in R^m, none of which lies in another one; they may overlap, and have lower dimension. The largest
        dimension comes first.

    Raises:
        BudgetExceeded: the domain has too many inputs.
        Interrupted, KeyboardInterrupt: Ctrl-C, or time is up.

    Cost: that of the linear regions, and two conversions between representations for each; then, for each pair of
    images of which the one has the other's point, a linear program a row.

    Example:
        >>> import polyrelu as pr
        >>> pr.image(pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])]), ([-2], [1]))  # |x|
        (Polyhedron(R^1: x0 >= 0, x0 <= 2),)
    """
    limit = Limit(timeout=timeout, where="image")
    tiling = linear_regions(network, domain, progress=progress, until=limit)
    with limit.kept():
        return image_of(tiling, progress=progress)


def image_of(tiling: Tiling, *, progress: bool | None = None) -> tuple[Polyhedron, ...]:
    """All outputs of a tiling's network on its tiles, see :func:`image`.

    Of a preimage of a target these are what the network returns in that target.
    """
    instance(tiling, Tiling, "image: tiling", "ask polyrelu.preimage for one")
    found: list[Polyhedron] = []
    for tile in progress_bar(progress, tiling, desc="image", unit=" tiles"):
        check()
        found += _images(tiling.network, tile)
    return without_contained(found)


def _images(network: Network, tile: Tile) -> list[Polyhedron]:
    """The images of a tile's linear regions, of which it is one where all outputs are affine on it."""
    outputs, matrix, offset = tile.affine_map()
    if outputs == tuple(range(network.output_dim)):
        return [tile.polyhedron.affine_image(matrix, offset)]
    return [own for region in linear_regions(network, tile.polyhedron) for own in _images(network, region)]


def without_contained(sets: Iterable[Polyhedron]) -> tuple[Polyhedron, ...]:
    """Those of some sets that do not lie in another one, once each, the largest dimension first."""
    kept: list[Polyhedron] = []
    for one in sorted(dict.fromkeys(sets), key=lambda own: -own.dim):
        check()
        if not any(_is_in(one, other) for other in kept):
            kept = [other for other in kept if other.dim > one.dim or not _is_in(other, one)]
            kept.append(one.canonical())
    return tuple(kept)


def _is_in(one: Polyhedron, other: Polyhedron) -> bool:
    """Whether one set lies in another; a point says mostly that it does not."""
    return bool(other.contains(one.sample_point())) and one.is_subset(other)
