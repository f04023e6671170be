"""Is a heuristic right? Its pieces are compared with those of searches that prune nothing, or by proof alone."""

from __future__ import annotations

from collections.abc import Set

from polyrelu.engines.faces.unrelu import Zeroed, unrelu_by_substitution
from polyrelu.engines.search import Arrangement, FaceProblem, FaceSearch, Heuristic

LIMIT = 2**20
EXHAUSTIVE = 2**8


def disagreement(
    heuristic: Heuristic, problem: FaceProblem, pieces: Set[Zeroed] | None = None, limit: int = LIMIT
) -> str | None:
    """What a heuristic gets wrong in a problem; None if it finds exactly the pieces, each once.

    Whatever it says of its own soundness. Pieces are told apart by their zeroed coordinates, from which the search, not
    the heuristic, makes the polyhedra. ``pieces`` are the right ones where they are known, else :func:`expected`.

    Raises:
        BudgetExceeded: the heuristic, or the reference, looks at more than ``limit`` nodes.
    """
    search = FaceSearch(problem, heuristic, limit, False)
    count, found = search.run().pieces, set(search.zeroed)
    right = expected(problem, limit) if pieces is None else pieces
    lost, invented = sorted(right - found), sorted(found - right)
    claim = "calls itself sound, but" if heuristic.sound else "is not sound:"
    if lost:
        return f"{heuristic.name} {claim} loses {len(lost)} of {len(right)} pieces, first that of zeroed={lost[0]}"
    if invented:
        return f"{heuristic.name} invents {len(invented)} empty pieces, first that of zeroed={invented[0]}"
    return None if count == len(found) else f"{heuristic.name} finds {count} pieces where there are {len(found)}"


def expected(problem: FaceProblem, limit: int = LIMIT) -> set[Zeroed]:
    """The zeroed coordinates of all pieces: by all 2^n faces where that is little work, else by the arrangement view.

    The first shares no code with the face search. The second is held equal to it by the tests.
    """
    if 2 ** len(problem.neurons) > EXHAUSTIVE:
        search = FaceSearch(problem, Arrangement(), limit, False)
        search.run()
        return set(search.zeroed)
    layer = problem.layer
    faces = unrelu_by_substitution(problem.wanted, layer.weight, layer.bias, layer.relu, progress=False)
    return {zeroed for zeroed, piece in faces if not (piece & problem.domain).is_empty()}
