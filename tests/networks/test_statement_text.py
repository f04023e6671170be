import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import primitive
from polyrelu.certificates import checker
from polyrelu.networks import statement_text
from polyrelu.networks.statement_text import LONGEST_LINE, MOST_DIGITS, read_statement
from polyrelu.polyhedra.halfspace import Halfspace

TEXT = """polyrelu-statement 1

inputs 2
domain
1 x0 >= -6
1 x1 <= 6
layer relu
1 2 -1/2
-1 0.25 0
layer linear
1 -1 3
target
1 y0 < 0
1 h1.1 >= 1/4
"""
# Each line of TEXT once more, with something wrong in it.
WRONG = [
    # the beginning
    (1, "polyrelu-statement 2", "a statement begins with 'polyrelu-statement 1'; version 1 is read, here is"),
    (1, "polyrelu-statement", "version 1 is read, here is 'polyrelu-statement'"),
    (1, "polyrelu-statement 1 1", "version 1 is read, here is 'polyrelu-statement 1 1'"),
    (1, "polyrelu-cells 1 ab", "a statement begins with 'polyrelu-statement 1'; here is 'polyrelu-cells 1 ab'"),
    (1, "\ufeffpolyrelu-statement 1", "the character '\\ufeff'; outside of comments"),
    # groups
    (2, "domain", "'domain' comes first; the first group is 'inputs' and their number"),
    (2, "1 x0 >= 0", "'1' stands before all groups; write 'inputs' and their number"),
    (3, "inputs", "inputs '': write their number, from 0 to 1000000"),
    (3, "inputs two", "inputs 'two': write their number"),
    (3, "inputs 02", "inputs '02': write their number"),
    (3, "inputs 2 3", "inputs '2 3': write their number"),
    (3, "inputs -2", "inputs '-2': write their number"),
    (3, "inputs 1000001", "inputs '1000001': write their number, from 0 to 1000000"),
    (3, "inputs 2\n1 x0 >= 0", "'1' follows 'inputs', which has no rows; groups begin with the words inputs", 4),
    (4, "inputs 2", "a second group 'inputs'; there is at most one"),
    (7, "domain\nlayer relu", "a second group 'domain'; there is at most one, put its rows there"),
    (4, "domain 1 x0 <= 5", "'1' follows 'domain'; conditions have lines of their own"),
    (12, "target 1 y0 < 5", "'1' follows 'target'; conditions have lines of their own"),
    (14, "layer linear\n1 0", "a layer after a target; put the layers before the targets"),
    # layers
    (7, "layer", "layer '': write 'relu', 'linear', or a 1 or 0 for each neuron"),
    (7, "layer rleu", "layer 'rleu': write 'relu', 'linear', or a 1 or 0 for each neuron"),
    (7, "layer 1 0", "layer '1 0': write 'relu', 'linear', or a 1 or 0 for each neuron"),
    (7, "layer 1", "layer '1': 1 digits, but layer 1 has 2 neurons; write one for each"),
    (7, "layer 101", "layer '101': 3 digits, but layer 1 has 2 neurons; write one for each"),
    (8, "1 2", "a neuron of layer 1 has 2 weights and a bias, 3 numbers; here are 2"),
    (11, "1", "a neuron of layer 2 has 2 weights and a bias, 3 numbers; here is 1"),
    (9, "-1 0.25 0 0", "a neuron of layer 1 has 2 weights and a bias, 3 numbers; here are 4"),
    (9, "1 x0 >= 0", "'x0' is not a number; write an integer, a decimal such as 0.25, or a fraction such as -1/3"),
    (9, "lyaer relu", "'lyaer' is not a number; write an integer, a decimal such as 0.25, or a fraction such"),
    # numbers
    *(
        (8, f"1 {word} 0", f"{word!r} is not a number; write an integer, a decimal such as 0.25, or a fraction")
        for word in ("nan", "1_000", "0x10", ".5", "5.", "1/", "/2", "1/-2", "1/0.5", "1.5/2", "--1", "+", "1,5", "#")
    ),
    (8, "1 1e-3 0", "'1e-3' has an exponent, and numbers have none; write an integer, a decimal such as 0.25,"),
    (8, "1 -2.5E+07 0", "'-2.5E+07' has an exponent"),
    (8, "1 1/0 0", "'1/0' divides by zero; write another denominator"),
    (8, "1 -1/00 0", "'-1/00' divides by zero; write another denominator"),
    (8, "1 \u22122 0", "the character '\\u2212'; outside of comments there are letters, digits and signs of ASCII"),
    (8, "1 \u0662 0", "the character '\\u0662'; outside of comments"),
    (8, "1\u00a02 0", "the character '\\xa0'; outside of comments"),
    (8, "1 2\r0", "the character '\\r'; outside of comments"),
    (8, "1 2\x0b0", "the character '\\x0b'; outside of comments"),
    (8, "1 2 0\x0b", "the character '\\x0b'; outside of comments"),
    (8, "1 2 \0", "the character '\\x00'; outside of comments"),
    # conditions
    (13, "1 y0 = 0", "'=' is no relation; write '=='"),
    (13, "1 y0 =< 0", "'=<' is no relation; write '<='"),
    (13, "1 y0 => 0", "'=>' is no relation; write '>='"),
    (13, "1 y0 \u2264 0", "'\u2264' is no relation; write '<='"),
    (13, "1 y0 \u2265 0", "'\u2265' is no relation; write '>='"),
    (13, "1 y0 != 0", "'!=' makes a union of two sets; write two targets, one with '<' and one with '>'"),
    (13, "1 y0 \u2260 0", "'\u2260' makes a union of two sets; write two targets"),
    (13, "1 y0", "'1 y0' has no relation; write one of <, <=, ==, >=, >, then a number"),
    (13, "tagret", "'tagret' has no relation; write one of <, <=, ==, >=, >, then a number (groups begin with"),
    (13, "0 < 1 y0 < 2", "2 relations in a condition; write a line for each"),
    (13, "1 y0 <", "after '<' comes one number, here is nothing; put names and coefficients before it"),
    (13, "<", "after '<' comes one number, here is nothing"),
    (13, "0 > 1 y0", "after '>' comes one number, here is '1 y0'; put names and coefficients before it"),
    (13, "1 y0 < h1.0", "'h1.0' is not a number"),
    (13, "y0 < 0", "'y0' has no coefficient before it; write '1 y0'"),
    (13, "1 y0 h1.0 < 0", "'h1.0' has no coefficient before it; write '1 h1.0'"),
    (13, "3 < 0", "no name follows '3'; write one, or put numbers behind '<'"),
    (13, "1 y0 + 1 h1.0 < 0", "'+' is not a number"),
    (13, "2*y0 < 0", "'2*y0' is not a number"),
    (13, "1e3 y0 < 0", "'1e3' has an exponent"),
    # names
    (13, "1 z0 < 0", "'z0' is no name; write x0 for an input, h1.0 for what layer 1 gives, y0 for an output"),
    *(
        (13, f"1 {name} < 0", f"{name!r} is no name")
        for name in ("y", "y00", "y_0", "h1", "h0.0", "h01.0", "h1.", "y0.0", "Y0", "1")
    ),
    (13, "1 y1 < 0", "'y1' is out of range: they are y0 to y0"),
    (13, "1 x2 < 0", "'x2' is out of range: they are x0 to x1"),
    (13, "1 h1.12 < 0", "'h1.12' is out of range: they are h1.0 to h1.1"),
    (13, "1 h3.0 < 0", "'h3.0': there is no layer 3; the last one is layer 2"),
    (5, "1 y0 < 0", "'y0' in the domain, where there are inputs only; put the condition into the targets"),
    (5, "1 h1.0 < 0", "'h1.0' in the domain, where there are inputs only"),
    (5, "1 x2 < 0", "'x2' is out of range: they are x0 to x1"),
]  # fmt: skip


def with_line(number, text):
    lines = TEXT.split("\n")
    lines[number - 1] = text
    return "\n".join(lines)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: ascii(one[1]))
def test_what_is_wrong_is_said_with_its_line(wrong):
    number, line, message, *there = wrong
    with pytest.raises(pr.InputError) as refused:
        read_statement(with_line(number, line), "here")
    assert str(refused.value).startswith(
        f"here: line {there[0] if there else number + line.count(chr(10)) * (number == 3)}: "
    )
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is nothing; a statement begins with 'polyrelu-statement 1'"),
        ("\n# nothing\n \t\r\n", "line 1: there is nothing"),
        ("\n# no\npolyrelu-statement 1\n", "line 3: nothing follows; write 'inputs' and their number, then the layers"),
        ("polyrelu-statement 1\ninputs 1\n", "line 2: there is no layer after it; say at least one"),
        ("polyrelu-statement 1\ninputs 1\ntarget\n1 y0 < 1", "line 3: there is no layer after it"),
        ("polyrelu-statement 1\ninputs 0\nlayer relu\ntarget\n1 y0 < 1", "line 5: 'y0' is out of range: there is none"),
        (f"{TEXT}#{'x' * LONGEST_LINE}", f"line 15: has {LONGEST_LINE + 1} characters; at most {LONGEST_LINE} are"),
        (f"{TEXT}1 y0 < 1{'0' * MOST_DIGITS}", f"(65537 characters)' has more than {MOST_DIGITS} digits; write"),
        (f"{TEXT}1 y0 < 1/{'3' * (MOST_DIGITS + 1)}", f"has more than {MOST_DIGITS} digits"),
        (f"{TEXT}1 y0 < 0.{'3' * (MOST_DIGITS + 1)}", f"has more than {MOST_DIGITS} digits"),
        (f"{TEXT}# \udc80", r"line 15: '\udc80' is half a character; take it out"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_whole(text, message):
    with pytest.raises(pr.InputError) as refused:
        pr.Statement.parse(text)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace(" ", "  \t"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\n# 1 y0 < 3 \u2028 target \r inputs 5\n\n"),
        TEXT.replace("\n", "\n  # indented\n \t\n"),
        TEXT.rstrip("\n"),
        TEXT.replace("1 x0", "+01 x0").replace("-6", "-6.00").replace(">= 1/4", "1 y0 -1 h2.0 >= 2/8"),
        TEXT.replace("layer relu", "layer 11").replace("layer linear", "layer 0"),
        TEXT.replace("1 y0 < 0", "3 y0 1/2 h1.0 -2 y0 -0.5 h1.0 < -0"),
        TEXT.replace("domain\n1 x0 >= -6\n1 x1 <= 6\n", "").replace("target", "domain\n1 x0 >= -6\n1 x1 <= 6\ntarget"),
    ],
)
def test_ways_to_say_the_same(text):
    assert text != TEXT
    expected, found = pr.Statement.parse(TEXT), pr.Statement.parse(text)
    assert found.network == expected.network
    assert found.domain.halfspaces == expected.domain.halfspaces
    assert [one.halfspaces for one in found.targets] == [one.halfspaces for one in expected.targets]
    assert found.hash != expected.hash


def test_groups_without_rows():
    said = pr.Statement.parse(
        "polyrelu-statement 1\ninputs 0\ndomain\nlayer linear\nlayer relu\n1\ntarget\ntarget\n<= 1"
    )
    assert said.network.widths == (0, 0, 1)
    assert said.domain == pr.Polyhedron.whole_space(0)
    assert [len(one.halfspaces) for one in said.targets] == [0, 1]
    assert pr.Statement.of(said.network, said.targets, said.domain).text.splitlines()[2:4] == [
        "layer relu",
        "layer relu",
    ]


def test_zero_rows_are_written():
    network = pr.Network([([[1]], [0])])
    for row in (Halfspace((0,), 0, "<="), Halfspace((0,), -3, "<"), Halfspace((0,), 0, "==")):
        said = pr.Statement.of(network, pr.Polyhedron.from_halfspaces([row], 1))
        assert said.text.splitlines()[-1] == f"{row.relation} {max(-1, row.offset)}"
        assert pr.Statement.parse(said.text).targets == said.targets


def test_layers_with_too_many_numbers(monkeypatch):
    monkeypatch.setattr(statement_text, "MOST_NUMBERS", 8)
    with pytest.raises(pr.BudgetExceeded, match="here: line 11: the layers have more than 8 numbers"):
        read_statement(TEXT, "here")
    monkeypatch.setattr(statement_text, "MOST_NUMBERS", 9)
    assert len(read_statement(TEXT, "here").layers) == 2


def test_long_numbers_are_read():
    digits = "7" * MOST_DIGITS
    said = read_statement(f"{TEXT}1 y0 < {digits}\n1 y0 < +1/{digits}\n1 y0 < 0.{digits}", "here")
    sevens = 7 * (10**MOST_DIGITS - 1) // 9
    expected = (Fraction(sevens), Fraction(1, sevens), Fraction(sevens, 10**MOST_DIGITS))
    found = [Fraction(one.offset, one.coefficients[2, 0]) for one in said.targets[0][2:]]
    assert all(one == value for one, value in zip(found, expected, strict=True))


def test_conditions_are_scaled_to_integers():
    said = pr.Statement.parse(f"{TEXT}1/6 x0 -1/4 y0 1/6 x0 > 5/12\n-4 x0 0.5 y0 3.5 y0 == -6\n1/3 x0 -1/3 x0 <= 7/2")
    assert said.network.output_dim == 3  # y0, x0, h1.1
    assert [(row.normal, row.offset, row.relation) for row in said.targets[0].halfspaces[2:]] == [
        ((3, -4, 0), -5, "<"),
        ((2, -2, 0), -3, "=="),
        ((0, 0, 0), 1, "<="),
    ]
    assert read_statement(f"{TEXT}{'3/1024 x0 ' * 3000}<= 1", "here").targets[0][2].coefficients == {(0, 0): 1125}
    primes = [n for n in range(3, 20_000, 2) if all(n % k for k in range(3, int(n**0.5) + 1, 2))]
    with pytest.raises(pr.InputError, match="line 15: its numbers are too long over one denominator; round them"):
        pr.Statement.parse(f"{TEXT}{' '.join(f'1/{n} x0' for n in primes)} <= 0")


@given(
    st.text(alphabet="01/.-+xyh<=> \n\r\t#layerinputsdomaintarget\u2028\x1c", max_size=60), st.integers(0, len(TEXT))
)
def test_any_text_is_read_or_refused(text, place):
    for whole in (text, TEXT[:place] + text + TEXT[place:], TEXT[:place] + text):
        try:
            said = pr.Statement.parse(whole)
        except pr.InputError as refused:
            assert str(refused).startswith("statement: line ")
        else:
            assert (
                pr.Statement.parse(pr.Statement.of(said.network, said.targets, said.domain).text).network
                == said.network
            )


def test_hostile_texts_end_in_time():
    head = "polyrelu-statement 1\ninputs 1\n"
    began = time.perf_counter()
    fractions = " ".join(f"1/{2 * i + 100_001} x0" for i in range(80_000))
    for text in (
        head + f"domain\n{fractions} <= 1\nlayer relu\n1 0\n",
        head + "layer relu\n1 0\n" * 10_000 + "target\n" * 10_000,
        head + "layer relu\n1 0\ntarget\n" + "1 x0 " * 200_000 + "<= 1",
        head + "1" * 1_000_000,
        head + "domain\n" * 2,
    ):
        try:
            read_statement(text, "here")
        except pr.InputError as refused:
            assert len(str(refused)) < 300
    assert time.perf_counter() - began < 10


# -- two readers --------------------------------------------------------------------------------------------------


def as_the_checker_reads(said):
    """What a statement says in the words of the checker, which has a reader of its own."""

    layers = [
        ([[*row, offset] for row, offset in zip(layer.rows, layer.offsets, strict=True)], list(layer.relu))
        for layer in said.layers
    ]
    widths = [said.input_dim, *(layer.output_dim for layer in said.layers)]
    return widths, layers, list(map(written, said.domain)), [list(map(written, one)) for one in said.targets or ()]


def written(condition):
    """A condition as it is written, of which ours is a multiple in primitive integers."""
    coefficients, offset, relation, factor = condition
    assert primitive([*coefficients.values(), offset]) == (*coefficients.values(), offset)
    assert factor > 0
    return {name: value / factor for name, value in coefficients.items()}, offset / factor, relation


def read_by_the_checker(text):
    found = checker.Statement(text.encode())
    layers = [
        ([[form.get(key, 0) for key in keys] for _, form, _ in layer], [kind == "relu" for _, _, kind in layer])
        for layer, keys in zip(
            found.layers,
            ([*((layer, j) for j in range(n)), checker.ONE] for layer, n in enumerate(found.widths)),
            strict=False,
        )
    ]
    domain, *targets = ([condition_read(*row) for row in rows] for rows in [found.domain[:-1], *found.targets])
    return found.widths, layers, domain, targets


def condition_read(_, form, relation):
    """A condition's coefficients, its bound, and its relation."""
    return {key: a for key, a in form.items() if key != checker.ONE}, -form.get(checker.ONE, 0), relation


WORDS = [
    *("0", "1", "-1", "+2/4", "0.5", "x0", "x1", "y0", "h1.0", "h2.0", "<", "<=", "==", ">=", ">", "\n", "\n#", "\r\n"),
    *("inputs", "domain", "layer", "relu", "linear", "target", "01", "3", "x01", "h0.0", "\u2028", "1e3", "1_0", ".5"),
]


@st.composite
def changed(draw):
    """TEXT with words taken out, put in, and moved."""
    words = TEXT.replace("\n", " \n ").split(" ")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words) - 1))
        words[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=2))
    return " ".join(words)


@settings(max_examples=500)
@given(changed())
def test_the_checker_reads_what_we_read(text):
    """What we take for a question, the checker takes for the same one."""
    try:
        said = read_statement(text, "here")
    except pr.InputError:
        return
    assert read_by_the_checker(text) == as_the_checker_reads(said)


# What the checker reads as it is meant: other blanks, zeros before numbers, and h0 for the inputs.
MEANT = {"inputs 02", "1\u00a02 0", "1 2\r0", "1 2\x0b0", "1 2 0\x0b", "1 y00 < 0", "1 h0.0 < 0", "1 h01.0 < 0"}
# Words that the checker passes over, and a mask of one digit, which it takes for all neurons.
PASSED_OVER = {"1 x0 >= 0", "inputs 2\n1 x0 >= 0", "domain 1 x0 <= 5", "target 1 y0 < 5", "layer 1 0", "layer 1"}


@pytest.mark.parametrize(
    "wrong", [one for one in WRONG if one[1] not in MEANT | PASSED_OVER], ids=lambda one: ascii(one[1])
)
def test_the_checker_refuses_what_is_wrong(wrong):
    number, line, *_ = wrong
    with pytest.raises((checker.Rejected, ValueError, ArithmeticError, LookupError, AttributeError, TypeError)):
        read_by_the_checker(with_line(number, line))
