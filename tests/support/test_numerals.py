"""Numbers as text: what is read, what is refused at once, and texts of any length."""

import sys
import time
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import exact, to_float
from polyrelu.networks.properties import Disjunct
from polyrelu.support.numerals import MOST_DIGITS, fraction_digits, integer_digits, read_number, shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-1/3", Fraction(-1, 3)),
        ("+.5", Fraction(1, 2)),
        ("5.", 5),
        (" 1e-3\n", Fraction(1, 1000)),
        ("1E+2", 100),
        ("1_000/3_0", Fraction(100, 3)),
        ("1_0.0_5e0_2", 1005),
        ("-0", 0),
        ("0e4000", 0),
        ("1e0000000000000001", 10),
        ("9" * MOST_DIGITS, 10**MOST_DIGITS - 1),
        ("-" + "1" * 5 + "/" + "9" * MOST_DIGITS, Fraction(-11111, 10**MOST_DIGITS - 1)),
        (f"1e{MOST_DIGITS - 1}", 10 ** (MOST_DIGITS - 1)),
        (f"1e-{MOST_DIGITS - 1}", Fraction(1, 10 ** (MOST_DIGITS - 1))),
    ],
)
def test_text_is_what_it_says(text, value):
    assert read_number(text, "v") == exact(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", ".", "e5", "1/", "/2", "1/0", "1/2/3", "1/2e3", "1.5/2", "--1", "1 2", "0x10", "1__0", "_1", "1_"],
        *["1e", "inf", "nan", "\N{FULLWIDTH DIGIT ONE}", "1e5_", "1,5", "\N{VULGAR FRACTION ONE HALF}"],
    ],
)
def test_what_is_no_number_is_named(text):
    with pytest.raises(pr.InexactError, match=r"^v\[1\]: .* is not a number; write it like"):
        exact(text, "v[1]")


ABSURD = {
    "text": "1e99999999",
    "a small one": "1e-99999999",
    "a zero": "0e99999999",
    "an exponent of many digits": "1e" + "9" * 10**6,
    "a digit too many": "9" * (MOST_DIGITS + 1),
    "many digits": "9" * 10**7,
    "a place too many": "0." + "0" * MOST_DIGITS + "1",
    "a long denominator": "1/" + "9" * 10**6,
    "a decimal": Decimal("1e99999999"),
    "a small decimal": Decimal("-1e-99999999"),
    "a long decimal": Decimal("9" * (MOST_DIGITS + 1)),
    "a sympy number": sympy.Float("1e9999", 15),
    "a small sympy number": sympy.Float("1e-9999"),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_numbers_are_refused_at_once(name):
    began = time.perf_counter()
    with pytest.raises(pr.InexactError, match=f"more than {MOST_DIGITS} digits") as caught:
        pr.Polyhedron.box([0], [ABSURD[name]])
    assert time.perf_counter() - began < 1
    assert str(caught.value).startswith("box: upper[0]: ")
    assert len(str(caught.value)) < 300


def test_numbers_that_are_there_have_no_limit():
    assert exact(10**100_000) == 10**100_000
    assert exact(Fraction(1, 7**9000)) == Fraction(1, 7**9000)
    assert exact(Decimal("1e400")) == 10**400  # beyond the floats, and finite


@pytest.mark.parametrize("value", [Decimal("sNaN"), Decimal("-Infinity"), sympy.Float("nan"), sympy.Float("inf")])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(pr.InexactError, match=r"finite|no exact rational value"):
        exact(value)


@given(st.integers(), st.integers(0, 40))
def test_integers_of_any_length_are_written(value, power):
    assert integer_digits(value) == str(value)
    long = value * 10 ** (1000 * power)
    assert integer_digits(long) == (str(value) + "0" * 1000 * power if value else "0")


@given(st.fractions())
def test_fractions_are_written_and_read(value):
    assert fraction_digits(value) == str(value)
    assert read_number(fraction_digits(value), "v") == value


def test_python_may_be_stricter():
    """Its limit can be lowered to 640 digits; ours stays."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert read_number("9" * 4000, "v") == 10**4000 - 1
        assert integer_digits(10**4000) == "1" + "0" * 4000
    finally:
        sys.set_int_max_str_digits(before)


def test_values_are_shown_shortened():
    assert shown(3) == "3"
    assert shown(Fraction(-1, 3)) == "-1/3"
    assert shown("abc") == "'abc'"
    assert shown(10**5000) == "10000000000000000000...0000000000 (5001 characters)"
    assert shown([10**5000]) == "a value of type list"
    assert len(shown("x" * 10**6)) < 80


def test_long_numbers_are_printed():
    """Rows, points and messages of more digits than Python converts."""
    box = pr.Polyhedron.box([-(10**5000)], [10**5000])
    assert repr(box).count("0") > 10_000
    assert box.inequalities()[1] == "x0 <= 1" + "0" * 5000
    with pytest.raises(pr.InputError, match=r"above upper bound 1; swap them"):
        pr.Polyhedron.box([10**5000], [1])
    tiling = pr.preimage(pr.Network([([[1]], [0])]), pr.level(0, Fraction(10**5000, 3), 1))
    assert "0" * 5000 + "/3" in tiling.table()


@pytest.mark.parametrize(("dim", "digits"), [(1, 400), (2, 400), (3, 400), (1, 5000), (2, 5000)])
def test_answers_beyond_the_floats(dim, digits, tmp_path):
    """Sets as large as no float is: texts and files that hold exact numbers do, and floats are refused in words."""
    unit = [[int(i == j) for j in range(dim)] for i in range(dim)]
    net = pr.Network([(unit, [0] * dim), ([[1] * dim], [0])])
    big = 10**digits
    tiling = pr.preimage(net, pr.parse("y0 > 1", dim=1), pr.Polyhedron.box([-big] * dim, [big] * dim))
    for text in (
        tiling.table(),
        repr(tiling[0].polyhedron),
        repr(pr.check_tiling(tiling)),
        repr(tiling.nearest([0] * dim)),
    ):
        assert text
    prop = pr.Property(dim, 1, (Disjunct(tiling.domain, (pr.parse("y0 >= 3", dim=1),)),))
    assert repr(pr.verify(net, prop)).startswith("Verification(status='violated', point=(Fraction(")
    for suffix in (".ine", ".ext"):
        tiling.export(tmp_path / f"tiling{suffix}")
    floats = [tiling.to_shapely, tiling.to_pandas, tiling.plot] + [
        partial(tiling.export, tmp_path / f"tiling{suffix}")
        for suffix in (".obj", ".ply", ".svg", ".geojson", ".glb", ".gltf")
    ]
    for ask in floats:
        try:
            ask()
        except pr.PolyreluError as error:
            assert len(str(error)) < 300


def test_floats_beyond_their_range_are_refused_in_words():
    with pytest.raises(pr.RangeError, match=r"beyond their range, 1\.8e308; ask for exact numbers") as caught:
        to_float(Fraction(10**400, 3))
    assert isinstance(caught.value, OverflowError)
    assert isinstance(caught.value, pr.InexactError)
    assert to_float(Fraction(1, 3)) == 1 / 3
