"""The compiled checker's library: built from these sources, or refused; and its integers are Python's."""

import math
import shutil
import sysconfig

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.certificates.fast_library import SOURCES, checked_library, checker_library, digest
from polyrelu.engines.cells import sources
from polyrelu.errors import InputError


def test_the_library_is_that_of_the_sources():
    assert checker_library().SOURCES == digest() == sources.digest(SOURCES)
    assert checker_library() is checker_library()


def test_other_sources_are_refused(tmp_path):
    copy = shutil.copytree(SOURCES, tmp_path / "fast")
    assert digest() == checked_library(sources=copy).SOURCES
    (copy / "limbs.h").write_text((copy / "limbs.h").read_text() + "\n")
    with pytest.raises(InputError, match=r"built from other sources than .*; build it again: ./scripts/run does"):
        checked_library(sources=copy)
    assert digest() == checked_library(sources=tmp_path / "nowhere").SOURCES


def test_what_is_not_built_or_damaged_is_refused(tmp_path):
    with pytest.raises(InputError, match="no compiled checker in"):
        checked_library(tmp_path)
    (tmp_path / f"_checker{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"not a library")
    with pytest.raises(InputError, match="cannot be loaded"):
        checked_library(tmp_path)


# -- integers -------------------------------------------------------------------------------------------------------

LIMB = 2**64
EDGES = st.builds(
    lambda limbs, sign: sign * sum(x * LIMB**k for k, x in enumerate(limbs)),
    st.lists(st.sampled_from([0, 1, 2, LIMB // 2 - 1, LIMB // 2, LIMB // 2 + 1, LIMB - 2, LIMB - 1]), max_size=6),
    st.sampled_from([-1, 1]),
)
INTEGERS = st.one_of(st.integers(), st.integers(-(2**400), 2**400), EDGES)


def of_library(operation, a, b):
    return int(checker_library().integer(operation.encode(), format(a, "x").encode(), format(b, "x").encode()), 16)


@given(INTEGERS, INTEGERS)
def test_sums_products_and_order(a, b):
    assert of_library("+", a, b) == a + b
    assert of_library("-", a, b) == a - b
    assert of_library("*", a, b) == of_library("dot", a, b) == a * b
    assert of_library("<", a, b) == (a < b)
    assert of_library("-", a, a) == 0


@given(INTEGERS, INTEGERS.filter(bool))
def test_division(a, b):
    quotient, rest = of_library("quotient", a, b), of_library("rest", a, b)
    assert a == quotient * b + rest
    assert abs(rest) < abs(b)
    assert rest * a >= 0
    assert of_library("floor", a, abs(b)) == a // abs(b)
    assert of_library("quotient", a * b, b) == a
    assert of_library("gcd", a, b) == math.gcd(a, b)


@pytest.mark.parametrize("top", [LIMB // 2, LIMB // 2 + 1, LIMB - 1])
@pytest.mark.parametrize("less", [1, 2, LIMB - 1, LIMB, LIMB + 1])
def test_quotients_whose_digits_are_the_largest(top, less):
    """The highest limbs are equal, so that the first guess at a digit would not fit into one."""
    for b in (top * LIMB + 3, top * LIMB + LIMB - 1, (top * LIMB + 1) * LIMB + 2):
        for a in (b * LIMB - less, b * LIMB * LIMB - less):
            assert divmod(a, b) == (of_library("quotient", a, b), of_library("rest", a, b))


@given(INTEGERS, st.integers(0, 300))
def test_shifts(a, count):
    assert of_library("<<", a, count) == a << count
    assert abs(of_library(">>", a, count)) == abs(a) >> count


@pytest.mark.parametrize(
    "digits", [b"", b"-", b"+1", b"FF", b"0x1", b"1_0", b"g", b"1 ", b"\xd9\xa1", b"1" * (2**16 + 1)]
)
def test_what_is_no_number_is_refused(digits):
    with pytest.raises(checker_library().Rejected, match="number"):
        checker_library().integer(b"+", digits, b"0")
