"""Regions, dead neurons and density of networks over a domain, a row each: of the checkpoints of a training, say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.measure import Enclosure, enclosed, tile_volumes
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import InputError, Interrupted
from polyrelu.networks.activation_pattern import unpacked_signs
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, items
from polyrelu.support.extras import require
from polyrelu.support.limits import Limit
from polyrelu.tilings.tiling import Tiling

_ADVICE = "pass a Network, a list of them, or a mapping of names to them"


@dataclass(frozen=True)
class RegionStatistics:
    """What the linear regions of a network over a domain are like.

    Attributes:
        name: of the network.
        regions: how many there are.
        neurons: how many neurons have a ReLU.
        dead: how many of these are silent everywhere.
        always_active: how many are active everywhere.
        switching: how many are neither: they bend the network.
        density: regions for each unit of volume, rounded up; None where the domain has no volume, or no end.
        largest: the volume of the largest region as a share of the domain's; None likewise.
    """

    name: str
    regions: int
    neurons: int
    dead: int
    always_active: int
    switching: int
    density: float | None
    largest: Enclosure | None


COLUMNS = tuple(column.name for column in fields(RegionStatistics))


class Statistics(tuple[RegionStatistics, ...]):
    """A row for each network; a tuple that prints as a table."""

    __slots__ = ()

    def to_pandas(self) -> Any:
        """The table as a DataFrame, one row for each network; of enclosures their middles.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        rows = [[_middle(getattr(own, name)) for name in COLUMNS] for own in self]
        return require("pandas", "Statistics.to_pandas").DataFrame(rows, columns=list(COLUMNS))

    def __str__(self) -> str:
        lines = [[name.replace("_", " ") for name in COLUMNS]]
        lines += ([_text(getattr(own, name)) for name in COLUMNS] for own in self)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = ("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)
        return "\n".join(shown)


def _middle(value: Any) -> Any:
    return value.mid if isinstance(value, Enclosure) else value


def _text(value: Any) -> str:
    if isinstance(value, Enclosure):
        return f"{value.mid:.4g}"
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def region_statistics(
    networks: Network | Sequence[Network] | Mapping[str, Network],
    domain: Domain | None = None,
    *,
    workers: int = 1,
    timeout: float | None = None,
    progress: bool | None = None,
) -> Statistics:
    """How many regions, dead neurons and so on networks have over a domain: a row for each.

    Args:
        networks: one, several, or several by their names, of the same number of inputs.
        domain: as for :func:`polyrelu.engines.preimage.preimage`; all of R^d when None.
        workers: how many threads split cells.
        timeout: seconds for all of them.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        The rows, in the order of the networks; exact but for ``density``, a float, and ``largest``, an enclosure.

    Raises:
        InputError: something else than networks was passed.
        DimensionError: the domain lives in another space than a network's inputs.
        BudgetExceeded: regions are too many, as for :func:`polyrelu.engines.preimage.linear_regions`.
        Interrupted: Ctrl-C, or time is up; its ``partial`` are the rows that are done.

    Cost: that of all linear regions.

    Example:
        >>> import polyrelu as pr
        >>> early = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, 5])], [True])
        >>> late = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, -7, 0])], [True])
        >>> print(pr.region_statistics({"early": early, "late": late}, ([-1, -1], [1, 1])))
        name   regions  neurons  dead  always active  switching  density  largest
        early        4        3     0              1          2        1     0.25
        late         4        3     1              0          2        1    0.375
    """
    named = _named(networks)
    regions = [given_domain(domain, network, f"region_statistics: {name!r}") for name, network in named]
    limit = Limit(timeout=timeout, where="region_statistics")
    rows: list[RegionStatistics] = []
    for (name, network), region in zip(named, regions, strict=True):
        try:
            with limit.kept():
                tiling = linear_regions(
                    network, region, workers=workers, progress=progress, measure=region.is_bounded()
                )
                rows.append(_row(name, network, region, tiling))
        except (KeyboardInterrupt, Interrupted) as stopped:
            done = Statistics(rows)
            message = f"region_statistics: stopped with {len(done)} of {len(named)} rows; they are in .partial"
            raise Interrupted(message, done) from stopped
    return Statistics(rows)


def _named(networks: Any) -> list[tuple[str, Network]]:
    if isinstance(networks, Network):
        return [("0", networks)]
    if isinstance(networks, Mapping):
        pairs = [(str(name), one) for name, one in networks.items()]
    else:
        pairs = [(str(i), one) for i, one in enumerate(items(networks, "region_statistics: networks", _ADVICE))]
    if not pairs:
        raise InputError(f"region_statistics: networks: there is none; {_ADVICE}")
    return [(name, instance(one, Network, f"region_statistics: network {name!r}", _ADVICE)) for name, one in pairs]


def _row(name: str, network: Network, region: Polyhedron, tiling: Tiling) -> RegionStatistics:
    """The row of a network, by its linear regions."""
    silent, active = _everywhere(tiling, network.neuron_count)
    density, largest = _sizes(region, tiling)
    dead, always = int(silent.sum()), int(active.sum())
    switching = network.neuron_count - dead - always
    return RegionStatistics(name, len(tiling), network.neuron_count, dead, always, switching, density, largest)


def _everywhere(tiling: Tiling, neurons: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which neurons are silent, and which active, on all tiles; none where there are no tiles."""
    silent, active = np.full((2, neurons), bool(len(tiling)))
    for source, local, _ in tiling.by_source():
        signs = unpacked_signs(source.data(local).bits, neurons)
        silent &= ~signs.any(axis=0)
        active &= signs.all(axis=0)
    return silent & ~active, active


def _sizes(region: Polyhedron, tiling: Tiling) -> tuple[float | None, Enclosure | None]:
    """The density of regions, and the share of the largest."""
    if region.is_empty() or not region.is_bounded() or not region.is_full_dimensional() or not region.ambient_dim:
        return None, None
    volume = region.volume()
    low, high = tile_volumes(tiling, Polyhedron.volume)
    ends = (_share(low.max(initial=0.0), volume)[0], _share(high.max(initial=0.0), volume)[1])
    return enclosed(Fraction(len(tiling)) / volume)[1], Enclosure(*ends)


def _share(size: float, whole: Fraction) -> tuple[float, float]:
    """The floats around a share."""
    return (math.inf, math.inf) if math.isinf(size) else enclosed(Fraction(size) / whole)
