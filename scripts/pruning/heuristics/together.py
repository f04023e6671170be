"""Good ideas at once, cheap ones first: what is known without a proof before what needs a linear program.

* *warm start and cores*: signs that P forces, parallel hyperplanes, known cores, and a program that starts from its
  parent's basis.
* *learning*: cores and witnesses, with fresh programs.
* *all together*: all of these, and the neuron that divides the samples least evenly next. Most programs are saved, yet
  not most time: where a witness answered, no program was solved that those below could start from.

Sound, because each part is. Cost: that of the parts; the linear programs dominate.
"""

from __future__ import annotations

from heuristics.cores import CoresFirst
from heuristics.orders import MostConstrained
from heuristics.parallel import Parallel
from heuristics.warm_start import WarmStart
from heuristics.witnesses import Witnessed

from polyrelu.engines.search import Forced, Together


def warm_start_and_cores() -> Together:
    """Cheap implications, then programs that hardly pivot."""
    return Together(Forced(), Parallel(), WarmStart(), CoresFirst(), name="warm start and cores")


def learning() -> Together:
    """Learnt cores and points."""
    return Together(Witnessed(), CoresFirst(), name="learning")


def all_together() -> Together:
    """Every sound idea that helps on weights in general position, and parallel hyperplanes for those that are not."""
    parts = (Forced(), Parallel(), Witnessed(), WarmStart(), CoresFirst(), MostConstrained())
    return Together(*parts, name="all together")


HEURISTICS = [warm_start_and_cores, learning, all_together]
