"""Journals: what is open follows from what is done; lines that are torn say nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.runs.journal import Done, Journal, Ledger, PartNote, read_journal, write_journal
from tests.faults import Calls, no_room

PART = PartNote(100, "ab" * 32, 3, 1, "00", "f0", (0.1, 0.25))
floats = st.floats(0, 1)
parts = st.builds(
    PartNote,
    st.integers(0),
    st.text("0123456789abcdef"),
    st.integers(0),
    st.integers(0),
    st.text("0123456789abcdef"),
    st.just("ff"),
    st.none() | st.tuples(floats, floats),
)


@st.composite
def tasks(draw):
    opened = draw(st.lists(st.binary(min_size=1, max_size=9), max_size=4))
    sizes = draw(st.none() | st.just(tuple(0.125 for _ in opened)))
    return Done(
        draw(st.binary(max_size=9)),
        tuple(opened),
        sizes,
        draw(st.integers(0)),
        draw(st.integers(0)),
        draw(st.none() | parts),
    )


@given(tasks())
def test_lines_are_read_as_they_are_written(done):
    assert Done.read(done.line()) == done
    assert done.line().count("\n") == 1


@given(tasks(), st.data())
def test_damaged_lines_say_nothing(done, data):
    line = done.line()
    assert Done.read(line[: data.draw(st.integers(0, len(line) - 1))]) is None
    place = data.draw(st.integers(0, len(line) - 2))
    other = line[:place] + ("x" if line[place] != "x" else "y") + line[place + 1 :]
    assert Done.read(other) is None


def task(root, *opened, sizes=None):
    return Done(root, opened, sizes, 3, 5, PART)


def test_what_is_open_follows():
    assert Ledger().open() == [b""]
    assert Ledger().left() == 1.0
    ledger = Ledger([task(b"", b"b", b"a", sizes=(0.5, 0.25))])
    assert (ledger.open(), ledger.left()) == ([b"a", b"b"], 0.75)
    ledger.add(task(b"b"))
    assert ledger.open() == [b"a"]
    assert [done.root for done in ledger.done()] == [b"", b"b"]
    ledger.add(task(b"a", b"ab", b"ac"))
    assert math.isnan(ledger.left())
    # What comes from a lost line does not count until that is there again.
    ledger.add(task(b"ab"))
    ledger.drop(b"a")
    assert (ledger.open(), len(ledger.done()), len(ledger.all())) == ([b"a"], 2, 3)
    ledger.add(task(b"a", b"ab"))
    assert not ledger.open()


def test_files(tmp_path):
    path = tmp_path / "journal"
    assert read_journal(path, "digest").open() == [b""]
    write_journal(path, "digest", [])
    journal = Journal(path)
    journal.append(task(b"", b"b", b"a"))
    journal.append(task(b"b"))
    with Calls(0, no_room).counted(), pytest.raises(pr.WriteError, match=r"journal: cannot be written .*make room"):
        journal.append(task(b"a"))
    journal.close()
    assert read_journal(path, "digest").open() == [b"a"]
    assert read_journal(path, "other").open() == [b""]
    write_journal(path, "digest", read_journal(path, "digest").all())
    assert path.read_text().splitlines()[1:] == [task(b"", b"b", b"a").line().rstrip(), task(b"b").line().rstrip()]


def test_bytes_that_are_no_text_say_nothing(tmp_path):
    path = tmp_path / "journal"
    write_journal(path, "digest", [task(b"")])
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    assert not read_journal(path, "digest").open()
