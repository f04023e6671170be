"""Measure certificates: how large they are, and what it takes to write and to check them.

    ./scripts/run python scripts/benchmark_certificates.py --networks DIR --markdown --csv FILE
    ./scripts/run python scripts/benchmark_certificates.py --numba      # also against the engine that numba compiled
    ./scripts/run python scripts/benchmark_certificates.py --quick      # small networks: does everything work?

Each row is a statement. Searches, writing and checking run in turn, round by round; numbers are medians. Seconds are
CPU seconds, of one thread unless it says otherwise, of the whole call; of the small checker they are those of a whole
process. Files are compressed by gzip. Where there are very many cells, the small checker and the file with coordinates
are left out. ``--networks DIR`` is needed for real networks: NAME.npz and boxes.json in DIR. A number that has a goal
is printed with it. papers/certificates says what the tables mean, and draws FILE.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from measuring.engines import ROOT, Engine, numba_checkout, numba_python
from measuring.questions import Question
from measuring.tables import Goal, Table
from tqdm import tqdm

import polyrelu as pr
from polyrelu.engines.evidence.certify import certify
from polyrelu.networks.statement import Statement

PAGE = ROOT / "papers" / "certificates"
CHECKER = ROOT / "polyrelu" / "certificates" / "checker.py"
FAST_CHECKER = """
import sys, time
from polyrelu.certificates.fast_checker import check_fast
wall, cpu = time.perf_counter(), time.process_time()
print(check_fast(*sys.argv[2:], threads=int(sys.argv[1])))
print(time.process_time() - cpu, time.perf_counter() - wall)
"""

WRITING_OVER_SEARCH = Goal.at_most(3)
ROWS_BYTES = {2: Goal.at_most(30), 5: Goal.at_most(120)}
SMALL_MS, FAST_US, FAST_US_ACAS = Goal.at_most(0.3), Goal.at_most(15), Goal.at_most(150)
LARGEST_SECONDS, LARGEST_PEAK = Goal.at_most(180), Goal.at_most(4096)

Bounds = tuple[tuple[str, ...], tuple[str, ...]]
Value = TypeVar("Value")


class Case(NamedTuple):
    """A statement to certify.

    Attributes:
        name: what the tables say.
        network: widths, input first, of a random one; or the name of a file.
        box: half the side of a box around 0, or its name in boxes.json.
        target: a condition on the outputs; None asks for the linear regions.
        small: whether the small checker is asked, too.
        goal: microseconds a vertex that the fast checker may take.
        small_goal: milliseconds a vertex that the small one may take.
    """

    name: str
    network: tuple[int, ...] | str
    box: float | str
    target: str | None
    small: bool = True
    goal: Goal | None = None
    small_goal: Goal | None = None


FIRST_IS_LARGEST = ", ".join(f"y0 >= y{i}" for i in range(1, 9))
FIRST_IS_SMALLEST = ", ".join(f"y0 <= y{i}" for i in range(1, 5))
FULL = (
    *(Case(f"2-{n}-{n}-1, y0 > 0", (2, n, n, 1), 6, "y0 > 0") for n in (16, 32)),
    Case("2-64-64-1, y0 > 0", (2, 64, 64, 1), 6, "y0 > 0", goal=FAST_US, small_goal=SMALL_MS),
    Case("2-128-128-1, y0 > 0", (2, 128, 128, 1), 6, "y0 > 0"),
    Case("3-32-32-1, y0 > 0", (3, 32, 32, 1), 6, "y0 > 0"),
    Case("5-12-12-1, y0 > 0, [-1, 1]^5", (5, 12, 12, 1), 1, "y0 > 0"),
    Case("VCAS, output 0 is the largest", "vcas_21_1", "vcas_21_1", FIRST_IS_LARGEST),
    Case("ACAS 2_2, property 3", "acasxu_2_2", "acasxu_prop_3", FIRST_IS_SMALLEST, goal=FAST_US_ACAS),
    Case("ACAS 2_2, property 4", "acasxu_2_2", "acasxu_prop_4", FIRST_IS_SMALLEST, goal=FAST_US_ACAS),
    Case("cartpole regions, [-0.3, 0.3]^4", "cartpole", 0.3, None),
)
LARGEST = Case("cartpole regions, [-1, 1]^4", "cartpole", 1, None, small=False)
QUICK = (Case("2-8-8-1, y0 > 0", (2, 8, 8, 1), 6, "y0 > 0"), Case("3-4-4-1, y0 > 0", (3, 4, 4, 1), 6, "y0 > 0"))


class Asked(NamedTuple):
    """A case with its files and what is asked of engines."""

    case: Case
    statement: Statement
    question: Question
    folder: Path

    @property
    def text(self) -> Path:
        """The file of the statement."""
        return self.folder / "question.txt"


class Process(NamedTuple):
    """What a process has taken: CPU seconds, seconds by the clock, and the most MiB it held."""

    cpu: float
    wall: float
    peak: float


class Measured(NamedTuple):
    """Medians for one case; what was not measured is NaN.

    Attributes:
        name, dim: of the case, and of its domain.
        proved: what the checkers print.
        cells, vertices: listed in the file.
        rows_bytes, bytes: of the file with rows only, and of that with coordinates.
        search: seconds that the answer alone takes.
        numba: the same with the engine that numba compiled.
        rows_seconds, seconds: of writing the files.
        small, fast, fast_rows: seconds of the checkers, the last one of the file with rows only.
        peak: MiB, the most that the fast checker held.
        two: seconds by the clock of the fast checker with two threads, of the file with rows only.
    """

    name: str
    dim: int
    proved: str
    cells: int
    vertices: int
    rows_bytes: int
    bytes: float
    search: float
    numba: float
    rows_seconds: float
    seconds: float
    small: float
    fast: float
    fast_rows: float
    peak: float
    two: float


def network_of(widths: tuple[int, ...]) -> pr.Network:
    """Weights N(0, sqrt(2 / fan_in)), biases N(0, 0.5), as in scripts/benchmark.py; the last layer is linear."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers)


def save(network: pr.Network, path: Path) -> None:
    """Write the weights as every commit reads them."""
    arrays = {
        f"{name}{i}": value
        for i, layer in enumerate(network.layers)
        for name, value in (("W", layer.float_weight), ("b", layer.float_bias))
    }
    np.savez(path, **arrays)


def asked(case: Case, networks: Path | None, folder: Path) -> Asked:
    """The case, with its statement written down."""
    if isinstance(case.network, str):
        assert networks is not None
        path = (networks / f"{case.network}.npz").resolve()
    else:
        path = folder / "network.npz"
        save(network_of(case.network), path)
    network = pr.load_network(path)
    bounds = bounds_of(case.box, network.input_dim, networks)
    target = None if case.target is None else pr.parse(case.target, dim=network.output_dim)
    statement = Statement.of(network, target, pr.Polyhedron.box(*map(list, bounds)))
    found = Asked(case, statement, Question(case.name, str(path), bounds, case.target), folder)
    statement.save(found.text)
    return found


def bounds_of(box: float | str, dim: int, networks: Path | None) -> Bounds:
    """Lower and upper bounds as text."""
    if isinstance(box, str):
        assert networks is not None
        bounds = json.loads((networks / "boxes.json").read_text())[box]
        return tuple(bounds["lo"]), tuple(bounds["hi"])
    return (f"-{box}",) * dim, (f"{box}",) * dim


def timed(call: Callable[[], Value]) -> tuple[Value, float]:
    """What a call returns, and its CPU seconds."""
    began = time.process_time()
    value = call()
    return value, time.process_time() - began


def run(command: list[str]) -> tuple[str, Process]:
    """What a process prints, and what it has taken.

    Raises:
        SystemExit: it fails; what it printed is in the message.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read().decode().strip()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {printed}")
    wall = time.perf_counter() - began
    return printed, Process(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def small_check(one: Asked, certificate: Path) -> tuple[str, Process]:
    """What the small checker prints, and takes."""
    printed, used = run([sys.executable, "-I", "-S", str(CHECKER), str(one.text), str(certificate)])
    return printed.removeprefix("VERIFIED "), used


def fast_check(text: Path, certificate: Path, threads: int = 1) -> tuple[str, Process]:
    """What the compiled checker says, and takes once it is imported."""
    printed, used = run([sys.executable, "-c", FAST_CHECKER, str(threads), str(text), str(certificate)])
    said, seconds = printed.splitlines()
    cpu, wall = map(float, seconds.split())
    return said, Process(cpu, wall, used.peak)


def vertices_in(path: Path) -> int:
    """How many points a compressed certificate lists."""
    with gzip.open(path, "rt") as file:
        return sum(line[0] in "vw" for line in file)


def measured(one: Asked, engine: Engine, numba: Engine | None, repeat: int, fast: bool) -> Measured:
    """Ask, write and check in turn, after a round that does not count unless there is only one."""
    rounds = [once(one, engine, numba, fast) for _ in range(repeat + (repeat > 1))]
    if repeat > 1:
        rounds = rounds[1:]
    first = rounds[0]
    assert all(found[:7] == first[:7] for found in rounds), f"{one.case.name}: rounds differ"
    return Measured(*first[:7], *(statistics.median(column) for column in zip(*(f[7:] for f in rounds), strict=True)))


def once(one: Asked, engine: Engine, numba: Engine | None, fast: bool) -> Measured:
    """One round."""
    nan, case = float("nan"), one.case
    rows, coordinates = one.folder / "rows.gz", one.folder / "coordinates.gz"
    search = engine.ask(one.question).cpu
    numba_search = numba.ask(one.question).cpu if numba else nan
    listed, rows_seconds = timed(lambda: certify(one.statement, rows, rows_only=True, progress=False))
    _, seconds = timed(lambda: certify(one.statement, coordinates, progress=False)) if case.small else (None, nan)
    said, checks = set[str](), dict[str, Process]()

    def check(name: str, found: tuple[str, Process]) -> None:
        said.add(found[0])
        checks[name] = found[1]

    if case.small:
        check("small", small_check(one, coordinates))
    if fast:
        if case.small:
            check("fast", fast_check(one.text, coordinates))
        check("rows", fast_check(one.text, rows))
        check("two", fast_check(one.text, rows, threads=2))
    assert len(said) == 1, f"{case.name}: checkers do not agree, {said}"
    none = Process(nan, nan, nan)
    return Measured(
        case.name,
        one.statement.domain.ambient_dim,
        said.pop(),
        listed.cells,
        vertices_in(rows),
        listed.bytes,
        coordinates.stat().st_size if case.small else nan,
        search,
        numba_search,
        rows_seconds,
        seconds,
        checks.get("small", none).cpu,
        checks.get("fast", none).cpu,
        checks.get("rows", none).cpu,
        checks.get("two", none).peak,
        checks.get("two", none).wall,
    )


# -- tables -------------------------------------------------------------------------------------------------------


def number(value: float, digits: int = 2) -> str:
    """A number, or a dash for what was not measured."""
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def beside(value: float, goal: Goal | None, digits: int = 2) -> str:
    """The same, with its goal."""
    return goal.beside(value, digits) if goal and not math.isnan(value) else number(value, digits)


def files_table(found: list[Measured]) -> Table:
    """What is proved, and how large the files are."""
    heads = ("cells", "vertices", "proved", "rows only, B/cell", "coordinates, B/cell")
    table = Table("Files", "statement", *heads)
    for one in found:
        proved = one.proved.partition(":")[0] if one.proved.startswith("holds") else one.proved
        rows = beside(one.rows_bytes / one.cells, ROWS_BYTES.get(one.dim), 1)
        table.add(
            one.name,
            *(f"{one.cells:,}", f"{one.vertices:,}", proved),
            *(rows, number(one.bytes / one.cells, 1)),
        )
    return table


def writing_table(found: list[Measured], numba: bool) -> Table:
    """What writing takes, beside the search."""
    heads = ("search, s", "rows only, s", "/ search", "coordinates, s", "/ search")
    table = Table("Writing", "statement", *heads, *["numba's search, s", "rows only / it"] * numba)
    for one in found:
        row = [number(one.search, 3), number(one.rows_seconds, 3)]
        row += [beside(one.rows_seconds / one.search, WRITING_OVER_SEARCH)]
        row += [number(one.seconds, 3), number(one.seconds / one.search)]
        table.add(one.name, *row, *[number(one.numba, 3), number(one.rows_seconds / one.numba)] * numba)
    return table


def checking_table(found: list[Measured], cases: dict[str, Case], numba: bool) -> Table:
    """What checking takes: the small checker, the fast one, and the fast one with rows only."""
    heads = ("small, s", "ms/vertex", "/ search", "fast, s", "µs/vertex", "/ search", "fast, rows only, s")
    table = Table("Checking", "statement", *heads, "two threads, by the clock, s", "MiB", *["fast / numba"] * numba)
    for one in found:
        case = cases[one.name]
        small = 1e3 * one.small / one.vertices
        fast = 1e6 * one.fast / one.vertices
        largest = case == LARGEST
        table.add(
            one.name,
            *(number(one.small), beside(small, case.small_goal, 3), number(one.small / one.search, 1)),
            *(number(one.fast), beside(fast, case.goal, 1), number(one.fast / one.search, 1)),
            number(one.fast_rows),
            beside(one.two, LARGEST_SECONDS if largest else None),
            beside(one.peak, LARGEST_PEAK if largest else None, 0),
            *[number(one.fast / one.numba, 1)] * numba,
        )
    return table


def has_fast_checker() -> bool:
    """Whether there is a compiled checker: whether it accepts the paper's example."""
    try:
        fast_check(PAGE / "question.txt", PAGE / "answer.txt")
    except SystemExit:
        return False
    return True


def load() -> str:
    """The load of the machine."""
    return "load average " + " ".join(f"{value:.2f}" for value in os.getloadavg())


def chosen_cases(options: argparse.Namespace) -> list[Case]:
    """The cases that were asked for, and for which there are files."""
    cases = QUICK if options.quick else (*FULL, LARGEST)
    there = [case for case in cases if options.networks or not isinstance(case.network, str)]
    if len(there) < len(cases):
        print("real networks: not measured, see --help", file=sys.stderr)
    return [case for case in there if not options.only or any(word in case.name for word in options.only)]


def all_measured(options: argparse.Namespace, cases: list[Case]) -> Iterator[Measured]:
    """Every case, measured."""
    fast = has_fast_checker()
    if not fast:
        print("the compiled checker is not there, and not measured", file=sys.stderr)
    with ExitStack() as stack:
        numba = None
        if options.numba:
            checkout = stack.enter_context(numba_checkout(options.numba_checkout))
            python = options.numba_python or numba_python(checkout)
            numba = stack.enter_context(closing(Engine(checkout, python)))
        engine = stack.enter_context(closing(Engine()))
        for case in tqdm(cases, desc="statements"):
            if not (case.small or fast):
                continue
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            repeat = options.repeat if case.small else 1
            yield measured(asked(case, options.networks, folder), engine, numba, repeat, fast)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=Path, metavar="DIR", help="a directory with real networks")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; medians are reported")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="statements whose names have one of these words")
    parser.add_argument("--quick", action="store_true", help="small networks: does everything work?")
    parser.add_argument("--numba", action="store_true", help="also the engine that numba compiled")
    parser.add_argument("--numba-checkout", type=Path, metavar="DIR", help="its checkout, if there is one")
    parser.add_argument("--numba-python", metavar="PATH", help="the interpreter of an environment with numba")
    parser.add_argument("--markdown", action="store_true", help="tables as in papers/certificates")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write what was measured, for the figure")
    options = parser.parse_args()
    cases = chosen_cases(options)
    print(f"before: {load()}\n", flush=True)
    found = list(all_measured(options, cases))
    by_name = {case.name: case for case in cases}
    for table in (
        files_table(found),
        writing_table(found, options.numba),
        checking_table(found, by_name, options.numba),
    ):
        print(table.text(options.markdown), end="\n\n", flush=True)
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([Measured._fields, *found])
    print(f"after: {load()}")


if __name__ == "__main__":
    main()
