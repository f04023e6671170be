"""The kernel's bounds, held against exact numbers at every magnitude, and shown to need all that they are made of.

``proofs/`` has the laws in C++ (laws.cpp), the number types that the kernel's templates run over (shadow.h, counting.h)
and examples. Where the compiler or GMP is missing, nothing here can run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from tests.engines.cells.proofs import grid, harness
from tests.engines.cells.proofs.examples import MAKERS, Dice
from tests.engines.cells.proofs.laws import (
    LEAST_STRENGTH,
    QUICK,
    Laws,
    counts,
    example,
    indices,
    is_broken,
    is_weaker,
    strength,
    wrong_counts,
    wrong_counts_of_zonotopes,
    wrong_on_grid,
)
from tests.engines.cells.proofs.spoilt import ERROR, PARTS, SLACK, WEAK

climbing = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return harness.shared_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def laws(folder):
    return Laws(folder)


@pytest.fixture(scope="session")
def kernel(folder):
    return harness.bounds(folder)[harness.AS_IT_IS]


@pytest.fixture(scope="session")
def weak(folder):
    return harness.bounds(folder, {name: ([(one.old, one.new)], PARTS[one.law]) for name, one in WEAK.items()})


@pytest.mark.parametrize("law", MAKERS)
def test_the_bound_holds(laws, kernel, law):
    assert not [seed for seed in range(QUICK[law]) if is_broken(laws, kernel, law, seed)]


@pytest.mark.parametrize("law", QUICK)
def test_bounds_are_as_strong_as_they_are_said_to_be(laws, kernel, law):
    assert not is_weaker(strength(laws, kernel, law), LEAST_STRENGTH[law])


class Drawn:
    """Choices by Hypothesis."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def integer(self, low: int, high: int) -> int:
        return int(self._data.draw(st.integers(low, high)))

    def number(self, low: float, high: float) -> float:
        return float(self._data.draw(st.floats(low, high)))

    def member(self, of: Sequence[Any]) -> Any:
        return self._data.draw(st.sampled_from(of))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow and NaN are what is tried
@pytest.mark.parametrize("law", MAKERS)
@climbing
@given(data=st.data())
def test_no_climb_comes_above_the_bound(laws, kernel, law, data):
    """Hypothesis looks for the largest error / bound."""
    error, lemma = laws.ratios(law, kernel, MAKERS[law](Drawn(data)))
    target(error, label="error / bound")
    target(lemma, label="lemma / bound")
    assert error <= 1
    assert lemma <= 1


@pytest.mark.slow
@pytest.mark.parametrize("law", MAKERS)
def test_the_bound_holds_for_many_more(laws, kernel, law):
    assert not [seed for seed in range(20_000) if max(laws.ratios(law, kernel, _afresh(law, seed))) > 1]


def _afresh(law: str, seed: int) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        return MAKERS[law](Dice(seed))


@pytest.mark.parametrize("name", [name for name in WEAK if name not in SLACK])
def test_every_factor_of_a_bound_is_needed(laws, kernel, weak, name):
    """A stored example breaks the law without the factor, and does not with it."""
    one = WEAK[name]
    error, lemma = laws.ratios(one.law, weak[name], example(one.law, one.seed))
    assert (error if one.by == ERROR else lemma) > 1
    assert not is_broken(laws, kernel, one.law, one.seed)


def test_what_is_slack_is_listed_with_the_reason():
    assert {name for name, one in WEAK.items() if one.seed < 0} == set(SLACK)
    assert all(SLACK.values())


@pytest.mark.parametrize("name", SLACK)
def test_slack_is_slack(laws, weak, name):
    one = WEAK[name]
    assert not any(is_broken(laws, weak[name], one.law, seed) for seed in range(60))


@pytest.mark.parametrize("law", ["meeting", "solving", "forms"])
def test_templates_carry_the_exact_value_along(laws, kernel, law):
    """The same code over floats with exact values: its floats are those of the kernel, and bounds hold of them."""
    found = [laws.ratios(f"shadowed_{law}", kernel, example(law, seed))[0] for seed in range(100)]
    assert max(found) <= 1


def test_indices_are_no_less_than_the_roundings_on_their_paths(folder):
    assert not wrong_counts(harness.counting(folder))


def test_no_index_of_zonotopes_is_too_small(folder):
    assert not wrong_counts_of_zonotopes(harness.counting(folder, name="counting_zonotope"))


def test_indices_that_are_larger_than_they_need_be(folder):
    """By more than one: they cost little, and are simpler to state."""
    library = harness.counting(folder)
    spare = {}
    for what, rows in indices(6, 9).items():
        sizes = (6, 9) if what in ("of_forms", "of_reach") else (6,)
        for (name, _), (index, needed) in zip(rows, counts(library, what, len(rows), *sizes), strict=True):
            if index > needed + 1:
                spare[name] = index - needed
    assert spare == SPARE


SPARE = {
    "B": 2,
    "gamma of a form": 4,  # inputs are added four at a time
    "e": 19,  # likewise, and errors and sums of the layer before take part as they are
    "h + B": 2,
    "gamma of a vertex's value": 4,  # which the quotient by t uses up
    "gamma of an interval": 3,
    "alpha": 2,
    "r before it is scaled": 11,
}


def test_arithmetic_on_the_grid_is_that_of_integers(kernel):
    assert not wrong_on_grid(kernel)


@given(data=st.data())
@climbing
def test_arithmetic_on_the_grid_is_exact(kernel, data):
    assert grid.is_right(kernel, grid.example(Drawn(data)))
