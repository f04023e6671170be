"""The library for every processor, which one with AVX2 never asks: it gives the same answers, bit by bit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells import boxes, library, measured, run
from polyrelu.engines.cells.boxes import BoxSplitter
from polyrelu.engines.cells.library import checked_library, kernel_library
from tests.engines.cells.questions import KINDS, network_of
from tests.engines.cells.runs import Asked, finished
from tests.engines.cells.test_boxes_search import LONG, small
from tests.extreme_networks import box, plain_network


@pytest.fixture
def use(monkeypatch):
    """Has runs, measures and boxes ask one library or the other."""
    folder = Path(os.environ.get(library.PLACE) or library.__file__)
    baseline = checked_library("_kernel", folder if folder.is_dir() else folder.parent)
    if kernel_library() is baseline:
        pytest.skip("this processor has no other")

    def choose(wants_baseline: bool) -> None:
        chosen = baseline if wants_baseline else kernel_library()
        for module in (boxes, measured, run):
            monkeypatch.setattr(module, "kernel_library", lambda: chosen)

    return choose


def network(kind: str) -> pr.Network:
    rng = np.random.default_rng([KINDS.index(kind) if kind in KINDS else 99, 1])
    return network_of(kind, rng) if kind in KINDS else plain_network(rng)


def all_of(told: Any) -> list[Any]:
    """Arrays and numbers in tuples of tuples."""
    return [part for own in told for part in all_of(own)] if isinstance(told, tuple) else [told]


@pytest.mark.parametrize("kind", [*KINDS, "plain"])
def test_cells_are_the_same(kind, use):
    net, answers = network(kind), []
    for wants_baseline in (False, True):
        use(wants_baseline)
        own = Asked.of(net, box(net.input_dim, 2)).begun(keep=True)
        answers.append([*all_of(tuple(finished(own))), *own.counts])
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*answers, strict=True))
    assert len(answers[0][0])


def test_extents_are_the_same(use):
    net, answers = network("plain"), []
    for wants_baseline in (False, True):
        use(wants_baseline)
        tiling = pr.linear_regions(net, box(net.input_dim, 2), "cells")
        answers.append([*all_of((tiling.volume(),)), *tiling.bounding_box(), len(tiling)])
    assert all(map(np.array_equal, *answers))
    assert answers[0][-1] > 2


def test_boxes_are_the_same(use):
    """Of more neurons than eight, and as many as seventy."""
    for widths in ((3, 12, 9, 2), (2, 70, 2)):
        net, target, answers = small(np.random.default_rng(widths), widths), pr.parse("y0 > 3, y1 < -2", dim=2), []
        for wants_baseline in (False, True):
            use(wants_baseline)
            search = BoxSplitter(net, 2)
            search.put(target, np.full(widths[0], -2.0), np.full(widths[0], 3.0))
            search.be_quiet()
            search.advance(200, LONG)
            answers.append([*search.give(everything=True), *search._boxes.counters()])
        assert all(map(np.array_equal, *answers))
        assert len(answers[0][0]) > 5
