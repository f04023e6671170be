"""Trees, written: a certificate of another form, for questions whose cells have too many vertices to list."""

from __future__ import annotations

from polyrelu.engines.evidence.tree_chain import Chain
from polyrelu.engines.evidence.tree_search import Search
from polyrelu.networks.statement import Statement
from polyrelu.networks.statement_text import read_statement

TREE = "polyrelu-tree 1"


def tree_lines(statement: Statement, *, is_verdict: bool = False, limit: int = 1_000_000) -> list[str]:
    said = read_statement(statement.text, "statement")
    numbers = [None] if said.targets is None else range(len(said.targets))
    lines = [f"{TREE} {statement.hash}"]
    for number in numbers:
        lines += Search(Chain.of(said, number), is_verdict and number is not None, limit).lines()
    return lines
