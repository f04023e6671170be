import copy
import hashlib
import operator
import pickle
import re
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.certificates import checker
from polyrelu.networks import statement as module
from polyrelu.networks.statement_text import read_statement
from polyrelu.polyhedra.halfspace import Halfspace
from tests.certificates.prover import certificate
from tests.strategies import coordinates, domains, networks, points, polyhedra, wide_networks

TEXT = """polyrelu-statement 1
inputs 2
domain
1 x0 >= -6
1 x0 <= 6
1 x1 >= -6
1 x1 <= 6
layer relu
1 2 -1/2
-1 1/4 0
layer linear
1 -1 3
target
1 y0 < 0
"""
MIDDLE = """polyrelu-statement 1
inputs 2
layer relu
1 1 0
1 -1 0
layer 01
1 -1 0
1 2 -3
layer linear
1 1 1/2
target
1 x1 -1 y0 <= 0
2 h1.1 3 h2.0 >= 1
-1 h3.0 1 h2.1 == 0
target
0 x0 1 x1 < 4
"""
HOLDS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}


def rows(statement):
    targets = statement.targets
    return statement.domain.halfspaces, None if targets is None else [one.halfspaces for one in targets]


@st.composite
def questions(draw):
    network = draw(st.one_of(networks(), wide_networks()))
    targets = draw(st.none() | st.lists(polyhedra(network.output_dim, max_rows=2), min_size=1, max_size=2))
    return network, targets, draw(domains(network.input_dim))


# -- what is written is read --------------------------------------------------------------------------------------


@given(questions())
def test_what_is_written_is_read(question):
    network, targets, domain = question
    said = pr.Statement.of(network, targets, domain)
    read = pr.Statement.parse(said.text)
    assert read == said
    assert (read.hash, read.network) == (said.hash, network)
    assert rows(read) == rows(said)
    assert rows(said)[1] == (None if targets is None else [one.halfspaces for one in targets])
    assert said.domain.halfspaces == (() if domain is None else domain.halfspaces)


@given(questions())
def test_the_same_question_has_the_same_text(question):
    network, targets, domain = question
    said = pr.Statement.of(network, targets, domain)
    layers = [pr.Layer(layer.weight.tolist(), layer.bias.tolist(), layer.relu) for layer in network.layers]
    whole = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    again = pr.Statement.of(pr.Network(layers), None if targets is None else tuple(targets), whole)
    assert again.text == said.text
    assert pr.Statement.of(*question).hash == hashlib.sha256(said.text.encode()).hexdigest()


def test_one_target_needs_no_list():
    target = pr.parse("y0 > 0", dim=1)
    network = pr.Network([([["1/3"]], [0])])
    assert pr.Statement.of(network, target) == pr.Statement.of(network, [target])


def test_the_canonical_text():
    network = pr.Network([([[1, 2], [-1, 0.25]], ["-1/2", 0]), ([[1, -1]], [3])])
    said = pr.Statement.of(network, pr.parse("y0 < 0", dim=1), pr.Polyhedron.box([-6, -6], [6, 6]))
    assert said.text == TEXT
    assert said.network is network
    mixed = pr.Network([pr.Layer([[1], [0.1]], [0, 0], [True, False]), pr.Layer([[0, 1]], [-2], False)])
    target = pr.Polyhedron.from_halfspaces([Halfspace((0,), -1, "<="), Halfspace((-4,), 6, "<")], 1)
    lines = pr.Statement.of(mixed, [target, pr.Polyhedron.whole_space(1)]).text.splitlines()
    assert lines[2:] == [
        *("layer 10", "1 0", "3602879701896397/36028797018963968 0", "layer linear", "0 1 -2"),
        *("target", "<= -1", "2 y0 > -3", "target"),
    ]


def test_rows_are_stated_as_they_are():
    """No order is changed, and nothing is left out: rows are numbered."""
    target = pr.Polyhedron([[1], [1], [-1], [0]], [3, 3, 5, 1], strict=[1])
    text = pr.Statement.of(pr.Network([([[1]], [0])]), target, target).text
    conditions = ["{} <= 3", "{} < 3", "{} >= -5", "<= 1"]
    assert text.splitlines()[2:7] == ["domain", *(one.format("1 x0") for one in conditions)]
    assert text.splitlines()[-5:] == ["target", *(one.format("1 y0") for one in conditions)]


def test_sides_of_equalities_are_kept():
    """Which side of an equality is positive is said by its sign, so it must not be turned around."""
    said = pr.Statement.parse(TEXT.replace("1 y0 < 0", "-2 y0 == 4\n2 y0 == 4"))
    assert said.targets[0].halfspaces == (Halfspace((-1,), 2, "=="), Halfspace((1,), 2, "=="))
    again = pr.Statement.of(said.network, said.targets, said.domain)
    assert again.text.splitlines()[-2:] == ["-1 y0 == 2", "1 y0 == 2"]
    assert rows(pr.Statement.parse(again.text)) == rows(said)


# -- what a text means --------------------------------------------------------------------------------------------


def values(layers, x):
    """All values of a network at a point, by the definition."""
    found = [list(map(Fraction, x))]
    for mask, *neurons in layers:
        sums = [sum(w * v for w, v in zip(row[:-1], found[-1], strict=True)) + row[-1] for row in neurons]
        relu = {"relu": "1" * len(sums), "linear": "0" * len(sums)}.get(mask, mask)
        found.append([max(v, Fraction(0)) if c == "1" else v for v, c in zip(sums, relu, strict=True)])
    return found


numbers = st.sampled_from(["0", "1", "-1", "+2", "0.5", "-0.25", "1/3", "-4/6", "007", "00.10"])


@st.composite
def conditions(draw, widths, depths):
    pairs = []
    for _ in range(draw(st.integers(0, 3))):
        depth = draw(st.sampled_from([k for k in depths if widths[k]] or [0]))
        index = draw(st.integers(0, widths[depth] - 1))
        kinds = ["x"] if depth == 0 else [f"h{depth}."] + ["y"] * (depth == len(widths) - 1)
        pairs.append((draw(numbers), f"{draw(st.sampled_from(kinds))}{index}", (depth, index)))
    return pairs, draw(st.sampled_from(list(HOLDS))), draw(numbers)


def text_of(condition):
    pairs, relation, bound = condition
    return " ".join([*(f"{a} {name}" for a, name, _ in pairs), relation, bound])


def slack(condition, found):
    """The left side of a condition less its right side."""
    pairs, _, bound = condition
    return sum((Fraction(a) * found[k][i] for a, _, (k, i) in pairs), Fraction(0)) - Fraction(bound)


def side(value):
    return (value > 0) - (value < 0)


@st.composite
def texts(draw):
    """A text, and what it says by parts."""
    widths, layers = [draw(st.integers(1, 2))], []
    for _ in range(draw(st.integers(1, 3))):
        widths.append(draw(st.integers(1, 2)))
        mask = draw(st.sampled_from(["relu", "linear", "10"[: widths[-1]], "01"[: widths[-1]]]))
        layers.append(
            [mask, *(draw(st.lists(numbers, min_size=n + 1, max_size=n + 1)) for n in widths[-2:-1] * widths[-1])]
        )
    domain = draw(st.lists(conditions(widths, [0]), max_size=2))
    targets = draw(st.lists(st.lists(conditions(widths, range(len(widths))), max_size=3), max_size=2))
    lines = ["polyrelu-statement 1", f"inputs {widths[0]}", *["domain"][: len(domain)], *map(text_of, domain)]
    for mask, *neurons in layers:
        lines += [f"layer {mask}", *map(" ".join, neurons)]
    for target in targets:
        lines += ["target", *map(text_of, target)]
    parts = [[mask, *([Fraction(v) for v in row] for row in neurons)] for mask, *neurons in layers]
    return "\n".join(lines) + "\n" * draw(st.integers(0, 1)), parts, domain, targets


@given(texts(), st.lists(points(2), min_size=1, max_size=4))
def test_networks_and_rows_mean_what_the_text_says(said, places):
    text, layers, domain, targets = said
    statement = pr.Statement.parse(text)
    assert statement.text == text
    assert (statement.targets is None) == (not targets)
    for place in places:
        x = list(place)[: statement.network.input_dim]
        found = values(layers, x)
        outputs = statement.network(x)
        assert outputs.tolist()[: len(found[-1])] == found[-1]
        asked = [
            (domain, statement.domain, x),
            *((one, own, outputs) for one, own in zip(targets, statement.targets or (), strict=True)),
        ]
        for conditions_said, polyhedron, at in asked:
            assert len(conditions_said) == len(polyhedron.halfspaces)
            for condition, row in zip(conditions_said, polyhedron.halfspaces, strict=True):
                sign = -1 if condition[1].startswith(">") else 1
                assert side(-row.slack(tuple(at))) == sign * side(slack(condition, found))
                assert row.holds(tuple(at)) == HOLDS[condition[1]](slack(condition, found), 0)


@given(texts())
def test_values_are_passed_along_without_a_relu(said):
    text, layers, _, targets = said
    statement = pr.Statement.parse(text)
    named = {key for one in targets for c in one for a, _, key in c[0] if Fraction(a)}
    for depth, (layer, (_, *neurons)) in enumerate(zip(statement.network.layers, layers, strict=True), 1):
        own = len(neurons)
        assert not any(layer.relu[own:])
        assert [row[: len(neurons[0]) - 1] for row in layer.rows[:own]] == [tuple(row[:-1]) for row in neurons]
        assert layer.output_dim <= own + len([key for key in named if key[0] < depth])


def test_conditions_on_inputs_and_middle_values():
    said = pr.Statement.parse(MIDDLE)
    assert said.network.widths == (2, 3, 4, 5)
    assert [layer.relu for layer in said.network.layers] == [
        (True, True, False),
        (False, True, False, False),
        (False,) * 5,
    ]
    assert said.network([3, 1]).tolist() == [7.5, 1, 2, 2, 5]  # y0, x1, h1.1, h2.0, h2.1
    assert [one.halfspaces for one in said.targets] == [
        (
            Halfspace((-1, 1, 0, 0, 0), 0, "<="),
            Halfspace((0, 0, -2, -3, 0), -1, "<="),
            Halfspace((-1, 0, 0, 0, 1), 0, "=="),
        ),
        (Halfspace((0, 1, 0, 0, 0), 4, "<"),),
    ]


def test_conditions_on_outputs_alone_change_no_network():
    said = pr.Statement.parse(TEXT.replace("1 y0 < 0", "0 x0 1 y0 < 0\n1 h1.0 1 h2.0 -1 h1.0 <= 2"))
    assert said.network.widths == (2, 2, 1)
    assert said.targets[0].halfspaces == (Halfspace((1,), 0, "<"), Halfspace((1,), 2, "<="))


@settings(max_examples=40)
@given(texts(), st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5))
def test_answers_are_those_of_the_text(said, places):
    text, layers, domain, targets = said
    statement = pr.Statement.parse(text)
    if statement.targets is None:
        return
    tiling = pr.preimage(statement.network, statement.targets, statement.domain)
    for place in places:
        x = place[: statement.network.input_dim]
        found = values(layers, x)
        holds = [all(HOLDS[c[1]](slack(c, found), 0) for c in one) for one in (domain, *targets)]
        assert tiling.contains(x) == (holds[0] and any(holds[1:]))


@st.composite
def within_boxes(draw):
    """Texts whose domain is a box, and whose last layer is linear, so that all who answer see the same neurons."""
    lines = draw(texts())[0].split("\n")
    layers = [place for place, line in enumerate(lines) if line.startswith("layer")]
    box = [f"1 x{i} {bound}" for i in range(int(lines[1].split()[1])) for bound in (">= -2", "<= 3")]
    lines[layers[-1]] = "layer linear"
    return "\n".join([*lines[:2], "domain", *box, *lines[layers[0] :]])


@settings(max_examples=60)
@given(within_boxes())
def test_a_program_with_a_reader_of_its_own_finds_the_same(tmp_path_factory, text):
    said, path = pr.Statement.parse(text), tmp_path_factory.getbasetemp() / "evidence"
    path.write_text(certificate(text))
    proved = checker.check(text.encode(), [str(path)])
    if said.targets is None:
        assert proved == f"regions: {len(pr.linear_regions(said.network, said.domain))}"
        return
    counts = [tuple(map(int, found)) for found in re.findall(r"(\d+) tiles, (\d+) flat", proved)]
    for i, target in enumerate(said.targets):
        dims = [tile.dim for tile in pr.preimage(said.network, target, said.domain)]
        flat = sum(dim < said.network.input_dim for dim in dims)
        found = counts[i] if counts else (0, 0)
        assert any(found) == bool(dims)
        if set(target.irredundant().halfspaces) == set(target.halfspaces):  # others may see fewer neurons
            assert found == (len(dims) - flat, flat)


# -- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [TEXT, MIDDLE.replace("\n", "\r\n"), f"# caf\u00e9 \u2264\n\n{TEXT}\n \t# end", TEXT[:-1]]
)
def test_files_are_read_byte_for_byte(tmp_path, text):
    path = tmp_path / "question.txt"
    path.write_bytes(text.encode())
    said = pr.Statement.load(path)
    assert said.text == text
    assert said.hash == hashlib.sha256(text.encode()).hexdigest()
    said.save(tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == path.read_bytes()
    assert pr.Statement.load(str(path)) == pr.Statement.parse(text)


def test_files_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(pr.InputError, match=r"load: there is no file .*missing\.txt"):
        pr.Statement.load(tmp_path / "missing.txt")
    with pytest.raises(pr.InputError, match="load: expected the path of a file, got int 3"):
        pr.Statement.load(3)  # type: ignore[arg-type]
    path = tmp_path / "question.txt"
    path.write_bytes(TEXT.encode() + b"# \xff\n")
    with pytest.raises(pr.InputError, match=r"question\.txt: line 15: the byte 0xff is not text in UTF-8 .*; save it"):
        pr.Statement.load(path)
    path.write_text(TEXT.replace("relu", "rleu", 1))
    with pytest.raises(pr.InputError, match=r"question\.txt: line 1: a statement begins with"):
        pr.Statement.load(path)
    monkeypatch.setattr(module, "LARGEST_FILE", len(TEXT) - 1)
    path.write_text(TEXT)
    with pytest.raises(pr.InputError, match=r"question\.txt: has more than 143 bytes"):
        pr.Statement.load(path)
    with pytest.raises(pr.WriteError, match="there is no directory"):
        pr.Statement.parse(TEXT).save(tmp_path / "none" / "question.txt")


# -- values -------------------------------------------------------------------------------------------------------


def test_statements_are_values():
    said = pr.Statement.parse(MIDDLE)
    for again in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):
        assert again == said
        assert (again.network, rows(again)) == (said.network, rows(said))
    assert len({said, pr.Statement.parse(MIDDLE), pr.Statement.parse(TEXT)}) == 2
    assert said != pr.Statement.parse(f"{MIDDLE}\n")
    with pytest.raises(AttributeError):
        said.text = ""  # type: ignore[misc]
    assert repr(said) == f"Statement(2-3-4-5, 2 targets, {said.hash[:8]})"
    assert repr(pr.Statement.parse(TEXT)) == f"Statement(2-2-1, 1 target, {pr.Statement.parse(TEXT).hash[:8]})"
    assert "linear regions" in repr(pr.Statement.of(said.network))


def test_what_is_no_question_is_refused():
    network = pr.Network([([[1, 1]], [0])])
    with pytest.raises(pr.DimensionError, match=r"of: target 1 lives in R\^2 but the network's outputs in R\^1"):
        pr.Statement.of(network, [pr.Polyhedron.whole_space(1), pr.Polyhedron.whole_space(2)])
    with pytest.raises(pr.DimensionError, match=r"of: the domain lives in R\^1 but the network's inputs in R\^2"):
        pr.Statement.of(network, None, pr.Polyhedron.whole_space(1))
    with pytest.raises(pr.InputError, match=r"of: the list of targets is empty.*pass None"):
        pr.Statement.of(network, [])
    with pytest.raises(pr.InputError, match="of: network: expected a Network"):
        pr.Statement.of("net.npz")  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="of: target 0: expected a Polyhedron"):
        pr.Statement.of(network, [0])  # type: ignore[list-item]
    with pytest.raises(pr.InputError, match="of: domain: expected a Polyhedron"):
        pr.Statement.of(network, None, 0)  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="parse: expected a str, got bytes"):
        pr.Statement.parse(b"polyrelu-statement 1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "inputs 1000000\ndomain\n" + "<= 1\n" * 21 + "layer relu",
        "inputs 0\nlayer relu\n" + "1\n" * 1000 + "target\n" + "<= 1\n" * 20_001,
        "inputs 10000\n" + "layer relu\n" * 10_000 + "target\n" + "\n".join(f"1 x{i} <= 1" for i in range(10_000)),
        "inputs 3000\nlayer relu\nlayer relu\ntarget\n" + "\n".join(f"1 x{i} <= 1" for i in range(3000)),
    ],
)
def test_short_texts_that_stand_for_too_much_are_refused(text):
    began = time.perf_counter()
    with pytest.raises(pr.BudgetExceeded, match=r"statement: its layers and conditions are rows of \d+ numbers, over"):
        pr.Statement.parse(f"polyrelu-statement 1\n{text}\n")
    assert time.perf_counter() - began < 10


def test_the_count_of_entries_is_that_of_the_rows():
    for text in (TEXT, MIDDLE):
        said = pr.Statement.parse(text)
        sets = [said.domain, *(said.targets or ())]
        entries = sum(layer.output_dim * (layer.input_dim + 1) for layer in said.network.layers)
        entries += sum(len(one.halfspaces) * one.ambient_dim for one in sets)
        read = read_statement(text, "here")
        assert module._entries(read, module._passed(read)) == entries


def test_numbers_that_nobody_would_read_are_not_written():
    huge = pr.Network([([[Fraction(2) ** -(2**18)]], [0])])
    with pytest.raises(pr.InputError, match=r"of: line 4 would have \d+ characters, and a number of 78914 digits"):
        pr.Statement.of(huge)
    long = pr.Network([([[Fraction(10) ** 60000] * 20], [0])])
    with pytest.raises(pr.InputError, match="of: line 4 would have 1200041 characters"):
        pr.Statement.of(long)
    just = pr.Network([([[Fraction(10) ** 60000]], [0])])
    assert pr.Statement.parse(pr.Statement.of(just).text).network == just
