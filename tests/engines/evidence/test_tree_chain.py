"""The network as trees see it: what goes back to the inputs is what the checker says."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.certificates import tree_checker
from polyrelu.engines.evidence import tree_chain
from polyrelu.engines.evidence.tree_chain import FINE, Chain, relu_line, rounded_down, total_of
from polyrelu.networks.statement_text import HEADER, read_statement
from tests.engines.evidence.questions import by_chance
from tests.mutants import mutated


def chain(text):
    return Chain.all_of(read_statement(text, "statement"))[0]


def inputs(dim, rng):
    return tuple(Fraction(rng.randint(-12, 12), rng.choice([1, 2, 3])) for _ in range(dim))


def ends_around(values, rng):
    """Ends of neurons around the values that they have at a point; some have one or none."""
    found = {}
    for place, value in values.items():
        for side in (1, -1):
            if rng.random() < 0.8:
                found[side, place] = value - side * Fraction(rng.randint(0, 6), 4)
    return found


def least(one, form, constant, ends, slopes):
    """A lower bound at a point, as the ends of inputs are the same."""

    def line(place, rises):
        return relu_line(ends.get((1, place)), ends.get((-1, place)), slopes.get(place), rises)

    return one.at_inputs(form, constant, line)


def test_lower_bounds_are_those_of_the_checker_and_below_the_values():
    rng, found = random.Random(0), 0
    for seed in range(120):
        text = by_chance(seed)
        one = chain(text)
        if one.is_of_regions:
            continue
        x = inputs(one.input_dim, rng)
        entering, returned = one.at(x)
        neurons = [(depth, i) for depth, layer in enumerate(one.layers, 1) for i in layer.neurons]
        ends = ends_around({place: entering[place] for place in neurons}, rng)
        slopes = {place: Fraction(rng.randint(0, 4), 3) / 2 for place in neurons if rng.random() < 0.3}
        form, constant = total_of([(Fraction(rng.choice([-1, 1])), row) for row in one.target])
        own = least(one, form, constant, ends, slopes)
        theirs = by_the_checker(text, form, constant, x, ends, slopes)
        assert (own is None) == (theirs is None)
        if own is not None:
            found += 1
            value = sum((a * x[j] for j, a in own.entries.items()), own.constant)
            assert value == theirs
            assert value <= sum((a * returned[place] for place, a in form.items()), constant)
    assert found > 30


def by_the_checker(text, form, constant, x, ends, slopes):
    asked = tree_checker.Question(text.encode())
    theirs = {(side, (-depth, i)): side * end for (side, (depth, i)), end in ends.items() if end is not None}
    theirs |= {(side, (0, j)): side * value for j, value in enumerate([*x, 1]) for side in (1, -1)}
    words = [word for (depth, i), a in slopes.items() for word in (f"a{depth}.{i}", str(a))]
    try:
        return constant + asked.least(theirs, {p: a for p, a in form.items() if a}, words, {})[0]
    except TypeError:  # an end is missing
        return None


def test_few_entries_are_added_up_as_many_are(monkeypatch):
    """A layer of which most entries are 0 is gone through entry by entry, and gives the same."""
    rng = random.Random(1)
    rows = [[rng.choice([0] * 40 + [1, -2, "1/3"]) for _ in range(30)] for _ in range(20)]
    text = "\n".join([HEADER, "inputs 29", "layer relu", *(" ".join(map(str, row)) for row in rows)]) + "\n"
    sparse = chain(text).net
    assert sparse.sparse[0] is not None
    factors = {i: rng.randint(-9, 9) or 1 for i in rng.sample(range(20), 7)}
    monkeypatch.setattr(tree_chain, "_SPARSE", 10**6)
    dense = chain(text).net
    assert dense.sparse == [None]
    assert sparse.entering(1, factors) == dense.entering(1, factors)


@pytest.mark.parametrize(
    ("low", "up", "slope", "rises", "line"),
    [
        (-1, 1, None, True, (FINE, 0)),
        (-2, 1, None, True, (0, 0)),
        (-2, 1, Fraction(1, 2), True, (FINE // 2, 0)),
        (-2, 1, Fraction(1, 3), True, (FINE // 3, 0)),
        (None, 1, None, True, (0, 0)),
        (None, 1, None, False, None),
        (-1, 1, None, False, (FINE // 2, Fraction(1, 2))),
        (0, 1, None, False, (FINE, 0)),
        (-1, 0, None, False, (0, 0)),
        (0, 0, None, True, (0, 0)),
        (None, -1, None, False, (0, 0)),
    ],
)
def test_lines_around_relu(low, up, slope, rises, line):
    below, above = (None if end is None else Fraction(end) for end in (low, up))
    assert relu_line(below, above, slope, rises) == line


def is_above(found):
    """Whether a line is above ReLU between -2 and 1, where the best one has a slope that needs to be rounded."""
    m, t = found(Fraction(-2), Fraction(1), None, False)
    return all(m * z / FINE + t >= max(z, 0) for z in (Fraction(-2), Fraction(0), Fraction(1)))


def test_the_line_above_is_above():
    assert is_above(relu_line)
    assert not is_above(mutated(relu_line, "max(-m * low, (FINE - m) * up)", "-m * low"))


@pytest.mark.parametrize("value", [Fraction(1, 3), Fraction(-1, 3), Fraction(0), Fraction(7), Fraction(10) ** 400 / 7])
def test_numbers_are_rounded_down(value):
    found = rounded_down(value)
    assert found <= value <= found + abs(value) / 2**62
    assert (found == value) == (value.denominator == 1 and value < 10**9)


def test_what_is_seen():
    text = "polyrelu-statement 1\ninputs 2\nlayer relu\n1 0 0\n0 1 0\nlayer relu\n1 0 0\n0 1 0\n"
    assert chain(text).seen == [[0, 1], [0, 1]]
    assert chain(text + "target\n1 y1 > 0\n").seen == [[1], [1]]
    assert chain(text + "target\n1 y1 > 0\n1 h1.0 > 0\n").seen == [[0, 1], [1]]
    assert isinstance(pr.Statement.parse(text), pr.Statement)
