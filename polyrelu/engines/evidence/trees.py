"""Trees, written: a certificate of another form, for questions whose cells have too many vertices to list."""

from __future__ import annotations

from fractions import Fraction

from polyrelu.engines.evidence.tree_chain import Chain
from polyrelu.engines.evidence.tree_search import Search, Side
from polyrelu.networks.statement import Statement
from polyrelu.networks.statement_text import read_statement

TREE = "polyrelu-tree 1"


def tree_lines(statement: Statement, *, is_verdict: bool = False, limit: int = 1_000_000) -> list[str]:
    lines, shared = [f"{TREE} {statement.hash}"], dict[Side, Fraction]()
    for chain in Chain.all_of(read_statement(statement.text, "statement")):
        lines += Search(chain, is_verdict and not chain.is_of_regions, limit, shared).lines()
    return lines
