"""Counterexample files, in both forms."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.formats.answers import assignment_lines, counterexample_text, decimal_text, read_answer
from polyrelu.formats.vnnlib import parse_query

TWO = parse_query(
    "(declare-network f (declare-input X real [1,2])(declare-output Y real []))"
    "(declare-network g (declare-input A real [2])(declare-output B real []))(assert (== X[0,1] A[0]))"
)
POINT, VALUES = (Fraction(1, 2), Fraction(-3), Fraction(1, 10)), (Fraction(7), Fraction(-1, 4))


def read(tmp_path, text, query=TWO):
    (tmp_path / "answer.txt").write_text(text)
    return read_answer(tmp_path / "answer.txt", query)


def test_both_forms_are_read_as_they_are_written(tmp_path):
    numbered = counterexample_text(TWO, POINT, VALUES)
    assert numbered.splitlines()[0] == "sat"
    assert "(X_0 0.5)\n (X_1 -3)\n (X_2 -3)\n (X_3 0.1)\n (Y_0 7)\n (Y_1 -0.25))" in numbered
    by_tensor = "sat\n" + "\n".join(assignment_lines(TWO.assignment(POINT, VALUES)))
    assert by_tensor.splitlines()[1:4] == ["X real [1,2]", "0.5", "-3"]
    for text in (numbered, by_tensor, numbered.removeprefix("sat\n"), by_tensor.removeprefix("sat\n")):
        answer = read(tmp_path, text)
        assert (answer.point, answer.values) == (POINT, VALUES)
        assert answer.verdict == ("sat" if text.startswith("sat") else None)


def test_outputs_may_be_left_out(tmp_path):
    assert read(tmp_path, "((X_0 1) (X_1 2) (X_2 2) (X_3 4e-1))").values == (None, None)
    assert read(tmp_path, "X real [1,2]\n1\n2\nA real [2]\n2\n3\n").values == (None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unsat", "has no counterexample"),
        ("", "has no counterexample"),
        ("((X_0 1) (X_1 2) (X_2 2))", "says nothing of entry 1 of the input A"),
        ("((X_0 1) (X_1 2) (X_2 3) (X_3 3))", "entry 0 of A is to equal that of another network, and does not"),
        ("((X_0 1) (X_0 2))", "X_0 comes twice"),
        ("((X_0 1) (X_1 2) (X_2 2) (X_3 4) (Y_2 1))", "there is no Y_2; Y has 2 entries"),
        ("((X_0 nan))", "X_0"),
        ("X real [1,2]\n1\n", "X has 1 entries, and 2 are declared"),
        ("Q real [1,2]\n1\n", "Q is not declared; known are X, Y, A, B"),
        ("X real [1,2]\n1\n2\nX real [1,2]\n", "X comes twice"),
        ("1\nX real [1,2]\n", "'1' stands before the first tensor"),
        ("X real [1,2]\n1\none\n", "line 3 after the verdict"),
    ],
)
def test_damaged_files_are_refused(tmp_path, text, message):
    with pytest.raises(pr.PolyreluError, match=message):
        read(tmp_path, text)


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(pr.InputError, match="there is no file"):
        read_answer(tmp_path / "answer.txt", TWO)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_numbers_are_written_exactly(value):
    if value == 0 or 1e-30 < abs(value) < 1e30:
        assert Fraction(decimal_text(Fraction(value))) == Fraction(value)
    assert float(decimal_text(Fraction(value))) == value


def test_other_numbers_are_rounded_to_floats():
    assert decimal_text(Fraction(1, 3)) == "0.3333333333333333"
    assert decimal_text(Fraction(-1, 8)) == "-0.125"
    assert decimal_text(Fraction(12, 1)) == "12"
    assert decimal_text(Fraction(10**200)) == "1e+200"


@given(st.text(alphabet="XYZA_0123. \n()[],-esatreal", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    try:
        read(tmp_path_factory.getbasetemp(), text)
    except pr.PolyreluError as error:
        assert str(error)
