"""Certificates of a run's parts prove that no tile is missing; a set of parts that somebody has changed is refused."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.certified_runs import has_certificates, prove
from polyrelu.certificates.checker import Rejected
from polyrelu.runs.certificates import SUFFIX
from polyrelu.runs.journal import Done, write_journal
from polyrelu.runs.opening import PartBatch, problem_of
from polyrelu.runs.parts import PartWriter, digest_of
from polyrelu.tilings.stored import chosen_columns
from tests.runs.questions import QUESTIONS
from tests.runs.test_certificates import begun, certificates


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "whole"
    run = begun(place, cuts=16)
    run.work()
    run.certify()
    return place


@pytest.fixture
def run(tmp_path, finished):
    shutil.copytree(finished, tmp_path / "run")
    return pr.Run(tmp_path / "run")


@pytest.mark.parametrize("name", ["usual", "twins", "nothing"])
def test_a_run_is_proved(name, tmp_path):
    run = begun(tmp_path / "run", name)
    status = run.work()
    assert not has_certificates(run)
    run.certify()
    assert has_certificates(run)
    full = status.tiles - status.flat
    word = f"regions: {full}" if QUESTIONS[name][1] is None else f"target 0: {full} tiles" if status.tiles else "holds"
    assert word in prove(run, jobs=2)


def changed(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


def doubled(run: pr.Run, paths: list[Path]) -> None:
    shutil.copy(paths[0], paths[1])


def of_another_question(run: pr.Run, paths: list[Path]) -> None:
    other = run.question.digest.translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))
    changed(paths[0], lambda text: text.replace(run.question.digest.encode(), other.encode()))


def without_a_cell(run: pr.Run, paths: list[Path]) -> None:
    def change(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        last = max(k for k, line in enumerate(lines) if line.startswith(b"c"))
        count = int(lines[-1].split()[1], 16)
        return b"".join([*lines[:last], *lines[last + 1 : -1], b"end %x\n" % (count - 1)])

    changed(max(paths, key=lambda path: path.stat().st_size), change)


def with_another_vertex(run: pr.Run, paths: list[Path]) -> None:
    def change(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        one = next(k for k, line in enumerate(lines) if line.startswith(b"v"))
        first, *rest = lines[one].split()[1:]
        lines[one] = b"v " + b" ".join([b"%x" % (int(first, 16) + 1), *rest]) + b"\n"
        return b"".join(lines)

    changed(paths[0], change)


def exchanged(run: pr.Run, paths: list[Path]) -> None:
    """All cells are there, but beside other parts' tiles."""
    one, other = (path.read_bytes() for path in paths[:2])
    paths[0].write_bytes(other)
    paths[1].write_bytes(one)


def without_a_tile(run: pr.Run, paths: list[Path]) -> None:
    """A tile is left out of a part, and the journal agrees."""
    done = max((one for one in run.ledger().done() if one.part is not None), key=lambda one: one.tiles)
    assert done.part is not None
    tiles = PartBatch(run.directory, run.about(done.root), problem_of(run, 0), done.part).bring()
    writer = PartWriter(run.about(done.root))
    writer.add(chosen_columns(tiles, np.arange(len(tiles) - 1)))
    written = writer.close()
    assert written is not None
    run.directory.write_part(done.root, written.content)
    note = done.part._replace(
        bytes=len(written.content), digest=digest_of(written.content), tiles=written.tiles, last=written.last.hex()
    )
    lines: dict[bytes, Done] = {one.root: one for one in run.ledger().done()}
    lines[done.root] = replace(done, tiles=written.tiles, part=note)
    write_journal(run.directory.journal, run.question.digest, lines.values())
    assert not run.check()


FORGED = [
    ("nothing is at", lambda run, paths: paths[0].unlink()),
    ("among each other", doubled),
    ("another statement", of_another_question),
    ("nothing is at", without_a_cell),
    ("statement|sign|domain|facet|edge|apart|end", with_another_vertex),
    ("or others", exchanged),
    ("or others", without_a_tile),
    ("a line or a file|EOF|not a gzip", lambda run, paths: paths[0].write_bytes(paths[0].read_bytes()[:-9])),
]


@pytest.mark.parametrize(("reason", "forge"), FORGED)
def test_a_forged_set_of_parts_is_refused(reason, forge, run):
    forge(run, certificates(run))
    with pytest.raises(Rejected, match=reason):
        prove(run)


def test_of_a_run_that_is_not_complete_nothing_is_proved(tmp_path):
    run = begun(tmp_path / "run")
    with pytest.raises(pr.Interrupted):
        run.work(until=lambda tiles: tiles > 3)
    run.certify()
    with pytest.raises(Rejected, match="not complete"):
        prove(run)


def test_files_that_belong_to_no_task_are_not_looked_at(run):
    (run.directory.path / "parts" / "00").mkdir(exist_ok=True)
    (run.directory.path / "parts" / "00" / f"00{SUFFIX}").write_bytes(b"nothing")
    assert prove(run).startswith("preimage")
