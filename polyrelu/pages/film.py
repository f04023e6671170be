"""A film as a page: zones at checkpoints with a slider, and the lives of islands. All of it is found beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import to_float
from polyrelu.latent.history import Event, History
from polyrelu.latent.superposition import Superposition, area_text
from polyrelu.pages.exploration import shades
from polyrelu.pages.page import document, packed, packed_counts
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.support.palette import PALETTE


def film_page(history: History, names: Sequence[str], title: str) -> str:
    """The page of a film.

    Args:
        history: the checkpoints.
        names: of the checkpoints.
        title: in plain text.
    """
    lows, highs = box_of(history.frames[0].window)
    features = [{"name": f"y{feature}", **shades(feature)} for feature in history.features]
    data = {
        "title": title,
        "facts": [f"{len(history)} checkpoints, {len(features)} features; zones, areas and islands are exact"],
        "window": [to_float(v) for v in (*lows, *highs)],
        "features": features,
        "colours": [{"name": "", **shades(number)} for number in range(len(PALETTE))],
        "frames": [
            {"name": name, **_frame(frame, tracks)}
            for name, frame, tracks in zip(names, history.frames, history.tracks, strict=True)
        ],
        "events": [_event(event, history.features) for event in history.events],
    }
    return document("film", data, title)


def _frame(frame: Superposition, tracks: Sequence[Sequence[int]]) -> dict[str, Any]:
    return {
        "columns": {
            "points": packed(frame.float_points),
            "starts": packed_counts(frame.starts),
            "corners": packed_counts(frame.corners),
            "islands": packed_counts(frame.island_numbers + 1),
            "signs": packed(np.packbits(frame.active, axis=1)),
        },
        "areas": [area_text(frame.area(np.flatnonzero(on))) for on in frame.active.T],
        "islands": [
            [
                {"track": track, "area": area_text(frame.area(cells)), "at": _middle(frame, cells)}
                for track, cells in zip(own, islands, strict=True)
            ]
            for own, islands in zip(tracks, frame.islands, strict=True)
        ],
    }


def _middle(frame: Superposition, cells: Any) -> list[float]:
    """A point in the largest of some cells, about in its middle."""
    largest = max(cells.tolist(), key=lambda cell: frame.area([cell]).mid)
    corners = frame.corners[frame.starts[largest] : frame.starts[largest + 1]]
    return [float(v) for v in frame.float_points[corners].mean(axis=0)]


def _event(event: Event, features: Sequence[int]) -> dict[str, Any]:
    return {
        "checkpoint": event.checkpoint,
        "feature": features.index(event.feature),
        "before": event.before,
        "after": event.after,
        "says": str(event),
    }
