"""Films of a network while it learns: exact zones at its checkpoints, as a page with a slider, a GIF or an MP4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.figures.animate import write_animation
from polyrelu.latent.history import History
from polyrelu.latent.superposition import Features
from polyrelu.networks.network import Network
from polyrelu.pages.film import film_page
from polyrelu.pages.page import SUFFIX, iframe, show, write
from polyrelu.plotting.style import style
from polyrelu.plotting.superposition import plot_superposition
from polyrelu.support.arguments import file_path, items
from polyrelu.support.extras import require
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

_SUFFIXES = (SUFFIX, ".gif", ".mp4")
_PACE = 2  # checkpoints per second
_COLOURS = 256  # so that features that are seldom seen keep theirs


class Film(History):
    """Checkpoints of a network, to be watched; notebooks show it. See :func:`film`.

    Attributes:
        names: of the checkpoints.
    """

    names: tuple[str, ...]
    also_carried = ("names",)

    def __init__(self, networks: Sequence[Network], names: Sequence[str], **options: Any) -> None:
        super().__init__(networks, **options)
        object.__setattr__(self, "names", tuple(names))

    @cached_property
    def _page(self) -> str:
        return film_page(self, self.names, f"A network at {len(self)} checkpoints")

    def _repr_html_(self) -> str:
        return iframe(self._page)

    def show(self) -> None:
        """Show the film: below the cell in a notebook, elsewhere in the browser."""
        show(self._page)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the film to a file, as a page (``.html``), a GIF or an MP4, which its suffix says.

        Raises:
            InputError: another suffix, or ``.mp4`` without ffmpeg.
            MissingExtraError: matplotlib, for ``.gif`` and ``.mp4``, is not installed.
            WriteError: the file cannot be written.
        """
        place = file_path(path, "film.save")
        if place.suffix not in _SUFFIXES:
            raise InputError(
                f"film.save: {place.name} has the suffix {place.suffix!r}; use one of {', '.join(_SUFFIXES)}"
            )
        if place.suffix == SUFFIX:
            write(self._page, place)
        else:
            write_animation(self.animation(), place, pace=_PACE, colours=_COLOURS)

    def animation(self) -> FuncAnimation:
        """The film as matplotlib has animations, half a second for each checkpoint."""
        pyplot = require("matplotlib.pyplot", "film")
        made = require("matplotlib.animation", "film").FuncAnimation
        with style():
            figure = pyplot.figure(figsize=(5.4, 4.4))

        def draw(checkpoint: int) -> list[Any]:
            figure.clear()
            with style():
                ax = plot_superposition(self.frames[checkpoint], figure.add_axes((0.1, 0.11, 0.74, 0.8)))
                ax.set_title(self.names[checkpoint])
            return []

        animation: FuncAnimation = made(
            figure, draw, frames=len(self), init_func=list, interval=1000 / _PACE, blit=False
        )
        return animation


def film(
    checkpoints: Iterable[Any],
    features: Features = None,
    box: Any = 3,
    *,
    thresholds: Mapping[int, Any] | None = None,
    names: Sequence[str] | None = None,
) -> Film:
    """A film of a network's features through its checkpoints: exact zones, whose islands are followed.

    Args:
        checkpoints: for each a :class:`Network`, a list of ``(weight, bias)`` with ReLU after all but the last, or a
            state dict of Linear layers (``0.weight``, ``0.bias``, ``2.weight``, ...) with ReLU between them.
        features: outputs, by number or by name such as ``"y0"``; by default all.
        box: the window: a half width, or ``(lows, highs)`` as for ``Polyhedron.box``.
        thresholds: by feature; its zone is where it is above. By default 0.
        names: of the checkpoints, for example ``["epoch 0", "epoch 10"]``; by default they are counted.

    Returns:
        A :class:`Film`: ``frames`` are the zones at each checkpoint, ``tracks`` say which island is which, and
        ``events`` where islands are born, die, split and merge, see :class:`polyrelu.latent.history.History`.
        Colours follow features, or islands. ``save("film.html")``, ``.gif`` or ``.mp4``; ``show()``.

    Raises:
        InputError: no checkpoints, one that is none, or as many names as there are not.
        DimensionError: inputs that are not in the plane, or checkpoints with different outputs.

    Cost: for 2-10-2-10 networks about 50 milliseconds for each checkpoint.

    >>> steps = film([[([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [bias])] for bias in (0, 1)])  # |x0|, then |x0| + 1
    >>> [str(event) for event in steps.events]
    ['checkpoint 1: islands 0 and 1 of y0 merge into 0']
    """
    networks = [_network(given, k) for k, given in enumerate(items(checkpoints, "film: checkpoints", "pass a list"))]
    called = [f"checkpoint {k}" for k in range(len(networks))]
    if names is not None:
        called = list(map(str, items(names, "film: names", "pass a text for each checkpoint")))
    if len(called) != len(networks):
        raise InputError(f"film: {len(called)} names for {len(networks)} checkpoints; pass one for each")
    return Film(networks, called, window=box, features=features, thresholds=thresholds)


def _network(given: Any, number: int) -> Network:
    if isinstance(given, Network):
        return given
    if isinstance(given, Mapping):
        return Network(_pairs(given, f"film: checkpoint {number}"))
    return Network(items(given, f"film: checkpoint {number}", "pass a Network, (weight, bias) pairs or a state dict"))


def _pairs(state: Mapping[str, Any], where: str) -> list[tuple[Any, Any]]:
    """The weights and biases of Linear layers in a state dict, in its order; a missing bias is zero."""
    layers: dict[str, dict[str, Any]] = {}
    for key, value in state.items():
        name, _, kind = str(key).rpartition(".")
        if kind not in {"weight", "bias"}:
            raise InputError(f"{where}: {shown(key)} is not the weight or bias of a Linear layer; pass a Network")
        layers.setdefault(name, {})[kind] = _array(value)
    pairs = []
    for name, own in layers.items():
        weight = own.get("weight")
        if weight is None or weight.ndim != 2:
            raise InputError(f"{where}: {name!r} has no weight that is a matrix, as Linear layers have; pass a Network")
        pairs.append((weight, own.get("bias", np.zeros(len(weight)))))
    return pairs


def _array(value: Any) -> Any:
    """A tensor, or what numpy takes for one, as an array; doubles are exact for every kind of float."""
    return value.detach().cpu().double().numpy() if hasattr(value, "detach") else np.asarray(value)
