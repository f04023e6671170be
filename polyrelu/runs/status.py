"""How a run on disk goes: what is done, what is left, and how fast."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyrelu.runs.journal import Done, Ledger

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True)
class Status:
    """How a run stands.

    Attributes:
        tasks, open: how many tasks are done, and how many roots are open; no more are known, but more may come.
        tiles, flat: how many tiles were found, and how many of these are flat.
        cuts: how many cuts were made.
        bytes: how much room the parts take.
        share: of the domain's volume at least so much is done; None where that is not known.
        volume: between which floats the volume of the tiles lies, as far as they are found; None where it is not
            measured.
        is_worked_on: whether a process works on it.
        rate: tiles a second of that process, and
        seconds_left: about how long it takes yet, if it goes on like that; None where nobody can tell.
    """

    tasks: int
    open: int
    tiles: int
    flat: int
    cuts: int
    bytes: int
    share: float | None
    volume: tuple[float, float] | None
    is_worked_on: bool = False
    rate: float | None = None
    seconds_left: float | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not self.open

    @classmethod
    def of(cls, ledger: Ledger, note: Mapping[str, Any] | None = None) -> Status:
        """From what is known of the tasks, and what the process that works says about itself."""
        done, open_ = ledger.done(), ledger.open()
        parts = [one.part for one in done if one.part is not None]
        left = ledger.left()
        share = None if math.isnan(left) else max(0.0, 1.0 - left)
        tiles = sum(one.tiles for one in done)
        rate, seconds_left = _pace(note, tiles, share) if note else (None, None)
        return cls(
            tasks=len(done),
            open=len(open_),
            tiles=tiles,
            flat=sum(part.flat for part in parts),
            cuts=sum(one.cuts for one in done),
            bytes=sum(part.bytes for part in parts),
            share=share if open_ else 1.0,
            volume=total_volume(done),
            is_worked_on=note is not None,
            rate=rate,
            seconds_left=seconds_left,
        )

    def line(self) -> str:
        """In few words, for a line that is overwritten."""
        said = [f"{self.tiles:,} tiles", f"{self.tasks:,} tasks", f"{self.open:,} open"]
        if self.share is not None:
            said.insert(0, f"{self.share:.1%}")
        if self.rate is not None:
            said.append(f"{self.rate:,.0f} tiles/s")
        if self.seconds_left is not None:
            said.append(f"{_duration(self.seconds_left)} left")
        return ", ".join(said)

    def lines(self) -> list[str]:
        """In words."""
        state = "complete" if self.complete else "worked on" if self.is_worked_on else "stopped; run it again to go on"
        share = "" if self.share is None or self.complete else f", at least {self.share:.2%} of the domain"
        said = [
            f"{state}{share}",
            f"tiles  {self.tiles:,}" + (f", {self.flat:,} of them flat" if self.flat else ""),
            f"tasks  {self.tasks:,} done, {self.open:,} open",
            f"room   {self.bytes:,} bytes" + (f", {self.bytes / self.tiles:.1f} a tile" if self.tiles else ""),
        ]
        if self.volume is not None:
            said.append(f"volume between {self.volume[0]!r} and {self.volume[1]!r}")
        if self.rate is not None:
            left = "" if self.seconds_left is None else f", about {_duration(self.seconds_left)} left"
            said.append(f"pace   {self.rate:,.0f} tiles a second{left}")
        return said


def total_volume(done: Sequence[Done]) -> tuple[float, float] | None:
    """Ends of the volume of all tiles of some tasks; None where some are not measured."""
    parts = [one.part for one in done if one.part is not None]
    ends = [part.volume for part in parts if part.volume is not None]
    if len(ends) < len(parts) or not parts:
        return None
    return outward([low for low, _ in ends], [high for _, high in ends])


def outward(lows: Sequence[float], highs: Sequence[float]) -> tuple[float, float]:
    """Floats between which the sum of numbers lies that lie between these; none is negative."""
    low, high = math.fsum(lows), math.fsum(highs)  # rounded correctly
    return max(0.0, math.nextafter(low, -math.inf)), math.nextafter(high, math.inf)


def _pace(note: Mapping[str, Any], tiles: int, share: float | None) -> tuple[float | None, float | None]:
    """Tiles a second since the process began, and the seconds that are left."""
    begun, seconds = note.get("begun"), 0.0
    if isinstance(begun, int | float):
        seconds = time.time() - begun
    if seconds <= 0.0:
        return None, None
    rate = max(0.0, tiles - note.get("tiles", 0)) / seconds
    gained = 0.0 if share is None else share - note.get("share", 0.0)
    return rate, seconds * (1.0 - share) / gained if share is not None and gained > 0.0 else None


def _duration(seconds: float) -> str:
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"
