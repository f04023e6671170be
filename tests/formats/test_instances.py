"""Lists of questions."""

import gzip

import pytest

import polyrelu as pr
from polyrelu.formats.instances import read_instances


def written(tmp_path, text):
    (tmp_path / "instances.csv").write_text(text)
    return tmp_path / "instances.csv"


def test_lines_with_and_without_time_limits(tmp_path):
    path = written(tmp_path, "onnx,vnnlib,timeout\n./a/net.onnx, p.vnnlib ,116.5\n\nb.onnx,q.vnnlib\n")
    first, second = read_instances(path)
    assert first.key == ("./a/net.onnx", "p.vnnlib", "116.5")
    assert first.networks == {"": tmp_path / "a" / "net.onnx"}
    assert (second.timeout, second.property_file) == (None, tmp_path / "q.vnnlib")


def test_packed_files_are_found_under_both_names(tmp_path):
    (tmp_path / "net.onnx.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "p.vnnlib").write_text("")
    (one,) = read_instances(written(tmp_path, "net.onnx,p.vnnlib.gz,1\n"))
    assert one.networks == {"": tmp_path / "net.onnx.gz"}
    assert one.property_file == tmp_path / "p.vnnlib"


def test_several_networks_are_named(tmp_path):
    (one,) = read_instances(written(tmp_path, "f=a.onnx; g=b.onnx,p.vnnlib,1\n"))
    assert one.networks == {"f": tmp_path / "a.onnx", "g": tmp_path / "b.onnx"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.onnx\n", "line 1: expected a network, a property and a time limit"),
        ("a.onnx,p.vnnlib,1\na.onnx,,2\n", "line 2: expected a network"),
        ("a.onnx,p.vnnlib,1\na.onnx,p.vnnlib,-2\n", "line 2: the time limit is '-2'; write a positive number"),
        ("a.onnx,p.vnnlib,1\na.onnx,p.vnnlib,nan\n", "the time limit is 'nan'"),
        ("a.onnx,p.vnnlib,1,2\n", "line 1: expected a network"),
    ],
)
def test_damaged_lists_name_the_line(tmp_path, text, message):
    with pytest.raises(pr.InputError, match=message):
        read_instances(written(tmp_path, text))


def test_missing_lists_are_refused(tmp_path):
    with pytest.raises(pr.InputError, match="there is no file"):
        read_instances(tmp_path / "none.csv")
