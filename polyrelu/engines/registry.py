"""The engines by name, for ``method=``, the command line and the suite that every engine passes.

A new one is a function of type :data:`~polyrelu.engines.protocol.MakeEngine` in a module of its own, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from polyrelu.engines.branch import makers as branch
from polyrelu.engines.branch.suitable import is_suitable
from polyrelu.engines.cells import makers as cells
from polyrelu.engines.faces import makers as faces
from polyrelu.engines.halfspaces import makers as halfspaces
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

    That is cells where their vertices are few enough. Otherwise it is cells by their inequalities: those that branch,
    by certified floats, where an estimate of their number says that they are done soon; or in exact arithmetic where a
    domain is flat or has no end, if that is quick.

    Raises:
        BudgetExceeded: the problem is too large.
    """
    if method != AUTO:
        return method, ENGINES[method](restriction, domain, options)
    try:
        return "cells", cells.compiled(restriction, domain, options)
    except BudgetExceeded as refused:
        if options.max_dim is None:
            if is_suitable(domain):
                return "branch", branch.if_soon(restriction, domain, options, str(refused))
            engine = halfspaces.if_quick(restriction, domain, options, str(refused))
            if engine is not None:
                return "halfspaces", engine
        raise
