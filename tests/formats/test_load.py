import gzip
import io
import time
import zipfile
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks import float_rows
from tests.strategies import damaged, is_read_or_refused

ARRAYS = {"W0": np.array([[1.0], [-1.0]]), "b0": np.zeros(2), "W1": np.array([[1.0, 1.0]]), "b1": np.zeros(1)}


def write(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz_round_trip(tmp_path):
    net = pr.load_network(write(tmp_path / "net.npz", **ARRAYS))
    assert net.widths == (1, 2, 1)
    assert [layer.relu for layer in net.layers] == [(True, True), (False,)]
    assert net(["-1/3"]).tolist() == [Fraction(1, 3)]
    masked = pr.load_network(str(write(tmp_path / "masked.npz", **ARRAYS, relu=np.array([False, True]))))
    assert [layer.relu for layer in masked.layers] == [(False, False), (True,)]


def test_biases_that_are_left_out_are_zero(tmp_path):
    left_out = {name: array for name, array in ARRAYS.items() if name != "b0"}
    zeros = ARRAYS | {"b0": np.zeros_like(ARRAYS["b0"])}
    found, expected = (pr.load_network(write(tmp_path / "net.npz", **own)) for own in (left_out, zeros))
    assert found == expected


def test_large_weights_are_kept_as_floats(tmp_path, monkeypatch):
    expected = pr.load_network(write(tmp_path / "net.npz", **ARRAYS))
    monkeypatch.setattr(float_rows, "LEAST_FLOATS", 1)
    found = pr.load_network(tmp_path / "net.npz")
    assert found == expected
    assert isinstance(found.layers[0].rows, float_rows.FloatRows)
    with pytest.raises(pr.InexactError, match=r"layer 0: weight\[0\]\[0\]: nan"):
        pr.load_network(write(tmp_path / "net.npz", **ARRAYS | {"W0": np.array([[np.nan], [1]])}))


def test_stored_numbers_are_exact(tmp_path):
    arrays = ARRAYS | {"W1": np.array([[0.1, 1]], dtype=np.float32), "b1": np.array([2**40], dtype=np.int64)}
    net = pr.load_network(write(tmp_path / "net.npz", **arrays))
    assert net.layers[1].weight.tolist() == [[Fraction(float(np.float32(0.1))), 1]]
    assert net.layers[1].bias.tolist() == [2**40]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"W1": None}, pr.InputError, "missing: none, not understood: \\['b1'\\]"),
        ({"W0": None}, pr.InputError, r"missing: \['W0'\], not understood: \['W1', 'b1'\]"),
        ({"V": np.zeros(1)}, pr.InputError, "'V'"),
        ({"W0": np.zeros(2)}, pr.InputError, "W0 and b0 have 1 and 1 dimensions"),
        ({"W0": np.array([["a"], ["b"]])}, pr.InputError, "'W0' of type <U1"),
        ({"W0": np.array([[1j], [0]])}, pr.InputError, "complex"),
        ({"W0": np.array([[None], [1]], dtype=object)}, pr.InputError, "pickle"),
        ({"W0": np.array([[np.nan], [1]])}, pr.InexactError, r"layer 0: weight\[0\]\[0\]: nan"),
        ({"b0": np.zeros(3)}, pr.DimensionError, "layer 0: weight has 2 rows but bias has 3"),
        ({"W1": np.zeros((1, 3))}, pr.DimensionError, "layer 0 returns 2 coordinates but layer 1 takes 3"),
        ({"relu": np.array([1, 0])}, pr.InputError, "expected 2 truth values"),
        ({"relu": np.array([True])}, pr.InputError, "expected 2 truth values"),
    ],
)
def test_bad_archives_are_refused(tmp_path, change, error, message):
    arrays = {name: array for name, array in (ARRAYS | change).items() if array is not None}
    with pytest.raises(error, match=message):
        pr.load_network(write(tmp_path / "net.npz", **arrays))


def test_bad_paths_are_refused(tmp_path):
    with pytest.raises(pr.InputError, match="there is no file"):
        pr.load_network(tmp_path / "missing.npz")
    (tmp_path / "net.txt").write_text("hello")
    with pytest.raises(
        pr.InputError, match=r"suffix '.txt'; known suffixes are .h5, .hdf5, .keras, .nnet, .npz, .onnx"
    ):
        pr.load_network(tmp_path / "net.txt")
    with pytest.raises(pr.InputError, match="there is no file"):
        pr.load_network(tmp_path / "missing.txt")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(pr.InputError, match="is a directory"):
        pr.load_network(tmp_path / "folder.npz")


@pytest.mark.long
def test_archives_that_unpack_to_too_much_are_refused_unread(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("W0.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(1025):
            member.write(bytes(2**20))
    assert (tmp_path / "bomb.npz").stat().st_size < 2**21
    with pytest.raises(pr.InputError, match="unpacks to 1074790400 bytes"):
        pr.load_network(tmp_path / "bomb.npz")


def test_archives_are_known_by_their_content(tmp_path):
    path = write(tmp_path / "net.npz", **ARRAYS)
    assert pr.load_network(path.rename(tmp_path / "net.backup")) == pr.load_network(write(path, **ARRAYS))
    (tmp_path / "net.zip").write_bytes(b"PK and no more")
    with pytest.raises(pr.InputError, match="damaged archive"):
        pr.load_network(tmp_path / "net.zip")


@pytest.mark.parametrize("name", ["net.h5", "net.hdf5", "net.weights"])
def test_damaged_hdf5_files_are_refused(tmp_path, name):
    pytest.importorskip("h5py")
    (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(pr.InputError, match="damaged: its weights are no HDF5 file"):
        pr.load_network(tmp_path / name)


def archive(save) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **ARRAYS)
    return buffer.getvalue()


WHOLE = [archive(np.savez), archive(np.savez_compressed)]


@given(st.data())
def test_damaged_archives_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(data.draw(damaged(data.draw(st.sampled_from(WHOLE)))))
    assert is_read_or_refused(path)


NUMBERS = np.array([1.0, -1.0]).tobytes()
HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }"


def npy(header, numbers=NUMBERS, version=b"\x01\x00", length=None):
    size = len(header) if length is None else length
    return b"\x93NUMPY" + version + size.to_bytes(2 if version == b"\x01\x00" else 4, "little") + header + numbers


def with_first(tmp_path, content, name="W0.npy"):
    path = tmp_path / "net.npz"
    others = io.BytesIO()
    arrays: dict[str, Any] = {key: array for key, array in ARRAYS.items() if key != "W0"}
    np.savez(others, **arrays)
    with zipfile.ZipFile(others) as given, zipfile.ZipFile(path, "w") as made:
        made.writestr(name, content)
        for item in given.infolist():
            made.writestr(item, given.read(item))
    return path


@pytest.mark.parametrize(
    "content",
    [
        npy(HEADER.replace(b"<f8", b"<f8,,,,,,")),
        npy(HEADER.replace(b"'shape'", b"'s\0\0\0'")),
        npy(HEADER.replace(b"(2, 1)", b"(99999999999, 99999999999)")),
        npy(HEADER.replace(b"(2, 1)", b"(2, -1)")),
        npy(HEADER.replace(b"(2, 1)", b"(" + b"1, " * 70 + b")")),
        npy(HEADER.replace(b"(2, 1)", b"(" + b"9" * 5000 + b",)")),
        npy(HEADER.replace(b"(2, 1)", b"(3, 1)")),
        npy(HEADER.replace(b"(2, 1)", b"__import__('os')")),
        npy(HEADER.replace(b"'<f8'", b"[('a', '<f8')]")),
        npy(HEADER.replace(b"'<f8'", b"'|O'")),
        npy(HEADER.replace(b"<f8", b"|V8")),
        npy(HEADER.replace(b"<f8", b"<f3")),
        npy(HEADER.replace(b"<f8", b"|S99999999999999999999")),
        npy(HEADER, length=60000),
        npy(HEADER, version=b"\x07\x00"),
        npy(b"{" * 60000),
        npy(HEADER)[:9],
        npy(HEADER)[:30],
        npy(HEADER) + b"\0",
        npy(HEADER)[:-1],
        b"\x93N{MPYinf",
        b"",
    ],
)
def test_damaged_arrays_are_refused(tmp_path, content):
    with pytest.raises(pr.InputError, match=r"net\.npz: not a readable \.npz archive of plain arrays \(W0\.npy: it"):
        pr.load_network(with_first(tmp_path, content))


def test_headers_of_every_version_are_read(tmp_path):
    expected = pr.load_network(write(tmp_path / "whole.npz", **ARRAYS))
    for version in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        assert pr.load_network(with_first(tmp_path, npy(HEADER, version=version))) == expected
    with pytest.raises(pr.InputError, match="'W0' is no array"):
        pr.load_network(with_first(tmp_path, npy(HEADER), name="W0"))


@pytest.mark.long
def test_ten_thousand_layers_load_in_seconds(tmp_path):
    deep = {f"{name}{i}": array for i in range(10_000) for name, array in (("W", np.eye(2)), ("b", np.zeros(2)))}
    path = write(tmp_path / "deep.npz", **deep)
    began = time.process_time()
    assert len(pr.load_network(path).layers) == 10_000
    assert time.process_time() - began < 20
    del deep["W5000"]
    with pytest.raises(pr.InputError, match=r"missing: \['W5000'\].* and \d+ more$") as caught:
        pr.load_network(write(path, **deep))
    assert len(str(caught.value)) < 1000


def test_a_network_may_be_packed_by_gzip(tmp_path):
    (tmp_path / "net.npz.gz").write_bytes(gzip.compress(write(tmp_path / "net.npz", **ARRAYS).read_bytes()))
    assert pr.load_network(tmp_path / "net.npz.gz") == pr.load_network(tmp_path / "net.npz")
