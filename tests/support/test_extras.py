import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import polyrelu as pr
from polyrelu.support.extras import INSTALLED_BY, require
from tests.test_architecture import MODULES, imports, name_of

PROJECT = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())["project"]


def test_a_missing_package_is_named_with_who_needs_it_and_the_command(monkeypatch):
    said = "draw needs matplotlib, which is not installed; install it with: pip install 'polyrelu[plot]'"
    for module in ("matplotlib", "matplotlib.pyplot", "mpl_toolkits.mplot3d.art3d"):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(pr.MissingExtraError, match=f"^{re.escape(said)}$"):
            require(module, "draw")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(pr.MissingExtraError, match=r"^net needs torch, which is .*: pip install 'polyrelu\[torch\]'$"):
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
    for name, command in [
        ("net.pt", r"pip install 'polyrelu\[torch\]'"),
        ("net.onnx", r"pip install 'polyrelu\[onnx\]'"),
    ]:
        (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(pr.MissingExtraError, match=command):
            pr.load_network(tmp_path / name)
    with pytest.raises(pr.MissingExtraError, match=r"Network\.from_torch needs torch"):
        pr.Network.from_torch(None)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_they_are_asked_for_in_one_way(path):
    optional = {*INSTALLED_BY, "mpl_toolkits", "PIL"}
    tree = ast.parse(path.read_text())
    assert not {name.partition(".")[0] for name in imports(path)} & optional
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        module = getattr(call.args[0], "value", None)
        if isinstance(module, str) and module.partition(".")[0] in optional and "import" in ast.unparse(call.func):
            raise AssertionError(f"{path}:{call.lineno}: ask for {module} with require()")
