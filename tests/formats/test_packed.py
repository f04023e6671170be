import codecs
import gzip
import io
import zipfile

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.formats import packed
from polyrelu.formats.nnet import nnet_box
from polyrelu.formats.packed import plain_suffix, read_bytes, read_members, read_text, refusing

NNET = "// a\n1,1,1,1,\n1,1,\n0,\n-1,\n1,\n0,0,\n1,1,\n2,\n3,\n"


def test_gzip_is_unpacked(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one") + gzip.compress(b"two") + bytes(10))
    assert read_bytes(path) == b"onetwo"
    path.write_bytes(gzip.compress(b"")[:-1])
    with pytest.raises(pr.InputError, match="ends too early"):
        read_bytes(path)
    path.write_bytes(gzip.compress(b"one") + b"rest")
    with pytest.raises(pr.InputError, match="gzip, and damaged"):
        read_bytes(path)


def test_limits_hold_before_and_after_unpacking(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(101))
    assert len(read_bytes(path, 101)) == 101
    with pytest.raises(pr.InputError, match="has 101 bytes, over the limit of 100"):
        read_bytes(path, 100)
    for content in (gzip.compress(bytes(10**6)), gzip.compress(bytes(60)) * 2):
        path.write_bytes(content)
        with pytest.raises(pr.InputError, match=r"unpacks to more than the limit of 110 bytes|bytes, over the limit"):
            read_bytes(path, 110)


def test_text_is_utf_8_with_or_without_its_mark(tmp_path):
    path = tmp_path / "a"
    for content in ("é".encode(), codecs.BOM_UTF8 + "é".encode(), gzip.compress("é".encode())):
        path.write_bytes(content)
        assert read_text(path) == "é"
    for encoding in ("utf-16", "utf-32", "utf-16-le", "latin-1"):
        path.write_bytes("\ufeffé".encode(encoding) if encoding != "latin-1" else "é".encode(encoding))
        with pytest.raises(
            pr.InputError, match=r"is text in UTF-(16|32); save it in UTF-8|not text in UTF-8: byte 0xe9 at"
        ):
            read_text(path)


def archive(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_archives(tmp_path):
    path = tmp_path / "a.zip"
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path.write_bytes(archive(("a", b"one"), ("b", b"two"), method=method))
        assert read_members(path) == {"a": b"one", "b": b"two"}
        assert read_members(path, only=["b", "c"]) == {"b": b"two"}
    path.write_bytes(archive(("a", b"one"), ("a", b"two")))
    with pytest.raises(pr.InputError, match="two members are called 'a'"):
        read_members(path)
    path.write_bytes(archive(("a", bytes(10**6))))
    with pytest.raises(pr.InputError, match="unpacks to 1000000 bytes"):
        read_members(path, 10**5)
    content = bytearray(archive(("a", b"one")))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (2**20).to_bytes(4, "little")  # says that it is larger
    path.write_bytes(content)
    with pytest.raises(pr.InputError, match=r"not a readable \.zip archive"):
        read_members(path)


def test_packed_files_are_read_as_the_others(tmp_path):
    (tmp_path / "a.nnet").write_text(NNET)
    (tmp_path / "a.nnet.gz").write_bytes(gzip.compress(NNET.encode()))
    net = pr.load_network(tmp_path / "a.nnet")
    assert pr.load_network(tmp_path / "a.nnet.gz", normalise="fold") == net == pr.Network([([[2]], [3])])
    assert nnet_box(tmp_path / "a.nnet.gz") == pr.Polyhedron.box([-1], [1])
    (tmp_path / "b").write_bytes(gzip.compress(NNET.encode()))  # known by its content
    assert pr.load_network(tmp_path / "b") == net
    buffer = io.BytesIO()
    np.savez(buffer, W0=[[2.0]], b0=[3.0])
    (tmp_path / "a.npz.gz").write_bytes(gzip.compress(buffer.getvalue()))
    assert pr.load_network(tmp_path / "a.npz.gz") == net
    text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= 0 X_0 1))"
    (tmp_path / "p.vnnlib.gz").write_bytes(gzip.compress(text.encode()))
    assert pr.load_property(tmp_path / "p.vnnlib.gz", 1, 1).disjuncts[0].domain == pr.Polyhedron.box([0], [1])
    assert [plain_suffix(tmp_path / name) for name in ("a.NNET.GZ", "a.npz", "gz", "a.gz")] == [".nnet", ".npz", "", ""]
    (tmp_path / "c.onnx.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(pr.InputError, match="ends too early"):
        pr.load_network(tmp_path / "c.onnx.gz")


def test_what_readers_do_not_foresee_names_the_file(tmp_path):
    for error, kind in ((ZeroDivisionError("x"), pr.InputError), (MemoryError(), pr.BudgetExceeded)):
        with pytest.raises(kind, match=r"a\.npz"), refusing(tmp_path / "a.npz", "network"):
            raise error
    for own in (
        pr.DimensionError("own"),
        FileNotFoundError("own"),
        pr.RoundedWarning("own"),
        KeyboardInterrupt("own"),
    ):
        with pytest.raises(type(own), match="own"), refusing(tmp_path / "a.npz", "network"):
            raise own


def test_networks_of_too_many_numbers_are_refused_before_they_are_made(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", W0=np.zeros((3, 3)), b0=np.zeros(3))
    (tmp_path / "a.nnet").write_text(NNET)
    monkeypatch.setattr(packed, "MOST_NUMBERS", 11)
    with pytest.raises(pr.BudgetExceeded, match=r"a\.npz: the network has 12 numbers, over the limit of 11"):
        pr.load_network(tmp_path / "a.npz")
    with pytest.raises(pr.BudgetExceeded, match=r"a\.nnet: the network has"):
        pr.load_network(tmp_path / "a.nnet")
