"""Trees, written: a certificate for questions whose cells have too many vertices to list them.

Section 7 of ``certificates/FORMAT.md`` says what is in the file, and :mod:`polyrelu.engines.evidence.tree_search` how
it is found.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from polyrelu.bounds.reach import reach
from polyrelu.engines.evidence.question import Question
from polyrelu.engines.evidence.tree_chain import Chain
from polyrelu.engines.evidence.tree_proofs import Side
from polyrelu.engines.evidence.tree_search import Search
from polyrelu.engines.halfspaces.engine import MOST_DOUBTFUL
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.statement import Statement
from polyrelu.networks.statement_text import read_statement

TREE = "polyrelu-tree 1"
"""What a file of trees begins with, before the hash of the statement."""

_MOST_NODES = 2**20


def write_trees(
    statement: Statement, write: Callable[[bytes], object], *, is_verdict: bool = False, limit: int = _MOST_NODES
) -> int:
    """Write the trees of a statement; returns the number of their leaves.

    Args:
        statement: the question.
        write: takes the text.
        is_verdict: whether it is expected that no target is reached; then parts need not be those of tiles.
        limit: the most nodes of a tree.

    Raises:
        BudgetExceeded: at ``limit``.

    Cost: some milliseconds a node, and a few for each end that has to be proved; memory for the text of a tree.
    """
    write(f"{TREE} {statement.hash}\n".encode())
    leaves, shared = 0, dict[Side, Fraction]()
    for chain in Chain.all_of(read_statement(statement.text, "statement")):
        search = Search(chain, is_verdict and not chain.is_of_regions, limit, shared)
        with np.errstate(all="ignore"):  # floats only propose
            lines = search.lines()
        write("".join(f"{line}\n" for line in lines).encode())
        leaves += search.leaves
    return leaves


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
