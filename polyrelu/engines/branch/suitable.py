"""Which domains the engine that branches can describe by floats."""

from __future__ import annotations

import numpy as np

from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.bounds.linear import LARGEST
from polyrelu.bounds.reach import float_ends
from polyrelu.polyhedra.polyhedron import Polyhedron


def is_suitable(domain: Polyhedron) -> bool:
    """Whether floats can describe a domain: it has full dimension in its free inputs, and ends that are not too far."""
    small = domain.unfixed()
    if not (small.ambient_dim and small.sides.is_bounded and floats_are_sound() and small.is_full_dimensional()):
        return False
    ends = np.abs(np.concatenate(float_ends(small.sides)))
    return bool((ends < LARGEST).all())
