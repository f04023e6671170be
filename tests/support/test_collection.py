"""Python's search for circles is put off, and comes back."""

import gc

import pytest

from polyrelu.support.collection import without_collection


@without_collection
def whether_it_searches(fails: bool = False) -> bool:
    if fails:
        raise ValueError("no")
    return gc.isenabled()


def test_the_search_for_circles_is_put_off_and_comes_back():
    assert gc.isenabled()
    assert not whether_it_searches()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="no"):
        whether_it_searches(fails=True)
    assert gc.isenabled()


def test_it_stays_off_where_it_was():
    gc.disable()
    try:
        assert not whether_it_searches()
        assert not gc.isenabled()
    finally:
        gc.enable()
