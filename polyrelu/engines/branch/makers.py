"""The engine that branches, where a domain suits it."""

from __future__ import annotations

from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.streamed import StreamedBranches
from polyrelu.engines.branch.suitable import is_suitable
from polyrelu.engines.cells.budget import shown
from polyrelu.engines.halfspaces.makers import by_halfspaces
from polyrelu.engines.protocol import Engine, Options
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron

_SOON = 20_000_000  # neurons times inputs: some ten seconds


def by_branches(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """Cells decided by certified floats; in exact arithmetic where the domain is flat, or ends nowhere."""
    if not is_suitable(domain):
        return by_halfspaces(restriction, domain, options)
    if options.streamed:
        return StreamedBranches(restriction, domain, options)
    return BranchEngine(restriction, domain, options.limit, options.until, progress=options.progress)


def if_soon(restriction: Restriction, domain: Polyhedron, options: Options, refusal: str) -> Engine:
    """The same where it is done soon by estimate, and for no longer than that; ``refusal`` is why it is asked.

    Soon is when so many neurons are asked for as take some ten seconds.

    Raises:
        BudgetExceeded: it takes longer, by estimate; or while it runs.
    """
    advice = f"that was to be quick. {refusal}; method='branch' goes on for as long as it takes"
    limit = min(options.limit, _SOON // max(domain.unfixed().ambient_dim, 1))
    if options.streamed:
        engine: BranchEngine = StreamedBranches(restriction, domain, options._replace(limit=limit), advice)
    else:
        engine = BranchEngine(restriction, domain, limit, options.until, progress=options.progress, advice=advice)
    estimate = engine.estimate(limit)
    if estimate > limit:
        raise BudgetExceeded(
            f"{refusal}. Cells that branch in any dimension are too many, too: some {shown(estimate)} neurons would be "
            f"asked for, by estimate; method='branch' goes on for as long as it takes"
        )
    return engine
