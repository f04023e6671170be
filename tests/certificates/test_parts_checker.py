"""Certificates in parts are put together, and a set of parts that is no cover is refused (issue 21)."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import pytest

from polyrelu.certificates import parts_checker
from tests.certificates.forgeries import UNIT, Forgery, evidence, question

SOURCE = Path(parts_checker.__file__).read_text(encoding="utf-8")

THIRDS = question(1, UNIT, "layer relu; 3 -1; 3 -2")
"""Regions 00, 10 and 11."""
FAR = question(1, UNIT, "layer relu; 3 -1; 3 -2", "layer linear; 1 1 0", "target; 1 y0 >= 1")
"""The last region has a tile; bounds show that the first two have none, and so does the row of the target."""

LEFT = "cells regions *; b; v 0 1; v 1 3; c 2 2 1; end 1"
MIDDLE = "cells regions *; b; v 1 3; v 2 3; c 2 2 1; end 1"
RIGHT = "cells regions *; b; v 2 3; v 1 1; c 2 2 1; end 1"
TWO = "cells regions *; b; v 0 1; v 1 3; v 2 3; c 2 3 2; c 2 2 1; end 2"
ALL = "cells regions *; b; v 0 1; v 1 3; v 2 3; v 1 1; c 2 4 3; c 2 3 2; c 2 2 1; end 3"
NESTED = "cells 0 *; b; v 0 1; v 1 3; v 2 3; v 1 1; c 1 4 3; c 2 4 3; c 3 3 2; c 3 2 1; end 4"
"""The first region twice, as an early cell, too."""

Files: TypeAlias = Sequence[Path]


def files(said: str, parts: Sequence[str], folder: Path) -> Files:
    """Parts of a certificate of a question."""
    for number, part in enumerate(parts):
        _, content = Forgery("", said, evidence(part), "").files()
        (folder / f"part-{number}").write_bytes(content)
    return [folder / f"part-{number}" for number in range(len(parts))]


def claimed(said: str, parts: Sequence[str], folder: Path, judge: ModuleType = parts_checker) -> str:
    """What is proved by them."""
    claim: str = judge.check(said.encode(), [str(path) for path in files(said, parts, folder)])
    return claim


@pytest.mark.parametrize("parts", [[LEFT, MIDDLE, RIGHT], [RIGHT, LEFT, MIDDLE], [TWO, RIGHT], [RIGHT, TWO]])
def test_parts_in_any_order_make_up_the_whole(parts, tmp_path):
    assert claimed(THIRDS, parts, tmp_path) == "regions: 3"


FORGED = [
    ("nothing is at", THIRDS, [LEFT, RIGHT]),
    ("nothing is at", THIRDS, [LEFT, MIDDLE]),
    ("nothing is at", THIRDS, [MIDDLE]),
    ("parts that lie among each other", THIRDS, [LEFT, MIDDLE, MIDDLE, RIGHT]),
    ("parts that lie among each other", THIRDS, [LEFT, MIDDLE, RIGHT, TWO]),
    ("parts that lie among each other", THIRDS, [ALL, ALL]),  # neither wants anything of the other
    ("cells that lie in another one", FAR, [NESTED]),
]


@pytest.mark.parametrize(("reason", "said", "parts"), FORGED)
def test_a_set_of_parts_that_is_no_cover_is_refused(reason, said, parts, tmp_path):
    with pytest.raises(parts_checker.Rejected, match=reason):
        claimed(said, parts, tmp_path)


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("more than a part", LEFT.replace("*", "-")),
        ("more than a part", f"{LEFT}; {MIDDLE}"),
        ("ends early", LEFT.removesuffix("; end 1")),
        ("cells are missing", LEFT.replace("end 1", "end 2")),
        ("changes its sign", LEFT.replace("1 3", "2 3")),
        ("behind a facet", LEFT.replace("c 2", "c 1")),
        ("linear regions, or the other way round", LEFT.replace("regions", "0")),
        ("another statement", "polyrelu-cells 1 0"),
    ],
)
def test_a_part_that_is_none_is_refused(reason, part, tmp_path):
    with pytest.raises(parts_checker.Rejected):
        claimed(THIRDS, [part, MIDDLE, RIGHT], tmp_path)


def test_a_target_without_parts_is_refused(tmp_path):
    with pytest.raises(parts_checker.Rejected, match="target 0 has no part"):
        claimed(FAR, [], tmp_path)


def test_parts_in_other_coordinates_are_refused(tmp_path):
    """Of two inputs that are equal either may be said by the other."""
    said = question(2, "domain; 1 x0 >= 0; 1 x0 <= 1; 1 x0 -1 x1 == 0", "layer relu; 3 0 -1; 3 0 -2")
    heads = ["eq 0 2 1 | 2 -1", "eq 1 2 1 | 2 -1"]
    assert claimed(said, [f"{heads[1]}; {part}" for part in (LEFT, MIDDLE, RIGHT)], tmp_path) == "regions: 3"
    with pytest.raises(parts_checker.Rejected, match="different coordinates"):
        claimed(said, [f"{heads[k % 2]}; {part}" for k, part in enumerate([LEFT, MIDDLE, RIGHT])], tmp_path)


# -- each thing that is asked is needed -------------------------------------------------------------------------------


def without(reason: str) -> ModuleType:
    """The program that does not ask one thing."""

    def asks(node: ast.AST) -> bool:
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        return is_call and "need(" in (ast.get_source_segment(SOURCE, node) or "")[:5] and reason in ast.unparse(node)

    class Deleted(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.AST:
            return ast.copy_location(ast.Pass(), node) if asks(node) else node

    module = ModuleType("parts_checker")
    module.__dict__.update(__package__="polyrelu.certificates", __file__=parts_checker.__file__)
    tree = ast.parse(SOURCE)
    assert sum(map(asks, ast.walk(tree))) == 1
    exec(compile(ast.fix_missing_locations(Deleted().visit(tree)), "parts_checker", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("reason", "said", "parts"),
    [("nothing is at", THIRDS, [LEFT, RIGHT]), ("lie among", THIRDS, [ALL, ALL]), ("lie in another", FAR, [NESTED])],
)
def test_without_a_need_something_false_is_accepted(reason, said, parts, tmp_path):
    with pytest.raises(parts_checker.Rejected, match=reason):
        claimed(said, parts, tmp_path)
    assert claimed(said, parts, tmp_path, without(reason)) != "regions: 3"


def test_of_patterns_in_order_each_wanted_one_finds_what_is_comparable():
    """The same as trying all, for all sets of patterns of three digits at most that do not begin each other."""
    here = ["000", "0010", "011", "10"]
    wanted = [format(k, f"0{n}b") if n else "" for n in range(5) for k in range(2**n)]
    lines = sorted([parts_checker.line(p, False) for p in here] + [parts_checker.line(p, True) for p in wanted])
    found = dict(parts_checker.matched(lines))
    assert found.keys() == set(wanted)
    for pattern, own in found.items():
        comparable = [p for p in here if p.startswith(pattern) or pattern.startswith(p)]
        assert own in comparable if comparable else own is None


def test_it_is_a_program_of_its_own(tmp_path):
    """It runs where nothing but Python is, reads names, and works in two processes."""
    paths = files(THIRDS, [TWO, RIGHT], tmp_path)
    (tmp_path / "question.txt").write_text(THIRDS)
    for name in ("parts_checker.py", "checker.py"):
        shutil.copy(Path(parts_checker.__file__).parent / name, tmp_path / name)
    (tmp_path / "gzip.py").write_text("raise SystemExit")  # what lies beside them does not replace what Python has
    command = [
        sys.executable,
        "-I",
        "-S",
        str(tmp_path / "parts_checker.py"),
        str(tmp_path / "question.txt"),
        "-",
        "--jobs",
        "2",
    ]

    def said(some: Files) -> subprocess.CompletedProcess[str]:
        names = "".join(f"{path}\n" for path in some)
        return subprocess.run(command, check=False, input=names, capture_output=True, text=True)

    whole, part = said(paths), said(paths[:1])
    assert whole.returncode == 0
    assert [line.split()[0] for line in whole.stdout.splitlines()] == ["PART", "PART", "VERIFIED"]
    assert whole.stdout.endswith("VERIFIED regions: 3\n")
    assert part.returncode == 1
    assert part.stderr.startswith("REJECTED nothing is at 11")


def test_many_files_are_put_together_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(parts_checker, "MOST_OPEN", 2)
    for number in range(7):
        (tmp_path / str(number)).write_text("".join(f"{k:03b}\n" for k in range(8) if k % 7 == number))
    merged = tmp_path / "merged"
    merged.mkdir()
    found = list(parts_checker.in_order([tmp_path / str(number) for number in range(7)], merged))
    assert found == sorted(found)
    assert len(found) == 8


def test_lines_have_a_hundred_characters():
    assert max(map(len, SOURCE.split("\n"))) <= 100
