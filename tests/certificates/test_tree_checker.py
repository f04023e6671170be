"""The checker of trees accepts what is true and refuses what is false, and needs all that it asks for (issue 19)."""

from __future__ import annotations

import ast
import gzip
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from polyrelu.certificates import checker, tree_checker
from tests.certificates.forgeries import SQUARE, UNIT, Forgery, question
from tests.certificates.tree_forgeries import ABS, AROUND, FORGERIES, HALF, ONE, SUMS, tree

SOURCE = Path(tree_checker.__file__).read_text(encoding="utf-8")

TRUE = {
    "halves": (
        question(1, UNIT, "target; 1 x0 > 1/2"),
        tree("tile 3/4"),
        "preimage: target 0: 1 tiles, 0 further sets",
    ),
    "both sides of |x|": (
        question(1, AROUND, ABS, HALF),
        tree("split z1.0; low z1.1 z1.0 1; tile -3/4; up z1.1 z1.0 -1; tile 3/4"),
        "preimage: target 0: 2 tiles, 0 further sets",
    ),
    "touched": (
        question(1, AROUND, ABS, ONE),
        tree("split z1.0; low z1.1 z1.0 1; rest; up z1.1 z1.0 -1; rest"),
        "preimage: target 0: 0 tiles, 2 further sets",
    ),
    "by an input": (
        question(1, AROUND, ABS, "target; 1 y0 > 5/4"),
        tree("split x0 0; up z1.0; low z1.1; none t0 1; low z1.0; up z1.1; none t0 1"),
        "holds: no point of the domain maps into a target",
    ),
    "by lines": (
        question(2, SQUARE, SUMS.replace("1 1 0", "1 1 -1/2"), "target; 1 y0 > 7/4"),
        tree("low z1.0; up z1.0; none t0 1"),
        "holds: no point of the domain maps into a target",
    ),
    "by a slope": (
        question(1, AROUND, ABS, "target; 1 y0 <= -1/8"),
        tree("none t0 1 a1.0 1/2 a1.1 1/2"),
        "holds: no point of the domain maps into a target",
    ),
    "what is strict": (
        question(1, "domain; 1 x0 >= 0; 1 x0 < 1", "target; 1 x0 >= 1"),
        tree("none t0 1 d1 1"),
        "holds: no point of the domain maps into a target",
    ),
    "an equation that holds everywhere": (
        question(1, AROUND, "layer relu; 1 -2", "target; 1 y0 == 0"),
        tree("up z1.0; tile 1/2"),
        "preimage: target 0: 1 tiles, 0 further sets",
    ),
    "an empty domain": (
        question(1, "domain; 1 x0 >= 1; 1 x0 < 1", "layer relu; 1 0"),
        tree("none d0 1 d1 1"),
        "regions: 0",
    ),
    "a flat domain": (
        question(2, "domain; 1 x0 1 x1 == 1; 1 x0 >= 0; 1 x0 <= 1", "layer relu; 1 1 0"),
        tree("low z1.0 d0 -1; tile 1/2 1/2"),
        "regions: 1",
    ),
    "what is proved of the domain": (
        question(1, AROUND, ABS, "target; 1 y0 > 9", "target; 1 y0 > 8"),
        tree("low z1.0; up z1.0; low z1.1; up z1.1; none t0 1; none t0 1"),
        "holds: no point of the domain maps into a target",
    ),
    "no inputs": (question(0, "layer relu; 1; -1"), tree("low z1.0; up z1.1; tile"), "regions: 1"),
}


def claimed(forgery: Forgery, path: Path, judge: ModuleType = tree_checker) -> str | None:
    """What a checker says is proved, if anything is."""
    text, forged = forgery.files()
    path.write_bytes(forged)
    try:
        return str(judge.check(text, str(path)))
    except judge.Rejected:
        return None


def of_truth(name: str) -> tuple[Forgery, str]:
    """What is true, as a forgery, and what is proved."""
    text, said, proved = TRUE[name]
    return Forgery(name, text, said, "it is none"), proved


# -- what is true, and what is not ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_accepted(name, tmp_path):
    forgery, proved = of_truth(name)
    assert claimed(forgery, tmp_path / "tree") == proved


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.name)
def test_a_forgery_is_rejected(forgery, tmp_path):
    assert claimed(forgery, tmp_path / "forged") is None


def test_there_are_sixty_forgeries():
    assert len({forgery.files() for forgery in FORGERIES}) == len(FORGERIES) >= 60


def calls(node: ast.AST, name: str) -> bool:
    """Whether a statement is a call of this."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == name
    )


NEEDS = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Expr) and calls(node, "need")]


def program(text: ast.Module) -> ModuleType:
    """The checker with another text, beside the same one of vertices."""
    module = ModuleType("tree_checker")
    module.__dict__.update(__package__="polyrelu.certificates", __file__=tree_checker.__file__)
    exec(compile(text, "tree_checker", "exec"), module.__dict__)
    return module


def without(line: int) -> ModuleType:
    """The checker that does not ask what it asks in a line."""

    class Deleted(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.AST:
            return ast.copy_location(ast.Pass(), node) if calls(node, "need") and node.lineno == line else node

    return program(ast.fix_missing_locations(Deleted().visit(ast.parse(SOURCE))))


@pytest.mark.parametrize("line", NEEDS, ids=lambda line: SOURCE.split("\n")[line - 1].strip()[:70])
def test_without_a_need_something_false_is_accepted(line, tmp_path):
    judge = without(line)
    assert any(claimed(forgery, tmp_path / "forged", judge) for forgery in FORGERIES)


def with_text(old: str, new: str) -> ModuleType:
    """The checker with a piece of its text replaced."""
    assert SOURCE.count(old) == 1, old
    return program(ast.parse(SOURCE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max(-m * low, (m - FINE) * down)", "min(-m * low, (m - FINE) * down)"),
        ("end // unit * unit)", "end + unit)"),
        ("found > (0, False)", "found >= (0, False)"),
        ("is_strict |= s > 0 and", "is_strict |="),
        ("words[2:], self.domain)", "words[2:], self.domain | self.target)"),
        ("side * signs.get(place, 0) > 0", "side * signs.get(place, 0) >= 0"),
        ("for side in (-1, 1):\n                split", "for side in (1, 1):\n                split"),
        ("side, place = -1 if s > 0 else 1, self", "side, place = -1 if s < 0 else 1, self"),
        ("abs(a) * ends[1 if a > 0 else -1, place]", "a * ends[1, place]"),
        ("ends.get((-1, place), -1) >= 0", "ends.get((-1, place), -2) >= -1"),
        ("ends.get((1, place), -1) >= 0", "ends.get((1, place), -2) >= -1"),
        ("or [regions]", "or [{}]"),
        ("relation is not eq and least_of", "least_of"),
        ("{place for _, place in splits}.union", "set().union"),
        ("relation is eq or side * form[inputs[0]] < 0", "form[inputs[0]]"),
        ("sign(self.ends, (-l, i)) < 0", "sign(ends, (-l, i)) < 0"),
        ("{checker.ONE: 1}", "{checker.ONE: 2}"),
    ],
)
def test_without_a_step_of_the_proof_something_false_is_accepted(old, new, tmp_path):
    judge = with_text(old, new)
    assert any(claimed(forgery, tmp_path / "forged", judge) for forgery in FORGERIES)


# -- the program ------------------------------------------------------------------------------------------------------


def copied(folder: Path, *names: str) -> Path:
    """The program in a folder, with these files beside it."""
    home = Path(str(tree_checker.__file__)).parent
    for name in ("tree_checker.py", *names):
        shutil.copy(home / name, folder / name)
    return folder / "tree_checker.py"


def ran(program: Path, folder: Path, said: bytes) -> subprocess.CompletedProcess[str]:
    """The program, on the question in a folder and this tree, with nothing but Python."""
    (folder / "tree.gz").write_bytes(said)
    command = [sys.executable, "-I", "-S", str(program), str(folder / "question.txt"), str(folder / "tree.gz")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_runs_with_two_files_and_python(tmp_path):
    forgery, proved = of_truth("both sides of |x|")
    text, said = forgery.files()
    (tmp_path / "question.txt").write_bytes(text)
    (tmp_path / "gzip.py").write_text("raise SystemExit")  # what lies beside them does not replace what Python has
    for where in (Path(tree_checker.__file__), copied(tmp_path, "checker.py")):
        shown = ran(where, tmp_path, gzip.compress(said))
        assert (shown.returncode, shown.stdout) == (0, f"VERIFIED {proved}\n")
        shown = ran(where, tmp_path, gzip.compress(said)[:-9])
        assert (shown.returncode, shown.stdout) == (1, "")
        assert shown.stderr.startswith("REJECTED ")


def test_a_copy_of_it_alone_says_what_is_missing(tmp_path):
    text, said = of_truth("halves")[0].files()
    (tmp_path / "question.txt").write_bytes(text)
    shown = ran(copied(tmp_path), tmp_path, said)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "it has to lie beside this file" in shown.stderr
    assert shown.stderr.endswith("ModuleNotFoundError: No module named 'checker'\n")


def test_it_reads_statements_with_the_other_checker():
    """There is one reader, one class of rejections, and nothing is put on the path of the package's users."""
    assert vars(tree_checker)["checker"] is checker
    assert tree_checker.Rejected is checker.Rejected
    assert str(Path(tree_checker.__file__).parent) not in sys.path


def test_it_is_short_and_needs_nothing_but_python_and_the_other_checker():
    lines = SOURCE.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 200
    found = ast.parse(SOURCE)
    modules = {name.name for node in ast.walk(found) if isinstance(node, ast.Import) for name in node.names}
    modules |= {str(node.module) for node in ast.walk(found) if isinstance(node, ast.ImportFrom)}
    assert modules - set(sys.stdlib_module_names) == {"checker", "polyrelu.certificates"}
    assert "float" not in {node.id for node in ast.walk(found) if isinstance(node, ast.Name)}


HOSTILE = {
    "very long": b"polyrelu-tree 1 " + b"1" * 2**20 + b"\n",
    "no end of a line": b"polyrelu-tree 1 HASH\nnone t0 -1",
    "no text": b"polyrelu-tree 1 HASH\n\xff\xfe\n",
    "empty": b"",
    "an empty line": b"polyrelu-tree 1 HASH\n\n",
    "deep": b"polyrelu-tree 1 HASH\n" + b"split x0 1/2\n" * 100_000,
    "many ends": b"polyrelu-tree 1 HASH\n" + b"low x0 d0 -1\n" * 20_000 + b"none\n",
    "a large number": b"polyrelu-tree 1 HASH\nsplit x0 " + b"9" * 5000 + b"\nnone\nnone\n",
    "a power": b"polyrelu-tree 1 HASH\nsplit x0 1e99999999\nnone\nnone\n",
    "nothing below a fraction": b"polyrelu-tree 1 HASH\nsplit x0 1/0\nnone\nnone\n",
    "many denominators": b"polyrelu-tree 1 HASH\nnone "
    + b" ".join(b"d0 -1/%d" % (10**4000 + k) for k in range(60))
    + b"\n",
    "another digit": "polyrelu-tree 1 HASH\nsplit x\u0660 1/2\nnone\nnone\n".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_rejected(name, tmp_path, in_time):
    text = question(1, UNIT, "layer relu; 1 0", "target; 1 y0 > 1/2").encode()
    digest = hashlib.sha256(text).hexdigest().encode()
    for packed in (False, True):
        content = HOSTILE[name].replace(b"HASH", digest)
        (tmp_path / "hostile").write_bytes(gzip.compress(content, mtime=0) if packed else content)
        with pytest.raises(tree_checker.Rejected):
            tree_checker.check(text, str(tmp_path / "hostile"))
