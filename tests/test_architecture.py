"""The house rules that a machine can check."""

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import polyrelu as pr
from polyrelu._conveniences import MAKERS, METHODS, PUBLIC
from tests.rooms import PAGE, ROOMS, TO_COME, page

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "polyrelu"
MODULES = sorted(PACKAGE.rglob("*.py"))

ALLOWED = {room.name: {room.name, *room.may_import} for room in ROOMS}
WINDOWS = {"polyrelu.engines.search", "polyrelu.plotting", "polyrelu.cli"}
ABOVE = {"polyrelu", "polyrelu.__main__", "polyrelu._conveniences"}


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name):
    return name.split(".")[1]


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


def own_imports(path):
    """The modules of the package that a module imports, itself left out."""
    for target in imports(path):
        if target.split(".")[0] == "polyrelu":
            yield target


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p) not in ABOVE], ids=name_of)
def test_imports_go_down_the_rooms(path):
    here = name_of(path)
    if here == "polyrelu.errors":
        assert not list(own_imports(path))
        return
    for target in own_imports(path):
        if target == "polyrelu.errors" or (target == "polyrelu" and room(here) == "cli"):  # the version
            continue
        assert room(target) in ALLOWED[room(here)], f"{here} imports {target}"


def test_the_rooms_go_one_below_the_other():
    names = [room.name for room in ROOMS]
    for place, one in enumerate(ROOMS):
        assert set(one.may_import) <= set(names[:place]), one.name


def test_no_module_imports_itself_by_a_detour():
    graph = {name_of(path): set(own_imports(path)) for path in MODULES if name_of(path) not in ABOVE}
    done: set[str] = set()
    open_now: list[str] = []

    def visit(name):
        assert name not in open_now, f"a circle: {' -> '.join([*open_now, name])}"
        if name in done or name not in graph:
            return
        open_now.append(name)
        for target in graph[name]:
            if target not in WINDOWS:  # a window imports its own modules, which do not look out of it
                visit(target)
        open_now.pop()
        done.add(name)

    for name in graph:
        visit(name)


def test_every_folder_is_a_room():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders == {room.name for room in ROOMS} - set(TO_COME)
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert modules <= {"__init__", "__main__", "_conveniences", "errors"}


@pytest.mark.parametrize("path", [p for p in MODULES if p.stem == "__init__"], ids=name_of)
def test_rooms_import_nothing(path):
    if name_of(path) not in WINDOWS | ABOVE:
        assert not list(imports(path))


@pytest.mark.parametrize("one", [room for room in ROOMS if room.name not in TO_COME], ids=lambda room: room.name)
def test_a_room_says_its_sentence(one):
    if f"polyrelu.{one.name}" not in WINDOWS:
        assert ast.get_docstring(ast.parse((PACKAGE / one.name / "__init__.py").read_text())) == one.sentence


def test_the_page_is_printed_from_the_list():
    assert PAGE.read_text() == page(), "run ./scripts/run python -m tests.rooms"


def test_type_checkers_know_the_methods_of_upper_rooms():
    """The stub names the table's functions, with the parameters that they have."""
    tree = ast.parse((PACKAGE / "_conveniences.pyi").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for owner in METHODS:
        places = {**METHODS[owner], **MAKERS.get(owner, {})}
        stated = [node for node in classes[f"{owner.__name__}Methods"].body if isinstance(node, ast.FunctionDef)]
        assert {node.name for node in stated} == set(places)
        last = {node.name: node for node in stated}  # of overloads the most general one
        for name, place in places.items():
            module, _, attribute = place.rpartition(".")
            function = getattr(import_module(f"polyrelu.{module}"), attribute)
            assert getattr(owner, name) is function
            there = list(inspect.signature(function).parameters.values())[name in METHODS[owner] :]
            own = last[name].args
            arguments = [*own.args[name in METHODS[owner] :], *own.kwonlyargs]
            assert [(a.arg, a.annotation and ast.unparse(a.annotation)) for a in arguments] == [
                (p.name, p.annotation) for p in there
            ]
            assert function.__doc__


# Tests of more than one module, by what they are about.
ACROSS = {
    "certificates/test_forgeries": "the checker, with each thing that it asks for left out",
    "certificates/test_proved_checker": "the checker that Coq has proved, beside the small one",
    "certificates/test_independence": "the checker with the engines' sets broken or out of reach",
    "engines/cells/test_bounds": "the ends of what floats certify where an edge meets a form",
    "engines/cells/test_clock": "the clock that runs look at",
    "engines/cells/test_corners": "the vertices of tiles from their rows, in C++, and with each step left out",
    "engines/cells/test_proofs": "the kernel's bounds, over exact numbers and with each term left out",
    "engines/cells/test_float_modes": "the engine in other modes of the processor",
    "engines/cells/test_kernel": "the compiled kernel against the twin, on networks of every kind",
    "engines/cells/test_magnitudes": "the engine against the twin at every magnitude",
    "engines/cells/test_zonotope": "the steps of zonotopes, over exact numbers and with each term left out",
    "engines/branch/test_forms": "what the walk's forms and radii are, as their formulas say",
    "engines/branch/test_looking": "the points that the walk tries, and floats that lie to it",
    "engines/branch/test_module": "arguments of the compiled walk, its memory, and its threads",
    "engines/branch/test_program": "linear programs in floats, with their pivots counted",
    "engines/branch/test_steps": "single steps of the walk, with roundings of any size",
    "engines/branch/test_walk": "pauses, dives and rules of the compiled walk",
    "engines/cells/test_baseline": "the library for every processor against that for AVX2",
    "engines/cells/test_boxes_module": "arguments and memory of the compiled splitting of boxes",
    "engines/cells/test_boxes_search": "the compiled splitting of boxes against one in Python, box by box",
    "engines/cells/test_forms": "forms in C++: signs in boxes, and what changes between cells",
    "engines/cells/test_found": "what the kernel hands out of its cells",
    "engines/cells/test_handed_out": "references and views of what the kernel hands out",
    "engines/cells/test_memory": "the kernel where memory runs out",
    "engines/cells/test_listed": "what runs list as evidence, where a word, a patch or a run ends",
    "engines/cells/test_module": "arguments of the compiled module",
    "engines/cells/test_numbers": "blocks of memory, and arithmetic of the grid, in C++",
    "engines/cells/test_order": "the order of tiles, in C++",
    "engines/cells/test_patches": "patches of many neurons, sides and vertices, against the twin",
    "engines/cells/test_pauses": "when runs pause, and go on",
    "engines/cells/test_reach": "intervals ahead of cells, in C++, against the truth",
    "engines/cells/test_rows": "lines of evidence, in C++",
    "engines/cells/test_skeleton": "skeletons of patches by themselves",
    "engines/cells/test_solving": "generators solved again, and their radii",
    "engines/cells/test_tiles": "tiles measured from their rows, in C++",
    "engines/cells/test_words": "sets that fill words of 64 bits, and go beyond",
    "engines/cells/test_zonotope_errors": "the errors of zonotopes as their formulas say",
    "engines/search/test_protocol": "heuristics and what they may say",
    "engines/test_conformance": "one suite for all engines",
    "export/test_export": "every format",
    "formats/test_aten": "operators, shapes, conditions and the programs of them",
    "figures/test_gallery": "every figure, its five lines and what a machine can see of it",
    "formats/test_keras": "layers and reader",
    "formats/test_onnx": "operators, shapes and reader",
    "formats/test_onnx_table": "every operator, and the page about them",
    "formats/test_torch": "modules, their export and weights",
    "pages/test_bundles": "what pages run, against its sources",
    "pages/test_notebook": "the widget and films in JupyterLab, and in what nbconvert makes of a notebook",
    "pages/test_solid_browser": "pages in space, opened",
    "plotting/test_global_state": "drawing leaves matplotlib as it was",
    "plotting/test_pictures": "the checks of pictures find what is wrong with them",
    "runs/test_dask": "tasks on a cluster of Dask",
}
# Modules without tests of their own, and the tests that run them.
THROUGH = {
    "analysis/best_first": "analysis/test_nearest_input",
    "analysis/dividing": "analysis/test_nearest_input",
    "analysis/goals": "analysis/test_exact_optimum",
    "analysis/programs": "analysis/test_nearest_input",
    "analysis/lifted_programs": "analysis/test_combined_rows",
    "analysis/proof_trees": "analysis/test_optimality",
    "analysis/range_certificates": "analysis/test_proof_files",
    "analysis/relaxed_rows": "analysis/test_optimality",
    "analysis/tile_lists": "analysis/test_arrays",
    "analysis/steepest": "analysis/test_lipschitz",
    "analysis/smallest": "analysis/test_output_range",
    "bounds/reach": "engines/halfspaces/test_engine",
    "certificates/claims": "certificates/test_check_tiling",
    "certificates/verdict": "certificates/test_check_tiling",
    "cli/documents": "cli/test_stopping",
    "cli/exit_codes": "cli/test_program",
    "cli/options": "cli/test_program",
    "cli/pictures": "cli/test_keeping",
    "cli/question": "cli/test_program",
    "cli/selftest": "analysis/test_selftest",
    "cli/tilings": "cli/test_results",
    "cli/undecided": "cli/test_stopping",
    "cli/verdicts": "cli/test_networks",
    "analysis/stored_low_contacts": "analysis/test_stored_contacts",
    "analysis/stored_zones": "analysis/test_stored_contacts",
    "engines/branch/exact": "engines/branch/test_engine",
    "engines/branch/makers": "engines/branch/test_engine",
    "engines/branch/rules": "engines/branch/test_engine",
    "engines/branch/streamed": "engines/test_tiles",
    "engines/branch/suitable": "engines/branch/test_engine",
    "engines/branch/tiles": "engines/branch/test_engine",
    "engines/cells/kernel/build": "engines/cells/test_library",
    "engines/cells/makers": "engines/test_conformance",
    "engines/cells/measured": "analysis/test_measure",
    "engines/cells/open_cells": "tilings/test_open_cells",
    "engines/cells/pool": "tilings/test_open_cells",
    "engines/cells/vertices": "analysis/test_arrays",
    "engines/cells/streamed": "engines/test_tiles",
    "engines/cells/problem": "engines/cells/test_magnitudes",
    "engines/cells/runner": "engines/cells/test_engine",
    "engines/cells/sources": "engines/cells/test_library",
    "engines/evidence/question": "engines/evidence/test_certify",
    "engines/evidence/tree_guide": "engines/evidence/test_trees",
    "engines/evidence/tree_program": "engines/evidence/test_trees",
    "engines/evidence/tree_proofs": "engines/evidence/test_trees",
    "engines/evidence/tree_search": "engines/evidence/test_trees",
    "engines/faces/backward": "engines/test_conformance",
    "engines/faces/makers": "engines/test_conformance",
    "engines/flat_tiles": "engines/test_tiles",
    "engines/halfspaces/makers": "engines/halfspaces/test_engine",
    "engines/halfspaces/streamed": "engines/test_tiles",
    "engines/protocol": "engines/test_conformance",
    "engines/registry": "engines/test_conformance",
    "engines/search/arrangement": "engines/search/test_protocol",
    "engines/search/forced": "engines/search/test_tree",
    "engines/search/heuristic": "engines/search/test_protocol",
    "engines/search/problem": "engines/search/test_protocol",
    "export/hrep": "export/test_export",
    "export/schema": "cli/test_schema",
    "export/json_report": "cli/test_results",
    "export/meshes": "export/test_export",
    "export/planar": "export/test_export",
    "figures/animate": "figures/test_sweep",
    "figures/cubes": "figures/test_sweep",
    "figures/demonstration": "figures/test_registry",
    "figures/example": "figures/test_sweep",
    "figures/first_layer": "figures/test_sweep",
    "figures/unrelu_steps": "figures/test_sweep",
    "figures/windows": "figures/test_library",
    "formats/exact_text": "formats/test_tilings",
    "formats/interpolation": "formats/test_onnx",
    "formats/keras_layers": "formats/test_keras",
    "formats/keras_reader": "formats/test_keras",
    "formats/npz": "formats/test_load",
    "formats/onnx_conditions": "formats/test_onnx_table",
    "formats/onnx_made": "formats/test_onnx_table",
    "formats/onnx_functions": "formats/test_onnx",
    "formats/onnx_linear": "formats/test_onnx",
    "formats/onnx_node": "formats/test_onnx",
    "formats/onnx_operators": "formats/test_onnx",
    "formats/onnx_places": "formats/test_onnx_table",
    "formats/onnx_reader": "formats/test_onnx",
    "formats/onnx_refusals": "formats/test_onnx_table",
    "formats/onnx_shapes": "formats/test_onnx",
    "formats/onnx_smooth": "formats/test_onnx_table",
    "formats/onnx_tensors": "formats/test_onnx",
    **dict.fromkeys(
        map(
            "formats/aten_{}".format,
            ("conditions", "operators", "orders", "program", "shapes", "site", "windows"),
        ),
        "formats/test_aten",
    ),
    "formats/onnx_windows": "formats/test_onnx",
    "formats/operators": "formats/test_lowering",
    "formats/parquet": "formats/test_tilings",
    "formats/state_dicts": "formats/test_safetensors",
    "formats/torch_export": "formats/test_torch",
    "formats/torch_modules": "formats/test_torch",
    "formats/torch_weights": "formats/test_torch",
    "cli/answers": "cli/test_solver",
    "cli/batch_work": "cli/test_batch",
    "formats/onnx_runs": "cli/test_solver",
    "formats/onnx_values": "formats/test_vnnlib_query",
    "formats/vnnlib_declarations": "formats/test_vnnlib",
    "formats/vnnlib_formulas": "formats/test_vnnlib",
    "formats/vnnlib_syntax": "formats/test_vnnlib",
    "formats/vnnlib_tensors": "formats/test_vnnlib",
    "formats/windows": "formats/test_lowering",
    "networks/clauses": "networks/test_property_text",
    "networks/named_properties": "networks/test_property_text",
    "pages/tables": "pages/test_showing",
    "pages/tiles": "pages/test_planar",
    "pages/words": "pages/test_showing",
    "plotting/layouts": "plotting/test_latent",
    "plotting/legend": "plotting/test_planar",
    "plotting/scene": "plotting/test_solid",
    "plotting/shades": "plotting/test_planar",
    "plotting/tile_labels": "plotting/test_planar",
    "plotting/windows": "plotting/test_planar",
    "polyhedra/bounding_box": "analysis/test_measure",
    "polyhedra/canonical": "polyhedra/test_polyhedron",
    "polyhedra/cddlib": "polyhedra/test_double_description",
    "polyhedra/float_membership": "polyhedra/test_polyhedron",
    "polyhedra/generators": "polyhedra/test_polyhedron",
    "polyhedra/guide": "polyhedra/test_sides",
    "polyhedra/images": "polyhedra/test_polyhedron",
    "polyhedra/interior": "polyhedra/test_polyhedron",
    "polyhedra/text": "polyhedra/test_polyhedron",
    "support/shown": "pages/test_showing",
    "support/startup": "cli/test_stopping",
    "runs/directory": "runs/test_stored_run",
    "runs/record": "runs/test_stored_run",
    "runs/status": "runs/test_checking",
    "tilings/stored": "runs/test_opening",
    "tilings/stored_tiling": "runs/test_opening",
    "tilings/chart": "engines/cells/test_signs",
    "tilings/columns": "tilings/test_tiling",
    "tilings/float_maps": "analysis/test_arrays",
    "tilings/float_rows": "analysis/test_arrays",
    "tilings/facet_matching": "analysis/test_adjacency",
    "tilings/neuron_facets": "analysis/test_adjacency",
    "tilings/table": "tilings/test_tiling",
    "tilings/tile": "tilings/test_tiling",
}
ROOMS_OF_TESTS = [path for path in (ROOT / "tests").iterdir() if (PACKAGE / path.name).is_dir()]


def room_tests():
    files = (path for folder in ROOMS_OF_TESTS for path in folder.rglob("test_*.py"))
    return {path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in files}


def name_of_test(module):
    return (module.parent / f"test_{module.name}").as_posix()


def test_tests_mirror_the_rooms():
    """A test is named after its module, or listed with what it is about; so one knows where to look, and to add."""
    modules = [path.relative_to(PACKAGE).with_suffix("") for path in MODULES if not path.stem.startswith("__")]
    found, named = room_tests(), set(map(name_of_test, modules))
    assert found - named == set(ACROSS)
    assert {module.as_posix() for module in modules if name_of_test(module) not in found} == {
        *THROUGH,
        "errors",
        "_conveniences",
    }
    assert set(THROUGH.values()) <= found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_one_file_imports_cdd_and_none_matplotlib_at_the_top(path):
    found = set(imports(path))
    assert not any(name.split(".")[0] == "cdd" for name in found) or name_of(path) == "polyrelu.polyhedra.cddlib"
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
    (later,) = (node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(later.test) == "TYPE_CHECKING"
    body = [*(node for node in tree.body if node is not later), *later.body, *later.orelse]
    allowed = (ast.Expr, ast.ImportFrom, ast.Assign)
    assert all(isinstance(node, allowed) for node in body), "__init__ re-exports names and holds nothing else"


def test_names_of_upper_rooms_wait():
    """Type checkers read where they are, and so does the table; each is looked up once."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (later,) = (node for node in tree.body if isinstance(node, ast.If))
    read = {
        alias.name: f"{node.module}.{alias.name}"
        for node in later.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert read == {name: f"polyrelu.{place}" for name, place in PUBLIC.items()}
    assert list(PUBLIC) == sorted(PUBLIC)
    assert set(PUBLIC) <= set(pr.__all__) & set(dir(pr))
    ask = "print('LatentPlane' in vars(pr))"
    code = f"import polyrelu as pr; {ask}; pr.LatentPlane; {ask}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="module 'polyrelu' has no attribute 'LatentPlan'"):
        vars(pr)["__getattr__"]("LatentPlan")


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


# Asks each script for help as if it had a process of its own: with its folder first, and without what others imported
# from theirs. One process for all of them saves half a minute.
ASK_ALL = """
import contextlib, io, json, pathlib, runpy, sys

path, said = list(sys.path), {}
for script in sys.argv[1:]:
    sys.path[:] = [str(pathlib.Path(script).parent), *path]
    sys.argv = [script, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            runpy.run_path(script, run_name="__main__")
            code = None
        except SystemExit as end:
            code = end.code or 0
        except BaseException as error:
            code = repr(error)
    said[script] = (code, shown.getvalue())
    for name, module in list(sys.modules.items()):
        if "/scripts/" in (getattr(module, "__file__", None) or ""):
            del sys.modules[name]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def helps():
    asked = [sys.executable, "-c", ASK_ALL, *map(str, SCRIPTS)]
    return json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_has_help(script, helps):
    code, shown = helps[str(script)]
    assert code == 0
    assert "usage:" in shown


def test_a_script_without_help_is_seen(tmp_path):
    for name, text in (("silent", "pass"), ("broken", "import nothing_of_the_kind")):
        (tmp_path / f"{name}.py").write_text(text)
    asked = [sys.executable, "-c", ASK_ALL, tmp_path / "silent.py", tmp_path / "broken.py"]
    (silent, _), (broken, _) = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout).values()
    assert silent is None
    assert "nothing_of_the_kind" in broken


def test_importing_is_light():
    """The heavy packages wait until they are needed."""
    heavy = (
        "sympy",
        "matplotlib",
        "networkx",
        "onnx",
        "torch",
        "scipy",
        "tqdm",
        "polyrelu.export",
        "polyrelu.plotting",
    )
    code = f"import sys, polyrelu; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
