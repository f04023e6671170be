"""JSON documents that are written while they are made, and are whole even where a stop cuts the run short.

Standard output is ``{"results": [...], "complete": ...}`` with a result for each case. Each result ends with its own
``complete``: whether no tile is missing and each is listed with all there is to say. The tiles that a stop left no time
for are listed with their pattern and target alone, and ``brief_tiles`` says how many.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from types import MappingProxyType
from typing import Any

from polyrelu.cli.stopping import Stopped, Stops
from polyrelu.errors import PolyreluError
from polyrelu.export.json_report import TilingReport
from polyrelu.support.progress import progress_bar

SECONDS_AFTER_STOP = 0.5
_AT_ONCE = 1000  # brief tiles, written in a millisecond


class Document:
    """The JSON document on standard output.

    Args:
        stops: whether the run was stopped.

    Attributes:
        results: how many were begun.
    """

    def __init__(self, stops: Stops) -> None:
        self.stops = stops
        self.results, self._complete = 0, True

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Results are added within this; the document gets its end, also where a stop or an error cuts the run short.

        A run that fails before its first result prints nothing.
        """
        try:
            yield
        except (KeyboardInterrupt, Stopped):
            self.end(False)
            raise
        except (PolyreluError, OSError):
            if self.results:
                self.end(False)
            raise
        self.end(True)

    def add(self, result: Mapping[str, Any]) -> None:
        """Write a result that is made already."""
        with self.stops.patient(math.inf):
            self._begin()
            sys.stdout.write(_indented(result, 2))
            self._complete &= bool(result["complete"])

    def add_tiling(self, report: TilingReport, more: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Write a result, with more in its head, while it is made. Once the run is stopped, this takes a second."""
        with self.stops.patient(math.inf):  # a stop tears nothing apart, even where the reader lets us wait
            self._add_tiling(report, more)

    def _add_tiling(self, report: TilingReport, more: Mapping[str, Any]) -> None:
        self._begin()
        head = _indented(report.question | dict(more), 2)
        sys.stdout.write(f'{head[: head.rindex("}")].rstrip()},\n   "tiles": [')
        complete = report.tiling.complete
        written = 0
        for tile in self._tiles(report):
            sys.stdout.write((",\n    " if written else "\n    ") + json.dumps(tile))
            written += 1
        brief = report.count - written
        rest = report.brief_tiles(written)
        while tiles := list(islice(rest, _AT_ONCE)):
            text = ",\n    ".join(tiles)
            sys.stdout.write((",\n    " if written else "\n    ") + text)
            written += len(tiles)
        sys.stdout.write("\n   " * bool(written) + "]")
        if brief:
            sys.stdout.write(f',\n   "brief_tiles": {brief}')
        complete &= not brief
        sys.stdout.write(f',\n   "complete": {json.dumps(complete)}\n  }}')
        self._complete &= complete

    def end(self, complete: bool) -> None:
        """Write the end of the document."""
        with self.stops.patient(math.inf):
            sys.stdout.write("\n ]" if self.results else '{\n "results": []')
            sys.stdout.write(f',\n "complete": {json.dumps(complete and self._complete)}\n}}\n')
            sys.stdout.flush()

    def _tiles(self, report: TilingReport) -> Iterator[dict[str, Any]]:
        """The tiles in full; once the run is stopped, those that half a second in all leaves time for."""
        began = time.monotonic()
        progress = False if sys.stdout.isatty() else None  # a terminal shows what is written
        with progress_bar(progress, total=report.count, desc="writing", unit=" tiles") as bar:
            for index in range(report.count):
                left = began + SECONDS_AFTER_STOP - time.monotonic()
                if self.stops.reason is not None and left <= 0:
                    return
                try:
                    with self.stops.soon(left):
                        tile = report.tile(index)
                except KeyboardInterrupt:
                    return
                yield tile
                bar.update()

    def _begin(self) -> None:
        sys.stdout.write(",\n  " if self.results else '{\n "results": [\n  ')
        self.results += 1


def _indented(value: Mapping[str, Any], depth: int) -> str:
    return json.dumps(value, indent=1).replace("\n", "\n" + " " * depth)
