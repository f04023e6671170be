"""Proofs that a linear form of the outputs is nowhere below a number: certificates that no input gets there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from polyrelu.analysis.proof_trees import WrongProof
from polyrelu.arithmetic.exact import ExactVector
from polyrelu.certificates import checker, tree_checker
from polyrelu.engines.evidence.certify import certify
from polyrelu.engines.evidence.files import lines_of
from polyrelu.engines.evidence.trees import TREE
from polyrelu.networks.network import Network
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

_HOLDS = "holds: "


def statement_below(network: Network, form: ExactVector, value: Fraction, domain: Polyhedron) -> Statement:
    """The question whether a form of the outputs is below a number somewhere in a domain."""
    target = Polyhedron.from_halfspaces([Halfspace.of(form, value, "<")], network.output_dim)
    return Statement.of(network, target, domain)


def check_certificate(statement: Statement, path: Path) -> None:
    """Have a certificate judged by the checker of its kind: no input is in the statement's target.

    Raises:
        WrongProof: it does not prove that.

    Cost: that of ``polyrelu check``, a third of a millisecond a vertex.
    """
    question = statement.text.encode()
    try:
        if next(lines_of(path, "check"), b"").startswith(TREE.encode()):
            said = tree_checker.check(question, path)
        else:
            said = checker.check(question, [path])
    except checker.Rejected as reason:
        raise WrongProof(f"a certificate is rejected: {reason}") from reason
    if not said.startswith(_HOLDS):
        raise WrongProof(f"a certificate proves something else: {said}")


def proved_anew(statement: Statement) -> int:
    """Write a certificate, and have it judged; the number of its cells.

    Raises:
        WrongProof: an input is in the statement's target.
        BudgetExceeded: cells get too large.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "below.cert"
        cells = certify(statement, path, progress=False).cells
        check_certificate(statement, path)
    return cells
