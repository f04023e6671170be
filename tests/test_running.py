"""How the suite is run: fewer examples, other orders, and without extras (tests/conftest.py)."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyrelu.errors import MissingExtraError
from tests import conftest


def test_the_default_run_draws_a_share_of_the_examples():
    seen = []

    @settings(max_examples=10, database=None)
    @given(st.integers())
    def law(x):
        seen.append(x)

    conftest.draw_fewer([SimpleNamespace(function=law), SimpleNamespace(function=law), SimpleNamespace()])
    law()
    assert len(seen) == 10 * conftest.SHARE


def test_files_stay_together_in_any_order():
    items = [SimpleNamespace(path=file, name=name) for file in "abcdef" for name in range(5)]
    one, again, other = (conftest.shuffled(items, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert sorted(one, key=items.index) == items
    assert len(list(itertools.groupby(one, key=lambda item: item.path))) == 6


@pytest.mark.parametrize(
    ("text", "is_left_out"),
    [
        ("import json\nimport numpy", None),
        ("import nothing_of_the_kind", True),
        ("from nothing_of_the_kind.within import a", True),
        ("def f():\n    import nothing_of_the_kind", None),
    ],
)
def test_without_extras_files_that_need_one_are_left_out(tmp_path, text, is_left_out):
    (tmp_path / "test_it.py").write_text(text)
    for is_bare in (True, False):
        config = SimpleNamespace(getoption=lambda _, is_bare=is_bare: is_bare)
        left_out = conftest.pytest_ignore_collect(tmp_path / "test_it.py", config)
        assert left_out == (is_left_out if is_bare else None)
    assert conftest.pytest_ignore_collect(Path("README.md"), config) is None


@pytest.mark.parametrize("is_bare", [True, False])
def test_without_extras_tests_that_ask_for_one_are_skipped(is_bare):
    item = SimpleNamespace(config=SimpleNamespace(getoption=lambda _: is_bare))
    around = conftest.pytest_runtest_call(item)
    next(around)
    with pytest.raises(pytest.skip.Exception if is_bare else MissingExtraError, match="draw needs matplotlib"):
        around.throw(MissingExtraError("draw needs matplotlib"))
