import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu import ParseError, Polyhedron, PolyreluError, parse
from polyrelu.networks.linear_constraints import _say_how_indices_count, coordinate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y0 > 0", Polyhedron([[-1, 0, 0]], [0], strict=True)),
        ("y_2 > 0", Polyhedron([[0, 0, -1]], [0], strict=True)),
        ("h_0 > 0 and 2*y1 - y2/3 <= 0.5", Polyhedron([[-1, 0, 0], [0, 2, "-1/3"]], [0, "0.5"], strict=[0])),
        (
            "y0 > 0 & y1 >= 1, y2 == 3 && y0 = 1",
            Polyhedron([[-1, 0, 0], [0, -1, 0], [0, 0, 1], [1, 0, 0]], [0, -1, 3, 1], strict=[0], equalities=[2, 3]),
        ),
        ("-1 <= y0 < y1 <= 2", Polyhedron([[-1, 0, 0], [1, -1, 0], [0, 1, 0]], [1, 0, 2], strict=[1])),
        ("3 >= y0 > -.5", Polyhedron([[1, 0, 0], [-1, 0, 0]], [3, "1/2"], strict=[1])),
        ("-(y0 - 2*(y1 + 1))/4 < 1e-1", Polyhedron([["-1/4", "1/2", 0]], ["-0.4"], strict=True)),
        ("y0*2/3*3 <= --1", Polyhedron([[2, 0, 0]], [1])),
        ("0.1 <= y0", Polyhedron([[-1, 0, 0]], ["-1/10"])),
        ("y0 + y1 <= y0", Polyhedron([[0, 1, 0]], [0])),
        ("1 > 0", Polyhedron.whole_space(3)),
        ("1 < 0", Polyhedron.empty(3)),
    ],
)
def test_constraints_mean_what_they_say(text, expected):
    assert parse(text, dim=3) == expected


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("y0", 1, "expected a comparison"),
        ("", 1, "expected a number or a variable"),
        ("y0 > ", 6, "expected a number or a variable"),
        ("y0 > 0 or y1 > 0", 8, "pass a list of targets"),
        ("y0 | y1 > 0", 4, "pass a list of targets"),
        ("y0 != 0", 4, "not convex"),
        ("y0*y1 > 0", 3, "product of two variables"),
        ("1/y0 > 0", 2, "dividing by a variable"),
        ("y0/0 > 0", 3, "division by zero"),
        ("y0**2 > 0", 3, "powers"),
        ("y3 > 0", 1, "index 3 is out of range"),
        ("x0 > 0", 1, "unknown name 'x0'"),
        ("2*sin > 0", 3, "unknown name 'sin'"),
        ("y > 0", 1, "unknown name 'y'"),
        ("y0 > 0 y1", 8, "unexpected 'y1'"),
        ("(y0 > 0", 5, r"expected '\)'"),
        ("y0 > 0 and", 11, "expected a number or a variable"),
        ("y0 > 0; import os", 7, "unexpected character ';'"),
        ("__import__(0) > 0", 1, "unknown name"),
        ("y0 > 2y1", 7, "unexpected 'y1'"),
        ("y0 > 1e99999", 6, "more than 4300 digits, those of its exponent"),
        ("y0 > " + "9" * 5000, 6, "more than 4300 digits"),
        ("y" * 2000 + "0 > 1", 1, "2001 characters"),
        ("y0 > 1e4000 * 1e4000 * 1e4000", 22, "more than 8600 digits"),
        ("y0/3e4000*1e-4000*1e-4000 > 0", 18, "more than 8600 digits"),
        ("+".join(f"1/{k}" for k in range(1, 29999, 2)) + " > y0", 74149, "more than 8600 digits"),
        ("(" * 500 + "y0" + ")" * 500 + " > 0", 101, "nested"),
    ],
)
def test_errors_point_at_the_column(text, column, message):
    with pytest.raises(ParseError, match=message) as caught:
        parse(text, dim=3)
    assert f"column {column}:" in str(caught.value)
    shown, pointer = str(caught.value).splitlines()[-2:]
    assert shown[len(pointer) - 1 :][:1] == text[column - 1 :][:1]  # what the pointer is below
    assert pointer.strip() == "^"
    if len(text) < 80:
        assert (shown, len(pointer)) == ("  " + text, column + 2)


@given(st.text(alphabet="yh_01239.+-*/()<>=&,|!eand or\t", max_size=30))
def test_any_text_is_a_polyhedron_or_a_parse_error(text):
    try:
        assert parse(text, dim=2).ambient_dim == 2
    except ParseError:
        pass


@given(st.text(max_size=20))
def test_any_unicode_is_refused_or_read(text):
    try:
        parse(text, dim=2)
    except PolyreluError as error:
        assert "column" in str(error)


def test_other_names():
    assert parse("x1 <= 2", dim=2, names=("x",)) == Polyhedron([[0, 1]], [2])


@pytest.fixture
def nothing_said():
    """As in a new process."""
    _say_how_indices_count.cache_clear()
    yield
    _say_how_indices_count.cache_clear()


@pytest.mark.parametrize("text", ["h_1 > 0", "h1 > 0", "h_1 > 0 and h_2 <= 1", "2*h_2 < h_1"])
def test_indices_count_from_0_and_that_is_said_once(text, nothing_said):
    with pytest.warns(pr.CountingWarning, match="h_0 is the first coordinate and h_1 the second") as said:
        assert parse(text, 3) == parse(text.replace("h", "y"), 3)
    assert [warning.filename for warning in said] == [__file__]
    parse(text, 3)


@pytest.mark.parametrize("text", ["h_0 > 0", "h_1 > h_0", "y1 > 0", "y_1 > 0 and y2 > 0", "x1 > 0"])
def test_who_counts_from_0_hears_nothing(text, nothing_said):
    parse(text, 3, names=("y", "h", "x"))


def test_names_of_coordinates(nothing_said):
    assert [coordinate(name, 12) for name in ("y0", "y_0", "h_0", "y11", "y_11")] == [0, 0, 0, 11, 11]
    with pytest.warns(pr.CountingWarning):
        assert coordinate("h_1", 3) == 1
    for name, message in {
        "y3": "index 3 is out of range",
        "z0": "unknown name 'z0'",
        "y0 > 0": "expected the name of one coordinate",
        "2": "expected the name of one coordinate",
        "": "expected the name of one coordinate",
    }.items():
        with pytest.raises(pr.ParseError, match=message):
            coordinate(name, 3)
