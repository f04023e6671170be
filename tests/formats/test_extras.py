import sys

import pytest

import polyrelu as pr


def test_packages_that_are_missing_are_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name, command in [("net.pt", "pip install torch"), ("net.onnx", r"pip install 'polyrelu\[onnx\]'")]:
        (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(pr.MissingExtraError, match=command):
            pr.load_network(tmp_path / name)
    with pytest.raises(pr.MissingExtraError, match=r"Network\.from_torch needs torch"):
        pr.Network.from_torch(None)
