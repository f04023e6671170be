"""The engine that branches, where a domain suits it."""

from __future__ import annotations

import numpy as np

from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.bounds.linear import LARGEST
from polyrelu.bounds.reach import float_ends
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.halfspaces import MOST_DOUBTFUL, by_halfspaces
from polyrelu.engines.protocol import Engine, Options
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron

_SOON = 20_000


def by_branches(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """Cells decided by certified floats; in exact arithmetic where the domain is flat, or ends nowhere."""
    if not is_suitable(domain):
        return by_halfspaces(restriction, domain, options)
    return BranchEngine(restriction, domain, options.limit, options.until, progress=options.progress)


def if_promising(restriction: Restriction, domain: Polyhedron, options: Options, refusal: str) -> Engine | None:
    """The same where bounds promise that it is done soon, and no longer than that; ``refusal`` is why it is asked.

    Few neurons may switch on the domain's box, or none of it can be mapped into the target; then at most 20,000 neurons
    are asked for, which takes some ten seconds.
    """
    if not is_suitable(domain):
        return None
    advice = f"that was to be quick. {refusal}; method='branch' goes on for as long as it takes"
    limit, until, progress = min(options.limit, _SOON), options.until, options.progress
    engine = BranchEngine(restriction, domain, limit, until, progress=progress, advice=advice)
    few = restriction.neuron_count <= MOST_DOUBTFUL or engine.reach.misses or engine.reach.doubtful <= MOST_DOUBTFUL
    return engine if few else None


def is_suitable(domain: Polyhedron) -> bool:
    """Whether floats can describe a domain: it has full dimension in its free inputs, and ends that are not too far."""
    small = domain.unfixed()
    if not (small.ambient_dim and small.sides.is_bounded and floats_are_sound() and small.is_full_dimensional()):
        return False
    ends = np.abs(np.concatenate(float_ends(small.sides)))
    return bool((ends < LARGEST).all())
