"""Ground truth is what all engines and checkers say, and what a theorem says of one layer; see tests/ground_truth."""

from fractions import Fraction

import ground_truth
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.certificates.fast_checker import check_fast

QUESTIONS = {question.name: question for question in ground_truth.questions()}
SINGLE = [name for name, question in QUESTIONS.items() if question.target is None and len(question.network.layers) == 1]
PLACE = ground_truth.FOLDER


def regions(rows):
    """How many regions the hyperplanes w x + c = 0 of some rows (w, c) have, by deletion and restriction.

    A hyperplane H adds to the regions of the others as many as they have within H: r(A) = r(A - H) + r(A on H)
    (T. Zaslavsky, Facing up to arrangements, Memoirs of the AMS 154, 1975).
    """
    rows = [row for row in dict.fromkeys(map(normal_form, rows)) if any(row[:-1])]
    if not rows:
        return 1
    *others, last = rows
    return regions(others) + regions([within(last, row) for row in others])


def normal_form(row):
    """The row of the same hyperplane whose first number that is not zero is 1."""
    lead = next((v for v in row if v), 1)
    return tuple(Fraction(v) / lead for v in row)


def within(plane, row):
    """A row on a plane, whose first coordinate that it has is written by the others."""
    j = next(i for i, v in enumerate(plane) if v)
    factor = row[j] / plane[j]
    return [v - factor * p for i, (v, p) in enumerate(zip(row, plane, strict=True)) if i != j]


def rows_of(network):
    (layer,) = network.layers
    return [(*weights, bias) for weights, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)]


def test_what_is_stored_is_so():
    assert not list(ground_truth.differences())


def test_what_is_not_so_is_seen(tmp_path):
    for path in PLACE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    table = tmp_path / ground_truth.TABLE
    table.write_text(
        table.read_text().replace('"regions": 24', '"regions": 25').replace('"volume": "2"', '"volume": "3"')
    )
    assert sorted(ground_truth.differences(tmp_path)) == [
        "braid: regions is 24, stored is 25",
        "wedges: volume is 2, stored is 3",
    ]


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_compiled_checker_says_the_same(name):
    files = PLACE / f"{name}.question.txt", PLACE / f"{name}.cert.gz"
    assert check_fast(*files) == ground_truth.claim(PLACE, name)


@pytest.mark.parametrize("method", ["twin", "branch"])
@pytest.mark.parametrize("name", [name for name in QUESTIONS if name not in ("four", "plane-unbounded")])
def test_other_engines_say_the_same(name, method):
    question = QUESTIONS[name]
    assert ground_truth.numbers(question, method) == ground_truth.numbers(question)


@pytest.mark.parametrize("name", SINGLE)
def test_a_layer_has_as_many_regions_as_zaslavsky_says(name):
    expected = regions(rows_of(QUESTIONS[name].network))
    assert ground_truth.numbers(QUESTIONS[name]) == {"regions": expected}


entries = st.integers(-2, 2)


@given(data=st.data(), dim=st.integers(1, 3), count=st.integers(1, 6))
def test_any_layer_has(data, dim, count):
    """Repeated, parallel and concurrent neurons, and rows of zeros."""
    rows = data.draw(st.lists(st.tuples(*[entries] * (dim + 1)), min_size=count, max_size=count))
    network = ground_truth.arrangement([list(row[:-1]) for row in rows], [row[-1] for row in rows])
    assert len(pr.linear_regions(network)) == regions(rows)


def test_the_theorem_is_counted_right():
    assert regions([]) == 1
    assert regions([(1, 0, 0), (0, 1, 0), (1, 1, 0)]) == 6
    assert regions([(1, 0, 0), (0, 1, 0), (1, 1, 1)]) == 7
    assert regions([(1, 0), (2, 0), (1, 1)]) == 3
