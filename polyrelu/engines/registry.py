"""The engines by name, for ``method=``, the command line and the suite that every engine passes.

A new one is a function of type :data:`~polyrelu.engines.protocol.MakeEngine` in a module of its own, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from polyrelu.engines import halfspaces
from polyrelu.engines.branch import makers as branch
from polyrelu.engines.cells import makers as cells
from polyrelu.engines.faces import makers as faces
from polyrelu.engines.protocol import Engine, MakeEngine, Options
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron

ENGINES: Mapping[str, MakeEngine] = {
    "cells": cells.compiled,
    "unrelu": faces.by_faces,
    "substitution": faces.by_rows,
    "search": faces.by_search,
    "halfspaces": halfspaces.by_halfspaces,
    "branch": branch.by_branches,
    "twin": cells.exact,
}
AUTO = "auto"
METHODS = (AUTO, *ENGINES)


def choose(method: str, restriction: Restriction, domain: Polyhedron, options: Options) -> tuple[str, Engine]:
    """The engine of that name, or with ``"auto"`` the one that suits the problem, and its name.

    That is cells where their vertices are few enough; otherwise cells by their inequalities where these are quick: with
    certified floats, or in exact arithmetic where a domain is flat or has no end.

    Raises:
        BudgetExceeded: the problem is too large.
    """
    if method != AUTO:
        return method, ENGINES[method](restriction, domain, options)
    try:
        return "cells", cells.compiled(restriction, domain, options)
    except BudgetExceeded as refused:
        if options.max_dim is None:
            for name, made in (("branch", branch.if_promising), ("halfspaces", halfspaces.if_quick)):
                engine = made(restriction, domain, options, str(refused))
                if engine is not None:
                    return name, engine
        raise
