import re
import sys
import tomllib
from pathlib import Path

import pytest

import polyrelu as pr
from polyrelu.support.extras import INSTALLED_BY, require

PROJECT = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())["project"]


def test_a_missing_package_is_named_with_who_needs_it_and_the_command(monkeypatch):
    said = "draw needs matplotlib, which is not installed; install it with: pip install 'polyrelu[plot]'"
    for module in ("matplotlib", "matplotlib.pyplot", "mpl_toolkits.mplot3d.art3d"):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(pr.MissingExtraError, match=f"^{re.escape(said)}$"):
            require(module, "draw")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(pr.MissingExtraError, match=r"^net needs torch, which is .*: pip install torch$"):
        require("torch", "net")


def test_what_is_there_is_imported():
    assert require("json.decoder", "nobody") is sys.modules["json.decoder"]


@pytest.mark.parametrize("package", INSTALLED_BY)
def test_the_named_extra_brings_the_package(package):
    extra = re.fullmatch(r"'polyrelu\[(\w+)\]'", INSTALLED_BY[package])
    if extra is None:
        assert INSTALLED_BY[package] == package
    else:
        (needed,) = PROJECT["optional-dependencies"][extra[1]]
        assert re.match(r"\w+", needed)[0] == package


def test_readers_of_files_ask_for_their_packages(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name, command in [("net.pt", "pip install torch"), ("net.onnx", r"pip install 'polyrelu\[onnx\]'")]:
        (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(pr.MissingExtraError, match=command):
            pr.load_network(tmp_path / name)
    with pytest.raises(pr.MissingExtraError, match=r"Network\.from_torch needs torch"):
        pr.Network.from_torch(None)
