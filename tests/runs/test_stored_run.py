"""Runs on disk: whatever happens, they end with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

import polyrelu as pr
from polyrelu.runs.journal import write_journal
from tests.faults import Calls, Disk, contents, no_room, work_and_die

CUTS = 12


def network() -> pr.Network:
    """Whose answer has flat tiles, too: y0 is zero on a cell."""
    W = [[1, 0], [0, 1], [1, 1], [1, -1], [2, 1], [-1, 3]]
    return pr.Network(
        [(W, [0, 0, -1, "1/2", "-1/3", 0]), ([[1, -1, 1, 1, 0, 0], [0, 1, -1, 0, 1, -1]], [0, "1/4"]), ([[1, -1]], [0])]
    )


def begun(place: Path, cuts: int = CUTS) -> pr.Run:
    return pr.Run(place, network(), "y0 <= 1/2", ([-2, -2], [2, 2]), cuts=cuts)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nobody waits for the disk of the machine that runs tests."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that nothing has happened to."""
    place = tmp_path_factory.mktemp("runs") / "whole"
    assert begun(place).work().complete
    return place


def test_the_tiles_are_those_of_a_preimage(finished):
    tiling, whole = pr.open_tiling(finished), pr.preimage(network(), "y0 <= 1/2", ([-2, -2], [2, 2]))
    assert len(pr.Run(finished).ledger().done()) > 5
    assert tiling.complete
    assert tiling.patterns == whole.patterns
    assert [tile.polyhedron for tile in tiling] == [tile.polyhedron for tile in whole]


def test_a_run_that_is_stopped_goes_on(tmp_path, finished):
    run = begun(tmp_path / "run")
    stops = 0
    while not run.status().complete:
        before = run.status().tiles
        try:
            run.work(until=lambda found: found > 0)
        except pr.Interrupted as stopped:
            stops += 1
            assert stopped.partial == run.status()
            assert stopped.partial.tiles > before
    assert stops > 5
    assert contents(tmp_path / "run") == contents(finished)


@pytest.mark.parametrize("executor", ["threads:1", "threads:2", "processes:2"])
def test_whoever_works_the_bytes_are_the_same(tmp_path, finished, executor):
    """Those of certificates, too."""
    shutil.copytree(finished, tmp_path / "here")
    pr.Run(tmp_path / "here").certify()
    run = begun(tmp_path / "there")
    run.work(executor)
    run.certify(executor)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_work_on_a_complete_run_changes_nothing(finished):
    before = contents(finished)
    assert pr.Run(finished).work() == pr.Run(finished).status()
    assert contents(finished) == before


def test_a_full_disk_stops_a_run_and_it_goes_on(tmp_path, finished):
    """Writes, waits and renames fail, here every thirteenth; ``scripts/kill_runs.py`` has each fail."""
    calls = Calls()
    with calls.counted():
        begun(tmp_path / "counted").work()
    errors = 0
    for at in range(0, calls.count, 13):
        place = tmp_path / str(at)
        try:
            with Calls(at, no_room).counted():
                begun(place).work()
        except pr.WriteError as error:  # not where a directory is waited for: what is lost with it is found out later
            assert "make room" in str(error)
            errors += 1
        assert begun(place).work().complete
        assert contents(place) == contents(finished), at
    assert errors > calls.count // 40


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_costs_what_was_not_waited_for(tmp_path, finished, seed):
    random = Random(seed)
    place = tmp_path / "run"
    begun(place)
    while not begun(place).status().complete:
        with Disk(random, random.randint(0, 60)).failing():
            begun(place).work()
    assert begun(place).work().complete
    assert contents(place) == contents(finished)


def test_killed_at_random_calls_a_run_ends_with_the_same_bytes(tmp_path, finished):
    random = Random(0)
    begun(tmp_path / "run")
    killed = [work_and_die(tmp_path / "run", random.randint(0, 25)) for _ in range(3)]
    assert set(killed) == {-signal.SIGKILL}
    assert 0 < begun(tmp_path / "run").status().tasks < begun(finished).status().tasks
    assert begun(tmp_path / "run").work().complete
    assert contents(tmp_path / "run") == contents(finished)


def test_one_process_at_a_time(tmp_path):
    run = begun(tmp_path / "run")
    assert run.directory.worker() is None
    with run.directory.locked() as worker:
        worker.say(tiles=3)
        assert begun(tmp_path / "run").status().is_worked_on
        with pytest.raises(pr.InputError, match=f"process {os.getpid()} on .* works on this run"):
            run.work()
    assert run.directory.worker() is None


def test_damaged_and_missing_parts_are_made_again(tmp_path, finished):
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    run = pr.Run(place)
    first, second, third, *_ = [run.directory.part(done.root) for done in run.ledger().done() if done.part]
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    content = bytearray(third.read_bytes())
    content[100] ^= 1
    third.write_bytes(content)
    tiling = pr.open_tiling(place)
    with pytest.raises(pr.InputError, match="is missing; run it again"):
        tiling[0].bits  # noqa: B018
    with pytest.raises(pr.InputError, match="damaged"):
        tiling.patterns  # noqa: B018
    assert [run.damaged(done) is not None for done in run.ledger().done() if done.part][:4] == [True, True, True, False]
    run.work()
    assert contents(place) == contents(finished)


@pytest.mark.parametrize("damage", ["torn", "flipped", "lost", "another", "none"])
def test_lines_of_the_journal_that_are_damaged_say_nothing(tmp_path, finished, damage):
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    journal = place / "journal"
    lines = journal.read_text().splitlines(keepends=True)
    if damage == "torn":
        lines[-1] = lines[-1][:40]
    elif damage == "flipped":
        lines[1] = lines[1].replace('"cuts"', '"cut5"')  # the root of everything: nothing is reached
    elif damage == "lost":
        del lines[3:6]
    elif damage == "another":
        lines[0] = lines[0].replace("0", "1")
    journal.write_text("".join(lines))
    if damage == "none":
        journal.unlink()
    run = pr.Run(place)
    assert not run.status().complete
    run.work()
    assert contents(place) == contents(finished)


def test_a_run_of_another_question_is_refused(finished, tmp_path):
    with pytest.raises(pr.InputError, match="has a run of another question"):
        pr.Run(finished, network(), "y0 <= 1/3", ([-2, -2], [2, 2]))
    with pytest.raises(pr.InputError, match=f"with cuts={CUTS}, and cuts=13 is asked for"):
        begun(finished, 13)
    with pytest.raises(pr.InputError, match="there is no run in"):
        pr.Run(tmp_path / "nothing")
    with pytest.raises(pr.InputError, match="there is no run in"):
        pr.open_tiling(tmp_path)
    with pytest.raises(pr.InputError, match="pass all, or none"):
        pr.Run(finished, target="y0 > 0")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(pr.InputError, match=r"has other files, such as 'notes.txt'"):
        begun(tmp_path)


def test_an_exchanged_question_or_header_is_refused(finished, tmp_path):
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    other = pr.Run(tmp_path / "other", network(), "y0 <= 1/3", ([-2, -2], [2, 2]))
    shutil.copy(other.directory.question, place / "question.txt")
    with pytest.raises(pr.InputError, match="one of them was exchanged"):
        pr.Run(place)
    shutil.copy(finished / "question.txt", place)
    header = json.loads((place / "run.json").read_text())
    for change, message in {
        "format": "reads 'polyrelu run 1'",
        "cuts": "reads 'polyrelu run 1'",
        "engine": "was begun by the engine",
    }.items():
        (place / "run.json").write_text(json.dumps(header | {change: 0 if change == "cuts" else "other"}))
        with pytest.raises(pr.InputError, match=message):
            pr.Run(place).work()
    (place / "run.json").write_text("{")
    with pytest.raises(pr.InputError, match="damaged, or not the header"):
        pr.Run(place)


def test_a_part_of_another_question_or_version_is_refused(finished, tmp_path):
    """Also where the journal was changed to agree with it."""
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    others = pr.Run(tmp_path / "other", network(), "y0 <= 1/3", ([-2, -2], [2, 2]), cuts=CUTS)
    others.work()
    run = pr.Run(place)
    notes = {done.root: done for done in run.ledger().done() if done.part}
    theirs = {done.root: done for done in others.ledger().done() if done.part}
    root = next(root for root in notes if root in theirs)
    shutil.copy(others.directory.part(root), run.directory.part(root))
    assert run.damaged(notes[root]) is not None
    lines = [done for done in run.ledger().done() if done.root != root]
    write_journal(place / "journal", run.question.digest, [*lines, theirs[root]])
    with pytest.raises(pr.InputError, match="its question is"):
        list(pr.open_tiling(place))
    # The part of another root, in the place of this one's.
    donor = next(done for done in notes.values() if done.root != root)
    assert donor.part is not None
    shutil.copy(pr.Run(finished).directory.part(donor.root), run.directory.part(root))
    write_journal(place / "journal", run.question.digest, [*lines, replace(donor, root=root, open=notes[root].open)])
    with pytest.raises(pr.InputError, match="its root is"):
        list(pr.open_tiling(place))


def test_status(tmp_path, finished):
    run = begun(tmp_path / "run")
    status = run.status()
    assert (status.tasks, status.open, status.complete, status.share) == (0, 1, False, 0.0)
    assert "stopped; run it again to go on" in status.lines()[0]
    status = pr.Run(finished).status()
    assert status.complete
    assert status.lines()[0] == "complete"
    assert status.tiles == len(pr.open_tiling(finished))
    assert status.bytes == sum(map(len, contents(finished / "parts").values()))


def test_measured_runs_know_their_volume(tmp_path):
    run = pr.Run(tmp_path / "run", network(), "y0 <= 1/2", ([-2, -2], [2, 2]), cuts=40, measure=True)
    status = run.work()
    exact = pr.preimage(network(), "y0 <= 1/2", ([-2, -2], [2, 2])).volume(exact=True)
    assert status.volume is not None
    low, high = map(Fraction, status.volume)
    assert low <= exact <= high < low + Fraction(1, 2**30)
    assert exact in run.tiling().volume()
