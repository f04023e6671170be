"""Rows become coordinates, and what is no file of rows is refused by its line."""

import gzip

import pytest

import polyrelu as pr
from polyrelu.engines.evidence.expander import Expander, expand
from polyrelu.engines.evidence.question import Question
from tests.engines.evidence.questions import KINDS, saved, statement, verdict

SQUARE = statement(
    2, "1 x0 >= -1; 1 x0 <= 1; 1 x1 >= -1; 1 x1 <= 1", "layer relu\n1 1 0\nlayer linear\n1 0\n", "1 y0 > 0"
)


def rows_of(lines):
    """A file of rows about the square, whose rows are 0 to 3, 4 is t, 5 the neuron and 6 the target's."""
    return [f"polyrelu-rows 1 {pr.Statement.parse(SQUARE).hash}", *lines]


def expanded(lines):
    expander = Expander(Question.of(pr.Statement.parse(SQUARE)), "rows")
    found = b"".join(expander.line(f"{line}\n".encode()) for line in lines)
    expander.end()
    return found.decode().splitlines()[1:]


def test_vertices_by_hand():
    lines = ["cells 0 -", "b", "p 0", "w 1 3", "w 5 1", "w 3 5", "c 1 3 2 1", "p 0", "w 0 2", "c 1 3 2 1", "end 2"]
    found = ["cells 0 -", "b", "v 1 1 1", "v 1 -1 1", "v -1 1 1", "c 1 3 2 1", "v -1 -1 1", "c 1 3 2 1", "end 2"]
    assert expanded(rows_of(lines)) == found


def test_a_block_begins_with_zeros():
    """In the second block the bit is 0 again, so that the target's row is constant, and 6 says nothing."""
    begin = ["cells 0 -", "b", "p 0", "w 6 1", "c 1 1"]
    assert expanded(rows_of([*begin, "end 1"]))[2] == "v 1 -1 1"
    with pytest.raises(pr.InputError, match="line 9: the rows 6 1 of a vertex before it leave 2 directions"):
        expanded(rows_of([*begin, "b", "w 6 1", "c 1 1", "end 2"]))


def test_rows_in_any_number_give_a_vertex():
    """Where more rows meet than there are dimensions, all may be named."""
    assert expanded(rows_of(["cells 0 -", "b", "w 0 3 5", "c 1 1", "end 1"]))[2] == "v -1 1 1"


def test_directions_are_on_the_side_of_their_cell():
    """Of two directions the one in the domain; or where the domain has both, the one on the pattern's side."""
    text = statement(2, "1 x0 >= 0", "layer relu\n0 1 0\nlayer linear\n1 0\n", "1 y0 > 0")
    begin = f"polyrelu-rows 1 {pr.Statement.parse(text).hash}\ncells 0 -\nb\n"

    def direction(cell):
        expander = Expander(Question.of(pr.Statement.parse(text)))
        return b"".join(map(expander.line, (begin + cell).encode().splitlines())).split(b"\n")[3]

    assert direction("w 1 2\nc 1 1\n") == b"v 1 0 0"  # rows: x0, t, x1
    assert direction("w 0 1\nc 1 1\n") == b"v 0 -1 0"
    assert direction("p 0\nw 0 1\nc 1 1\n") == b"v 0 1 0"
    with pytest.raises(pr.InputError, match=r"line 5: a vertex before it lies on all rows of its cell"):
        direction("w 0 1\nc 0 1\n")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["polyrelu-cells 1 00"],
            "line 1: 'polyrelu-cells 1 00' is no file of rows, which begins with 'polyrelu-rows 1'",
        ),
        (["polyrelu-rows 2 00"], "line 1: .* is no file of rows"),
        (
            ["polyrelu-rows 1 abc"],
            "line 1: these rows are about the statement with the hash abc, and the one given has",
        ),
        ([""], "line 1: '' is not what stands here"),
        (rows_of(["b"]), "line 2: 'b' is not what stands here"),
        (rows_of(["cells 1 -"]), "line 2: 'cells 1 -' is not"),
        (rows_of(["cells regions -"]), "line 2: 'cells regions -' is not"),
        (rows_of(["cells 0 -", "b", "v 1 1 1"]), "line 4: 'v 1 1 1' is not"),
        (rows_of(["cells 0 -", "b", "p 2"]), "line 4: 'p 2' is not"),
        (rows_of(["cells 0 -", "b", "p -1"]), "line 4: 'p -1' is not"),
        (rows_of(["cells 0 -", "b", "w 1 7", "c 1 1"]), "line 5: 'c 1 1' is not"),
        (rows_of(["cells 0 -", "b", "w 1", "c 1 1"]), "line 5: the rows 1 of a vertex before it leave 2 directions"),
        (
            rows_of(["cells 0 -", "b", "w 1 2 3", "c 1 1"]),
            "line 5: the rows 1 2 3 of a vertex before it leave 0 directions",
        ),
        (rows_of(["cells 0 -", "b", "w 1 x", "c 1 1"]), "line 4: 'w 1 x' is not"),
        (rows_of(["cells 0 -", "b", "c"]), "line 4: 'c' is not"),
        (rows_of(["eq 0 1 1", "cells 0 -"]), "line 3: 'cells 0 -' is not"),
        (rows_of(["eq 0 9 1 | 9 1", "cells 0 -"]), "line 3: 'cells 0 -' is not"),
        (rows_of(["line 0 1", "cells 0 -"]), "line 3: 'cells 0 -' is not"),
        (rows_of(["cells 0 -", "b", "w 1 3", "c 1 1"]), "line 5: the file ends too early"),
        ([], "line 0: the file ends too early"),
    ],
)
def test_what_is_no_file_of_rows_is_refused(lines, message):
    with pytest.raises(pr.InputError, match=f"rows: {message}"):
        expanded(lines)


def test_bytes_that_are_no_text_are_refused():
    expander = Expander(Question.of(pr.Statement.parse(SQUARE)))
    with pytest.raises(pr.InputError, match=r"line 1: .*xff.* is not what stands here"):
        expander.line(b"polyrelu-rows \xff 1\n")


@pytest.mark.parametrize("name", KINDS)
def test_files_are_expanded_to_what_is_written_at_once(tmp_path, name):
    said = saved(KINDS[name][0], tmp_path / "question.txt")
    said.certify(tmp_path / "a.rows.gz", rows_only=True)
    said.certify(tmp_path / "a.cert")
    said.expand(tmp_path / "a.rows.gz", tmp_path / "b.cert")
    assert (tmp_path / "b.cert").read_bytes() == (tmp_path / "a.cert").read_bytes()
    assert verdict(said.text, tmp_path / "b.cert") == KINDS[name][1]


def test_a_damaged_file_replaces_nothing(tmp_path):
    said = saved(SQUARE, tmp_path / "question.txt")
    said.certify(tmp_path / "a.gz", rows_only=True)
    out = tmp_path / "out.cert"
    out.write_text("what was there")
    whole = gzip.decompress((tmp_path / "a.gz").read_bytes())
    for damaged in (whole[:-8], whole.replace(b"\ncells 0 -\n", b"\n")):
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(pr.InputError):
            expand(said, tmp_path / "damaged", out)
    assert out.read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gz", "damaged", "out.cert", "question.txt"]
