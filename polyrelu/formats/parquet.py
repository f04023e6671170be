"""Tilings as Parquet: one row a tile, the header and the network in the file's metadata. Extra ``parquet``: pyarrow.

Columns: ``tile`` (its number), ``part``, ``pattern``, ``bits`` (the packed signs), ``facets`` (numbers), ``point`` (in
the chart's coordinates), ``rows`` (exact text, where a tile is not by cells). Other tools read them as they are.

pyarrow may crash on a damaged file, and take the process with it. So the file has a *seal* among its metadata: its
length, and SHA-256 of all its bytes but those of the seal. Where the seal does not agree, the file is damaged; where
there is none, or one for another length, another program may have written the file again, and it is read once by a
process that may crash before it is read here.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.formats.packed import read_bytes
from polyrelu.support.extras import require

_COLUMNS = ("tile", "part", "pattern", "bits", "facets", "point", "rows")
_METADATA = ("header", "network", "checksum")
_LARGEST = 2**30
_MOST_ROWS = 2**26
_BATCH = 1 << 14
_MAGIC = b"PAR1"
_SEAL, _SEALED = b"polyrelu.seal=", 16 + 64
_PATIENCE = 60
_ROWS_AT_ONCE = 1 << 15


def _pyarrow() -> tuple[Any, Any]:
    return require("pyarrow", "a Parquet file"), require("pyarrow.parquet", "a Parquet file")


def write(path: Path, arrays: dict[str, NDArray[Any]], parts: int, patterns: Sequence[str]) -> None:
    """Write the content of a tiling.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    metadata = {name: arrays[name].tobytes() for name in _METADATA} | {"shapes": _shapes(arrays, parts)}
    metadata["seal"] = _SEAL + b"0" * _SEALED
    schema = pa.schema(list(zip(_COLUMNS, _types(pa), strict=True)), metadata=metadata)
    order, done = arrays["order"], 0
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False, write_page_checksum=True) as writer:
        for k in range(parts):
            bits, counts, facets, points, rows = (
                arrays[f"{n}{k}"] for n in ("bits", "counts", "facets", "points", "rows")
            )
            numbers = order[done : done + len(bits)]
            done += len(bits)
            packed, width = bits.tobytes(), bits.shape[1]
            dim = points.shape[1]
            columns = [
                pa.array(numbers),
                pa.array(np.full(len(bits), k, dtype=np.int32)),
                pa.array([patterns[i] for i in numbers.tolist()], pa.string()),
                pa.array([packed[i * width : (i + 1) * width] for i in range(len(bits))], pa.binary()),
                _lists(pa, counts, facets),
                _lists(pa, np.full(len(bits), dim, dtype=np.int32), np.ascontiguousarray(points).ravel()),
                pa.array(
                    [row or None for row in rows.tobytes().decode().split("\n")] if len(bits) else [], pa.string()
                ),
            ]
            table = pa.table(columns, schema=schema)
            for start in range(0, max(len(bits), 1), _ROWS_AT_ONCE):  # in between, Ctrl-C is heard
                writer.write_table(table.slice(start, _ROWS_AT_ONCE))
    content = path.read_bytes()
    with path.open("r+b") as stream:
        stream.seek(content.rindex(_SEAL) + len(_SEAL))
        stream.write(_digits(content))


def _digits(content: bytes) -> bytes:
    """What the seal of a file ought to say: its length, and the digest of all but the seal."""
    at = content.rindex(_SEAL) + len(_SEAL)
    digest = hashlib.sha256(content[:at])
    digest.update(memoryview(content)[at + _SEALED :])
    return f"{len(content):016x}{digest.hexdigest()}".encode()


def _check_seal(path: Path, content: bytes) -> None:
    """Refuse what might crash pyarrow."""
    if not content.endswith(_MAGIC):
        raise InputError(f"{path}: not a Parquet file, or one whose end is missing")
    at = content.rfind(_SEAL) + len(_SEAL)
    stated = content[at : at + _SEALED] if at >= len(_SEAL) else b""
    if stated[:16] == f"{len(content):016x}".encode():
        if stated != _digits(content):
            raise InputError(f"{path}: damaged: its seal does not agree with its content")
        return
    trial = "import sys; from polyrelu.formats.parquet import trial; trial(sys.argv[1])"
    try:
        command = [sys.executable, "-c", trial, str(path)]
        ended = subprocess.run(command, check=False, capture_output=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: damaged: it cannot be read within {_PATIENCE} seconds") from None
    if ended.returncode:
        raise InputError(f"{path}: damaged: pyarrow crashes when it reads it")


def trial(path: str) -> None:
    """Read a file; that it is refused is no failure, only a crash is."""
    pa, pq = _pyarrow()
    with contextlib.suppress(InputError, BudgetExceeded), _opened(Path(path), pa, pq, sealed=False) as file:
        _read(Path(path), file, pa)


def _types(pa: Any) -> list[Any]:
    lists = pa.list_(pa.int32()), pa.list_(pa.float64())
    return [pa.int64(), pa.int32(), pa.string(), pa.binary(), *lists, pa.string()]


def _lists(pa: Any, counts: NDArray[np.int32], values: NDArray[Any]) -> Any:
    starts = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(values))


def _shapes(arrays: dict[str, NDArray[Any]], parts: int) -> str:
    """For each part its number of tiles, bytes of signs and coordinates of points."""
    shapes = (
        f"{len(arrays[f'bits{k}'])} {arrays[f'bits{k}'].shape[1]} {arrays[f'points{k}'].shape[1]}" for k in range(parts)
    )
    return ";".join(shapes)


def read(path: Path) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """The content that :func:`write` wrote, not yet checked against its checksum, and the patterns by tile number.

    Raises:
        InputError: not such a file, damaged, or it would unpack to more than a gibibyte.
        MissingExtraError: pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    with _opened(path, pa, pq) as file:
        return _read(path, file, pa)


def read_header(path: Path) -> dict[str, NDArray[Any]]:
    """The header alone; errors as for :func:`read`."""
    pa, pq = _pyarrow()
    with _opened(path, pa, pq) as file:
        return {"header": np.frombuffer(file.schema_arrow.metadata[b"header"], dtype=np.uint8)}


@contextmanager
def _opened(path: Path, pa: Any, pq: Any, sealed: bool = True) -> Iterator[Any]:
    """A file; what goes wrong with it is an InputError, whatever class it has."""
    content = read_bytes(path, _LARGEST)
    if sealed:
        _check_seal(path, content)
    try:
        with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
            yield file
    except InputError:
        raise
    except (pa.ArrowMemoryError, MemoryError) as error:
        raise BudgetExceeded(f"{path}: there is not enough memory to read it ({error})") from error
    except Exception as error:  # pyarrow promises no class
        raise InputError(f"{path}: not a readable Parquet file of a tiling ({error})") from error


def _read(path: Path, file: Any, pa: Any) -> tuple[dict[str, NDArray[Any]], list[str]]:
    metadata = file.schema_arrow.metadata or {}
    if tuple(file.schema_arrow.names) != _COLUMNS or any(
        name.encode() not in metadata for name in (*_METADATA, "shapes")
    ):
        raise InputError(f"{path}: a Parquet file, but not of a tiling; its columns are {file.schema_arrow.names[:10]}")
    for name, found, right in zip(_COLUMNS, file.schema_arrow.types, _types(pa), strict=True):
        plain = found.value_type == right.value_type if pa.types.is_list(found) else found == right
        if not plain or pa.types.is_list(found) != pa.types.is_list(right):
            raise InputError(f"{path}: not of a tiling: its column {name!r} is of type {found}, not {right}")
    for i in range(file.metadata.num_row_groups):
        chunks = map(file.metadata.row_group(i).column, range(file.metadata.num_columns))
        if any("DICTIONARY" in encoding for chunk in chunks for encoding in chunk.encodings):
            # a dictionary is what makes a short file unpack to any length
            raise InputError(f"{path}: has dictionary-encoded columns, which save() never writes; it was rewritten")
    groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
    if file.metadata.num_rows > _MOST_ROWS or sum(groups) > _LARGEST:
        raise InputError(f"{path}: unpacks to {sum(groups)} bytes in {file.metadata.num_rows} rows, over the limit")
    batches, size = [], 0
    for batch in file.iter_batches(_BATCH):
        size += batch.nbytes
        if size > _LARGEST:
            raise InputError(f"{path}: unpacks to more than the limit of {_LARGEST} bytes")
        batches.append(batch)
    table = pa.Table.from_batches(batches, file.schema_arrow).combine_chunks()
    arrays: dict[str, NDArray[Any]] = {
        name: np.frombuffer(metadata[name.encode()], dtype=np.uint8) for name in _METADATA
    }
    tiles = table["tile"].to_numpy()
    done = 0
    shapes = [tuple(map(int, shape.split())) for shape in metadata[b"shapes"].decode().split(";") if shape]
    for k, (count, width, dim) in enumerate(shapes):
        own = table.slice(done, count)
        done += count
        if own.num_rows != count or (own["part"].to_numpy() != k).any():
            raise InputError(f"{path}: damaged: part {k} has {own.num_rows} tiles instead of {count}")
        packed = b"".join(own["bits"].to_pylist())
        arrays[f"bits{k}"] = np.frombuffer(packed, dtype=np.uint8).reshape(count, width)
        arrays[f"counts{k}"], arrays[f"facets{k}"] = _unlisted(own["facets"], pa, np.int32)
        lengths, points = _unlisted(own["point"], pa, np.float64)
        if (lengths != dim).any():
            raise InputError(f"{path}: damaged: a point has not {dim} coordinates")
        arrays[f"points{k}"] = points.reshape(count, dim)
        rows = "\n".join(text or "" for text in own["rows"].to_pylist())
        arrays[f"rows{k}"] = np.frombuffer(rows.encode(), dtype=np.uint8)
    if done != table.num_rows:
        raise InputError(f"{path}: damaged: {table.num_rows} tiles instead of {done}")
    arrays["order"] = tiles.astype(np.int64, copy=False)
    patterns = table["pattern"].to_pylist()
    return arrays, [patterns[i] for i in np.argsort(tiles, kind="stable").tolist()]


def _unlisted(column: Any, pa: Any, dtype: type) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """A column of lists as their lengths and their entries one after the other."""
    if column.null_count:
        raise InputError("a list is missing")
    array = column.combine_chunks()
    lengths = np.diff(array.offsets.to_numpy()).astype(np.int32)
    return lengths, array.flatten().to_numpy(zero_copy_only=False).astype(dtype, copy=False)
