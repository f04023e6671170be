"""What a stopped run has not decided, as text and as JSON values; neither takes longer than a moment."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from polyrelu.analysis.coverage import Share, coverage, enclosure, percent, undecided_share
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
    told = f"Undecided: {cells} cell{'s' * (cells != 1)}, in which more tiles may be"
    shares = [f"{percent(share)} {name}" for name, share in _shares(tiling).items() if share is not None]
    return f"{told}. Of the domain, {', '.join(shares)}." if shares else f"{told}."


def decided_part(tiling: Tiling) -> dict[str, Any]:
    """The number of undecided cells, and the ends between which the shares lie; null where they are not known."""
    shares = {name: None if share is None else ends(share) for name, share in _shares(tiling).items()}
    return {"undecided": _cells(tiling), "coverage": shares}


def _cells(tiling: Tiling) -> int | None:
    try:
        return len(tiling.undecided())
    except InputError:
        return None


def _shares(tiling: Tiling) -> dict[str, Share | None]:
    """The shares in, out and undecided, if they are known soon; where tiles are not measured, only the last."""
    found: dict[str, Share | None] = dict.fromkeys(("in", "out", "undecided"))
    if _cells(tiling) is None or tiling.domain.is_empty() or not tiling.domain.is_bounded():
        return found
    with suppress(KeyboardInterrupt), stops().soon(SECONDS_AFTER_STOP):
        found["undecided"] = enclosure(undecided_share(tiling, tiling.undecided().parts, ()))
        shares = coverage(tiling)
        found |= {"in": shares.inside, "out": shares.outside, "undecided": shares.undecided}
    return found
