"""Results as JSON for other programs: exact numbers as text, nothing rounded, nothing left out without saying so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polyrelu.analysis.measure import Enclosure
from polyrelu.analysis.verify import Verification
from polyrelu.analysis.zones import zones
from polyrelu.arithmetic.exact import enclosing_floats, nearest_floats
from polyrelu.formats.exact_text import network_hash, number_text
from polyrelu.networks.properties import Property
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling


@dataclass(frozen=True)
class TilingReport:
    """A tiling as JSON values; those of the tiles are made one by one.

    Attributes:
        tiling: what is reported.
        count: how many of its tiles are reported.
    """

    tiling: Tiling
    count: int

    @property
    def question(self) -> dict[str, Any]:
        """What was asked, by which method, statistics, and the number of all tiles."""
        return _question(self.tiling) | {"tile_count": len(self.tiling)}

    def tile(self, index: int) -> dict[str, Any]:
        """All about a tile. Cost: an exact polyhedron."""
        return _tile(self.tiling[index])

    def brief_tiles(self, first: int) -> Iterator[str]:
        """The pattern and the target of the tiles from this number on, as JSON. Cost: a microsecond each."""
        rest = self.tiling.select(range(first, self.count))
        targets = [index for index, _ in rest.parts]
        for pattern, part in zip(rest.patterns, rest.places()[0].tolist(), strict=True):
            yield f'{{"pattern": "{pattern}", "target": {targets[part]}}}'  # three times as fast as json.dumps


def tiling_report(tiling: Tiling, limit: int | None = None) -> TilingReport:
    """A tiling as JSON values: what was asked, statistics, and the first ``limit`` tiles (all when None)."""
    return TilingReport(tiling, len(tiling) if limit is None else min(limit, len(tiling)))


def zones_report(tiling: Tiling, contact: int | None = None, sort: str = "first") -> dict[str, Any]:
    """A tiling's zones as JSON values: their sizes, each between two floats, their boxes, and an exact point of each.

    The volume of an unbounded zone and unbounded sides of a box are null, and so is the upper end of a volume, or a
    bound of a box, beyond the greatest float; so are the zones of an incomplete tiling, which missing tiles might join.
    Arguments as for :func:`polyrelu.analysis.zones.zones`.
    """
    found = [_zone(zone) for zone in zones(tiling, contact, sort)] if tiling.complete else None
    return without_zones(tiling) | {"zones": found, "complete": tiling.complete}


def without_zones(tiling: Tiling) -> dict[str, Any]:
    """What :func:`zones_report` says where the zones are not known."""
    return _question(tiling) | {"tile_count": len(tiling), "zones": None, "complete": False}


def _zone(zone: Tiling) -> dict[str, Any]:
    size = zone.volume() if zone.is_bounded() else None
    return {
        "tiles": len(zone),
        "volume": None if size is None else _finite([size.low, size.high]),
        "bounding_box": [_finite(corner.tolist()) for corner in zone.bounding_box()],
        "point": numbers(zone[0].point()),
    }


def ends(found: Enclosure | Fraction) -> list[float | None]:
    """Two floats between which a number lies, for JSON."""
    return _finite(enclosing_floats(found) if isinstance(found, Fraction) else [found.low, found.high])


def _finite(values: Iterable[float]) -> list[float | None]:
    """Floats for JSON, which has no infinities."""
    return [v if math.isfinite(v) else None for v in values]


def _question(tiling: Tiling) -> dict[str, Any]:
    network = tiling.network
    return {
        "network": {"hash": network_hash(network), "inputs": network.input_dim, "outputs": network.output_dim},
        "targets": [_rows(target, "y") for target in tiling.targets],
        "domain": _rows(tiling.domain, "x"),
        "method": tiling.method,
        "stats": dict(tiling.stats),
    }


def _tile(tile: Tile) -> dict[str, Any]:
    flat = sum(row.relation == "==" for row in tile.polyhedron.halfspaces)  # canonical rows: those of the affine hull
    return {
        "pattern": tile.pattern,
        "target": tile.target_index,
        "dim": tile.polyhedron.ambient_dim - flat,
        "point": numbers(tile.inner_point()),
        "inequalities": _rows(tile.polyhedron, "x"),
    }


def numbers(values: Iterable[Fraction]) -> list[str]:
    """Rationals as text."""
    return [number_text(value) for value in values]


def _rows(polyhedron: Polyhedron, letter: str) -> list[str]:
    return list(polyhedron.inequalities([f"{letter}{i}" for i in range(polyhedron.ambient_dim)]))


def verification_report(found: Verification, prop: Property) -> dict[str, Any]:
    """A verdict as JSON values; the counterexample is exact, with its floats beside it (null beyond the greatest)."""
    report: dict[str, Any] = {
        "verdict": found.status,
        "cases": found.cases,
        "cells": found.cells,
        "seconds": found.seconds,
    }
    if found.point is not None and found.value is not None and found.place is not None:
        i, j = found.place
        report["counterexample"] = {
            "input": numbers(found.point),
            "output": numbers(found.value),
            "input_floats": _finite(nearest_floats(found.point).tolist()),
            "output_floats": _finite(nearest_floats(found.value).tolist()),
            "domain": i,
            "target": j,
            "target_inequalities": list(prop.disjuncts[i].targets[j].inequalities(prop.target_names)),
        }
    if found.remaining:
        report["remaining"] = [{"domain": i, "target": j} for i, j in found.remaining]
    return report
