"""The demonstration's picture: samples of a trained 2-10-2-10 network, and the exact zones of its first output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyrelu.figures.demo import draw_demo, run_demo

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def demonstration() -> Figure:
    """Samples on the left, the exact zones on the right, see :mod:`polyrelu.figures.demo`."""
    return draw_demo(run_demo(progress=False))
