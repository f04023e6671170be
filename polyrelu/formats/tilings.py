r"""Tilings in files: ``.npz`` (numpy's archive) and ``.parquet`` (one row a tile; extra ``parquet``).

Both hold the same content: a header, the network, and columns with one entry a tile.

* The *header* is JSON: library version, network hash, targets, domain, engine, completeness, statistics, and for each
  part of the tiling the problem it solves. Numbers are exact text (:mod:`polyrelu.formats.exact_text`).
* The *network* is stored exactly as text, so a file can be read on its own; given a network, its hash must agree.
* Tiles by cells are stored as the engine keeps them: packed signs, facet numbers, a certified float point. Their
  polyhedra are written down from these when asked for. Other tiles, and flat ones, are stored as exact rows.
* A *checksum*, SHA-256 over all of this, tells damage. It does not tell forgery: who can write the file can make one
  that agrees with itself. :func:`polyrelu.certificates.check_tiling.check_tiling` proves a tiling, whoever wrote it.

Nothing is pickled, evaluated or half-loaded. Cost: linear in the tiles; 600,000 take seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.errors import InputError, PolyreluError
from polyrelu.formats import parquet
from polyrelu.formats.exact_text import (
    canonical_text,
    network_hash,
    network_text,
    read_network,
    read_polyhedron,
    rows_text,
    vector_text,
)
from polyrelu.formats.npz import read_archive, write_archive
from polyrelu.formats.packed import refusing
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.layer import neuron_starts
from polyrelu.networks.network import Network
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path
from polyrelu.support.files import write_whole
from polyrelu.tilings.chart import chart
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.tile_source import TileList, TileSource
from polyrelu.tilings.tiling import Tiling

FORMAT = "polyrelu tiling 1"
SUFFIXES = (".npz", ".parquet")
Arrays: TypeAlias = dict[str, NDArray[Any]]

_DECIDED = "?"


@dataclass(frozen=True)
class _Part:
    """The chosen tiles of one part, column by column; tiles by cells have no rows unless they are flat."""

    bits: NDArray[np.uint8]
    counts: NDArray[np.int32]
    facets: NDArray[np.int32]
    points: FloatArray
    rows: list[str]


def save_tiling(tiling: Tiling, path: str | PathLike[str], overwrite: bool = False) -> None:
    """Write a tiling to a file, ``.npz`` or ``.parquet``; one that is there is replaced once the new one is whole.

    A tiling that is not complete replaces nothing but another such tiling.

    Args:
        tiling: what to write.
        path: where to.
        overwrite: replace whatever is there, although the tiling is not complete.

    Raises:
        InputError: the suffix is another one, or something would be replaced by less.
        WriteError: the system refuses, see :func:`polyrelu.support.files.write_whole`.
        MissingExtraError: ``.parquet``, and pyarrow is not installed.
    """
    file = file_path(path, "save_tiling")
    suffix = _suffix(file, "save")
    if not (tiling.complete or overwrite) and os.path.lexists(file) and not _is_incomplete(file):
        raise InputError(
            f"save: {file} is there, and would be replaced by a tiling that is not complete; choose another name, or "
            "pass overwrite=True"
        )
    parts: list[dict[str, Any]] = []
    arrays: Arrays = {"network": _bytes(network_text(tiling.network))}
    order = [np.empty(0, dtype=np.int64)]
    for number, (source, local, own) in enumerate(tiling.by_source()):
        order.append(own)
        header, part = _stored(source, local)
        parts.append({"target_index": tiling.parts[number][0]} | header)
        names = (f"{name}{number}" for name in ("bits", "counts", "facets", "points", "rows"))
        rows = _bytes("\n".join(part.rows))
        arrays.update(zip(names, (part.bits, part.counts, part.facets, part.points, rows), strict=True))
    arrays["order"] = np.concatenate(order).astype(np.int64)
    from importlib.metadata import version  # imports half the standard library

    header = {
        "format": FORMAT,
        "version": version("polyrelu"),
        "network_hash": network_hash(tiling.network),
        "input_dim": tiling.network.input_dim,
        "output_dim": tiling.network.output_dim,
        "targets": [rows_text(target.halfspaces) for target in tiling.targets],
        "domain": rows_text(tiling.domain.halfspaces),
        "method": tiling.method,
        "complete": tiling.complete,
        "stats": {name: float(v) if isinstance(v, float) else int(v) for name, v in tiling.stats.items()},
        "parts": parts,
    }
    arrays["header"] = _bytes(json.dumps(header))
    arrays["checksum"] = _bytes(_checksum(arrays))

    def write(whole: Path) -> None:
        if suffix == ".npz":
            write_archive(whole, arrays)
        else:
            parquet.write(whole, arrays, len(tiling.parts), tiling.patterns)

    write_whole(file, write)


def _is_incomplete(file: Path) -> bool:
    """Whether a file is a tiling that says that it is not complete."""
    try:
        header = parquet.read_header(file) if file.suffix.lower() == ".parquet" else read_archive(file, ("header",))
        return json.loads(_text(header["header"], file))["complete"] is False
    except (PolyreluError, OSError, KeyError, TypeError, ValueError, RecursionError):
        return False


def load_tiling(path: str | PathLike[str], network: Network | None = None) -> Tiling:
    """The tiling in a file that :meth:`polyrelu.tilings.tiling.Tiling.save` wrote.

    Args:
        path: the file, ``.npz`` or ``.parquet``.
        network: the network that the tiling must belong to; by default the one stored in the file.

    Raises:
        InputError: no such file, another suffix, not a tiling, damaged, or a tiling of another network.
        MissingExtraError: ``.parquet``, and pyarrow is not installed.

    Cost: linear in the tiles. A file that would unpack to more than a gibibyte is refused.
    """
    file = file_path(path, "load_tiling")
    suffix = _suffix(file, "load_tiling")
    if not file.is_file():
        raise InputError(f"load_tiling: there is no file {file}")
    patterns: Sequence[str] | None = None
    with refusing(file, "tiling"):
        if suffix == ".npz":
            arrays = read_archive(file)
        else:
            arrays, patterns = parquet.read(file)
        stated = arrays.pop("checksum", None)
        if stated is None or _text(stated, file) != _checksum(arrays):
            raise InputError(f"{file}: not a tiling, or damaged: its checksum does not agree with its content")
        tiling = _read(arrays, network, file)
    if patterns is not None and tuple(patterns) != tiling.patterns:
        raise InputError(f"{file}: damaged: its patterns do not agree with its tiles")
    return tiling


def _suffix(file: Path, where: str) -> str:
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{where}: {file} has the suffix {file.suffix!r}; known suffixes are {', '.join(SUFFIXES)}")
    return suffix


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: NDArray[Any], file: Path) -> str:
    if array.dtype != np.uint8 or array.ndim != 1:
        raise InputError(f"{file}: not a tiling: text is stored as {array.dtype} in {array.ndim} dimensions")
    try:
        return array.tobytes().decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: damaged: {error}") from error


def _checksum(arrays: Arrays) -> str:
    """SHA-256 over names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(json.dumps([name, little.dtype.str, array.shape]).encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


# -- writing ----------------------------------------------------------------------------------------------------------


def _stored(source: TileSource, numbers: NDArray[np.intp]) -> tuple[dict[str, Any], _Part]:
    """A part's header, and the chosen ones of its tiles."""
    restriction = source.restriction
    header: dict[str, Any] = {
        "coordinates": [list(kept) for kept in restriction.coordinates],
        "template": list(restriction.template),
        "signs": list(restriction.signs),
        "target": rows_text(restriction.target.halfspaces),
        "kind": "rows",
    }
    bits, counts, facets, points, polyhedra, coordinates = source.data(numbers)
    if coordinates is not None:
        header |= {
            "kind": "cells",
            "origin": vector_text(coordinates.origin),
            "basis": [vector_text(row) for row in coordinates.basis],
            "facets": rows_text(coordinates.facets),
        }
    rows = ["" if polyhedron is None else canonical_text(polyhedron) for polyhedron in polyhedra]
    return header, _Part(bits, counts, facets, points, rows)


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(arrays: Arrays, network: Network | None, file: Path) -> Tiling:
    header = json.loads(_text(arrays["header"], file))
    if header["format"] != FORMAT:
        raise InputError(f"{file}: is of the format {header['format']!r}; this version of polyrelu reads {FORMAT!r}")
    if network is None:
        network = read_network(_text(arrays["network"], file))
    if network_hash(network) != header["network_hash"]:
        raise InputError(
            f"{file}: is a tiling of another network: its hash begins {header['network_hash'][:12]}, the given "
            f"network's {network_hash(network)[:12]}"
        )
    _require(isinstance(header["complete"], bool) and isinstance(header["method"], str), file, "the header")
    _require(all(type(v) in (int, float) for v in header["stats"].values()), file, "a statistic")
    domain = read_polyhedron(header["domain"], network.input_dim)
    parts, total = [], 0
    for number, part in enumerate(header["parts"]):
        names = (f"{name}{number}" for name in ("bits", "counts", "facets", "points"))
        bits, counts, facets, points = (arrays[name] for name in names)
        rows = _text(arrays[f"rows{number}"], file).split("\n") if len(bits) else []
        restriction = _restriction(network, part)
        neurons = restriction.neuron_count
        _require(bits.dtype == np.uint8 and bits.shape == (len(rows), (neurons + 7) // 8), file, f"bits{number}")
        loaded = _Part(bits, counts, facets, points, rows)
        kinds: dict[str, Callable[..., TileSource]] = {"cells": _columns, "rows": _tile_list}
        parts.append((int(part["target_index"]), kinds[part["kind"]](loaded, restriction, domain, part, file)))
        total += len(rows)
    order = arrays["order"]
    _require(order.dtype == np.int64 and np.array_equal(np.sort(order), np.arange(total)), file, "order")
    chosen = None if np.array_equal(order, np.arange(total)) else np.argsort(order).astype(np.intp)
    return Tiling(
        network=network,
        targets=tuple(read_polyhedron(text, network.output_dim) for text in header["targets"]),
        domain=domain,
        method=header["method"],
        complete=header["complete"],
        stats=header["stats"],
        parts=tuple(parts),
        chosen=chosen,
    )


def _require(condition: bool | np.bool_, file: Path, what: str) -> None:
    if not condition:
        raise InputError(f"{file}: not a tiling: {what} does not fit the rest")


def _restriction(network: Network, part: dict[str, Any]) -> Restriction:
    """The part of the network that a part of the tiling is about."""
    layers = []
    inputs: Sequence[int] = range(network.input_dim)
    for layer, outputs, template in zip(network.layers, part["coordinates"], part["template"], strict=True):
        split = {i for i, mark in zip(layer.neurons, template, strict=True) if mark == _DECIDED}
        layers.append(layer.restricted(outputs, inputs, [i in split for i in outputs]))
        inputs = outputs
    return Restriction(
        layers=tuple(layers),
        target=read_polyhedron(part["target"], len(inputs)),
        coordinates=tuple(map(tuple, part["coordinates"])),
        template=tuple(part["template"]),
        signs=tuple(part["signs"]),
    )


def _tile_list(
    stored: _Part, restriction: Restriction, domain: Polyhedron, part: dict[str, Any], file: Path
) -> TileSource:
    del part, file
    starts = neuron_starts(restriction.layers)
    signs = (SignVector.from_packed(bits, starts) for bits in stored.bits)
    polyhedra = (read_polyhedron(row, domain.ambient_dim) for row in stored.rows)
    return TileList(restriction, tuple(zip(signs, polyhedra, strict=True)))


def _columns(
    stored: _Part, restriction: Restriction, domain: Polyhedron, part: dict[str, Any], file: Path
) -> TileSource:
    coordinates = chart(domain, restriction.moving)
    numbering = (
        rows_text(coordinates.facets),
        vector_text(coordinates.origin),
        list(map(vector_text, coordinates.basis)),
    )
    if numbering != (part["facets"], part["origin"], part["basis"]):
        raise InputError(f"{file}: this version of polyrelu numbers the domain's facets differently; compute it anew")
    counts, facets, points = stored.counts, stored.facets, stored.points
    neurons = restriction.neuron_count
    most = len(coordinates.facets) + neurons + len(restriction.target.halfspaces)
    _require(counts.dtype == np.int32 and counts.shape == (len(stored.rows),) and (counts >= 0).all(), file, "counts")
    _require(facets.dtype == np.int32 and facets.shape == (counts.sum(dtype=np.int64),), file, "facets")
    _require(not len(facets) or (facets.min() >= 0 and facets.max() < most), file, "a facet")
    _require(points.dtype == np.float64 and points.shape == (len(counts), coordinates.dim), file, "points")
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    flat = {i: read_polyhedron(row, domain.ambient_dim) for i, row in enumerate(stored.rows) if row}
    return Columns(restriction, domain, coordinates, stored.bits, starts, facets, points, flat)
