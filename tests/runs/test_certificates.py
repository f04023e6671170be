"""The certificates of a run's parts: written task by task, anywhere, and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import polyrelu as pr
from polyrelu.runs.certificates import SUFFIX, share_of
from tests.faults import contents
from tests.runs.questions import QUESTIONS

CERTIFIED = ("usual", "regions", "equality", "flat tiles", "twins", "strict", "a segment", "nothing")


def begun(place: Path, name: str = "usual", cuts: int | None = None) -> pr.Run:
    net, target, domain, own = QUESTIONS[name]
    return pr.Run(place, net, target, domain, cuts=cuts or own)


def certificates(run: pr.Run) -> list[Path]:
    return sorted(run.directory.path.glob(f"parts/??/*{SUFFIX}"))


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_shares_of_tasks_make_up_all_patterns(name, tmp_path):
    run = begun(tmp_path / "run", name)
    run.work()
    shares = [share for done in run.ledger().done() if (share := share_of(done, run.question)) is not None]
    patterns = sorted(pattern for _, (first, last, _) in shares for pattern in range(first, last + 1))
    assert patterns == list(range(1 << shares[0].interval.digits))


def test_what_is_there_is_not_written_again_and_the_rest_is(tmp_path):
    run, told = begun(tmp_path / "run"), list[tuple[int, int]]()
    run.work()
    run.certify()
    whole, places = contents(run.directory.path), certificates(run)
    places[0].unlink()
    before = places[1].stat().st_mtime_ns
    run.certify("threads:2", on_task=lambda done, of: told.append((done, of)))
    assert contents(run.directory.path) == whole
    assert places[1].stat().st_mtime_ns == before
    assert [done for done, _ in told] == list(range(told[0][0], told[0][1] + 1))


def test_a_run_that_goes_on_keeps_its_certificates(tmp_path):
    run, other = begun(tmp_path / "run"), begun(tmp_path / "other")
    with pytest.raises(pr.Interrupted):
        run.work(until=lambda tiles: tiles > 3)
    run.certify()
    some = len(certificates(run))
    assert some
    run.work()
    run.certify()
    other.work()
    other.certify()
    assert len(certificates(run)) > some
    assert contents(run.directory.path) == contents(other.directory.path)


def test_a_stop_leaves_whole_files(tmp_path):
    run = begun(tmp_path / "run")
    run.work()
    stops = iter([False] * 3)

    def told(done: int, of: int) -> None:
        if next(stops, True):
            raise KeyboardInterrupt

    with pytest.raises(pr.Interrupted, match="certify again"):
        run.certify(on_task=told)
    some = len(certificates(run))
    run.certify()
    assert 0 < some < len(certificates(run))
    assert not [path for path in run.directory.path.rglob("*") if "unfinished" in path.name]


REFUSED: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "the domain is empty": lambda: (QUESTIONS["usual"][0], "y0 <= 0", QUESTIONS["an empty domain"][2]),
    "the domain contains lines": lambda: (QUESTIONS["usual"][0], "y0 <= 0", None),
    "the targets overlap": lambda: (QUESTIONS["usual"][0], ["y0 <= 1", "y0 >= 0"], QUESTIONS["usual"][2]),
    "settles neurons": lambda: (pr.Network([([[1, 0], [0, 1]], [0, 0])], [True]), "y0 <= 1", QUESTIONS["usual"][2]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_has_no_certificate_by_parts_is_refused(reason, tmp_path):
    run = pr.Run(tmp_path / "run", *REFUSED[reason]())
    with pytest.raises(pr.InputError, match=reason):
        run.certify()
