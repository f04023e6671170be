"""Good ideas at once, cheap ones first: what is known without a proof before what needs a linear program.

* *all together*: signs that P forces and parallel hyperplanes, then known cores, then a program that only runs where no
  witness answers and that starts from its parent's basis; the neuron that divides the samples least evenly goes next.
* *learning*: cores and witnesses alone, with fresh programs.

Sound, because each part is. Cost: that of the parts; the linear programs dominate.
"""

from __future__ import annotations

from heuristics.cores import CoresFirst
from heuristics.orders import MostConstrained
from heuristics.parallel import Parallel
from heuristics.warm_start import WarmStart
from heuristics.witnesses import Witnessed

from polyrelu.search import Forced, Together


def all_together() -> Together:
    """Every sound idea that helps on weights in general position, and parallel hyperplanes for those that are not."""
    parts = (Forced(), Parallel(), Witnessed(), WarmStart(), CoresFirst(), MostConstrained())
    return Together(*parts, name="all together")


def learning() -> Together:
    """Learnt cores and points."""
    return Together(Witnessed(), CoresFirst(), name="learning")


HEURISTICS = [all_together, learning]
