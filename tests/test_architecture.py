"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import polyrelu as pr

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "polyrelu"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module imports only from lower floors, or from its own room (the same folder). Highest first.
FLOORS = [
    {"polyrelu.__main__"},
    {"polyrelu.cli", "polyrelu"},
    {"polyrelu.figures"},
    {"polyrelu.demo", "polyrelu.report", "polyrelu.segmentable", "polyrelu.selftest"},
    {"polyrelu.verify"},
    {"polyrelu.plotting"},
    {"polyrelu.export", "polyrelu.latent"},
    {"polyrelu.outline"},
    {"polyrelu.zones", "polyrelu.merge"},
    {"polyrelu.adjacency", "polyrelu.sampling"},
    {"polyrelu.facets"},
    {"polyrelu.check", "polyrelu.formats", "polyrelu.measure", "polyrelu.nearest", "polyrelu.topology"},
    {"polyrelu.distance_bounds", "polyrelu.preimage"},
    {"polyrelu.backward", "polyrelu.halfspaces"},
    {"polyrelu.tiling"},
    {"polyrelu.cells", "polyrelu.search"},
    {
        "polyrelu.folding",
        "polyrelu.reach",
        "polyrelu.unrelu",
        "polyrelu.restriction",
        "polyrelu.membership",
        "polyrelu.pieces",
    },
    {"polyrelu.patterns"},
    {
        "polyrelu.network",
        "polyrelu.constraints",
        "polyrelu.coplanar",
        "polyrelu.properties",
        "polyrelu.simple_polygon",
    },
    {"polyrelu.polyhedron"},
    {"polyrelu.lp", "polyrelu.floats"},
    {"polyrelu.exact", "polyrelu.posets"},
    {"polyrelu.ieee", "polyrelu.limits", "polyrelu.progress", "polyrelu.files"},
    {"polyrelu.arguments"},
    {"polyrelu.numerals"},
    {"polyrelu.carried", "polyrelu.errors", "polyrelu.startup"},
]
# Methods that people expect on a tiling or a network, and delegate upstairs inside the function.
CONVENIENCES = {
    ("polyrelu.tiling", f"polyrelu.{name}")
    for name in (
        "adjacency",
        "export",
        "formats",
        "measure",
        "merge",
        "nearest",
        "outline",
        "plotting",
        "sampling",
        "topology",
        "zones",
    )
} | {("polyrelu.network", "polyrelu.formats")}


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name):
    parts = name.split(".")
    return ".".join(parts[:2])


def floor(name):
    return next(i for i, names in enumerate(reversed(FLOORS)) if room(name) in names)


def imports(path):
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "polyrelu":
                yield from (f"polyrelu.{alias.name}" for alias in node.names if (PACKAGE / f"{alias.name}.py").exists())
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downwards(path):
    here = name_of(path)
    for target in imports(path):
        if target.split(".")[0] != "polyrelu" or room(target) == room(here) or (here, room(target)) in CONVENIENCES:
            continue
        if room(here) == "polyrelu.cli" and target == "polyrelu":
            continue  # the version
        assert floor(target) < floor(here), f"{here} imports {target}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_one_file_imports_cdd_and_none_matplotlib_at_the_top(path):
    found = set(imports(path))
    assert not any(name.split(".")[0] == "cdd" for name in found) or name_of(path) == "polyrelu.polyhedron.cddlib"
    assert not any(name.split(".")[0] == "matplotlib" for name in found)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_engines_hold_no_tolerance():
    for path in MODULES:
        if "plotting" not in path.parts:
            text = path.read_text()
            assert not re.search(r"[^\w.]\d+(\.\d+)?e-\d+|isclose\(|allclose\(|atol|rtol", strip_strings(text)), path


def strip_strings(text):
    tree = ast.parse(text)
    spans = [
        (n.lineno, n.end_lineno) for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    lines = text.splitlines()
    return "\n".join("" if any(a <= i <= b for a, b in spans) else line for i, line in enumerate(lines, 1))


def test_public_names():
    assert sorted(pr.__all__) == pr.__all__
    for name in pr.__all__:
        assert getattr(pr, name).__doc__, name
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    allowed = (ast.Expr, ast.ImportFrom, ast.Assign)
    assert all(isinstance(node, allowed) for node in tree.body), "__init__ re-exports names and holds nothing else"


def test_the_version_lives_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == pr.__version__
    assert f"version: {pr.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def is_script(path):
    """Whether a file runs by itself; the others are parts that scripts load."""
    tests = [node.test for node in ast.parse(path.read_text()).body if isinstance(node, ast.If)]
    return "__name__ == '__main__'" in map(ast.unparse, tests)


SCRIPTS = [p for p in sorted((ROOT / "scripts").glob("**/*.py")) if is_script(p)]


def test_scripts_are_found():
    assert ROOT / "scripts" / "benchmark.py" in SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_has_help(script):
    shown = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert "usage:" in shown.stdout


def test_importing_is_light():
    """The heavy packages wait until they are needed."""
    heavy = ("sympy", "matplotlib", "networkx", "numba", "onnx", "torch")
    code = f"import sys, polyrelu; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
