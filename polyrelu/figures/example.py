"""The worked example (papers/worked-example): two blocks with three features each and two dimensions between them.

    a = relu(W alpha - 1/2),   beta = D a,   h = relu(U beta - 3/10)

The numbers are the floats below, exactly. The question is which inputs activate the first feature, h_0 > 0; asked one
block earlier, with the first block once more in front, in the space of gamma: alpha = D relu(W gamma - 1/2).
"""

from __future__ import annotations

import math

from polyrelu.networks.layer import Layer
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron

_S = math.sqrt(3) / 2
W = U = ((1.0, 0.0), (-0.5, _S), (-0.5, -_S))
D = ((0.25, 0.25, -_S / 2), (_S / 2, -_S / 2, 0.0))
FIRST_BIAS = (-0.5,) * 3
LAST_BIAS = (-0.3,) * 3


def network() -> Network:
    """The whole network, from alpha to h."""
    return Network([(W, FIRST_BIAS), (D, [0, 0]), (U, LAST_BIAS)], relu=[True, False, True])


def three_blocks() -> Network:
    """The network with its first block twice, from gamma to h."""
    first = [(W, FIRST_BIAS), (D, [0, 0])]
    return Network([*first, *first, (U, LAST_BIAS)], relu=[True, False, True, False, True])


def first_layer() -> Layer:
    """From alpha to a."""
    return Layer(W, FIRST_BIAS, True)


def last_layer() -> Layer:
    """From beta to h."""
    return Layer(U, LAST_BIAS, True)


def target() -> Polyhedron:
    """``h_0 > 0`` in the space of h."""
    return parse("h_0 > 0", dim=3)


def pulled_back_target() -> Polyhedron:
    """``h_0 > 0`` in the space of a: a half-space, since a positive h_0 is its own pre-activation."""
    return target().affine_preimage(U, LAST_BIAS).affine_preimage(D, [0, 0])
