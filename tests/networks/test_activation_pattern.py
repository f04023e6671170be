import pickle
from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.networks.activation_pattern import (
    PartialSigns,
    SignVector,
    packed_signs,
    sign_rows,
    unpacked_signs,
)


def rows_of(sign):
    """Layers of signs, some of them empty, as plain tuples."""
    return st.lists(st.lists(sign, max_size=10).map(tuple), max_size=4).map(tuple)


def by_hand(layers):
    return [sign for own in layers for sign in own]


@given(rows_of(st.booleans()), rows_of(st.booleans()))
def test_a_sign_vector_is_a_tuple_of_tuples(one, other):
    signs = SignVector(one)
    assert signs == one
    assert hash(signs) == hash(one)
    assert repr(signs) == repr(one)
    assert (signs < SignVector(other)) == (one < other)
    copy = pickle.loads(pickle.dumps(signs))
    assert type(copy) is SignVector
    assert copy == one


@given(rows_of(st.booleans()))
def test_what_a_sign_vector_is_made_of_and_made_into(layers):
    signs, flat = SignVector(layers), by_hand(layers)
    starts = list(accumulate(map(len, layers), initial=0))
    assert signs.flat.tolist() == flat
    assert signs.number == int("".join(map(str, map(int, flat))) or "0", 2)
    for again in (SignVector.from_flat(signs.flat, starts), SignVector.from_packed(packed_signs(signs.flat), starts)):
        assert again == layers
        assert all(type(sign) is bool for sign in by_hand(again))
    built = SignVector()
    for depth, own in enumerate(layers):
        assert signs.before(depth) == built
        built = built.then(own)
    assert built == signs


@given(st.integers(0, 20), st.data())
def test_rows_are_packed_with_the_first_sign_highest(neurons, data):
    rows = data.draw(st.lists(st.lists(st.booleans(), min_size=neurons, max_size=neurons), max_size=5))
    signs = sign_rows([(row[:3], row[3:]) for row in rows], neurons)
    assert signs.tolist() == rows
    assert signs.shape == (len(rows), neurons)
    packed = packed_signs(signs)
    assert packed.shape == (len(rows), -(-neurons // 8))
    for row, own in zip(rows, packed, strict=True):
        assert [bool(own[i // 8] & 128 >> i % 8) for i in range(neurons)] == row
    assert unpacked_signs(packed, neurons).tolist() == rows
    assert unpacked_signs(packed, neurons).dtype == np.bool_


@given(st.lists(st.integers(0, 9), max_size=3), st.data())
def test_partial_signs_agree_with_what_they_say(widths, data):
    layers = data.draw(st.tuples(*(st.tuples(*[st.integers(-1, 1)] * n) for n in widths)))
    vectors = data.draw(st.lists(st.tuples(*(st.tuples(*[st.booleans()] * n) for n in widths)), max_size=6))
    partial = PartialSigns(layers)
    agreeing = [
        i
        for i, vector in enumerate(vectors)
        if all(not s or (s > 0) == on for s, on in zip(by_hand(layers), by_hand(vector), strict=True))
    ]
    assert partial.agreeing(packed_signs(sign_rows(vectors, sum(widths)))) == agreeing
    assert partial.active == tuple(tuple(sign == 1 for sign in own) for own in layers)
