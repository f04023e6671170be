import io
import json
import subprocess
import sys
import tempfile
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.formats import parquet
from polyrelu.formats.exact_text import (
    canonical_text,
    network_hash,
    network_text,
    number_text,
    read_network,
    read_number,
    read_polyhedron,
    rows_text,
)
from polyrelu.formats.tilings import _checksum
from polyrelu.tilings.tiling import Tiling
from tests import zoo
from tests.strategies import networks, polyhedra, questions

SUFFIXES = (".npz", ".parquet")
NET = pr.Network([([[1, 0], ["1/3", 1], [1, -1]], [0, 0.1, -1]), ([[1, 1, -2], [0, 1, 1]], [0, 1])])
BOX = pr.Polyhedron.box([-2, -2], [2, "7/3"])


def tiling_of(*targets: str, **options):
    return pr.preimage(NET, [pr.parse(text, dim=2) for text in targets], BOX, **options)


TILING = tiling_of("y0 >= 1/2")
SAVED = tiling_of("y0 >= 1/2", "y1 > 1")
BACKWARDS = tiling_of("y0 >= 1/2", "y1 > 1", method="unrelu")


def same(a: Tiling, b: Tiling) -> None:
    assert network_hash(a.network) == network_hash(b.network)
    assert [t.halfspaces for t in a.targets] == [t.halfspaces for t in b.targets]
    assert a.domain.halfspaces == b.domain.halfspaces
    assert (a.method, a.complete, dict(a.stats)) == (b.method, b.complete, dict(b.stats))
    assert a.patterns == b.patterns
    for one, two in zip(a, b, strict=True):
        assert one.target_index == two.target_index
        assert one.polyhedron.halfspaces == two.polyhedron.halfspaces
        assert one.polyhedron.facets == two.polyhedron.facets
        assert one.inner_point() == two.inner_point()
        assert one.affine_map() == two.affine_map()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", zoo.TILINGS)
def test_round_trip(tmp_path, suffix, name):
    tiling, path = zoo.tiling(name), tmp_path / f"t{suffix}"
    tiling.save(path)
    loaded = pr.load_tiling(path, tiling.network)
    same(tiling, loaded)
    same(tiling, pr.load_tiling(str(path)))
    points = np.random.default_rng(0).uniform(-3, 3, (200, tiling.domain.ambient_dim))
    assert np.array_equal(tiling.locate(points), loaded.locate(points))
    if tiling.domain.is_bounded() and len(tiling):
        assert tiling.volume(exact=True) == loaded.volume(exact=True)
        assert set(tiling.adjacency().edges) == set(loaded.adjacency().edges)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_selections_keep_their_order(tmp_path, suffix):
    for tiling in (SAVED, BACKWARDS):
        chosen = tiling.select([len(tiling) - 1, 0, 2])
        chosen.save(tmp_path / f"t{suffix}")
        loaded = pr.load_tiling(tmp_path / f"t{suffix}")
        assert not loaded.complete
        same(chosen, loaded)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(questions(max_neurons=5), st.sampled_from(["cells", "twin"]))
def test_any_tiling_comes_back(tmp_path_factory, question, method):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    for suffix in SUFFIXES:
        path = tmp_path_factory.getbasetemp() / f"any{suffix}"
        tiling.save(path)
        same(tiling, pr.load_tiling(path, question[0]))


@given(st.fractions())
def test_numbers_as_text(value):
    assert read_number(number_text(value)) == value
    large = value * 3**20000 + Fraction(1, 7**9000)
    assert read_number(number_text(large)) == large


@given(networks(), polyhedra())
def test_networks_and_polyhedra_as_text(network, polyhedron):
    again = read_network(network_text(network))
    assert again.layers == network.layers
    assert network_hash(again) == network_hash(network)
    dim = polyhedron.ambient_dim
    assert read_polyhedron(rows_text(polyhedron.halfspaces), dim).halfspaces == polyhedron.halfspaces
    if not polyhedron.is_empty():
        read = read_polyhedron(canonical_text(polyhedron), dim)
        assert (read.halfspaces, read.facets) == (polyhedron.canonical().halfspaces, polyhedron.facets)


@pytest.mark.parametrize("text", ["", "x", "1/0", "1/-2", "--1", "0x", "0xg", "1_0", " 1", "1" * 9999, "1/2/3", "²"])
def test_bad_numbers_are_refused(text):
    with pytest.raises(pr.InputError, match="exact text"):
        read_number(text)


def test_the_hash_is_of_the_exact_numbers():
    assert network_hash(pr.Network([([["1/2"]], [1.0])])) == network_hash(pr.Network([([[0.5]], [1])]))
    assert network_hash(pr.Network([([["0.1"]], [1])])) != network_hash(pr.Network([([[0.1]], [1])]))
    assert network_hash(pr.Network([([[1]], [1])])) != network_hash(pr.Network([([[1]], [1])], relu=[True]))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_tiling_of_another_network_is_refused(tmp_path, suffix):
    TILING.save(tmp_path / f"t{suffix}")
    other = pr.Network([([[1, 0], ["1/3", 1], [1, -1]], [0, 0.1, -1]), ([[1, 1, -2], [0, 1, "1.0001"]], [0, 1])])
    with pytest.raises(pr.InputError, match="a tiling of another network"):
        pr.load_tiling(tmp_path / f"t{suffix}", other)


def test_bad_paths_are_refused(tmp_path):
    with pytest.raises(pr.InputError, match=r"suffix '.csv'; known suffixes are .npz, .parquet"):
        TILING.save(tmp_path / "t.csv")
    with pytest.raises(pr.InputError, match=r"suffix '\.pkl'"):
        pr.load_tiling(tmp_path / "t.pkl")
    with pytest.raises(pr.InputError, match="there is no file"):
        pr.load_tiling(tmp_path / "t.npz")


@pytest.mark.parametrize("name", ["bits0", "counts0", "facets0", "points0", "rows0", "order", "header", "network"])
def test_an_altered_entry_is_refused(tmp_path, name):
    path = tmp_path / "t.npz"
    TILING.save(path)
    arrays = dict(np.load(path))
    altered = arrays[name].copy()
    raw = bytearray(altered.tobytes())
    if not raw:
        altered = np.zeros(1, dtype=altered.dtype)
    else:
        raw[-1] ^= 1
        altered = np.frombuffer(bytes(raw), dtype=altered.dtype).reshape(altered.shape)
    np.savez(path, **(arrays | {name: altered}))
    with pytest.raises(pr.InputError, match="checksum"):
        pr.load_tiling(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("counts0", lambda a: a - 1),
        ("counts0", lambda a: np.array([a[0] + a[1] + 1, -1, *a[2:]], dtype=np.int32)),  # of the same sum
        ("counts0", lambda a: a.astype(float)),
        ("facets0", lambda a: a + 1000),
        ("facets0", lambda a: a[1:]),
        ("points0", lambda a: a[:, :1]),
        ("bits0", lambda a: a[1:]),
        ("order", lambda a: a * 0),
        ("header", lambda a: a[:-5]),
        ("header", lambda a: np.frombuffer(a.tobytes().replace(b"tiling 1", b"tiling 9"), dtype=np.uint8)),
        (
            "header",
            lambda a: np.frombuffer(a.tobytes().replace(b'"kind": "cells"', b'"kind": "sells"'), dtype=np.uint8),
        ),
        ("header", lambda a: np.frombuffer(a.tobytes().replace(b'"origin": "0', b'"origin": "1'), dtype=np.uint8)),
        ("network", lambda a: a[:-5]),
        ("network", lambda a: np.frombuffer(a.tobytes().replace(b"layer 3 2", b"layer 9 2"), dtype=np.uint8)),
    ],
)
def test_an_inconsistent_file_is_refused_even_with_a_good_checksum(tmp_path, name, change):
    path = tmp_path / "t.npz"
    TILING.save(path)
    arrays = dict(np.load(path))
    del arrays["checksum"]
    changed = change(arrays[name])
    assert not np.array_equal(changed, arrays[name]) or changed.dtype != arrays[name].dtype
    arrays[name] = changed
    np.savez(path, **arrays, checksum=np.frombuffer(_checksum(arrays).encode(), dtype=np.uint8))
    with pytest.raises(pr.PolyreluError):
        pr.load_tiling(path)


def content(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        SAVED.save(path)
        return path.read_bytes()


WHOLE = {suffix: content(suffix) for suffix in SUFFIXES}


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_are_refused_or_whole(tmp_path_factory, suffix, data):
    whole = bytearray(WHOLE[suffix])
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"damaged{suffix}"
    path.write_bytes(whole)
    try:
        loaded = pr.load_tiling(path)
    except pr.PolyreluError as error:
        assert str(error)
    else:  # the damage hit bytes that mean nothing, such as a time stamp
        same(SAVED, loaded)


@pytest.mark.long
def test_archives_that_unpack_to_too_much_are_refused(tmp_path):
    path = tmp_path / "t.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("header.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(1025):
            member.write(bytes(2**20))
    with pytest.raises(pr.InputError, match="unpacks to"):
        pr.load_tiling(path)


def test_pickles_are_not_read(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, header=np.array([{"a": 1}], dtype=object))
    (tmp_path / "t.npz").write_bytes(buffer.getvalue())
    with pytest.raises(pr.InputError, match="pickle"):
        pr.load_tiling(tmp_path / "t.npz")


def test_parquet_is_a_table_that_other_tools_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    tiling = BACKWARDS
    tiling.save(tmp_path / "t.parquet")
    table = pyarrow.read_table(tmp_path / "t.parquet")
    assert tuple(sorted(zip(table["tile"].to_pylist(), table["pattern"].to_pylist(), strict=True))) == tuple(
        enumerate(tiling.patterns)
    )
    header = json.loads(table.schema.metadata[b"header"])
    assert header["version"] == pr.__version__
    assert header["network_hash"] == network_hash(NET)
    pyarrow.write_table(table.drop_columns(["facets"]), tmp_path / "less.parquet")
    with pytest.raises(pr.InputError, match="a Parquet file, but not of a tiling"):
        pr.load_tiling(tmp_path / "less.parquet")
    swapped = table.set_column(2, "pattern", table["pattern"].take([1, 0, *range(2, len(table))]))
    pyarrow.write_table(swapped, tmp_path / "swapped.parquet", use_dictionary=False)
    with pytest.raises(pr.InputError, match="its patterns do not agree"):
        pr.load_tiling(tmp_path / "swapped.parquet")
    pyarrow.write_table(table, tmp_path / "dictionary.parquet")
    with pytest.raises(pr.InputError, match="dictionary-encoded"):
        pr.load_tiling(tmp_path / "dictionary.parquet")
    pyarrow.write_table(table, tmp_path / "plain.parquet", use_dictionary=False)
    same(tiling, pr.load_tiling(tmp_path / "plain.parquet"))


def header_with(array, **changes):
    return np.frombuffer(json.dumps(json.loads(array.tobytes()) | changes).encode(), dtype=np.uint8)


@pytest.mark.parametrize(
    "changes",
    [
        *({"complete": "no"}, {"complete": 1}, {"method": 3}, {"stats": {"cuts": "x"}}, {"stats": 3}, {"parts": 3}),
        *({"domain": 5}, {"targets": None}, {"network_hash": 7}, {"parts": [{}]}, {"domain": "9" * 5000 + " 1 <= 1"}),
    ],
)
def test_a_header_of_other_values_is_refused(tmp_path, changes):
    path = tmp_path / "t.npz"
    TILING.save(path)
    arrays = dict(np.load(path))
    del arrays["checksum"]
    arrays["header"] = header_with(arrays["header"], **changes)
    np.savez(path, **arrays, checksum=np.frombuffer(_checksum(arrays).encode(), dtype=np.uint8))
    with pytest.raises(pr.InputError, match=r"t\.npz"):
        pr.load_tiling(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_less_replaces_nothing_whole(tmp_path, suffix):
    tiling, path = TILING, tmp_path / f"t{suffix}"
    part = tiling[:2]
    part.save(path)
    tiling[:1].save(path)  # less by less
    assert not pr.load_tiling(path).complete
    tiling.save(path)
    with pytest.raises(pr.InputError, match=r"would be replaced by a tiling that is not complete; .*overwrite=True"):
        part.save(path)
    same(tiling, pr.load_tiling(path))
    for content in (b"", b"another file", path.read_bytes()[:-100]):
        path.write_bytes(content)
        with pytest.raises(pr.InputError, match="would be replaced"):
            part.save(path)
        assert path.read_bytes() == content
    part.save(path, overwrite=True)
    same(part, pr.load_tiling(path))


@pytest.mark.parametrize("name", ["no targets", "two rays", "ring", "overlapping targets", "tiles in another order"])
def test_parquet_files_are_written_some_rows_at_a_time(tmp_path, monkeypatch, name):
    monkeypatch.setattr(parquet, "_ROWS_AT_ONCE", 2)
    tiling = zoo.tiling(name)
    tiling.save(tmp_path / "t.parquet")
    same(tiling, pr.load_tiling(tmp_path / "t.parquet", tiling.network))


def test_a_parquet_file_has_a_seal(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    tiling = TILING
    tiling.save(path)
    whole = path.read_bytes()
    monkeypatch.setattr(parquet, "_read", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("tried"))
    for at in (0, 4, 100, len(whole) // 3, len(whole) - 9):  # none of them in the seal
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(pr.InputError, match="damaged: its seal does not agree"):
            pr.load_tiling(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(pr.InputError, match="whose end is missing"):
        pr.load_tiling(path)


def test_a_parquet_file_without_a_seal_is_tried_elsewhere_first(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    tiling = TILING
    tiling.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"polyrelu.seal=", b"polyrelu.deal="))
    same(tiling, pr.load_tiling(path))
    crash = "import os, sys; os.abort()"
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda c, **options: run([c[0], "-c", crash], **options))
    with pytest.raises(pr.InputError, match="pyarrow crashes"):
        pr.load_tiling(path)


def test_columns_of_other_types_are_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    TILING.save(path)
    table = pyarrow.read_table(path)
    for name, kind in (("facets", "string"), ("pattern", "binary"), ("tile", "int32"), ("rows", "binary")):
        column = [str(v) for v in table[name].to_pylist()] if name == "facets" else table[name].cast(kind)
        at = table.schema.get_field_index(name)
        pyarrow.write_table(table.set_column(at, name, column if name != "facets" else [column]), path)
        with pytest.raises(pr.InputError, match=f"column '{name}' is of type {kind}"):
            pr.load_tiling(path)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(pr.MissingExtraError, match=r"polyrelu\[parquet\]"):
        TILING.save(tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []
