"""An exploration in a notebook: drag a bias, a weight, a threshold or the window, and see exact zones follow.

The widget draws; all that it shows is found here, in Python. Two of its edits are on their way at most, so that Python
works while an answer is drawn, and edits made meanwhile become one. Where no Python runs, in a notebook that was
exported, a page of the state in which the widget was shown stands in its place. A notebook that a program runs, to
export it for instance, has nothing but that page: a widget's stored state would make readers fetch scripts from
elsewhere.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import PolyreluError
from polyrelu.latent.superposition import Features
from polyrelu.networks.network import Network
from polyrelu.pages.exploration import Exploration
from polyrelu.pages.page import iframe, show, write
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.extras import require

_MODULE = Path(__file__).parent / "static" / "widget.js"
_HEIGHT = 620


def explore(
    network: Network,
    features: Features = None,
    box: Any = 3,
    *,
    thresholds: Mapping[int, Any] | None = None,
) -> Any:
    """A widget in which a network's numbers are dragged, and exact zones of its features follow live.

    Args:
        network: R^2 -> R^m; a feature is a coordinate of its output, and its zone where that is above a threshold.
        features: coordinates, by number or by name such as ``"y0"``; by default all.
        box: the window: a half width, or ``(lows, highs)`` as for ``Polyhedron.box``.
        thresholds: by feature; by default 0.

    Returns:
        An ``anywidget.AnyWidget``, which notebooks show. What is dragged becomes a short decimal, which is meant
        exactly, and then the widget has

        * ``network``: the network as it is now, exact; set it to look at another one;
        * ``tiling``: the cells of the window, on each of which all neurons and features have one sign;
        * ``zones``: for each feature its islands, each a tiling; ``areas``: its area, enclosed;
        * ``selected``: the tile of ``tiling`` that was clicked, or None;
        * ``save(path)``, ``show()``: the state as a page of its own.

        ``observe`` tells of a change of ``network`` and ``selected``, as for any widget.

    Raises:
        DimensionError: the network's inputs are not in the plane.
        InputError: there is no such feature, or the window has no interior.
        MissingExtraError: anywidget is not installed.

    Cost: about 8 milliseconds for an answer in a 2-10-2-10 network, by ``scripts/benchmark_explorer.py``.
    """
    return _widget()(Exploration.of(network, features, box, thresholds))


@cache
def _widget() -> Any:
    """The class; made when it is first needed, because its base is."""
    anywidget = require("anywidget", "explore")
    traitlets = require("traitlets", "explore")

    class Explorer(anywidget.AnyWidget):  # type: ignore[misc, name-defined]
        """See :func:`explore`."""

        _esm = _MODULE.read_text(encoding="utf-8")
        _scene = traitlets.Dict().tag(sync=True)
        _layers = traitlets.List().tag(sync=True)
        _geometry = traitlets.Bytes().tag(sync=True)
        network = traitlets.Any()
        selected = traitlets.Any(None, allow_none=True)

        def __init__(self, exploration: Exploration) -> None:
            self._first = self._now = exploration
            super().__init__(**({"comm": require("comm", "explore").DummyComm()} if is_unattended() else {}))
            self.on_msg(self._hear)
            self._tell(0)
            self.observe(self._take, "network")

        # What the widget is asked by people.

        @property
        def window(self) -> Any:
            """The window, as ``(lows, highs)``."""
            return self._now.lows, self._now.highs

        @property
        def thresholds(self) -> Any:
            """The threshold of each feature."""
            return dict(zip(self._now.features, self._now.thresholds, strict=True))

        @property
        def tiling(self) -> Any:
            """The cells of the window."""
            return self._now.found.tiling

        @property
        def zones(self) -> Any:
            """For each feature its islands, as tilings."""
            return {feature: self._now.found.zones(feature) for feature in self._now.features}

        @property
        def areas(self) -> Any:
            """For each feature its area, between two floats."""
            found = self._now.found
            return {feature: found.area(np.flatnonzero(found.active[:, k])) for k, feature in enumerate(found.features)}

        def save(self, path: Any) -> None:
            """Write a page of the state to an HTML file."""
            write(self._now.page(), file_path(path, "save"))

        def show(self) -> None:
            """Show a page of the state."""
            show(self._now.page())

        def reset(self) -> None:
            """Go back to the network and the window of the beginning."""
            self._change(self._first, 0)

        # What the widget and its drawing say to each other.

        def _hear(self, _widget: Any, message: Any, _buffers: Any) -> None:
            """An edit of the drawing, which waits for an answer when it has sent two."""
            number = message.get("number", 0)
            try:
                self._change(self._first if message.get("reset") else self._now.edited(message), number)
            except PolyreluError as error:
                self._scene = {**self._scene, "number": number, "error": str(error)}

        def _change(self, exploration: Exploration, number: int) -> None:
            before, self._now = self._now, exploration
            try:
                self._tell(number)
            except PolyreluError:
                self._now = before
                raise

        def _tell(self, number: int) -> None:
            """Everything that is drawn, in one message."""
            started = time.perf_counter()
            now = self._now
            scene, geometry, layers = now.scene(), now.geometry(), now.layers()
            spent = round(1000 * (time.perf_counter() - started), 1)
            with self.hold_sync():
                self._geometry, self._layers = geometry, layers
                self._scene = {**scene, "number": number, "milliseconds": spent, "error": ""}
            self.set_trait("network", now.network)
            self.selected = now.selected

        def _take(self, change: Any) -> None:
            """Another network, from Python."""
            if change["new"] is not self._now.network:
                new = instance(change["new"], Network, "explore: network", "set it to a Network")
                same = new.output_dim == self._first.network.output_dim
                features = self._now.features if same else None
                levels = dict(zip(self._now.features, self._now.thresholds, strict=True)) if same else None
                self._change(Exploration.of(new, features, Polyhedron.box(self._now.lows, self._now.highs), levels), 0)

        def _repr_mimebundle_(self, **options: Any) -> Any:
            page = {"text/html": iframe(self._now.page(), _HEIGHT)}
            if is_unattended():
                return {"text/plain": repr(self.network), **page}
            bundle = super()._repr_mimebundle_(**options)
            data = bundle[0] if isinstance(bundle, tuple) else bundle
            if data is not None:
                data |= page
            return bundle

    return Explorer


def is_unattended() -> bool:
    """Whether a program runs the notebook, such as ``nbconvert --execute``: it lets nobody type, and nobody drag.

    Voila runs notebooks so, too, and then shows their widgets to people.
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython is not None else None
    if kernel is None or any(name.startswith("VOILA_") for name in os.environ):
        return False
    return kernel.get_parent().get("content", {}).get("allow_stdin") is False
