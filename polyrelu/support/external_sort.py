"""Sorting more records than memory holds: sorted runs on the disk, merged block by block.

Records are rows of bytes of one width, and are compared as such. So a number is to be written with its highest byte
first, and what is to be compared first comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Records = NDArray[np.uint8]

MOST_BYTES = 1 << 26
"""How much of the records is in memory at a time, about; sorting takes as much again."""
_LEAST_BLOCK = 1 << 12  # records of a run that are read at a time


class Sorter:
    """Takes records, and gives them back in order.

    Args:
        width: bytes of a record, one at least.
        folder: where runs are put, files of this sorter alone; it is there, and is removed by whoever made it.
        most_bytes: how much is kept in memory.

    Cost: each record is written once and read once; memory for ``most_bytes``, twice.
    """

    def __init__(self, width: int, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.width, self.count = width, 0
        self._folder, self._most = folder, max(most_bytes // width, 1)
        self._held: list[Records] = []
        self._holds = 0
        self._runs: list[Path] = []

    def add(self, records: Records) -> None:
        """More records, (n, width)."""
        for start in range(0, len(records), self._most):
            some = np.ascontiguousarray(records[start : start + self._most])
            self._held.append(some)
            self._holds += len(some)
            self.count += len(some)
            if self._holds >= self._most:
                self._spill()

    def _spill(self) -> None:
        path = self._folder / f"{id(self):x}-{len(self._runs)}"
        path.write_bytes(self._sorted_held().tobytes())
        self._runs.append(path)

    def _sorted_held(self) -> Records:
        held = np.concatenate(self._held) if self._held else np.empty((0, self.width), dtype=np.uint8)
        self._held, self._holds = [], 0
        return _in_order(held)

    def sorted(self) -> Iterator[Records]:
        """All records in order, in blocks; equal records may be in two of them. Nothing can be added afterwards."""
        if not self._runs:
            yield self._sorted_held()
            return
        if self._holds:
            self._spill()
        block = max(self._most // len(self._runs), _LEAST_BLOCK)
        streams = [path.open("rb") for path in self._runs]
        try:
            yield from self._merged(streams, block)
        finally:
            for stream, path in zip(streams, self._runs, strict=True):
                stream.close()
                path.unlink(missing_ok=True)

    def _merged(self, streams: Sequence[BinaryIO], block: int) -> Iterator[Records]:
        """What is not above the least of the blocks' last records is sure to come before all that is not read yet."""
        blocks = [self._read(stream, block) for stream in streams]
        while any(map(len, blocks)):
            lasts = [_keys(own)[-1] for own in blocks if len(own)]
            bound = min(lasts)
            ends = [int(np.searchsorted(_keys(own), bound, side="right")) if len(own) else 0 for own in blocks]
            yield _in_order(np.concatenate([own[:end] for own, end in zip(blocks, ends, strict=True)]))
            for k, (own, end) in enumerate(zip(blocks, ends, strict=True)):
                rest = own[end:]
                blocks[k] = rest if len(rest) else self._read(streams[k], block)

    def _read(self, stream: BinaryIO, block: int) -> Records:
        content = stream.read(block * self.width)
        return np.frombuffer(content, dtype=np.uint8).reshape(-1, self.width)


def _keys(records: Records) -> NDArray[np.bytes_]:
    """Records as strings of bytes; numpy leaves out zeros at their ends, which changes no comparison here."""
    return np.ascontiguousarray(records).view(f"S{records.shape[1]}").ravel()


def _in_order(records: Records) -> Records:
    return records[np.argsort(_keys(records), kind="stable")]
