"""The engine that branches, where a domain suits it."""

from __future__ import annotations

import numpy as np

from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.bounds.linear import LARGEST
from polyrelu.bounds.reach import float_ends
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.halfspaces import by_halfspaces
from polyrelu.engines.protocol import Engine, Options
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron


def by_branches(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """Cells decided by certified floats; in exact arithmetic where the domain is flat, or ends nowhere."""
    if not is_suitable(domain):
        return by_halfspaces(restriction, domain, options)
    return BranchEngine(restriction, domain, options.limit, options.until)


def is_suitable(domain: Polyhedron) -> bool:
    """Whether floats can describe a domain: it has full dimension in its free inputs, and ends that are not too far."""
    small = domain.unfixed()
    if not (small.ambient_dim and small.sides.is_bounded and floats_are_sound() and small.is_full_dimensional()):
        return False
    ends = np.abs(np.concatenate(float_ends(small.sides)))
    return bool((ends < LARGEST).all())
