"""The engine of cells by their inequalities, for those who ask for it, and for those who do not where it is quick."""

from __future__ import annotations

from polyrelu.engines.halfspaces.engine import HalfspaceEngine
from polyrelu.engines.halfspaces.streamed import StreamedHalfspaces
from polyrelu.engines.protocol import Engine, Options
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron

QUICK_WORK = 20_000_000
"""How many entries of linear programs may be looked at where the engine was chosen by itself: about two seconds."""


def by_halfspaces(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """Cells by their inequalities, as many as ``limit`` allows."""
    if options.streamed:
        return StreamedHalfspaces(restriction, domain, options.limit, None, options.until)
    return HalfspaceEngine(restriction, domain, options.limit, None, options.until)


def if_quick(restriction: Restriction, domain: Polyhedron, options: Options, refusal: str) -> Engine | None:
    """The same where it promises to take a second or two, and no longer than that; ``refusal`` is why it is asked."""
    kind = StreamedHalfspaces if options.streamed else HalfspaceEngine
    engine = kind(restriction, domain, options.limit, QUICK_WORK, options.until, refusal)
    return engine if engine.is_promising() else None
