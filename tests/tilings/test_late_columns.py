"""Tiles that are put in order when they are looked at: the same as at once, and stops of that lose none."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells import engine, run, runner
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.late_columns import LateColumns

MOST = 100


def question() -> tuple[pr.Network, pr.Polyhedron, pr.Polyhedron]:
    """One with some hundred tiles, flat ones among them."""
    rng = np.random.default_rng(0)
    layers = [(rng.integers(-4, 5, shape).astype(float), rng.integers(-4, 5, shape[0]).astype(float))
              for shape in ((40, 2), (30, 40), (2, 30))]  # fmt: skip
    return pr.Network(layers), pr.parse("y0 >= y1", dim=2), pr.Polyhedron.box([-3, -3], [3, 3])


def stopped(measure: bool = False) -> pr.Tiling:
    """What a run has found when it is stopped, which is asked far more often than usual."""
    advance = runner._Member.advance
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner._Member, "advance", lambda member, _=0: advance(member, 0.0))
        with pytest.raises(pr.Interrupted) as stop:
            pr.preimage(*question(), "cells", until=lambda found: found >= MOST, measure=measure)
    tiling: pr.Tiling = stop.value.partial
    return tiling


def late(tiling: pr.Tiling) -> LateColumns:
    ((_, source),) = tiling.parts
    assert isinstance(source, LateColumns)
    return source


@pytest.fixture
def nobody_arranges(monkeypatch):
    """Within this nothing can be put in order."""

    def refuse(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "arranged", refuse)
    return monkeypatch


def test_a_stopped_run_puts_nothing_in_order_before_it_is_looked_at(nobody_arranges):
    tiling = stopped()
    assert len(tiling) == tiling.stats["tiles"] >= MOST
    with pytest.raises(KeyboardInterrupt):
        _ = tiling.patterns
    nobody_arranges.undo()
    assert len(tiling.patterns) == len({*tiling.patterns}) == len(tiling)


def test_the_tiles_are_those_of_the_whole_answer_in_its_order():
    tiling, whole = stopped(), pr.preimage(*question(), "cells")
    known = dict(zip(whole.patterns, whole, strict=True))
    found = {*tiling.patterns}
    own = tuple(pattern for pattern in whole.patterns if pattern in found)
    assert tiling.patterns == own
    assert all(
        tile.polyhedron == known[pattern].polyhedron for pattern, tile in zip(tiling.patterns, tiling, strict=True)
    )
    for i in (0, len(tiling) // 2, len(tiling) - 1):
        source = late(stopped())
        alone = source.only(i)  # which looks at the columns first of all
        assert len(alone) == 1
        assert alone.polyhedron(0) == source.polyhedron(i) == known[own[i]].polyhedron


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda own: pickle.loads(pickle.dumps(own))])
def test_copies_are_in_order(copied):
    source = late(stopped())
    found = copied(source)
    assert "_make" not in vars(found)
    assert len(found) == len(source)
    assert np.array_equal(found.packed, source.packed)
    assert found.sizes is None


def test_sizes_that_were_found_on_the_way_are_there_when_they_are_asked_for_first():
    tiling = stopped(measure=True)
    assert late(tiling).sizes is not None
    assert late(stopped()).sizes is None
    total = tiling.volume(exact=False)
    assert float(total.low) > 0


def test_other_names_are_errors():
    source = late(stopped())
    with pytest.raises(AttributeError, match="LateColumns has no colour"):
        _ = source.colour  # type: ignore[attr-defined]
    assert "_make" in vars(source)


def test_a_whole_answer_is_in_order_at_once():
    ((_, source),) = pr.preimage(*question(), "cells").parts
    assert type(source) is Columns


def test_a_stop_while_a_whole_answer_is_put_in_order_loses_nothing(monkeypatch):
    whole, arranged, calls = pr.preimage(*question(), "cells"), run.arranged, []

    def pressed(*given):
        calls.append(given)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return arranged(*given)

    monkeypatch.setattr(engine, "arranged", pressed)
    with pytest.raises(pr.Interrupted) as stop:
        pr.preimage(*question(), "cells")
    assert len(calls) == 1
    assert stop.value.partial.complete
    assert stop.value.partial.patterns == whole.patterns
