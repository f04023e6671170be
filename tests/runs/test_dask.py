"""A cluster of Dask: two processes on two addresses of this machine, of which some are killed, and others added."""

import itertools
import operator
import signal
import socket
import subprocess
import sys
import warnings

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.runs.coordinator import run
from polyrelu.runs.folds import Count
from polyrelu.runs.tasks import Question
from tests.faults import contents

pytestmark = [pytest.mark.dask, pytest.mark.filterwarnings("default")]

RNG = np.random.default_rng(5)
WIDTHS = (3, 12, 10, 1)
NET = pr.Network([(RNG.normal(size=(n, m)), RNG.normal(size=n)) for m, n in itertools.pairwise(WIDTHS)])
CUBE = ([-1] * 3, [1] * 3)
CUTS = 300


def started(*arguments):
    return subprocess.Popen([sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]])


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def worker(address, host):
    return started(
        "dask_worker",
        address,
        "--host",
        host,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--no-nanny",
        "--death-timeout",
        "30",
    )


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler in a process of its own, with a worker on each of two addresses."""
    pytest.importorskip("distributed")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    processes = [started("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")]
    processes += [worker(address, own) for own in ("127.0.0.1", "127.0.0.2")]
    yield address, processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def client(scheduler):
    from distributed import Client

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Client(scheduler[0], timeout=60) as one:
            one.wait_for_workers(2, timeout=120)
            yield one


def patterns(some):
    return list(some.patterns)


def test_a_cluster_finds_the_same(client, scheduler):
    tiling = pr.preimage(NET, ["y0 > 1", "y0 <= 0"], CUBE)
    by_name = f"dask://{scheduler[0].removeprefix('tcp://')}"
    for executor in (client, by_name, client.get_executor(pure=False)):
        assert pr.count(NET, ["y0 > 1", "y0 <= 0"], CUBE, executor=executor, cuts=CUTS) == len(tiling)
    there = pr.fold(NET, ["y0 > 1", "y0 <= 0"], CUBE, patterns, operator.add, executor=client, cuts=CUTS)
    assert there == list(tiling.patterns)
    assert pr.measure(NET, None, CUBE, executor=client, cuts=CUTS) == pr.measure(NET, None, CUBE, cuts=CUTS)


def test_a_run_on_disk_has_the_same_bytes(client, scheduler, tmp_path):
    for name, executor in (("here", None), ("there", f"dask://{scheduler[0].removeprefix('tcp://')}")):
        run = pr.Run(tmp_path / name, NET, "y0 <= 0", CUBE, cuts=CUTS)
        assert run.work(executor).tasks > 5
        run.certify(executor)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def host(some):
    """Where this is called."""
    from distributed import get_worker

    return {get_worker().address.split("//")[1].split(":")[0]}


def test_two_addresses_have_worked(client):
    assert pr.fold(NET, None, CUBE, host, set.union, executor=client, cuts=CUTS) == {"127.0.0.1", "127.0.0.2"}


def prefixes(dask_scheduler):
    """The groups of tasks whose progress the dashboard shows."""
    return list(dask_scheduler.task_prefixes)


def test_the_dashboard_shows_tasks_by_a_name(client):
    assert pr.count(NET, None, CUBE, executor=client, cuts=CUTS)
    assert "work" in client.run_on_scheduler(prefixes)


def test_workers_that_are_killed_and_added(client, scheduler):
    address, processes = scheduler
    expected, seen = {0: pr.count(NET, None, CUBE)}, itertools.count()

    def disturb(root, outcome):
        number = next(seen)
        if number == 3:
            processes[1].send_signal(signal.SIGKILL)
        if number == 6:
            processes.append(worker(address, "127.0.0.1"))

    found = run(Question.of(NET, None, CUBE), Count(), executor=client, cuts=CUTS, on_done=disturb)
    assert found == expected
    assert next(seen) > 7  # the last after the new one came
    client.wait_for_workers(2, timeout=60)


def test_a_stop_is_heard_soon(client):
    large = ([-9] * 3, [9] * 3)
    with pytest.raises(pr.Interrupted) as stopped:
        pr.count(NET, None, large, executor=client, cuts=100, until=lambda found: found > 0)
    rest = pr.count(NET, None, large, left=stopped.value.left)
    assert rest + stopped.value.partial == pr.count(NET, None, large)


def test_no_such_cluster():
    with pytest.raises(pr.InputError, match="no scheduler answers there"):
        pr.count(NET, None, CUBE, executor=f"dask://127.0.0.1:{free_port()}")
