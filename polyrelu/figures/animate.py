"""Animations as small files: GIF by Pillow, MP4 by ffmpeg where it is installed; equal input makes equal bytes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.plotting.style import style
from polyrelu.support.extras import require
from polyrelu.support.files import write_whole

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

FRAMES_PER_SECOND = 12
_COLOURS = 64
_ALMOST_WHITE = 248
_SUFFIXES = (".gif", ".mp4")


def write_animation(
    animation: FuncAnimation, path: Path, dpi: int = 100, pace: int = FRAMES_PER_SECOND, colours: int = _COLOURS
) -> Path:
    """Write an animation to a file, in the format that the file's suffix says.

    All frames of a GIF share one palette, so that nothing flickers and only what changes is stored; frames that are
    equal become one that lasts longer.

    Args:
        animation: for example from :func:`polyrelu.figures.unrelu_steps.one_coordinate`.
        path: ending in ``.gif`` or ``.mp4``.
        dpi: pixels per inch.
        pace: frames per second.
        colours: of a GIF, at most 256.

    Returns:
        The path.

    Raises:
        InputError: another suffix, or ``.mp4`` without ffmpeg.
        WriteError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix not in _SUFFIXES:
        raise InputError(
            f"write_animation: {path.name} has the suffix {path.suffix!r}; use one of {', '.join(_SUFFIXES)}"
        )
    if path.suffix == ".mp4" and not writes_mp4():
        raise InputError(f"write_animation: {path.name} needs ffmpeg, which is not installed; install it or write .gif")
    with style():
        if path.suffix == ".gif":
            writer = _gif_writer()(fps=pace)
            writer.colours = colours
        else:
            quiet = ["-fflags", "+bitexact", "-flags:v", "+bitexact"]
            made = require("matplotlib.animation", "write_animation").FFMpegWriter
            writer = made(fps=pace, extra_args=quiet)

        def write(whole: Path) -> None:
            try:
                animation.save(str(whole), writer=writer, dpi=dpi)
            except CalledProcessError as error:
                raise OSError(f"ffmpeg: {error}") from error

        write_whole(path, write)
    return path


def writes_mp4() -> bool:
    """Whether matplotlib finds ffmpeg."""
    return bool(require("matplotlib.animation", "write_animation").FFMpegWriter.isAvailable())


def _with_white(palette: list[int]) -> list[int]:
    """The palette with white paper: quantising makes a few colours that are almost white of it."""
    colours = [palette[i : i + 3] for i in range(0, len(palette), 3)]
    return [v for rgb in colours for v in (rgb if min(rgb) < _ALMOST_WHITE else [255] * 3)]


@lru_cache(maxsize=1)
def _gif_writer() -> Any:
    base = require("matplotlib.animation", "write_animation").AbstractMovieWriter
    image = require("PIL.Image", "write_animation")

    class SmallGif(base):  # type: ignore[misc, valid-type]
        """Collects frames and writes them with one palette."""

        colours = _COLOURS

        def setup(self, fig: Any, outfile: str, dpi: float | None = None) -> None:
            """Start a file."""
            super().setup(fig, outfile, dpi=dpi)
            self.frames: list[Any] = []

        def grab_frame(self, **savefig_kwargs: Any) -> None:
            """Draw the figure and keep its pixels."""
            self.fig.set_dpi(self.dpi)
            self.fig.canvas.draw()
            pixels = np.asarray(self.fig.canvas.buffer_rgba())[..., :3]
            self.frames.append(image.fromarray(np.ascontiguousarray(pixels)))

        def finish(self) -> None:
            """Write the file."""
            every = max(1, len(self.frames) // 8)
            sample = np.concatenate([np.asarray(frame) for frame in self.frames[::-every]])
            palette = image.fromarray(sample).quantize(self.colours, dither=image.Dither.NONE)
            palette.putpalette(_with_white(palette.getpalette()))
            small = [frame.quantize(palette=palette, dither=image.Dither.NONE) for frame in self.frames]
            pause = round(1000 / self.fps)
            small[0].save(
                self.outfile, save_all=True, append_images=small[1:], duration=pause, loop=0, optimize=True, disposal=1
            )

    return SmallGif
