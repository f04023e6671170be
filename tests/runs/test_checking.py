"""Checking a run on disk: each thing that can be wrong is found."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import polyrelu as pr
from polyrelu.runs.journal import write_journal
from polyrelu.runs.parts import PartWriter, digest_of
from polyrelu.runs.status import Status
from tests.runs.questions import QUESTIONS


@pytest.fixture
def run(tmp_path, finished):
    shutil.copytree(finished, tmp_path / "run")
    return pr.Run(tmp_path / "run")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    net, target, domain, cuts = QUESTIONS["usual"]
    place = tmp_path_factory.mktemp("runs") / "whole"
    pr.Run(place, net, target, domain, cuts=cuts).work()
    return place


@pytest.mark.parametrize("name", QUESTIONS)
def test_all_is_well(tmp_path, name):
    net, target, domain, cuts = QUESTIONS[name]
    run = pr.Run(tmp_path / "run", net, target, domain, cuts=cuts)
    assert not run.check()
    run.work()
    assert not run.check(threads=2)


def change(run, make):
    """Change the lines of the journal."""
    lines = {done.root: done for done in run.ledger().done()}
    write_journal(run.directory.journal, run.question.digest, make(lines).values())


def with_part(run, number):
    return [done for done in run.ledger().done() if done.part][number]


def test_files_that_are_missing_or_damaged(run):
    one, other = with_part(run, 0), with_part(run, 1)
    run.directory.part(one.root).unlink()
    run.directory.part(other.root).write_bytes(b"PAR1")
    missing, damaged = run.check()
    assert "is missing" in missing
    assert "damaged" in damaged


def test_roots_that_are_left_out(run):
    """Somebody has made the journal say that there was less to do."""
    one = next(done for done in run.ledger().done() if len(done.open) > 1)
    change(run, lambda lines: lines | {one.root: replace(one, open=one.open[:-1], sizes=None)})
    assert any("does not end where it ends" in said or "is not everything" in said for said in run.check())
    change(run, lambda lines: lines | {one.root: replace(one, open=one.open[1:], sizes=None)})
    said = run.check()
    assert not said or any("does not" in own or "is not" in own for own in said)


def test_counts_that_do_not_agree(run):
    one = with_part(run, 0)
    change(run, lambda lines: lines | {one.root: replace(one, tiles=one.tiles + 1)})
    assert any("and its part has others" in said for said in run.check())


@pytest.mark.parametrize("what", ["points", "packed"])
def test_tiles_that_are_not_true(run, what):
    """A part that somebody has written, with a journal that agrees."""
    one = max((done for done in run.ledger().done() if done.part), key=lambda done: done.tiles)
    ((_, _, source),) = run.tiling().sources()
    tiles = next(batch for batch in source.batches if batch.about.root == one.root).bring()
    if what == "points":
        false = replace(tiles, points=tiles.points + 1.5)
    else:
        packed = tiles.packed.copy()
        packed[-1, 0] |= 0xC0
        false = replace(tiles, packed=packed)
    writer = PartWriter(run.about(one.root))
    writer.add(false)
    part = writer.close()
    assert part is not None
    run.directory.write_part(one.root, part.content)
    note = one.part._replace(bytes=len(part.content), digest=digest_of(part.content), last=part.last.hex())
    change(run, lambda lines: lines | {one.root: replace(one, part=note)})
    (said, *_) = run.check()
    assert "other signs" in said or "does not lie where the root says" in said or "left to another one" in said


def test_status_counts_what_is_there(finished):
    run = pr.Run(finished)
    assert Status.of(run.ledger()) == run.status()
