"""Tilings as Parquet: one row a tile, the header and the network in the file's metadata. Extra ``parquet``: pyarrow.

Columns: ``tile`` (its number), ``part``, ``pattern``, ``bits`` (the packed signs), ``facets`` (numbers), ``point`` (in
the chart's coordinates), ``rows`` (exact text, where a tile is not by cells). Other tools read them as they are.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import InputError, MissingExtraError

_COLUMNS = ("tile", "part", "pattern", "bits", "facets", "point", "rows")
_METADATA = ("header", "network", "checksum")
_LARGEST = 2**30
_MOST_ROWS = 2**26
_BATCH = 1 << 14


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(
            "Parquet files need pyarrow; install it with: pip install 'polyrelu[parquet]'"
        ) from error


def write(path: Path, arrays: dict[str, NDArray[Any]], parts: int, patterns: Sequence[str]) -> None:
    """Write the content of a tiling.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    types = (
        pa.int64(),
        pa.int32(),
        pa.string(),
        pa.binary(),
        pa.list_(pa.int32()),
        pa.list_(pa.float64()),
        pa.string(),
    )
    metadata = {name: arrays[name].tobytes() for name in _METADATA} | {"shapes": _shapes(arrays, parts)}
    schema = pa.schema(list(zip(_COLUMNS, types, strict=True)), metadata=metadata)
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
            writer.write_table(pa.table(columns, schema=schema))


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
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return _read(path, file, pa)
    except InputError:
        raise
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        MemoryError,
        OverflowError,
    ) as error:
        raise InputError(f"{path}: not a readable Parquet file of a tiling ({error})") from error


def _read(path: Path, file: Any, pa: Any) -> tuple[dict[str, NDArray[Any]], list[str]]:
    metadata = file.schema_arrow.metadata or {}
    if tuple(file.schema_arrow.names) != _COLUMNS or any(
        name.encode() not in metadata for name in (*_METADATA, "shapes")
    ):
        raise InputError(f"{path}: a Parquet file, but not of a tiling; its columns are {file.schema_arrow.names[:10]}")
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
