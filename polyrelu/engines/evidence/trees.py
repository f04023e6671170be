"""Trees, written: a certificate for questions whose cells have too many vertices to list them.

Section 7 of ``certificates/FORMAT.md`` says what is in the file, and :mod:`polyrelu.engines.evidence.tree_search` how
it is found.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import numpy as np

from polyrelu.bounds.reach import reach
from polyrelu.engines.evidence.question import Question
from polyrelu.engines.evidence.tree_chain import Chain
from polyrelu.engines.evidence.tree_proofs import Side
from polyrelu.engines.evidence.tree_search import Reached, Search
from polyrelu.engines.halfspaces.engine import MOST_DOUBTFUL
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.statement import Statement
from polyrelu.networks.statement_text import read_statement

TREE = "polyrelu-tree 1"
"""What a file of trees begins with, before the hash of the statement."""

_MOST_NODES = 2**20


def write_trees(statement: Statement, write: Callable[[bytes], object], *, limit: int = _MOST_NODES) -> int:
    """Write the trees of a statement; returns the number of their leaves.

    For each target it is tried first to show that it is not reached, until something shows that it is: such trees are
    small, as their parts need not be those of tiles.

    Args:
        statement: the question.
        write: takes the text.
        limit: the most nodes of a tree.

    Raises:
        BudgetExceeded: at ``limit``.

    Cost: some milliseconds a node, and a few for each end that has to be proved; memory for the text of a tree.
    """
    write(f"{TREE} {statement.hash}\n".encode())
    leaves, shared = 0, dict[Side, Fraction]()
    for chain in Chain.all_of(read_statement(statement.text, "statement")):
        with np.errstate(all="ignore"):  # floats only propose
            search, lines = _grown(chain, limit, shared)
        write("".join(f"{line}\n" for line in lines).encode())
        leaves += search.leaves
    return leaves


def _grown(chain: Chain, limit: int, shared: dict[Side, Fraction]) -> tuple[Search, list[str]]:
    """The tree of one target, or of the regions, with the search that has found it."""
    if not chain.is_of_regions:
        with suppress(Reached):
            search = Search(chain, True, limit, shared)
            return search, search.lines()
    search = Search(chain, False, limit, shared)
    return search, search.lines()


def is_promising(question: Question) -> bool:
    """Whether bounds say that trees are small: few neurons may switch in the domain, or it misses the targets."""
    domain = question.domain
    if not domain.sides.is_bounded:
        return False
    folding = Folding.of(domain)
    for problem in question.problems.values():
        layers = problem.layers if folding is None else folding.layers(problem.layers)
        found = reach(layers, domain.unfixed().sides, problem.target)
        if not (found.misses or found.doubtful <= MOST_DOUBTFUL):
            return False
    return True
