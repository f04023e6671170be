"""What a stopped run has not decided, as text and as JSON values; neither takes longer than a moment."""

from __future__ import annotations

from typing import Any

from polyrelu.analysis.coverage import Coverage
from polyrelu.cli.documents import SECONDS_AFTER_STOP
from polyrelu.cli.stopping import stops
from polyrelu.errors import InputError
from polyrelu.export.json_report import ends
from polyrelu.tilings.tiling import Tiling


def undecided_part(tiling: Tiling) -> str:
    """How many cells are undecided, and the shares of a bounded domain; nothing of a complete tiling."""
    cells = None if tiling.complete else _cells(tiling)
    if cells is None:
        return ""
    found = _coverage(tiling)
    shares = "" if found is None else f" Of the domain, {found}."
    return f"Undecided: {cells} cell{'s' * (cells != 1)}, in which more tiles may be.{shares}"


def decided_part(tiling: Tiling) -> dict[str, Any]:
    """The number of undecided cells, and the ends between which the shares lie; null where they are not known."""
    found = _coverage(tiling)
    shares = None if found is None else {name: ends(share) for name, share in zip(_NAMES, _shares(found), strict=True)}
    return {"undecided": _cells(tiling), "coverage": shares}


_NAMES = ("in", "out", "undecided")


def _shares(found: Coverage) -> tuple[Any, ...]:
    return found.inside, found.outside, found.undecided


def _cells(tiling: Tiling) -> int | None:
    try:
        return len(tiling.undecided())
    except InputError:
        return None


def _coverage(tiling: Tiling) -> Coverage | None:
    """The shares, if they are known soon."""
    if _cells(tiling) is None or tiling.domain.is_empty() or not tiling.domain.is_bounded():
        return None
    try:
        with stops().soon(SECONDS_AFTER_STOP):
            return tiling.coverage()
    except KeyboardInterrupt:
        return None
