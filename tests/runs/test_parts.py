"""Parts: what is written is read again, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import polyrelu as pr
from polyrelu.runs.parts import About, PartWriter, Problem, Written, digest_of, read_part
from polyrelu.tilings.columns import Columns
from tests.runs.questions import QUESTIONS, SQUARE, network

ABOUT = About("question", "engine", b"", False)


def columns(name: str, measure: bool = False) -> Columns:
    net, target, domain, _ = QUESTIONS[name]
    more: dict[str, Any] = {"measure": measure}
    tiling = pr.linear_regions(net, domain, **more) if target is None else pr.preimage(net, target, domain, **more)
    _, source = tiling.parts[0]
    assert isinstance(source, Columns)
    return source


def written(tiles: Columns, about: About = ABOUT) -> Written:
    writer = PartWriter(about)
    writer.add(tiles)
    found = writer.close()
    assert found is not None
    return found


def read(part: bytes, tiles: Columns, about: About = ABOUT) -> Columns:
    return read_part(part, about, Problem(tiles.restriction, tiles.domain, tiles.chart), len(tiles), "part")


def assert_same(one: Columns, other: Columns) -> None:
    for name in ("packed", "starts", "facets", "points"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "points"), name
    assert one.flat == other.flat
    for own, its in zip(one.sections, other.sections, strict=True):
        assert np.array_equal(np.asarray(own), np.asarray(its))
    assert (one.sizes is None) == (other.sizes is None)
    if one.sizes is not None and other.sizes is not None:
        for key, values in vars(one.sizes).items():
            assert np.array_equal(values, vars(other.sizes)[key], equal_nan=True)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("name", ["usual", "regions", "equality", "flat tiles", "strict", "a segment"])
def test_what_is_written_is_read(name, measured):
    tiles, about = columns(name, measured), replace(ABOUT, measured=measured)
    part = written(tiles, about)
    assert_same(read(part.content, tiles, about), tiles)
    assert (part.tiles, part.flat) == (len(tiles), int((tiles.dims(np.arange(len(tiles))) < tiles.domain.dim).sum()))
    assert (part.first, part.last) == (tiles.packed[0].tobytes(), tiles.packed[-1].tobytes())
    assert written(tiles, about).content == part.content
    assert bool(part.volumes) == (measured and tiles.chart.is_identity)


def test_sections_and_flat_polyhedra_are_among_these():
    assert len(columns("equality").sections.numbers)
    assert columns("equality").flat or columns("flat tiles").flat


def test_no_tiles_are_no_file():
    writer = PartWriter(ABOUT)
    writer.add(columns("nothing"))
    assert writer.close() is None


def test_other_tools_read_it():
    tiles = columns("usual")
    table = pq.read_table(pa.BufferReader(written(tiles).content))
    assert table.column_names == ["bits", "dim", "facets", "containing", "u0", "u1", "rows"]
    assert table["bits"].to_pylist() == [row.tobytes() for row in tiles.packed]
    assert table["u0"].to_numpy().tolist() == tiles.points[:, 0].tolist()
    frame = table.to_pandas()
    assert [len(own) for own in frame["facets"]] == np.diff(tiles.starts).tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": "other"}, "its question is 'question', and its run's is 'other'"),
        ({"engine": "other"}, "its engine is"),
        ({"root": b"\0"}, "its root is ''"),
        ({"measured": True}, "its measured is '0'"),
    ],
)
def test_a_part_about_something_else_is_refused(change, message):
    tiles = columns("usual")
    with pytest.raises(pr.InputError, match=f"part: .*{message}"):
        read(written(tiles).content, tiles, replace(ABOUT, **change))


def forged(tiles: Columns, change: Any, **options: Any) -> bytes:
    """A part whose table somebody has changed, and which says that it is one."""
    table = change(pq.read_table(pa.BufferReader(written(tiles).content)))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **({"use_dictionary": False} | options))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def with_column(name: str, make: Any) -> Any:
    def change(table: Any) -> Any:
        place = table.schema.get_field_index(name)
        return table.set_column(
            place, table.schema.field(place), pa.array(make(table[name].to_pylist()), table.schema.field(place).type)
        )

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.slice(1), "has [0-9]+ tiles, and [0-9]+ are noted"),
        (lambda table: table.take(list(range(len(table)))[::-1]), "not in the order of their patterns"),
        (lambda table: table.drop(["u1"]), "its columns are"),
        (with_column("facets", lambda own: [[10**6], *own[1:]]), "a facet has no row"),
        (with_column("facets", lambda own: [[-1], *own[1:]]), "a facet has no row"),
        (with_column("facets", lambda own: [None, *own[1:]]), "facets are missing"),
        (with_column("bits", lambda own: [None, *own[1:]]), "signs are missing"),
        (with_column("u0", lambda own: [None, *own[1:]]), "a number is missing"),
        (with_column("dim", lambda own: [1, *own[1:]]), "another dimension"),
        (with_column("containing", lambda own: [99, *own[1:]]), "fewer facets than contain it"),
        (with_column("rows", lambda own: ["[]", *own[1:]]), "damaged, or no part"),
        (with_column("rows", lambda own: ["[[], [[1.5, 0, '<=', 1]], []]", *own[1:]]), "damaged, or no part"),
        (with_column("rows", lambda own: ['[[], [[1, 0, 0, "<=", 1]], []]', *own[1:]]), "damaged, or no part"),
    ],
)
def test_hostile_parts_are_refused(change, message):
    """They say that they are parts of this run, and the journal would agree with them."""
    tiles = columns("usual")
    with pytest.raises(pr.InputError, match=message):
        read(forged(tiles, change), tiles)


def test_signs_of_no_neuron_are_refused():
    tiles = columns("regions")
    assert tiles.restriction.neuron_count % 8
    with pytest.raises(pr.InputError, match="more signs than there are neurons"):
        read(forged(tiles, with_column("bits", lambda own: [*own[:-1], b"\xff" * len(own[0])])), tiles)


def test_dictionaries_are_refused():
    """A short file with a dictionary unpacks to any length."""
    tiles = columns("usual")
    with pytest.raises(pr.InputError, match="has dictionaries"):
        read(forged(tiles, lambda table: table, use_dictionary=True), tiles)
    read(forged(tiles, lambda table: table), tiles)


def test_tiles_outside_of_the_root_are_refused():
    tiles = columns("usual")
    width = tiles.packed.shape[1]
    for ends in (
        (b"\0" * width, tiles.packed[-2].tobytes()),
        (tiles.packed[1].tobytes(), b"\xff" * width),
    ):
        about = replace(ABOUT, root=b"\0" * 6 + b"".join(ends))
        with pytest.raises(pr.InputError, match="does not lie where the root says"):
            read(written(tiles, about).content, tiles, about)


def test_what_is_no_part_is_refused():
    tiles = columns("usual")
    for content in (b"", b"PAR1", b"no part" * 100):
        with pytest.raises(pr.InputError, match="part: "):
            read(content, tiles)


def test_a_network_without_neurons(tmp_path):
    run = pr.Run(tmp_path / "run", pr.Network([([[1, 1]], [0])]), "y0 <= 1", SQUARE)
    assert run.work().tiles == 1
    assert run.tiling()[0].polyhedron == pr.preimage(run.question.statement.network, "y0 <= 1", SQUARE)[0].polyhedron
    assert not run.check()


def test_digests():
    assert digest_of(b"abc").startswith("ba7816bf")
    assert network(2, 3, 1, seed=0).input_dim == 2


def test_nobody_imports_pandas(tmp_path):
    """Pyarrow does where it takes or gives arrays in its own ways, and that takes half a second and 70 MiB."""
    script = f"""
import sys
import polyrelu as pr
net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
run = pr.Run({str(tmp_path / "run")!r}, net, "y0 > 0", ([-1, -1], [1, 1]), measure=True)
run.work()
assert len(list(run.tiling())) == len(run.tiling().in_memory()) == 3
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
