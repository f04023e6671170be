"""Is a heuristic right? Its pieces are compared with those of searches that prune nothing, or prune by proof alone."""

from __future__ import annotations

from polyrelu.polyhedron import Polyhedron
from polyrelu.search import Arrangement, FaceProblem, FaceSearch, Heuristic
from polyrelu.unrelu import Zeroed, unrelu_by_substitution

LIMIT = 2**20
EXHAUSTIVE = 2**8


def disagreement(heuristic: Heuristic, problem: FaceProblem, limit: int = LIMIT) -> str | None:
    """What a heuristic gets wrong in a problem; None if it finds exactly the pieces.

    It is compared with :func:`expected` whatever it says of its own soundness; both the zeroed coordinates and the
    polyhedra must agree, and no piece may come twice.

    Raises:
        BudgetExceeded: the heuristic, or the reference, looks at more than ``limit`` nodes.
    """
    found = list(FaceSearch(problem, heuristic, limit, False))
    pieces = dict(found)
    if len(pieces) < len(found):
        twice = next(zeroed for k, (zeroed, _) in enumerate(found) if zeroed in dict(found[:k]))
        return f"{heuristic.name} finds the piece of zeroed={twice} twice"
    wanted = expected(problem, limit)
    lost, invented = sorted(wanted.keys() - pieces.keys()), sorted(pieces.keys() - wanted.keys())
    claim = "calls itself sound, but" if heuristic.sound else "is not sound:"
    if lost:
        return f"{heuristic.name} {claim} loses {len(lost)} of {len(wanted)} pieces, first that of zeroed={lost[0]}"
    if invented:
        return f"{heuristic.name} finds {len(invented)} pieces that are empty, first that of zeroed={invented[0]}"
    wrong = next((zeroed for zeroed, piece in pieces.items() if piece != wanted[zeroed]), None)
    return None if wrong is None else f"{heuristic.name} finds another set for zeroed={wrong}"


def expected(problem: FaceProblem, limit: int = LIMIT) -> dict[Zeroed, Polyhedron]:
    """The pieces: by all 2^n faces where that is little work, else by the arrangement view.

    The first shares no code with the face search. The second is held equal to it by the tests.
    """
    if 2 ** len(problem.neurons) > EXHAUSTIVE:
        return dict(FaceSearch(problem, Arrangement(), limit, False))
    layer = problem.layer
    faces = unrelu_by_substitution(problem.wanted, layer.weight, layer.bias, layer.relu, progress=False)
    cut = {zeroed: piece & problem.domain for zeroed, piece in faces}
    return {zeroed: piece for zeroed, piece in cut.items() if not piece.is_empty()}
