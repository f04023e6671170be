"""The two engines that split cells forwards: compiled, and in exact arithmetic throughout.

What is too large is refused before anything that grows with the dimension is made.
"""

from __future__ import annotations

from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.pool import Pool
from polyrelu.engines.cells.runner import Runner
from polyrelu.engines.cells.streamed import StreamedCells
from polyrelu.engines.protocol import ORDERS, Engine, Options
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron


def compiled(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """Cells by the compiled kernel; exact arithmetic decides what floats leave in doubt."""
    require_room(restriction, domain, options.max_dim)
    workers, progress, until, measure = options.workers, options.progress, options.until, options.measure
    if options.order == ORDERS[0] and not options.streamed:
        return CellEngine(restriction, domain, Runner(workers, progress, until, measure), until)
    return StreamedCells(restriction, domain, Pool(workers, progress, until, measure, options.order), until)


def exact(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """The same in exact arithmetic throughout, the specification of the kernel."""
    require_room(restriction, domain, options.max_dim)
    return StreamedCells(restriction, domain, None, options.until)
