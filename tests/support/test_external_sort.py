"""Sorting outside of memory: as in memory, whatever fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.support.external_sort import Sorter


@given(
    st.lists(st.lists(st.binary(min_size=3, max_size=3), max_size=40), max_size=6),
    st.integers(3, 200),
)
def test_records_come_back_in_order(tmp_path_factory, batches, most):
    folder = tmp_path_factory.mktemp("sort")
    sorter = Sorter(3, folder, most)
    for batch in batches:
        sorter.add(np.frombuffer(b"".join(batch), dtype=np.uint8).reshape(-1, 3))
    found = [record.tobytes() for block in sorter.sorted() for record in block]
    assert found == sorted(record for batch in batches for record in batch)
    assert sorter.count == len(found)
    assert not list(folder.iterdir())


def test_zeros_at_the_end_of_records_count(tmp_path):
    """Which numpy's strings of bytes leave out."""
    records = np.array([[1, 0, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=np.uint8)
    sorter = Sorter(3, tmp_path, 3)
    sorter.add(records)
    assert np.concatenate(list(sorter.sorted())).tolist() == sorted(records.tolist())


def test_blocks_are_small_and_runs_are_removed_also_when_nobody_reads_on(tmp_path, monkeypatch):
    monkeypatch.setattr("polyrelu.support.external_sort._LEAST_BLOCK", 4)
    records = np.random.default_rng(0).integers(0, 256, (1850, 8), dtype=np.uint8)
    sorter = Sorter(8, tmp_path, 800)
    for some in np.split(records, 50):
        sorter.add(some)
    assert len(list(tmp_path.iterdir())) > 10
    blocks = sorter.sorted()
    first = [next(blocks) for _ in range(20)]
    assert max(map(len, first)) <= 100
    in_order = sorted(record.tobytes() for record in records)
    assert [record.tobytes() for block in first for record in block] == in_order[: sum(map(len, first))]
    blocks.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [0, 1])
def test_few_records(tmp_path, count):
    sorter = Sorter(2, tmp_path)
    sorter.add(np.ones((count, 2), dtype=np.uint8))
    assert sum(map(len, sorter.sorted())) == count
