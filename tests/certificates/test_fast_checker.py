"""The compiled checker says what the small one says, of good certificates and of others."""

import gzip
import random
import re
import threading
import time
from concurrent.futures import CancelledError
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from polyrelu.certificates import checker, fast_checker
from polyrelu.certificates.checker import Rejected
from polyrelu.certificates.fast_checker import check_fast, expand, rows_as_text
from polyrelu.certificates.fast_library import checker_library
from tests.certificates import prover


class Question:
    """A statement, and its certificate."""

    def __init__(self, text, head=(), stop=prover.in_full, certificate=None):
        self.text = text
        self.certificate = prover.certificate(text, head, stop) if certificate is None else certificate


def statement(dim, layers, targets=(), domain=None):
    """Its text; layers are rows of numbers, the last one without ReLU; conditions are lines."""
    lines = ["polyrelu-statement 1", f"inputs {dim}"]
    if domain is None:
        domain = [f"1 x{i} {relation}" for i in range(dim) for relation in (">= -1", "<= 1")]
    lines += ["domain", *domain] if domain else []
    for number, rows in enumerate(layers, 1):
        lines.append("layer linear" if number == len(layers) else "layer relu")
        lines += [" ".join(map(str, row)) for row in rows]
    for target in targets:
        lines += ["target", *target]
    return "\n".join(lines) + "\n"


def drawn(seed, widths, largest, unit=1):
    """Random layers; few different weights make degenerate networks."""
    draw = random.Random(seed)
    pairs = pairwise(widths)
    return [[[unit * draw.randint(-largest, largest) for _ in range(m + 1)] for _ in range(n)] for m, n in pairs]


FEW, MANY = 1, 2**40
ENDS = ["1 x0 >= -1", "1 x0 <= 1"]
SIMPLEX = ["1 x0 > 0", "1 x1 >= 0", "1 x2 >= 0", "1 x0 1 x1 1 x2 < 1"]
CUBE = [f"1 x{i} {relation}" for i in range(7) for relation in (">= 0", "<= 1")]
HUGE, TINY = 10**60, Fraction(1, 10**60)


def questions():
    """Names, and what makes each."""
    for seed in range(4):
        for dim, widths in ((1, [1, 4, 3, 1]), (2, [2, 5, 4, 1]), (3, [3, 4, 3, 1]), (4, [4, 4, 2])):
            for largest in (FEW, 3, MANY):
                layers = drawn(seed, widths, largest)
                middle = largest // 2 + 1
                for relation in ("<", "<=", "=="):
                    target = [f"1 y0 {relation} {middle}"]
                    stop = prover.at_random(seed) if seed % 2 else prover.early
                    yield (
                        f"{dim}-{seed}-{largest:.0e}{relation}",
                        lambda d=dim, x=layers, t=target, s=stop: Question(statement(d, x, [t]), stop=s),
                    )
                yield f"{dim}-{seed}-{largest:.0e} regions", lambda d=dim, x=layers: Question(statement(d, x))
    plane = drawn(7, [2, 4, 3, 2], 2)
    space = drawn(8, [3, 4, 2], 2)
    two = [["1 y0 < 1", "1 y1 >= -1"], ["1 y0 > 1", "1 h1.0 1 x0 <= 2"], []]
    yield "several targets", lambda: Question(statement(2, plane, two))
    yield "plane", lambda: Question(statement(2, plane, [["1 y0 <= 0"]], []))
    yield "half a plane", lambda: Question(statement(2, plane, [["1 y1 == 0"]], ["1 x0 >= 0"]))
    yield "all regions", lambda: Question(statement(2, plane, [], []))
    yield "simplex", lambda: Question(statement(3, space, [["1 y0 <= 0", "1 y1 < 2"]], SIMPLEX))
    flat = ["1 x0 1 x1 == 1", *ENDS, "1 x2 <= 1", "-1 x2 <= 1"]
    yield "flat", lambda: Question(statement(3, space, [["1 y0 <= 0"]], flat), ["eq 0 0 1 | 0 -1"])
    unseen = [[[1, 0, 1], [2, 0, -1]], [[1, -1, 0]]]
    yield "line", lambda: Question(statement(2, unseen, [["1 y0 <= 1"]], ENDS), ["line 1"])
    point = statement(1, [[[1, 0]]], [["1 y0 <= 1"]], ["1 x0 == 1/2"])
    yield "point", lambda: Question(point, ["eq 0 0 1 | 0 -1"])
    empty = statement(1, [[[1, 0]]], [["1 y0 <= 1"]], ["1 x0 < 0", "-1 x0 <= 0"])
    yield "empty", lambda: Question(empty, certificate=f"{head_of(empty)}\nempty 0 1 1 1\n")
    # rounded integers decide nothing where weights do not fit, and bounds have to be fine
    for name, unit in (("huge", HUGE), ("tiny", TINY)):
        layers = drawn(3, [2, 4, 3, 1], 5, unit)
        target = [f"1 y0 <= {unit**3}"]
        for stop in (prover.in_full, prover.early):
            yield f"{name} {stop.__name__}", lambda x=layers, t=target, s=stop: Question(statement(2, x, [t]), stop=s)
    mixed = [[[1, HUGE, 0], [TINY, 1, 0], [1, 1, -1]], [[HUGE, 1, TINY, -1], [1, -HUGE, 1, 0]], [[1, 1, 0]]]
    yield "mixed", lambda: Question(statement(2, mixed, [["1 y0 <= 1"]]), stop=prover.early)
    near = [[[2**70, -(2**70) + 1, 1], [3, 5, 0]], [[1, 1, 0]]]
    yield "nearly parallel", lambda: Question(statement(2, near, [["1 y0 <= 1"]]))
    # many vertices, one of them on eight rows
    corner = [*CUBE, " ".join(f"1 x{i}" for i in range(7)) + " <= 7"]
    yield "cube", lambda: Question(statement(7, [[[1] * 7 + [-8]]], [["1 y0 <= 0"]], corner))


def head_of(text):
    return f"polyrelu-cells 1 {checker.Statement(text.encode()).hash}"


MAKERS = dict(questions())
_made = dict[str, Question]()


def question(name):
    """Made once."""
    if name not in _made:
        _made[name] = MAKERS[name]()
    return _made[name]


@pytest.fixture
def both(tmp_path):
    """What the two checkers say of a statement and certificates."""

    def say(text, *certificates):
        path = tmp_path / "question.txt"
        path.write_text(text)
        paths = [tmp_path / f"evidence{number}" for number in range(len(certificates))]
        for place, certificate in zip(paths, certificates, strict=True):
            place.write_text(certificate)
        return said_by(lambda: checker.check(path.read_bytes(), paths)), said_by(lambda: check_fast(path, *paths))

    return say


def said_by(check):
    try:
        return check()
    except Exception as reason:  # the small one rejects whatever Python says of files
        return f"REJECTED {reason!r}" if not isinstance(reason, Rejected) else f"REJECTED {reason}"


def is_rejected(said):
    return said.startswith("REJECTED")


def are_alike(small, fast):
    """The same claim, or none; the compiled one takes no list with a cell twice, or with one inside another."""
    return fast == small or (is_rejected(fast) and (is_rejected(small) or "already, or begins another" in fast))


@pytest.mark.parametrize("name", MAKERS)
def test_good_certificates_are_accepted(name, both):
    asked = question(name)
    small, fast = both(asked.text, asked.certificate)
    assert not is_rejected(small), small
    assert fast == small


# -- others -----------------------------------------------------------------------------------------------------------


def lines_changed(draw, lines):
    """Each kind of change, on whole lines; the number of cells is set right."""
    cells = [k for k, line in enumerate(lines) if line.startswith("c ")]
    vertices = [k for k, line in enumerate(lines) if line.startswith("v ")]
    kind = draw.randrange(9)
    k = draw.choice(cells)
    words = lines[k].split()
    if kind == 0:
        del lines[k]
    elif kind == 1:
        lines.insert(draw.choice(cells), lines[k])
    elif kind == 2:
        words[1] = format(max(int(words[1], 16) + draw.choice([-2, -1, 1]), 0), "x")
    elif kind == 3 and len(words) > 2:
        del words[draw.randrange(2, len(words))]
    elif kind == 4 and len(words) > 2:
        words[draw.randrange(2, len(words))] = format(draw.randrange(1, 9), "x")
    elif kind == 5:
        words.append(draw.choice(words[2:] or ["1"]))
    elif vertices:
        j = draw.choice(vertices)
        numbers = [int(word, 16) for word in lines[j].split()[1:]]
        if kind == 6:
            numbers[draw.randrange(len(numbers))] += draw.choice([-1, 1, 2])
        elif kind == 7:
            numbers = [draw.choice([-1, 0, 2, 3]) * number for number in numbers]
        else:
            other = draw.choice(vertices)
            lines[j], lines[other] = lines[other], lines[j]
            return lines
        lines[j] = "v " + " ".join(format(number, "x") for number in numbers)
        return lines
    if kind >= 2:
        lines[k] = " ".join(words)
    return lines


def counted(lines):
    """With the right number of cells at the end of each part."""
    count, result = 0, []
    for line in lines:
        if line.startswith("c "):
            count += 1
        if line.startswith("end "):
            line, count = f"end {count:x}", 0
        result.append(line)
    return "\n".join(result) + "\n"


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in MAKERS if name not in {"cube", "empty"}])
def test_changed_certificates_are_judged_alike(name, both):
    draw, asked, rejected = random.Random(name), question(name), 0
    for _ in range(12):
        lines = lines_changed(draw, asked.certificate.splitlines())
        if draw.random() < 0.3:
            lines = lines_changed(draw, lines) if any(line.startswith("c ") for line in lines) else lines
        small, fast = both(asked.text, counted(lines))
        assert are_alike(small, fast), "\n".join(lines)
        rejected += is_rejected(small)
    assert rejected >= 1


@pytest.mark.parametrize("name", ["2-1-3e+00<=", "3-2-1e+00<", "several targets", "half a plane", "flat"])
def test_statements_that_are_another_question_are_judged_alike(name, both):
    """A number or a relation of the statement is changed, and the hash in the certificate set right."""
    draw, asked = random.Random(name), question(name)
    for _ in range(40):
        lines = asked.text.splitlines()
        k = draw.choice([k for k, line in enumerate(lines) if re.match(r"-?\d", line)])
        words = lines[k].split()
        j = draw.randrange(len(words))
        if words[j] in ("<", "<=", "==", ">=", ">"):
            words[j] = draw.choice(["<", "<=", "==", ">=", ">"])
        elif re.fullmatch(r"-?\d+", words[j]):
            words[j] = str(int(words[j]) + draw.choice([-1, 1]))
        lines[k] = " ".join(words)
        text = "\n".join(lines) + "\n"
        certificate = head_of(text) + "\n" + asked.certificate.partition("\n")[2]
        small, fast = both(text, certificate)
        assert are_alike(small, fast), text


@pytest.mark.parametrize("name", ["2-1-3e+00<=", "2-2-1e+12==", "half a plane", "several targets"])
def test_changed_characters_are_judged_alike(name, both):
    draw, asked = random.Random(name), question(name)
    for _ in range(60):
        characters = list(asked.certificate)
        for _ in range(draw.randrange(1, 3)):
            characters[draw.randrange(80, len(characters))] = draw.choice("0123456789abcdef- \n\tvcbx\x0c\x00é")
        small, fast = both(asked.text, "".join(characters))
        assert are_alike(small, fast), "".join(characters)


def parts_of(name, length):
    """A certificate in parts: one for each beginning of patterns of some length."""
    asked = question(name)
    statement_read = checker.Statement(asked.text.encode())
    roots = [format(k, "b").zfill(length) for k in range(2**length)] if length else [""]
    certificates = [prover.certificate(asked.text, root=root) for root in roots]
    kept = [text for text in certificates if "\nc " in text]
    return asked.text, statement_read, kept


def test_parts_in_one_file_and_in_several(both):
    text, _, parts = parts_of("2-3-3e+00<=", 2)
    assert len(parts) > 2
    whole, _ = both(text, question("2-3-3e+00<=").certificate)
    assert both(text, *parts) == (whole, whole)
    joined = parts[0] + "".join(part.partition("\n")[2] for part in parts[1:])
    assert both(text, joined) == (whole, whole)
    for left_out in range(len(parts)):
        small, fast = both(text, *parts[:left_out], *parts[left_out + 1 :])
        assert is_rejected(small)
        assert is_rejected(fast)
    assert is_rejected(both(text, *parts, parts[0])[1])
    other = parts[0].replace("cells 0 00", "cells 0 01", 1)
    assert both(text, other, *parts[1:]) == (whole, whole)  # nothing rests on roots


def test_points(both):
    asked = question("2-1-3e+00<=")
    head = head_of(asked.text).replace("cells", "point")
    said = {both(asked.text, f"{head}\nx {x} {y}\n") for x in (-1, 0, "1/3", 2) for y in (-1, "0.5")}
    assert all(are_alike(small, fast) for small, fast in said)
    assert any("violated" in fast for _, fast in said)
    assert any(is_rejected(fast) for _, fast in said)


def test_blocks_may_come_in_any_pieces(tmp_path, monkeypatch):
    """What is read at a time, and by how many threads, changes nothing."""
    asked = question("several targets")
    path, evidence = tmp_path / "question.txt", tmp_path / "evidence.gz"
    path.write_text(asked.text)
    lines = asked.certificate.splitlines()
    many = list[str]()  # each cell with its own vertices
    seen = list[str]()
    for line in lines:
        if line.startswith("v "):
            seen.append(line)
        elif line.startswith("c "):
            keyword, length, *backs = line.split()
            chosen = [seen[-int(back, 16)] for back in backs]
            many += ["b", *chosen, " ".join([keyword, length, *(format(k, "x") for k in range(len(chosen), 0, -1))])]
        else:
            seen = [] if line == "b" else seen
            many.append(line)
    evidence.write_bytes(gzip.compress(asked.certificate.encode()))
    expected = check_fast(path, evidence)
    for text in (asked.certificate, "\n".join(many) + "\n"):
        for piece in (1, 7, 100, 2**20):
            monkeypatch.setattr("polyrelu.certificates.fast_checker._PIECE", piece)
            monkeypatch.setattr("polyrelu.certificates.fast_checker._MOST_AT_ONCE", 10 * piece)
            evidence.write_bytes(gzip.compress(text.encode()))
            for threads in (1, 3):
                assert check_fast(path, evidence, threads=threads) == expected


# -- what certificates of false statements would use ------------------------------------------------------------------


def test_equalities_of_the_domain_are_no_inequalities(both):
    text = statement(1, [[[1, 1]], [[1, 0]]], [], ["1 x0 == 0"])
    lines = ["cells regions -", "b", "v -1 1", "v -1 0", "v 0 1", "c 1 1 3", "c 1 2 3", "end 2"]
    _, fast = both(text, "\n".join([head_of(text), *lines, ""]))
    assert "outside an equality" in fast


def test_strict_conditions_that_vanish_leave_no_tile(both):
    """x < 0 and x >= 0 leave x = 0, which is not in the domain."""
    text = statement(1, [[[1, 0]]], [["1 y0 <= 1"]], ["1 x0 < 0", "-1 x0 <= 0"])
    lines = ["eq 0 0 1 | 1 1", "cells 0 -", "b", "v 1", "c 1 1", "end 1"]
    _, fast = both(text, "\n".join([head_of(text), *lines, ""]))
    assert fast == "holds: no point of the domain maps into a target"


def test_zones_are_joined_within_the_target_only(both):
    """|x| > 0, and |x| >= 0."""
    for relation, zones in ((">", 2), (">=", 1)):
        text = statement(1, [[[1, 0], [-1, 0]], [[1, 1, 0]]], [[f"1 y0 {relation} 0"]])
        _, fast = both(text, prover.certificate(text))
        assert fast == f"preimage: target 0: 2 tiles, 0 flat parts, {zones} zones"


def test_points_of_a_cell_that_is_not_simple_are_vertices(both):
    """A square, half of it in the target; the middle of the line between the halves is listed as a vertex."""
    text = statement(2, [[[1, 0, 0]], [[1, 0]]], [["1 x0 <= 0", "1 h1.0 <= 0"]])
    points = ["v 0 1 1", "v 0 -1 1", "v 1 1 1", "v 1 -1 1", "v -1 1 1", "v -1 -1 1"]
    cells = ["c 3 6 5 4 3", "c 3 6 5 2 1", "end 2"]
    part = [head_of(text), "cells 0 -", "b", *points]
    small, fast = both(text, "\n".join([*part, *cells, ""]))
    assert fast == small == "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"
    cells = ["c 3 1 7 6 5 4", "c 3 7 6 3 2", "end 2"]
    assert "no vertex" in both(text, "\n".join([*part, "v 0 0 1", *cells, ""]))[1]


def test_vertices_of_another_target_cannot_be_named(both):
    """relu(x) < -1 nowhere, and relu(x) < 5 everywhere: the cells of one are none of the other."""
    text = statement(1, [[[1, 0]], [[1, 0]]], [["1 y0 < -1"], ["1 y0 < 5"]])
    good = prover.certificate(text)
    assert both(text, good)[1].startswith("preimage: target 0: 0 tiles")
    before = good.partition("cells 1")[0]
    assert is_rejected(both(text, before + "cells 1 -\nc 2 3 2\nc 2 1 2\nend 2\n")[1])


def test_a_part_has_the_lines_that_follow_it(both):
    """What is a line for one target is none for the other."""
    text = statement(2, [[[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]]], [["1 y0 <= 1"], ["1 y1 <= 1"]], [])
    alone = statement(1, [[[1, 0]], [[1, 0]]], [["1 y0 <= 1"]], [])
    part = prover.certificate(alone).partition("cells 0 -\n")[2]
    cells = f"cells 0 -\nline 1\n{part}cells 1 -\nline 0\n{part}"
    _, fast = both(text, f"{head_of(text)}\n{cells}")
    assert fast == "preimage: " + "; ".join(f"target {j}: 2 tiles, 0 flat parts, 1 zones" for j in (0, 1))
    for wrong in (
        cells.replace("line 0", "line 1"),
        cells.replace("line 0\n", ""),
        cells.replace("line 1", "line 0 1 1"),
    ):
        assert is_rejected(both(text, f"{head_of(text)}\n{wrong}")[1])


# -- rows instead of coordinates --------------------------------------------------------------------------------------


def with_rows(asked):
    """The certificate as one of rows: each vertex by the rows of its first cell that vanish there."""
    statement_read = checker.Statement(asked.text.encode())
    lines, result, head = asked.certificate.splitlines(), list[str](), list[str]()
    rows, vertices, new, before, number = None, list[Any](), list[Any](), 0, None
    for line in lines:
        keyword, *words = line.split()
        if keyword == "polyrelu-cells":
            result.append(line.replace("cells", "rows"))
            continue
        if keyword in {"eq", "line"}:
            head.append(line)
        elif keyword == "cells":
            number, rows = None if words[0] == "regions" else int(words[0], 16), None
            head = [own for own in head if own.startswith("eq")]
        elif keyword == "b":
            rows = rows or checker.Target(statement_read, prover.by_inputs(head), number)
            vertices, before = [], 0
        elif keyword == "v":
            vertices.append(rows.vertex([int(word, 16) for word in words]))
            new.append(vertices[-1])
            continue
        elif keyword == "c":
            length, own = int(words[0], 16), [vertices[-int(word, 16)] for word in words[1:]]
            pos = neg = 0
            for v in own:
                rows.evaluate(v, rows.end)
                pos, neg = pos | v.pos, neg | v.neg
            full = (1 << rows.base + length) - 1
            pos, neg = pos & full, neg & full
            pattern = pos >> rows.base
            if pattern != before:
                result.append("p " + numbers(pattern ^ before))
            result += ["w " + numbers((pos | neg) & ~(v.pos | v.neg)) for v in new]
            new, before = [], pattern
        result.append(line)
    return "\n".join(result) + "\n"


def numbers(mask):
    return " ".join(format(bit.bit_length() - 1, "x") for bit in checker.bits(mask))


@pytest.mark.parametrize("name", MAKERS)
def test_rows_say_the_same(name, tmp_path):
    asked = question(name)
    path, rows, back = tmp_path / "question.txt", tmp_path / "rows", tmp_path / "coordinates"
    path.write_text(asked.text)
    rows.write_text(with_rows(asked))
    (tmp_path / "evidence").write_text(asked.certificate)
    assert check_fast(path, rows) == check_fast(path, tmp_path / "evidence")
    expand(path, rows, back)
    assert back.read_text() == asked.certificate
    expand(path, rows, tmp_path / "coordinates.gz")
    assert gzip.decompress((tmp_path / "coordinates.gz").read_bytes()).decode() == asked.certificate


def through_coordinates(path, rows, back):
    expand(path, rows, back)
    return check_fast(path, back)


def test_changed_rows_are_rejected_or_say_the_same(tmp_path):
    asked = question("2-1-3e+00<=")
    text, expected = with_rows(asked), None
    path, rows, back = tmp_path / "question.txt", tmp_path / "rows", tmp_path / "coordinates"
    path.write_text(asked.text)
    draw, kinds = random.Random(5), set()
    for _ in range(200):
        characters = list(text)
        characters[draw.randrange(80, len(characters))] = draw.choice("0123456789abcdef- \nwpcbv")
        rows.write_text("".join(characters))
        said = said_by(lambda: check_fast(path, rows))
        through = said_by(lambda: through_coordinates(path, rows, back))
        assert said == through or (is_rejected(said) and is_rejected(through)), rows.read_text()
        kinds.add(said if not is_rejected(said) else None)
    rows.write_text(text)
    expected = check_fast(path, rows)
    assert kinds <= {None, expected}


def test_coordinates_are_no_rows(tmp_path):
    asked = question("2-1-3e+00<=")
    path, evidence = tmp_path / "question.txt", tmp_path / "evidence"
    path.write_text(asked.text)
    evidence.write_text(asked.certificate)
    with pytest.raises(Rejected, match="not a certificate with rows"):
        expand(path, evidence, tmp_path / "to")
    evidence.write_text(with_rows(asked).replace("polyrelu-rows", "polyrelu-cells"))
    with pytest.raises(Rejected, match="what is p"):
        check_fast(path, evidence)


# -- what is hostile --------------------------------------------------------------------------------------------------


def target_of(name):
    asked = question(name)
    read = checker.Statement(asked.text.encode())
    return checker_library().Target(rows_as_text(read, {}, 0))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (b"v 0 0 0\n", "no point"),
        (b"v 1 1\n", "too few"),
        (b"v 1 1 1 1\n", "too many"),
        (b"v 2 2 1\nc 0 1\n", "outside the domain"),
        (b"v 1 1 -1\nc 0 1\n", "outside the domain"),
        (b"v 1 1 1\nc ffff 1\n", "out of its range"),
        (b"v 1 1 1\nc 0 2\n", "out of its range"),
        (b"v 1 1 1\nc 0 0\n", "not there"),
        (b"v 1 1 1\nc 0\n", "without vertices"),
        (b"v 1 1 1\nc 0 1\n", "flat"),
        (b"v 1 1 1\nc 0 1 1\n", "flat"),
        (b"c\n", "too early"),
        (b"\n", "too early"),
        (b"w 1 2\n", "what is w"),
        (b"what 1 2\n", "what is what"),
        (b"v " + b"1" * 70000 + b" 1 1\n", "too long"),
        (b"v 1 1 1" + b" " * 2**20 + b"\n", "too long"),
        (b"v 1 1 1\n" * (2**17 + 1), "too many vertices"),
    ],
)
def test_lines_that_are_rejected(lines, reason):
    block = target_of("2-1-3e+00<=").block(0)
    with pytest.raises(checker_library().Rejected, match=reason):
        block.read(lines)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (b"w 0 ffff\nc 0 1\n", "out of its range"),
        (b"w 0\nc 0 1\n", "do not determine"),
        (b"w\nc 0 1\n", "do not determine"),
        (b"w 0 2 4\nc 0 1\n", "do not determine"),
        (b"w " + b"0 " * 1000 + b"\n", "too many rows"),
        (b"p ffff\n", "out of its range"),
        (b"v 1 1 1\n", "what is v"),
    ],
)
@pytest.mark.parametrize("kind", [1, 2])
def test_rows_that_are_rejected(lines, reason, kind):
    block = target_of("2-1-3e+00<=").block(kind)
    with pytest.raises(checker_library().Rejected, match=reason):
        block.read(lines)


def test_points_that_no_cell_names_lie_in_the_domain():
    block = target_of("2-1-3e+00<=").block(0)
    block.read(b"v 2 2 1\n")
    with pytest.raises(checker_library().Rejected, match="outside the domain"):
        block.close()


def test_a_target_without_cells_covers_nothing():
    with pytest.raises(checker_library().Rejected, match="no cells"):
        target_of("2-1-3e+00<=").finish()


def test_a_block_is_read_by_one_thread_at_a_time():
    block, stop, errors = target_of("2-1-3e+00<=").block(0), threading.Event(), list[str]()

    def read():
        while not stop.is_set():
            try:
                block.read(b"v 1 1 1\n" * 500)
            except RuntimeError as error:
                errors.append(str(error))
                stop.set()
            except checker_library().Rejected:
                stop.set()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(errors) <= {"a block is read by one thread at a time"}


def test_a_pool_that_is_stopped_leaves_its_blocks():
    read = list[bytes]()

    class Slow:
        def read(self, piece):
            read.append(piece)
            time.sleep(0.02)

        def close(self):
            return 1

    def interrupted():
        with fast_checker._Pool(1) as pool:
            first = pool.submit(pool.read_and_close, Slow(), [b"a"] * 500)
            second = pool.submit(pool.read_and_close, Slow(), [b"b"])
            time.sleep(0.1)
            futures.extend([first, second])
            raise KeyboardInterrupt

    futures = list[Any]()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert 0 < len(read) < 100
    assert b"b" not in read
    assert isinstance(futures[0].exception(), CancelledError)
    assert futures[1].cancelled()
