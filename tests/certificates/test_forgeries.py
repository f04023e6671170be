"""The checker refuses what is false, and needs all that it asks for (issue 17)."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from polyrelu.certificates import checker
from tests.certificates.forgeries import FORGERIES, Forgery

SOURCE = Path(checker.__file__).read_text(encoding="utf-8")


def claimed(forgery: Forgery, path: Path, judge: ModuleType = checker) -> str | None:
    """What a checker says is proved by a forgery, if it does."""
    text, forged = forgery.files()
    path.write_bytes(forged)
    try:
        return judge.check(text, [str(path)])
    except judge.Rejected:
        return None


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.name)
def test_a_forgery_is_rejected(forgery, tmp_path):
    assert claimed(forgery, tmp_path / "forged") is None


def is_need(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "need"
    )


NEEDS = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Expr) and is_need(node)]


def without(line: int) -> ModuleType:
    """The checker that does not ask what it asks in a line."""

    class Deleted(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.AST:
            return ast.copy_location(ast.Pass(), node) if is_need(node) and node.lineno == line else node

    module = ModuleType("checker")
    tree = ast.fix_missing_locations(Deleted().visit(ast.parse(SOURCE)))
    exec(compile(tree, "checker", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("line", NEEDS, ids=lambda line: SOURCE.split("\n")[line - 1].strip()[:70])
def test_without_a_need_something_false_is_accepted(line, tmp_path):
    judge = without(line)
    assert any(claimed(forgery, tmp_path / "forged", judge) for forgery in FORGERIES)


def test_there_are_sixty_forgeries():
    assert len({forgery.files() for forgery in FORGERIES}) == len(FORGERIES) >= 60
