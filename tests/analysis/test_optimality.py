"""Proofs of optimality: true ones pass, and what is left out or changed is noticed or harmless."""

import copy
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import best_first, output_range
from polyrelu.analysis.goals import Evidence
from polyrelu.analysis.optimality import Checker
from polyrelu.analysis.output_range import Extreme, _smallest
from polyrelu.analysis.proof_trees import Claims, WrongProof
from tests import zoo

RNG = np.random.default_rng(4)
SIZES = ((4, 2), (3, 4), (1, 3))
NETWORK = pr.Network([(RNG.integers(-4, 5, size) / 4, RNG.integers(-4, 5, size[0]) / 4) for size in SIZES])
BOX = zoo.square(2)


@pytest.fixture(scope="module")
def once():
    """A range with its proof, which divides inputs and neurons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(best_first, "_FEW_NEURONS", 0)
        patch.setattr(output_range, "ALWAYS", 0)
        return pr.output_range(NETWORK, BOX)


@pytest.fixture
def found(once):
    """The same, with a tree that may be damaged."""
    return replace(once, proof=replace(once.proof, roots=copy.deepcopy(once.proof.roots)))


def test_a_true_proof_passes(found):
    assert found.check() == sum(1 for sign in (1, -1) for _ in found.proof.roots[sign])


def test_no_value_beyond_the_end_is_proved(found):
    """The tree proves its own value and smaller ones, and nothing better."""
    root = found.proof.roots[1]
    best = found.minimum.value
    small = _smallest(NETWORK, found.proof.form, BOX)
    assert Checker(small.problem(), best - 1).check(root)
    for more in (Fraction(1, 10**9), Fraction(1), Fraction(10**6)):
        with pytest.raises(WrongProof):
            Checker(small.problem(), best + more).check(root)


@pytest.mark.parametrize("kind", ["half", "box", "claims", "sides", "evidence", "cut", "split", "negative"])
def test_what_is_changed_is_noticed(kind, once):
    """Each change is made to a part in turn; what passes still proves a true statement, so some must be refused."""
    tried = refused = 0
    for number in range(sum(1 for _ in once.proof.roots[1])):
        proof = replace(once.proof, roots=copy.deepcopy(once.proof.roots))
        if tried == 6 or not _damage(list(proof.roots[1])[number], kind):
            continue
        tried += 1
        try:
            proof.check(1, once.minimum)
        except WrongProof:
            refused += 1
    assert refused


def _damage(part, kind):
    """Change a part; says whether that was possible."""
    if part.parts and kind == ("sides" if part.cut is None else "half"):
        part.parts = (part.parts[0], part.parts[0])
    elif kind == "box":
        part.low = part.low + 0.25
    elif kind == "claims" and len(part.claims[-1].places):
        places, low, high = part.claims[-1]
        part.claims = (*part.claims[:-1], Claims(places, low + 1.0, high))
    elif kind == "evidence" and part.evidence is not None:
        part.evidence = None
    elif kind == "cut" and part.cut is not None:
        part.cut = part.cut[0], part.cut[1] + 0.25
    elif kind == "split" and part.splits and not part.parts:
        part.splits = part.splits[:-1]
    elif kind == "negative" and part.evidence is not None:
        part.evidence = Evidence(tuple(-v for v in part.evidence.multipliers), None, True)
    else:
        return False
    return True


def test_a_point_that_does_not_have_the_value_is_refused(found):
    for wrong in (
        replace(found.minimum, value=found.minimum.value - 1),
        replace(found.minimum, point=(Fraction(100), Fraction(0))),
        replace(found.minimum, complete=False),
        Extreme(found.maximum.value, found.maximum.point, True, None, True, 0.0),
    ):
        with pytest.raises(WrongProof):
            found.proof.check(1, wrong)
