import cProfile
import itertools
import time
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.cli import cli
from polyrelu.formats.vnnlib import load_property, parse_property
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import networks

DECLARED = "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n(declare-fun Y_1 () Real)\n"
TEXT = DECLARED + (
    "; a comment (with parentheses\n(assert (<= X_0 0.1))(assert (>= X_0 -1e-3))\n"
    "(assert (or (and (>= X_1 0) (<= Y_0 Y_1)) (and (>= X_1 0) (> Y_0 2)) (and (<= X_1 (- 1)) (= Y_1 (/ 1 3)))))\n"
    "(check-sat)\n"
)


def x(text):
    return pr.parse(text, dim=2, names=("x",))


def y(text):
    return pr.parse(text, dim=2)


def read(*assertions):
    return parse_property(DECLARED + "".join(f"(assert {one})" for one in assertions))


def test_a_benchmark_like_file_is_read_exactly(tmp_path):
    path = tmp_path / "p.vnnlib"
    path.write_text(TEXT)
    found = load_property(path, input_dim=2, output_dim=2)
    first, second = found.disjuncts
    assert first.domain == x("x0 <= 0.1 and x0 >= -0.001 and x1 >= 0")
    assert first.targets == (y("y0 <= y1"), y("y0 > 2"))
    assert second.domain == x("x0 <= 0.1 and x0 >= -0.001 and x1 <= -1")
    assert second.targets == (y("y1 == 1/3"),)
    assert first.domain.contains([Fraction(1, 10), 0])
    assert repr(found) == "Property(R^2 -> R^2: 2 domains, 3 targets)"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("(< Y_0 1)", ["y0 < 1"]),
        ("(not (<= Y_0 1))", ["y0 > 1"]),
        ("(not (= Y_0 1))", ["y0 < 1", "y0 > 1"]),
        ("(not (or (< Y_0 1) (> Y_1 2)))", ["y0 >= 1 and y1 <= 2"]),
        ("(not (and (< Y_0 1) (> Y_1 2)))", ["y0 >= 1", "y1 <= 2"]),
        ("(<= 0 Y_0 Y_1 1)", ["0 <= y0 <= y1 <= 1"]),
        ("(<= (+ (* 2 Y_0) (* Y_1 -3 1.5) 1) (- Y_0 Y_1 4))", ["2*y0 - 4.5*y1 + 1 <= y0 - y1 - 4"]),
        ("(>= (/ Y_0 4 2) (- Y_1))", ["y0/8 >= -y1"]),
        ("(= (* 0 Y_0) Y_1)", ["y1 == 0"]),
        ("(and)", [""]),
        ("(or)", []),
    ],
)
def test_formulas(formula, expected):
    targets = [target for one in read(formula).disjuncts for target in one.targets]
    assert targets == [y(text) if text else Polyhedron.whole_space(2) for text in expected]


def test_conjunctions_of_alternatives_multiply():
    found = read("(or (<= X_0 0) (>= X_0 1))", "(or (<= Y_0 0) (>= Y_0 1))", "(<= X_1 0)")
    assert [len(one.targets) for one in found.disjuncts] == [2, 2]
    assert found.disjuncts[1].domain == x("x0 >= 1 and x1 <= 0")


ATOMS = [  # one is a term in cases
    "(<= (ite (> X_0 X_1) Y_0 (- Y_1)) (ite (> Y_0 1) 1 X_1))",
    "(<= X_0 1)",
    "(> X_1 X_0)",
    "(= X_0 0)",
    "(<= Y_0 Y_1)",
    "(< 1 Y_0)",
    "(>= (+ Y_0 Y_1) 0)",
]
MEANINGS = [
    lambda a, b: (b[0] if a[0] > a[1] else -b[1]) <= (1 if b[0] > 1 else a[1]),
    lambda a, b: a[0] <= 1,
    lambda a, b: a[1] > a[0],
    lambda a, b: a[0] == 0,
    lambda a, b: b[0] <= b[1],
    lambda a, b: b[0] > 1,
    lambda a, b: b[0] + b[1] >= 0,
]
FORMULAS = st.recursive(
    st.integers(0, len(ATOMS) - 1),
    lambda inner: st.tuples(
        st.sampled_from(["and", "or", "not", "xor", "=", "=>", "ite", "let"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def written(formula):
    if isinstance(formula, int):
        return ATOMS[formula]
    head, parts = formula
    texts = [written(part) for part in completed(head, parts)]
    if head == "let":  # the last one with the first one given a name, and inside that name another one
        return f"(let ((a {texts[0]})) (let ((b a) (a {texts[-1]})) (or a (not b))))"
    return f"({head} {' '.join(texts)})"


def completed(head, parts):
    """As many parts as a connective takes."""
    if head == "not":
        return parts[:1]
    count = {"ite": 3, "xor": 2, "=": 2, "=>": 2}.get(head, 1)
    return (parts * count)[: max(count, len(parts))] if head != "ite" else (parts * 3)[:3]


def holds(formula, a, b):
    if isinstance(formula, int):
        return MEANINGS[formula](a, b)
    head, parts = formula
    values = [holds(part, a, b) for part in completed(head, parts)]
    return {
        "not": lambda: not values[0],
        "and": lambda: all(values),
        "or": lambda: any(values),
        "xor": lambda: sum(values) % 2 == 1,
        "=": lambda: len(set(values)) == 1,
        "=>": lambda: values[-1] or not all(values[:-1]),
        "ite": lambda: values[1] if values[0] else values[-1],
        "let": lambda: values[-1] or not values[0],
    }[head]()


@given(FORMULAS)
def test_a_property_means_what_its_formula_says(formula):
    found = read(written(formula))
    for a in itertools.product((-1, 0, 1, 2), repeat=2):
        for b in itertools.product((-2, 0, 1, 2), repeat=2):
            value = (*b, *a) if found.with_inputs else b
            inside = any(
                one.domain.contains(a) and any(t.contains(value) for t in one.targets) for one in found.disjuncts
            )
            assert inside == holds(formula, a, b)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(assert (<= X_0 1)", "line 5, column 1: this parenthesis is never closed"),
        (")", r"line 5, column 1: unexpected '\)'"),
        ("word", "column 1: unexpected 'word'; expected a command"),
        ("(assert (<= X_0\n  X_7))", "line 6, column 3: X_7 is not declared"),
        ("(assert (<= X_0 nan))", "line 5, column 17: 'nan' is neither a number nor a variable"),
        ("(assert (<= X_0 1e99999))", "column 17: the exponent"),
        ("(assert (<= X_0))", "column 9: <= compares at least two terms"),
        ("(assert (<= (* Y_0 Y_1) 1))", "product of variables"),
        ("(assert (<= (/ 1 Y_1) 1))", "dividing by a variable"),
        ("(assert (<= (/ Y_1 0) 1))", "division by zero"),
        ("(assert (<= (sin Y_1) 1))", "unknown term 'sin'"),
        ("(assert (<= (+) 1))", r"\+ has 0 terms"),
        ("(assert (nand (<= Y_0 1) (<= Y_1 1)))", "unknown formula 'nand'; known are and, or, not"),
        ("(assert (xor (<= Y_0 1)))", "xor takes at least two formulas, not 1"),
        ("(assert (= true))", "= takes at least two formulas, not 1"),
        ("(assert (ite (<= Y_0 1) true))", "ite takes three formulas, not 2"),
        ("(assert (<= (ite (<= Y_0 1) 2) 1))", "ite takes a formula and two terms, not 2 parts"),
        ("(assert (let (a 1) (<= a Y_0)))", r"a binding reads \(name term\) or \(name formula\)"),
        ("(assert (let ((a 1) (a 2)) (<= a Y_0)))", "'a' is bound twice"),
        ("(assert (let ((a 1)) (<= b Y_0)))", "'b' is neither a number nor a variable"),
        ("(assert (let ((a 1))))", r"a let reads \(let"),
        ("(assert (let ((a b) (b 1)) (<= a Y_0)))", "'b' is neither a number nor a variable"),
        ("(assert (let ((a (* Y_0 Y_1))) (<= a 1)))", "column 18: a product of variables"),
        ("(assert Y_0)", "unexpected 'Y_0'; expected a formula"),
        ("(assert ())", "expected a formula"),
        ("(assert)", "assert takes one formula, not 0"),
        ("(assert (not (<= Y_0 1) (<= Y_1 1)))", "not takes one formula, not 2"),
        ("(frobnicate)", "unknown command 'frobnicate'"),
        ("(vnnlib-version <3.0>)", r"expected \(vnnlib-version <2\.0>\)"),
        ("(declare-const X_0 Real)", "X_0 is declared twice"),
        ("(declare-const X_5 Real)", "X_5 is declared but X_2 is not"),
        ("(declare-const X_2 Int)", r"a declaration reads \(declare-const X_0 Real\)"),
        ("(declare-fun Z_0 () Real)", r"a declaration reads \(declare-fun X_0 \(\) Real\)"),
        ('(set-info "open', "opens a quotation that does not end"),
        ("(assert " * 101, "more than 100 nested"),
        (f"(assert (<= X_0 {'1' * 1001}))", "a word of 1001 characters"),
        ("(assert " + "(or (< Y_0 0) (> Y_0 1))".join(["(and ", *[" "] * 17, "))"]), "multiply to 262144 cases"),
        ("(assert (<= (* " + "1e1000 " * 50 + ") X_0))", "more than 50000 bits"),
    ],
)
def test_malformed_files_name_line_and_column(text, message):
    with pytest.raises(pr.ParseError, match=message):
        parse_property(DECLARED + text, where="p.vnnlib")


def test_a_message_shows_the_place():
    with pytest.raises(pr.ParseError) as caught:
        parse_property(DECLARED + "(assert (<= X_0 one))", where="p.vnnlib")
    assert str(caught.value) == (
        "p.vnnlib, line 5, column 17: 'one' is neither a number nor a variable such as X_0 or Y_0\n"
        "  (assert (<= X_0 one))\n                  ^"
    )


def test_other_networks_and_files_are_refused(tmp_path):
    with pytest.raises(pr.DimensionError, match="declares 2 inputs but the network has 3"):
        parse_property(TEXT, input_dim=3)
    with pytest.raises(pr.DimensionError, match="declares 2 outputs but the network has 1"):
        parse_property(TEXT, output_dim=1)
    with pytest.raises(pr.ParseError, match="no Y_0 is declared"):
        parse_property("(declare-const X_0 Real)")
    with pytest.raises(pr.InputError, match="there is no file"):
        load_property(tmp_path / "missing.vnnlib")
    (tmp_path / "p.gz").write_bytes(b"\x1f\x8b\xff")
    with pytest.raises(pr.InputError, match="packed by gzip, and ends too early"):
        load_property(tmp_path / "p.gz")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(pr.InputError, match="over the limit"):
        load_property(tmp_path / "huge")


def test_large_properties_take_no_more_than_seconds():
    many = "".join(f"(declare-const X_{i} Real)(assert (<= X_{i} 1))(assert (>= X_{i} -1))" for i in range(784))
    choice = " ".join(f"(and (<= X_0 {i}) (>= Y_0 {i}))" for i in range(2000))
    started = time.perf_counter()
    found = parse_property(f"(declare-const Y_0 Real){many}(assert (or {choice}))")
    assert len(found.disjuncts) == 2000
    assert time.perf_counter() - started < 20


@given(st.data())
def test_damaged_files_are_read_or_refused_but_never_crash(data):
    text = list(TEXT)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.sampled_from([0, 0, 1, 5, 200]))] = data.draw(
            st.sampled_from([*list('()01-_;"| \n\x00é'), "X_", "(or ", "e9", "(assert "])
        )
    try:
        assert parse_property("".join(text)).input_dim
    except pr.PolyreluError as error:
        assert str(error)


@given(st.text(alphabet='()XY_01<=+-*/.;"| \nassertorand', max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        parse_property(DECLARED + text)
    except pr.ParseError as error:
        assert "line" in str(error)


NETWORK = "(vnnlib-version <2.0>)\n(declare-network f (declare-input X real [1,2])(declare-output Y real [2]))\n"


def test_version_2_means_the_same_with_tensors():
    first = parse_property(
        "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
        "(assert (<= (- X_0 (* 2 X_1)) 0.1))(assert (or (< Y_0 Y_1) (= Y_0 1)))"
    )
    second = parse_property(
        NETWORK + "(assert (<= (- X[0,0] (* 2 X [ 0 , 1 ])) 0.1)) ; a comment\n(assert (or (< Y[0] Y[1]) (== Y[0] 1)))"
    )
    assert (second.input_dim, second.output_dim) == (2, 2)
    assert second.disjuncts == first.disjuncts
    named = '(declare-network g (declare-input a float32 [2, 3] "in") (declare-output b float64 [] "out"))'
    named += "(assert (!= b 1))"
    found = parse_property(named + "(assert (>= a[1,0] 2))")
    assert (found.input_dim, found.output_dim) == (6, 1)
    assert found.disjuncts[0].domain == pr.parse("x3 >= 2", dim=6, names=("x",))
    assert set(found.disjuncts[0].targets) == {pr.parse("y0 < 1", dim=1), pr.parse("y0 > 1", dim=1)}
    (same,) = parse_property(named.replace("(!= b 1)", "(not (!= b 1))")).disjuncts
    assert same.targets == (pr.parse("y0 == 1", dim=1),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(assert (<= X[0] 1))", r"X\[0\]: there is no such entry in a tensor of shape \[1, 2\]"),
        ("(assert (<= X[0,2] 1))", "there is no such entry"),
        ("(assert (<= X 1))", "there is no such entry"),
        ("(assert (<= X[0,-1] 1))", "indices are numbers separated by commas"),
        ("(assert (<= Z[0] 1))", r"neither a number nor a variable such as X\[0, 0\] or Y\[0\]"),
        ("(assert (<= X_0 1))", "neither a number nor a variable"),
        ("(assert (!= Y[0] 1 2))", "!= compares two terms"),
        ("(assert (<= X[0,0 1))", "opens an index that does not end"),
        ("(assert ([0] 1))", "an index follows a name"),
        ("(declare-const X_0 Real)", "single variables are of VNN-LIB 1"),
        ("(declare-network f (declare-input A real [1])(declare-output B real [1]))", "called 'f' is declared twice"),
        ("(declare-network g (declare-input X real [1])(declare-output B real [1]))", "'X' is declared twice"),
        ("(declare-network g (isomorphic-to h))", "isomorphic-to names a network that is declared before; these are f"),
        ("(assert true)(declare-network g (declare-input A real [1]))", "declared before anything is asserted"),
        ("(declare-input A real [1])", "it belongs into a declare-network"),
    ],
)
def test_malformed_files_of_version_2_are_refused(text, message):
    with pytest.raises(pr.ParseError, match=message):
        parse_property(NETWORK + text)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("(declare-input X real [1])", "expected a network with an input and an output"),
        ("(equal-to f)", "equal-to names a network that is declared before; these are none yet"),
        ("(declare-const X Real)", "'declare-const' in a network is not known; known are declare-input"),
        ("(declare-input X real [1])(declare-hidden H real [1])", "the name in the ONNX file is missing"),
        ("(declare-output Y real [1])(declare-input X real [1])", "inputs are declared first"),
        (
            '(declare-input X real [1] "x")(declare-output Y real [1])',
            "either all inputs and outputs of a network have",
        ),
        ("(declare-input X int8 [1])", "elements of type 'int8' are not supported"),
        ("(declare-input X real [1,,2])", r"reads \(declare-input X real \[1,5\]\)"),
        ("(declare-input X real [0])", "the shape"),
        ("(declare-input X real [9999999,9999999])", "the shape"),
        ("(declare-input X real)", r"reads \(declare-input X real \[1,5\]\)"),
    ],
)
def test_networks_of_version_2_that_are_not_read(inside, message):
    with pytest.raises(pr.ParseError, match=message):
        parse_property(f"(declare-network f {inside})")


def test_constants_and_implications():
    whole = read("true", "(<= X_0 1)")
    assert whole.disjuncts == read("(<= X_0 1)").disjuncts
    for nothing in ("false", "(not true)", "(and (<= X_0 1) false)", "(or)", "(not (=> false (<= X_0 1)))"):
        assert read(nothing).disjuncts == (), nothing
    implied = read("(=> (>= Y_0 0) (>= Y_1 1))")
    assert implied.disjuncts == read("(or (< Y_0 0) (>= Y_1 1))").disjuncts
    chain = read("(=> (>= Y_0 0) (<= X_0 1) (>= Y_1 1))")
    assert chain.disjuncts == read("(or (< Y_0 0) (> X_0 1) (>= Y_1 1))").disjuncts
    assert read("(not (=> (>= Y_0 0) (>= Y_1 1)))").disjuncts == read("(and (>= Y_0 0) (< Y_1 1))").disjuncts
    assert read("(=> true (>= Y_1 1))").disjuncts == read("(>= Y_1 1)").disjuncts
    for wrong, message in (
        ("(=> true)", "at least two formulas, not 1"),
        ("True", "unexpected 'True'"),
        ("(true)", "'true'"),
    ):
        with pytest.raises(pr.ParseError, match=message):
            read(wrong)


def test_a_property_that_nothing_breaks_holds():
    network = pr.Network([([[1, 0]], [0]), ([[1], [1]], [0, 0])])
    assert pr.verify(network, read("false")).status == "holds"
    assert pr.verify(network, read("(<= 0 X_0 1)", "(= X_1 0)", "true")).status == "violated"


def test_the_mark_of_utf_8_is_no_part_of_the_text(tmp_path):
    (tmp_path / "p.vnnlib").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load_property(tmp_path / "p.vnnlib").disjuncts == parse_property(TEXT).disjuncts
    (tmp_path / "p.vnnlib").write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(pr.InputError, match="is text in UTF-16; save it in UTF-8"):
        load_property(tmp_path / "p.vnnlib")


def test_messages_hold_nothing_that_a_terminal_obeys():
    for odd in ("\x1b[31m", "\ufeff", "\u202e", "\0", "\x9b2J"):
        with pytest.raises(pr.ParseError) as caught:
            parse_property(f"{DECLARED}(assert (<= X_0 {odd}1))")
        assert all(c.isprintable() or c in "\n\t" for c in str(caught.value)), odd


def test_names_are_read_once():
    """Twenty names, each of two of the one before: a tree of a million leaves, and one number a name."""
    names = "".join(f"(let ((a{i + 1} (+ a{i} a{i})))" for i in range(20))
    found = read(f"(let ((a0 Y_0)) {names} (<= a20 1){')' * 21}")
    assert found.disjuncts[0].targets == (y(f"{2**20}*y0 <= 1"),)
    shadowed = read("(let ((Y_0 Y_1)) (<= Y_0 1))")
    assert shadowed.disjuncts[0].targets == (y("y1 <= 1"),)


def test_distinct_terms():
    targets = [
        y(f"{a} and {b} and {c}") for a in ("y0 < 0", "y0 > 0") for b in ("y0 < y1", "y0 > y1") for c in ("0 < y1",)
    ]
    found = read("(distinct Y_0 0 Y_1)", "(> Y_1 0)").disjuncts[0].targets
    assert all(any(target == t for t in found) for target in targets if not target.is_empty())
    assert read("(not (distinct Y_0 1))").disjuncts == read("(= Y_0 1)").disjuncts
    assert read("(distinct true (<= Y_0 1))").disjuncts == read("(> Y_0 1)").disjuncts


def test_a_large_disjunction_is_linear_in_its_size():
    """By the calls of functions, which do not depend on how busy the machine is."""
    counts = []
    for count in (100, 400):
        boxes = " ".join(
            f"(and (>= X_0 {i}/1) (<= X_0 {i}.5) (<= Y_0 0.{i:04}1))".replace("/1", "") for i in range(count)
        )
        profile = cProfile.Profile()
        profile.enable()
        found = parse_property(DECLARED + f"(assert (or {boxes}))")
        profile.disable()
        assert len(found.disjuncts) == count
        counts.append(sum(entry.callcount for entry in profile.getstats()))
    assert counts[1] < 4.2 * counts[0]


def test_deep_nesting_and_long_words_are_refused():
    for text in ("(" * 10**6, f"(assert {'(not ' * 10**5}true{')' * 10**5})", f"(assert (<= X_0 {'9' * 10**5}))"):
        with pytest.raises(pr.ParseError, match=r"nested|a word of"):
            parse_property(DECLARED + text)


ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
ONE_EACH = "(declare-const X_0 Real) (declare-const Y_0 Real) (assert (<= -1 X_0 1))"


@pytest.mark.parametrize(
    ("formula", "status", "point"),
    [
        ("(< Y_0 X_0)", "holds", None),  # |x| >= x
        ("(>= (+ Y_0 X_0) 2)", "violated", 1),
        ("(<= (+ Y_0 X_0 2) 2)", "violated", None),  # where x <= 0
        ("(and (<= (+ Y_0 X_0) 0) (<= X_0 -1))", "violated", -1),
        ("(or (> (- Y_0 X_0) 2) (> Y_0 1))", "holds", None),
        ("(not (>= Y_0 X_0))", "holds", None),
    ],
)
def test_inputs_are_compared_with_outputs(formula, status, point):
    asked = parse_property(f"{ONE_EACH} (assert {formula})")
    assert asked.with_inputs
    found = pr.verify(ABSOLUTE, asked)
    assert found.status == status
    if status == "violated":
        assert found.value == (abs(found.point[0]),)
        assert point is None or found.point == (point,)


@given(networks(max_inputs=2, max_neurons=5), st.lists(st.integers(-2, 2), min_size=8, max_size=8), st.integers(-2, 2))
def test_mixed_comparisons_mean_what_they_say(network, coefficients, bound):
    """By the preimage of the network that returns its inputs as well, at all points of a grid."""
    inputs, outputs = network.input_dim, network.output_dim
    declared = "".join(f"(declare-const {k}_{i} Real)" for k, n in (("X", inputs), ("Y", outputs)) for i in range(n))
    names = [f"Y_{i}" for i in range(outputs)] + [f"X_{i}" for i in range(inputs)]
    terms = " ".join(f"(* {c} {name})" for c, name in zip(itertools.cycle(coefficients), names, strict=False))
    box = "".join(f"(assert (<= -2 X_{i} 2))" for i in range(inputs))
    asked = parse_property(f"{declared}{box}(assert (>= (+ 0 {terms}) {bound}))")
    (part,) = asked.disjuncts or (None,)
    if part is None or not inputs or not outputs:
        return
    found = pr.preimage(asked.asked_of(network), part.targets, part.domain)
    for point in itertools.product([-2, -1, 0, Fraction(1, 3), 2], repeat=inputs):
        values = [*network.evaluate([point])[0], *point]
        total = sum(c * v for c, v in zip(itertools.cycle(coefficients), values, strict=False))
        assert found.contains(point) == (total >= bound)
    assert (pr.verify(network, asked).status == "violated") == (len(found) > 0)


def test_mixed_properties_on_the_command_line_and_in_certificates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", W0=[[1.0], [-1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0]], b1=[0.0])
    for name, formula in (("holds", "(< Y_0 X_0)"), ("breaks", "(> (+ Y_0 X_0) 1)")):
        (tmp_path / f"{name}.vnnlib").write_text(f"{ONE_EACH} (assert {formula})")
    for name, code in (("holds", 0), ("breaks", 1)):
        done = CliRunner().invoke(cli, ["verify", "net.npz", f"{name}.vnnlib", "--certify", f"{name}.cert", "--json"])
        assert done.exit_code == code, done.output
        checked = CliRunner().invoke(cli, ["check", f"{name}.question.txt", f"{name}.cert"])
        assert checked.exit_code == 0, checked.output
    assert "y0 + x0 > 1" in CliRunner().invoke(cli, ["verify", "net.npz", "breaks.vnnlib", "--json"]).stdout
    shown = CliRunner().invoke(cli, ["preimage", "net.npz", "--property", "breaks.vnnlib"]).stdout
    assert "2*x0 > 1" in shown
    (tmp_path / "points.csv").write_text("0\n1\n")
    refused = CliRunner().invoke(cli, ["preimage", "net.npz", "--property", "breaks.vnnlib", "--slice", "points.csv"])
    assert "leave --slice out" in refused.output
