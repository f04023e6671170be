"""Parts: the tiles of one task as a Parquet file, a row a tile, for polyrelu and for any tool that reads Parquet.

The columns are what the cell engine keeps of a tile (:class:`polyrelu.tilings.columns.Columns`), in the order of the
patterns:

* ``bits``: the packed signs of the restricted neurons, of a fixed width;
* ``dim``: the tile's dimension;
* ``facets``: the numbers of its facets: rows of the domain, neurons, rows of the target, in this order;
* ``containing``: of a section of a cell, how many of its facets contain it, which come first; else null;
* ``u0``, ``u1``, ...: a certified point inside, in the coordinates of the domain's chart; NaN where none is known;
* ``rows``: the exact rows of a flat tile that has no facets, as JSON; else null;
* ``volume_low``, ``volume_high``, ``low0``, ``high0``, ...: where the run measures, ends of the volume in these
  coordinates, and an outer box in those of x.

What a part is about stands in its metadata, and what it must be stands in the journal of its run, which has the SHA-256
of the file. A file that does not agree is not shown to pyarrow, which may crash on damaged ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.errors import InputError
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.tilings.chart import Chart
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.sections import Sections
from polyrelu.tilings.tile_source import Extents

Number = TypeVar("Number", np.int16, np.int32, np.float64)

FORMAT = "polyrelu part 1"
ROWS_AT_ONCE = 1 << 16
"""Tiles in a row group, at most."""
_LARGEST = 2**32


@dataclass(frozen=True)
class About:
    """What a part is about; the file says so itself.

    Attributes:
        question: the statement's SHA-256.
        engine: what found the tiles, by its version; another one need not find them task by task.
        root: the task's root.
        measured: whether tiles have sizes.
    """

    question: str
    engine: str
    root: bytes
    measured: bool

    @property
    def metadata(self) -> dict[str, str]:
        """As the file says it."""
        return {
            "format": FORMAT,
            "question": self.question,
            "engine": self.engine,
            "root": self.root.hex(),
            "measured": str(int(self.measured)),
        }


class Problem(NamedTuple):
    """The restricted problem that the tiles of a part belong to."""

    restriction: Restriction
    domain: Polyhedron
    chart: Chart


class Written(NamedTuple):
    """A part as bytes, and what its run notes of it.

    Attributes:
        content: the file's bytes.
        tiles, flat: how many tiles it has, and how many of these are flat.
        first, last: the packed signs of the first and the last tile.
        volumes: for each tile the ends of its volume, as arrays one after the other; none where these are
            not volumes of R^d, or nothing is measured.
    """

    content: bytes
    tiles: int
    flat: int
    first: bytes
    last: bytes
    volumes: list[FloatArray]


def digest_of(content: bytes) -> str:
    """The SHA-256 of a part's bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


# -- writing ----------------------------------------------------------------------------------------------------------


class PartWriter:
    """Makes the file of a part in memory, from batches of tiles that come in the order of their patterns.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, about: About) -> None:
        self.about = about
        self._arrow, self._parquet = _pyarrow()
        self._sink = self._arrow.BufferOutputStream()
        self._writer: Any = None
        self.tiles = self.flat = 0
        self._first = self._last = b""
        self.volumes: list[FloatArray] = []

    def add(self, tiles: Columns) -> None:
        """One more batch."""
        if not len(tiles):
            return
        table = self._table(tiles)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._sink, table.schema, **_encoding(table.schema))
        self._writer.write_table(table, row_group_size=ROWS_AT_ONCE)
        self._first = self._first if self.tiles else tiles.packed[0].tobytes()
        self._last = tiles.packed[-1].tobytes()
        self.tiles += len(tiles)
        if tiles.sizes is not None and tiles.chart.is_identity:
            self.volumes.append(np.stack([tiles.sizes.volume_low, tiles.sizes.volume_high]))

    def close(self) -> Written | None:
        """The part; None where there are no tiles, which needs no file."""
        if self._writer is None:
            return None
        self._writer.close()
        content = self._sink.getvalue().to_pybytes()
        return Written(content, self.tiles, self.flat, self._first, self._last, self.volumes)

    def _table(self, tiles: Columns) -> Any:
        dims = tiles.dims(np.arange(len(tiles)))
        self.flat += int(np.count_nonzero(dims < tiles.domain.dim))
        arrays = _arrays(self._arrow, tiles, dims)
        if self.about.measured:
            assert tiles.sizes is not None
            arrays += [_array(self._arrow, own) for own in _sizes(tiles.sizes)]
        schema = _schema(self._arrow, Problem(tiles.restriction, tiles.domain, tiles.chart), self.about)
        return self._arrow.table(arrays, schema=schema)


def _encoding(schema: Any) -> dict[str, Any]:
    """How columns are written: coordinates, which nothing makes shorter, as they are, and with their ranges."""
    floats = [name for name, own in zip(schema.names, schema.types, strict=True) if str(own) == "double"]
    others = [f"{name}.list.element" if name == "facets" else name for name in schema.names if name not in floats]
    return {
        "compression": dict.fromkeys(others, "zstd") | dict.fromkeys(floats, "none"),
        "use_dictionary": False,  # which would make a short file unpack to any length
        "write_statistics": floats,
        "write_page_checksum": True,
    }


def _pyarrow() -> tuple[Any, Any]:
    return require("pyarrow", "a run on disk"), require("pyarrow.parquet", "a run on disk")


def _schema(arrow: Any, problem: Problem, about: About) -> Any:
    """The columns and the metadata of a part; those of a question's parts differ by their roots alone."""
    width = _width(problem.restriction)
    fields = [
        ("bits", arrow.binary(width)),
        ("dim", arrow.int16()),
        ("facets", arrow.list_(arrow.int32())),
        ("containing", arrow.int32()),
        *((f"u{j}", arrow.float64()) for j in range(problem.chart.dim)),
        ("rows", arrow.string()),
    ]
    if about.measured:
        fields += [(f"volume_{end}", arrow.float64()) for end in ("low", "high")]
        fields += [(f"{end}{j}", arrow.float64()) for j in range(problem.domain.ambient_dim) for end in ("low", "high")]
    return arrow.schema(fields, metadata=about.metadata)


def _width(restriction: Restriction) -> int:
    """How many bytes the packed signs have in a file: one at least, since columns have no width zero."""
    return max((restriction.neuron_count + 7) // 8, 1)


def _arrays(arrow: Any, tiles: Columns, dims: NDArray[np.intp]) -> list[Any]:
    count, sections = len(tiles), tiles.sections
    packed = np.zeros((count, _width(tiles.restriction)), dtype=np.uint8)
    packed[:, : tiles.packed.shape[1]] = tiles.packed
    own = np.diff(sections.starts)
    counts = np.diff(tiles.starts)
    counts[sections.numbers] = own
    # All facets, those of sections put in where their tiles are.
    facets = np.insert(tiles.facets, np.repeat(tiles.starts[:-1][sections.numbers], own), sections.facets)
    starts = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    containing, known = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.bool_)
    containing[sections.numbers], known[sections.numbers] = sections.containing, True
    return [
        arrow.Array.from_buffers(arrow.binary(packed.shape[1]), count, [None, arrow.py_buffer(packed.tobytes())]),
        _array(arrow, dims.astype(np.int16)),
        arrow.ListArray.from_arrays(_array(arrow, starts), _array(arrow, facets.astype(np.int32))),
        _array(arrow, containing, known),
        *(_array(arrow, column) for column in tiles.points.T),
        _texts(arrow, tiles),
    ]


def _array(arrow: Any, values: NDArray[Any], known: NDArray[np.bool_] | None = None) -> Any:
    """Numbers for pyarrow, some of them null. Its own way to make arrays of them has pandas imported first."""
    mask = None if known is None else arrow.py_buffer(np.packbits(known, bitorder="little"))
    content = arrow.py_buffer(np.ascontiguousarray(values))
    return arrow.Array.from_buffers(arrow.from_numpy_dtype(values.dtype), len(values), [mask, content])


def _texts(arrow: Any, tiles: Columns) -> Any:
    """For each tile its exact rows, if it has no facets."""
    if not tiles.flat:
        return arrow.nulls(len(tiles), arrow.string())
    return arrow.array(
        [_rows_text(tiles.flat[i]) if i in tiles.flat else None for i in range(len(tiles))], arrow.string()
    )


def _sizes(sizes: Extents) -> list[FloatArray]:
    ends = (end[:, j] for j in range(sizes.box_low.shape[1]) for end in (sizes.box_low, sizes.box_high))
    return [sizes.volume_low, sizes.volume_high, *ends]


def _rows_text(polyhedron: Polyhedron) -> str:
    """The canonical rows of a polyhedron in their three groups: equalities, facets, open faces."""
    canonical = polyhedron.canonical()
    equal = [row for row in canonical.halfspaces if row.relation == "=="]
    faces = canonical.halfspaces[len(equal) + len(canonical.facets) :]
    groups = (equal, canonical.facets, faces)
    return json.dumps([[[*row.normal, row.relation, row.offset] for row in group] for group in groups])


def _read_rows(text: str, dim: int) -> Polyhedron:
    groups = []
    for group in json.loads(text):
        rows = [Halfspace(tuple(normal), offset, cast("Relation", relation)) for *normal, relation, offset in group]
        for row in rows:
            numbers = all(type(v) is int for v in (*row.normal, row.offset))
            if len(row.normal) != dim or not numbers or row.relation not in ("<=", "<", "=="):
                raise ValueError(f"{text[:40]!r} is no row")
        groups.append(rows)
    equal, facets, faces = groups
    return Polyhedron.from_canonical(equal, facets, dim, faces)


# -- reading ----------------------------------------------------------------------------------------------------------


def read_part(content: bytes, about: About, problem: Problem, tiles: int, where: str) -> Columns:
    """The tiles of a part, whose bytes are those that its run has noted.

    Args:
        content: the file's bytes.
        about: what it has to be about.
        problem: the problem that its tiles belong to.
        tiles: how many there have to be.
        where: the file's name, for errors.

    Raises:
        InputError: it is about something else, or not what a part is.
        MissingExtraError: pyarrow is not installed.

    Cost: linear, about a tenth of a microsecond a tile.
    """
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(arrow.BufferReader(content), page_checksum_verification=True) as file:
            _check_schema(file, _schema(arrow, problem, about), tiles)
            table = file.read(use_threads=False).combine_chunks()
        return _columns(table, problem, about)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # pyarrow promises no class
        raise InputError(
            f"{where}: damaged, or no part of a run ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _check_schema(file: Any, expected: Any, tiles: int) -> None:
    """Refuse what is about something else, before it is unpacked."""
    found = {key.decode(): value.decode() for key, value in (file.schema_arrow.metadata or {}).items()}
    for key, value in expected.metadata.items():
        name, wanted = key.decode(), value.decode()
        if found.get(name) != wanted:
            raise InputError(f"its {name} is {found.get(name, 'missing')[:80]!r}, and its run's is {wanted[:80]!r}")
    if not file.schema_arrow.equals(expected, check_metadata=False):
        raise InputError(f"its columns are {file.schema_arrow.names[:20]}, and a part of this run has others")
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    if file.metadata.num_rows != tiles or sum(group.num_rows for group in groups) != tiles:
        raise InputError(f"has {file.metadata.num_rows} tiles, and {tiles} are noted")
    for group in groups:
        for j in range(group.num_columns):
            if any("DICTIONARY" in encoding for encoding in group.column(j).encodings):
                raise InputError("has dictionaries, which no part has")
    if sum(group.total_byte_size for group in groups) > _LARGEST:
        raise InputError(f"unpacks to more than {_LARGEST} bytes")


def _columns(table: Any, problem: Problem, about: About) -> Columns:
    restriction, domain, chart = problem
    count = table.num_rows
    packed = _packed(table["bits"], count, restriction)
    _check_patterns(packed, about.root, restriction)
    starts, facets = _lists(table["facets"])
    most = len(chart.facets) + restriction.neuron_count + len(restriction.target.halfspaces)
    if len(facets) and not 0 <= int(facets.min()) <= int(facets.max()) < most:
        raise InputError("a facet has no row")
    dims = _values(table["dim"], np.int16)
    numbers, containing = _known(table["containing"].combine_chunks())
    texts = enumerate(table["rows"].to_pylist()) if table["rows"].null_count < count else ()
    flat = {i: _read_rows(text, domain.ambient_dim) for i, text in texts if text is not None}
    points = _floats(table, [f"u{j}" for j in range(chart.dim)])
    tiles = Columns(restriction, domain, chart, packed, starts, facets, points, flat)
    tiles = _with_sections(tiles, numbers, dims[numbers].astype(np.int32), containing)
    if not np.array_equal(tiles.dims(np.arange(count)), dims):
        raise InputError("a tile has another dimension than its rows")
    return replace(tiles, sizes=_extents(table, domain.ambient_dim)) if about.measured else tiles


def _packed(column: Any, count: int, restriction: Restriction) -> NDArray[np.uint8]:
    array = column.combine_chunks()
    width, neurons = array.type.byte_width, restriction.neuron_count
    if array.null_count:
        raise InputError("signs are missing")
    packed = np.frombuffer(array.buffers()[1], dtype=np.uint8, count=count * width, offset=array.offset * width)
    packed = packed.reshape(count, width)
    spare = np.unpackbits(packed[:, neurons // 8 :], axis=1)[:, neurons % 8 :]
    if spare.any():
        raise InputError("a tile has more signs than there are neurons")
    return packed[:, : (neurons + 7) // 8]


def _check_patterns(packed: NDArray[np.uint8], root: bytes, restriction: Restriction) -> None:
    """Patterns ascend, and lie where the root says."""
    width = packed.shape[1]
    if not width or not len(packed):
        return
    keys = np.ascontiguousarray(packed).view(f"S{width}").ravel()
    if (keys[1:] <= keys[:-1]).any():
        raise InputError("its tiles are not in the order of their patterns")
    ends = root[-2 * width :]
    if root and (packed[0].tobytes() < ends[:width] or packed[-1].tobytes() > ends[width:]):
        raise InputError("a tile does not lie where the root says")


def _lists(column: Any) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    array = column.combine_chunks()
    values = array.flatten()
    if array.null_count or values.null_count:
        raise InputError("facets are missing")
    offsets = _values(array.offsets, np.int32).astype(np.int64)
    return offsets - offsets[0], _values(values, np.int32)


def _values(column: Any, dtype: type[Number]) -> NDArray[Number]:
    """The numbers of a column. Pyarrow's own way to give them has pandas imported first."""
    array = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if array.null_count:
        raise InputError("a number is missing")
    return _content(array, dtype)


def _content(array: Any, dtype: type[Number]) -> NDArray[Number]:
    """What stands in an array, anything where it has nulls."""
    if not len(array):
        return np.empty(0, dtype=dtype)
    begin = np.dtype(dtype).itemsize * array.offset
    return np.frombuffer(array.buffers()[1], dtype=dtype, count=len(array), offset=begin)


def _known(array: Any) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The places in an array of whole numbers that are not null, and what stands there."""
    places, content = np.arange(len(array)), _content(array, np.int32)
    if array.null_count:
        bits = np.unpackbits(np.frombuffer(array.buffers()[0], dtype=np.uint8), bitorder="little")
        places = np.flatnonzero(bits[array.offset : array.offset + len(array)])
    return places, content[places]


def _floats(table: Any, names: Sequence[str]) -> FloatArray:
    columns = [_values(table[name], np.float64) for name in names]
    return np.column_stack(columns) if columns else np.empty((table.num_rows, 0))


def _extents(table: Any, dim: int) -> Extents:
    low, high = _floats(table, ["volume_low", "volume_high"]).T
    boxes = (_floats(table, [f"{end}{j}" for j in range(dim)]) for end in ("low", "high"))
    return Extents(low, high, *boxes)


def _with_sections(
    tiles: Columns, numbers: NDArray[np.intp], dims: NDArray[np.int32], containing: NDArray[np.int32]
) -> Columns:
    """The tiles with these numbers as sections, which have no facets among the others'."""
    if not len(numbers):
        return tiles
    counts = np.diff(tiles.starts)
    is_section = np.zeros(len(tiles), dtype=np.bool_)
    is_section[numbers] = True
    own = np.repeat(is_section, counts)
    if (containing < 0).any() or (containing > counts[numbers]).any():
        raise InputError("a section has fewer facets than contain it")
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[numbers])])
    sections = Sections(numbers, dims, containing, starts, tiles.facets[own])
    others = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.where(is_section, 0, counts))])
    return replace(tiles, starts=others, facets=tiles.facets[~own], sections=sections)
