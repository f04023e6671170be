import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, question
from polyrelu.cli.exit_codes import Exit
from polyrelu.support import startup


@pytest.fixture
def large(tmp_path):
    """A network with more tiles than anyone waits for."""
    rng = np.random.default_rng(0)
    path = tmp_path / "large.npz"
    np.savez(
        path,
        W0=rng.normal(size=(40, 6)),
        b0=rng.normal(size=40),
        W1=rng.normal(size=(40, 40)),
        b1=rng.normal(size=40),
        W2=rng.normal(size=(1, 40)),
        b2=np.zeros(1),
    )
    return str(path)


@pytest.fixture
def many(tmp_path):
    """A network with 3,000 tiles, which take a second to print."""
    rng = np.random.default_rng(0)
    path = tmp_path / "many.npz"
    np.savez(path, W0=rng.normal(size=(16, 3)), b0=rng.normal(size=16), W1=rng.normal(size=(16, 16)), b1=np.ones(16))
    return str(path)


@pytest.fixture
def touching(tmp_path):
    """A network whose neurons' lines seem to meet in a point, and which is zero on a cell and on faces of others."""
    rows = np.random.default_rng(0).normal(size=(2, 3))
    rows = np.concatenate([rows, rows.sum(axis=0, keepdims=True)])
    path = tmp_path / "touching.npz"
    np.savez(path, W0=rows[:, :2], b0=rows[:, 2], W1=np.ones((1, 3)), b1=np.zeros(1))
    return str(path)


@pytest.fixture
def stopped(monkeypatch, model):
    """Preimages that Ctrl-C stops at their second tile."""
    whole = pr.preimage(pr.load_network(model), pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([-1] * 2, [2] * 2))

    def stop(network, targets, domain, *_arguments, **_options):
        return pr.preimage(network, targets, domain, "twin", until=lambda found: found >= 2)

    monkeypatch.setattr(question, "preimage", stop)
    return whole


def run(*arguments):
    return CliRunner().invoke(cli, arguments)


ASKED = ("--output", "y0 >= 0", "--box", "-1", "2")


def test_what_a_stopped_run_found_is_kept_and_marked(stopped, model, tmp_path):
    path, picture = tmp_path / "t.npz", tmp_path / "t.svg"
    result = run("preimage", model, *ASKED, "--save", str(path), "--plot", str(picture))
    assert result.exit_code == 130
    kept = pr.load_tiling(path)
    assert not kept.complete
    assert 0 < len(kept) < len(stopped)
    assert f"{len(kept)} tile" in result.stderr
    assert f"others are missing; kept in {path} and {picture}, marked incomplete" in result.stderr
    assert "incomplete" in result.stdout
    assert picture.read_text().startswith("<?xml")


def test_a_stopped_run_with_json_is_one_document(stopped, model, tmp_path):
    result = run("preimage", model, *ASKED, "--save", str(tmp_path / "t.parquet"), "--json")
    (report,) = json.loads(result.stdout)["results"]
    assert (result.exit_code, report["complete"]) == (130, False)
    assert report["tile_count"] == len(pr.load_tiling(tmp_path / "t.parquet"))


def test_zones_of_a_stopped_run_are_not_claimed(stopped, model, tmp_path):
    result = run("zones", model, *ASKED, "--save", str(tmp_path / "t.npz"))
    assert "The zones are not known" in result.stdout
    assert not pr.load_tiling(tmp_path / "t.npz").complete
    (report,) = json.loads(run("zones", model, *ASKED, "--json").stdout)["results"]
    assert report["zones"] is None


@pytest.mark.long
@pytest.mark.parametrize("command", ["preimage", "regions"])
def test_the_time_limit_stops_runs(large, tmp_path, command):
    path = tmp_path / "t.npz"
    asked = ("--output", "y0 > 0") if command == "preimage" else ()
    began = time.monotonic()
    result = run(command, large, *asked, "--box", "-9", "9", "--timeout", "2", "--tiles", "1", "--save", str(path))
    assert result.exit_code == 124
    assert time.monotonic() - began < 60
    assert "stopped after 2 seconds" in result.stderr
    assert path.exists() == (": 0 tiles found" not in result.stderr)  # a busy machine may find none
    assert not path.exists() or not pr.load_tiling(path).complete


def test_time_limits_are_positive_numbers(model):
    for limit in ("0", "-1", "nan"):
        result = run("preimage", model, *ASKED, "--timeout", limit)
        assert result.exit_code == 2
        assert f"--timeout {limit}: pass a positive number of seconds" in result.stderr
    for limit in ("inf", "1e300"):
        assert run("preimage", model, *ASKED, "--timeout", limit).exit_code == 0


@pytest.mark.parametrize("method", ["unrelu", "substitution", "search", "twin"])
def test_every_method_has_a_time_limit(large, method):
    asked = ("--output", "y0 == 0", "--box", "-9", "9", "--limit", str(2**40))
    result = run("preimage", large, *asked, "--method", method, "--timeout", "1")
    assert result.exit_code == 124
    assert "stopped after 1 seconds" in result.stderr


# -- signals, sent to the program while it is in a stage ----------------------------------------------------------

PROGRAM = """
import importlib, sys, time
from polyrelu.cli import main

def tell(place):
    *path, name = place.split(".")
    for k in range(len(path), 0, -1):
        try:
            owner = importlib.import_module(".".join(path[:k]))
        except ImportError:
            continue
        break
    for part in path[k:]:
        owner = getattr(owner, part)
    inner = getattr(owner, name)

    def told(*arguments, **options):
        told.__dict__.setdefault("calls", []).append(1)  # before a signal can come
        print("HERE", file=sys.stderr, flush=True)
        {then}
        return inner(*arguments, **options)

    setattr(owner, name, told)

tell({place!r})
main()
"""
FOREVER = "while True: sum(range(1000))"
FOREVER_ONCE = "while len(told.calls) == 1: sum(range(1000))"
SIGNALS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
LONG = 60  # seconds that no stage takes to stop, however busy the machine is; a second or so is what it should take


def program(place, *arguments, then="pass", **options):
    """The program, which writes HERE to standard error when it comes to a place for the first time."""
    code = PROGRAM.format(place=place, then=then)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, **pipes)


def wait_for(stream, text):
    """Read a stream up to a line with a text, and return what was read."""
    read = ""
    for line in stream:
        read += line
        if text in line:
            return read
    raise AssertionError(f"{text!r} never came: {read}")


def stop(running, *numbers, after="HERE"):
    """Send signals as soon as a text appears on standard error, and return how the program ended."""
    wait_for(running.stderr, after)
    for k, number in enumerate(numbers):
        time.sleep(0.3 * bool(k))
        running.send_signal(number)
    out, error = running.communicate(timeout=LONG)
    assert "Traceback" not in error
    return running.returncode, out, error.replace("HERE\n", "")  # it may come by again before it hears


EQUALITY = ("--output", "y0 == 0", "--box", "-9", "9")
SHOWN = ("--box", "-3", "3")
CELLS = "polyrelu.engines.cells.run.Run.advance"
STAGES = {
    "loading": ("polyrelu.cli.networks.load_network", (*EQUALITY,), FOREVER),
    "exact start": ("polyrelu.engines.cells.engine.chart", (*EQUALITY,), FOREVER),
    "cells": (CELLS, (*EQUALITY,), "pass"),
    "cells, two workers": (CELLS, (*EQUALITY, "--workers", "2"), "pass"),
    "exact answers": ("polyrelu.engines.cells.signs.ExactForms.answer", (*EQUALITY,), FOREVER),
    "faces": ("polyrelu.tilings.columns.Columns.flat_tile", (*EQUALITY,), FOREVER_ONCE),
    "flat tiles": ("polyrelu.engines.cells.engine._ByPattern.agreeing", (*EQUALITY,), FOREVER_ONCE),
    "twin": ("polyrelu.networks.pattern_cells.refine", (*EQUALITY, "--method", "twin"), "pass"),
    "unrelu": (
        "polyrelu.engines.faces.unrelu.face_steps",
        (*EQUALITY, "--method", "unrelu", "--limit", str(2**40)),
        "pass",
    ),
    "substitution": (
        "polyrelu.engines.faces.unrelu.sign_conditions",
        (*EQUALITY, "--method", "substitution", "--limit", str(2**40)),
        "pass",
    ),
    "search": ("polyrelu.engines.search.tree.FaceSearch._tree", (*EQUALITY, "--method", "search"), "pass"),
}
SMALL = ("exact answers", "faces", "flat tiles")
BOTH = ("loading", "cells")
"""Stages in which SIGTERM is tried by default, too: it takes the same way from Python's handler on."""


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(
    ("number", "stage"),
    [
        pytest.param(number, stage, marks=() if number == signal.SIGINT or stage in BOTH else pytest.mark.slow)
        for number in SIGNALS
        for stage in STAGES
    ],
)
def test_signals_are_heard_in_every_stage(large, touching, tmp_path, stage, number):
    place, asked, then = STAGES[stage]
    files = set(tmp_path.iterdir())
    model = touching if stage in SMALL else large
    code, out, error = stop(program(place, "preimage", model, *asked, "--json", then=then), number)
    assert code == SIGNALS[number]
    assert error.startswith("polyrelu: " + ("interrupted" if number == signal.SIGINT else "terminated"))
    assert json.loads(out)["complete"] is False
    assert set(tmp_path.iterdir()) == files


@pytest.mark.skipif(os.name != "posix", reason="has no alarms")
@pytest.mark.parametrize("stage", ["loading", "exact start", *SMALL])
def test_the_time_limit_is_heard_in_every_stage(large, touching, stage):
    place, asked, then = STAGES[stage]
    model = touching if stage in SMALL else large
    running = program(place, "preimage", model, *asked, "--timeout", "1", "--json", then=then)
    out, error = running.communicate(timeout=LONG)
    assert running.returncode == 124
    assert "polyrelu: stopped after 1 seconds" in error
    assert json.loads(out)["complete"] is False


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_json_that_is_cut_short_is_a_document(many):
    whole = json.loads(run("regions", many, *SHOWN, "--json").stdout)
    (complete,) = whole["results"]
    assert whole["complete"]
    assert complete["complete"]
    running = program("polyrelu.export.json_report._tile", "regions", many, *SHOWN, "--json", then="time.sleep(0.002)")
    code, out, error = stop(running, signal.SIGINT)
    assert code == 130
    assert "which are all" in error
    assert json.loads(out)["complete"] is False
    (found,) = json.loads(out)["results"]
    assert found["complete"] is False
    told = len(found["tiles"]) - found["brief_tiles"]
    assert 0 <= told < len(complete["tiles"])
    assert found["tiles"][:told] == complete["tiles"][:told]
    brief = [{name: tile[name] for name in ("pattern", "target")} for tile in complete["tiles"]]
    assert found["tiles"][told:] == brief[told:]
    assert {name: found[name] for name in ("domain", "tile_count")} == {
        name: complete[name] for name in ("domain", "tile_count")
    }


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_slow_reader_gets_whole_json_when_it_is_stopped(many):
    running = program("polyrelu.export.json_report._tile", "regions", many, *SHOWN, "--json")
    wait_for(running.stderr, "HERE")
    time.sleep(1)  # the pipe is full
    running.send_signal(signal.SIGINT)
    time.sleep(1)
    out, _ = running.communicate(timeout=LONG)
    assert json.loads(out)["complete"] is False
    assert running.returncode == 130


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_tables_that_are_cut_short_say_so(many):
    running = program(
        "polyrelu.tilings.tiling.format_point", "regions", many, *SHOWN, "--tiles", "99999", then="time.sleep(0.01)"
    )
    code, out, error = stop(running, signal.SIGINT)
    assert code == 130
    assert out.splitlines()[0].startswith("tile  pattern")
    assert " more\n" in out
    assert "which are all" in error


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_zones_that_are_cut_short_are_not_claimed(many):
    asked = ("zones", many, "--output", "y0 > 0", *SHOWN)
    running = program("polyrelu.cli.tilings.zone_table", *asked, then=FOREVER)
    code, out, _ = stop(running, signal.SIGINT)
    assert (code, "The zones are not known" in out) == (130, True)
    running = program("polyrelu.cli.tilings.zones_report", *asked, "--json", then=FOREVER)
    code, out, _ = stop(running, signal.SIGTERM)
    (found,) = json.loads(out)["results"]
    assert (code, found["zones"], found["complete"]) == (143, None, False)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_what_takes_long_to_write_is_given_up(many, tmp_path, number):
    path = tmp_path / "t.npz"
    path.write_text("older")
    running = program("polyrelu.cli.results._save", "regions", many, *SHOWN, "--save", str(path), then=FOREVER)
    code, out, error = stop(running, number)
    assert code == SIGNALS[number]
    assert "there was no time to write the rest" in error
    assert out.startswith("tile ")
    assert path.read_text() == "older"
    assert {p.name for p in tmp_path.iterdir()} == {"many.npz", "t.npz"}


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_what_is_written_soon_is_kept(many, tmp_path):
    path = tmp_path / "t.npz"
    running = program(
        "polyrelu.cli.results._save", "regions", many, *SHOWN, "--save", str(path), then="time.sleep(0.2)"
    )
    code, out, error = stop(running, signal.SIGINT)
    assert code == 130
    assert f"kept in {path}" in error
    assert pr.load_tiling(path).complete
    assert out.startswith("tile ")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_drawings_get_a_few_seconds_after_a_stop(large, tmp_path):
    np.savez(tmp_path / "flat.npz", W0=np.ones((3, 2)), b0=[0.0, 1.0, 2.0], W1=np.ones((1, 3)), b1=[0.0])
    asked = ("regions", str(tmp_path / "flat.npz"), "--box", "-9", "9", "--plot", str(tmp_path / "t.svg"))
    running = program("polyrelu.cli.results.plot_tiling", *asked, then=FOREVER)
    code, _, error = stop(running, signal.SIGTERM)
    assert (code, "there was no time" in error) == (143, True)
    assert not (tmp_path / "t.svg").exists()


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("second", SIGNALS)
def test_the_second_signal_quits_at_once(large, tmp_path, second):
    # what a stopped run found is saved without a limit, so only a second signal ends this
    then = "import os, signal; len(told.calls) == 9 and os.kill(os.getpid(), signal.SIGINT)"
    code = PROGRAM.format(place=CELLS, then=then).replace(
        "main()\n",
        "import polyrelu.cli.results as results\n"
        "def save(*_):\n"
        "    print('SAVING', file=sys.stderr, flush=True)\n"
        "    while True: sum(range(1000))\n"
        "results._save = save\n"
        "main()\n",
    )
    asked = ["regions", large, "--box", "-9", "9", "--save", str(tmp_path / "t.npz")]
    running = subprocess.Popen(
        [sys.executable, "-c", code, *asked], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    code, out, error = stop(running, second, after="SAVING")
    assert (code, out) == (SIGNALS[second], "")
    assert "quit at once" in error


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_stops_that_finalizers_swallow_are_heard(model):
    then = (
        "import os, signal\n"
        "        class Late:\n"
        "            def __del__(self): os.kill(os.getpid(), signal.SIGINT); sum(range(1000))\n"
        "        Late()\n"
        "        while True: sum(range(1000))"
    )
    running = program("polyrelu.cli.networks.load_network", "preimage", model, *ASKED, then=then)
    _, error = running.communicate(timeout=LONG)
    assert running.returncode == 130
    assert "interrupted" in error


def test_time_limits_work_in_threads_too(large):
    results = []
    thread = threading.Thread(
        target=lambda: results.append(run("regions", large, "--box", "-9", "9", "--timeout", "1"))
    )
    thread.start()
    thread.join()
    assert results[0].exit_code == 124
    assert "stopped after 1 seconds" in results[0].stderr


@pytest.mark.parametrize(
    ("arguments", "original", "is_program"),
    [
        (["/usr/bin/polyrelu", "info"], ["python3", "/usr/bin/polyrelu", "info"], True),
        (["C:/Scripts/polyrelu.exe"], ["polyrelu.exe"], True),
        (["-m", "info"], ["python3", "-X", "dev", "-m", "polyrelu", "info"], True),
        (["-m"], ["python3", "-mpolyrelu.cli"], True),
        (["-m", "polyrelu"], ["python3", "-m", "pytest", "polyrelu"], False),
        (["-m", "-m", "polyrelu"], ["python3", "-m", "timeit", "-m", "polyrelu"], False),
        (["-c", "polyrelu"], ["python3", "-c", "import polyrelu", "polyrelu"], False),
        (["polyrelu.py"], ["python3", "polyrelu.py"], False),
        ([""], ["python3"], False),
        ([], ["python3"], False),
    ],
)
def test_only_the_program_has_handlers_from_the_beginning(arguments, original, is_program):
    assert startup.is_program(arguments, original) is is_program


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("module", ["polyrelu", "polyrelu.cli"])
@pytest.mark.parametrize("number", SIGNALS)
def test_signals_during_imports_leave_no_traceback(model, module, number):
    command = [sys.executable, "-X", "importtime", "-m", module, "info", model]
    running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    code, out, _ = stop(running, number, after="polyrelu.support.startup")
    assert (code, out) == (SIGNALS[number], "")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_the_installed_program_leaves_no_traceback_either(model):
    installed = Path(sys.executable).with_name("polyrelu")
    if not installed.exists():
        pytest.skip("is not installed")
    command = [sys.executable, "-X", "importtime", str(installed), "info", model]
    running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    code, out, _ = stop(running, signal.SIGINT, after="polyrelu.support.startup")
    assert (code, out) == (130, "")


def test_a_program_says_nothing_but_what_it_was_asked(model):
    command = [sys.executable, "-m", "polyrelu", "preimage", model, *ASKED]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stderr == ""


THREADS = """
import sys, threading
import polyrelu as pr
from polyrelu.support import workers as threads
started = []
original, begin = threading.Thread.start, threads.start_new_thread
threading.Thread.start = lambda self: (started.append(self.name), original(self))
threads.start_new_thread = lambda *call: (started.append("worker"), begin(*call))
net = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [-1])])
box = pr.Polyhedron.box([-1, -1], [2, 2])
for workers in (1, 2):
    assert len(pr.preimage(net, pr.parse("y0 >= 0", dim=1), box, workers=workers)) == 3
print(started)
"""


def test_small_calls_start_no_thread(model):
    shown = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def moments(count, asked, tmp_path):
    """Ends of runs that were interrupted at random moments."""
    command = [sys.executable, "-m", "polyrelu", *asked]
    began = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    length = time.monotonic() - began
    rng = np.random.default_rng(count)
    for delay in rng.uniform(0.1, length, size=count):
        running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(delay)  # moments at random are what this is about
        running.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, error = running.communicate(timeout=LONG)
        yield running.returncode, out, error, time.monotonic() - sent


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("count", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_ctrl_c_at_random_moments(many, tmp_path, count):
    path = tmp_path / "t.npz"
    asked = ["preimage", many, "--output", "y0 >= y1", *SHOWN, "--json", "--save", str(path)]
    complete = None
    for code, out, error, seconds in moments(count, asked, tmp_path):
        complete = complete or pr.load_tiling(path)
        assert seconds < LONG / 2
        if code == -signal.SIGINT or "Traceback" in error:  # Python itself, before the first line of ours or at its end
            assert "polyrelu" not in error
            continue
        assert code in (0, 130)
        assert code == 0 or "interrupted" in error
        if out:
            assert json.loads(out)["complete"] is (code == 0)
        assert len(pr.load_tiling(path)) <= len(complete)


def test_exit_codes_are_those_of_the_guide_and_the_help():
    guide = (Path(__file__).parents[2] / "papers" / "site" / "pages" / "guide" / "command-line.md").read_text()
    told = re.findall(r"^\| (\d+) \| (.+?) \|$", guide, re.MULTILINE)
    assert [(int(code), meaning) for code, meaning in told] == [(code.value, code.meaning) for code in Exit]
    shown = run("--help").stdout
    for code in Exit:
        assert re.search(rf"^ +{code.value}  {re.escape(code.meaning)}$", shown, re.MULTILINE)
