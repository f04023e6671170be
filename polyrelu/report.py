"""Results as JSON for other programs: exact numbers as text, nothing rounded, nothing left out without saying so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from polyrelu.exact import nearest_floats
from polyrelu.formats.exact_text import network_hash, number_text
from polyrelu.polyhedron import Polyhedron
from polyrelu.properties import Property
from polyrelu.tiling import Tile, Tiling
from polyrelu.verify import Verification
from polyrelu.zones import zones


def tiling_report(tiling: Tiling, limit: int | None = None) -> dict[str, Any]:
    """A tiling as JSON values: what was asked, statistics, and the first ``limit`` tiles (all when None).

    ``tile_count`` is the number of all tiles, ``tiles`` lists those shown. Cost: an exact polyhedron for each.
    """
    return _question(tiling) | {"tile_count": len(tiling), "tiles": [_tile(tile) for tile in tiling[:limit]]}


def zones_report(tiling: Tiling, contact: int | None = None, sort: str = "first") -> dict[str, Any]:
    """A tiling's zones as JSON values: their sizes, each between two floats, their boxes, and an exact point of each.

    The volume of an unbounded zone and unbounded sides of a box are null, and so is the upper end of a volume, or a
    bound of a box, beyond the greatest float; so are the zones of an incomplete tiling, which missing tiles might join.
    Arguments as for :func:`polyrelu.zones.zones`.
    """
    return _question(tiling) | {
        "tile_count": len(tiling),
        "zones": [_zone(zone) for zone in zones(tiling, contact, sort)] if tiling.complete else None,
    }


def _zone(zone: Tiling) -> dict[str, Any]:
    size = zone.volume() if zone.is_bounded() else None
    assert not isinstance(size, Fraction)
    return {
        "tiles": len(zone),
        "volume": None if size is None else _finite([size.low, size.high]),
        "bounding_box": [_finite(corner.tolist()) for corner in zone.bounding_box()],
        "point": numbers(zone[0].point()),
    }


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
        "complete": tiling.complete,
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
            "target_inequalities": _rows(prop.disjuncts[i].targets[j], "y"),
        }
    if found.remaining:
        report["remaining"] = [{"domain": i, "target": j} for i, j in found.remaining]
    return report
