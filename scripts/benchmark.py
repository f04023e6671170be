"""Measure the cell-splitting engine, side by side with what it is compared to, and print tables.

    ./scripts/run python scripts/benchmark.py
    ./scripts/run python scripts/benchmark.py --numba            # also the engine before this one, compiled by numba
    ./scripts/run python scripts/benchmark.py --peers            # also others, in an environment of their own
    ./scripts/run python scripts/benchmark.py --networks DIR     # also real networks: NAME.npz and boxes.json in DIR
    ./scripts/run python scripts/benchmark.py --markdown --only workers calls

Each engine answers in a long-lived process of its own. They are asked in turn, run by run, after one run each that does
not count; all numbers are medians, of whole calls with the Python in them. What one thread does is timed in CPU
seconds, which other programs disturb least; what two threads gain, edge subdivision, and what takes milliseconds, by
the clock on the wall. So the machine should be idle: the load average is printed before and after. A number that has a
goal is printed with it. papers/speed says what the tables mean.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from measuring.engines import ROOT, Engine, in_turn, numba_checkout, numba_python
from measuring.peers import METHODS, EdgeSubdivision, edge_subdivision, peer_python, relucent_seconds
from measuring.questions import AXES, DEGENERATE, GENERIC, Answer, Question
from measuring.tables import Goal, Table
from tqdm import tqdm

Widths = tuple[int, ...]

DEMO = ROOT / "polyrelu" / "figures" / "data" / "demo.npz"  # 2-10-2-10
FRESH_PYTHONS = {"python -c pass": "pass", "import numpy": "import numpy", "import polyrelu": "import polyrelu"}
RADIUS, RADIUS_OF_DEMO, RADIUS_OF_EQUALITY = 6, 6, 0.1

NUMBA_OVER_OURS, NUMBA_OVER_OURS_IN_THE_MEAN = Goal.at_least(1.5), Goal.at_least(2)
EDGES_OVER_OURS = Goal.at_least(1)
DEGENERATE_OVER_GENERIC = Goal.at_most(3)
EQUALITY_OVER_INEQUALITY = Goal.at_most(5)
ONE_OVER_TWO_WORKERS = Goal.at_least(1.7)
SMALL_CALL_MS, IMPORT_SECONDS, FIRST_CALL_MS = Goal.at_most(0.5), Goal.at_most(0.3), Goal.at_most(50)
PEAK_OVER_NUMBA = Goal.at_most(1)


class Real(NamedTuple):
    """A real network: its file, the name of a box in boxes.json or half the side of one, and how many cells it has."""

    network: str
    box: str | float
    cells: int


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        networks: widths, input first, and how many cells there are over the box.
        degenerate: widths of the networks that are not generic.
        measured: widths of the networks whose cells are measured.
        real: real networks; ``compared`` of them stand beside numba's engine.
        repeat: medians are of so many runs.
        calls: how many calls are one run of a small question.
    """

    networks: dict[Widths, int]
    degenerate: tuple[Widths, ...]
    measured: tuple[Widths, ...]
    real: tuple[Real, ...]
    compared: int
    repeat: int
    calls: int


FULL = Plan(
    networks={
        (2, 64, 64): 6795,
        (2, 128, 128, 128): 57941,
        (3, 32, 32): 41142,
        (4, 16, 16): 26329,
        (5, 12, 12): 38046,
        (5, 16, 16): 125489,
    },
    degenerate=((2, 32, 32), (3, 16, 16)),
    measured=((2, 64, 64), (3, 32, 32), (5, 16, 16)),
    real=(
        Real("acasxu_2_2", "acasxu_prop_3", 6924),
        Real("acasxu_2_2", "acasxu_prop_4", 4500),
        Real("cartpole", 1, 602490),
        Real("acasxu_1_1", "acasxu_prop_4", 19143),
        Real("acasxu_3_3", "acasxu_prop_4", 1201),
    ),
    compared=3,
    repeat=7,
    calls=200,
)
QUICK = Plan({(2, 8, 8): 103, (3, 5, 5): 117}, ((2, 8, 8),), ((2, 8, 8),), FULL.real[4:], 1, repeat=1, calls=3)


class Bench(NamedTuple):
    """What is at hand: engines, peers and a directory of real networks, where they were asked for."""

    plan: Plan
    ours: Engine
    numba: Engine | None
    open_ours: Callable[[], Engine]
    open_numba: Callable[[], Engine] | None
    edges: EdgeSubdivision | None
    peer_python: str | None
    peer_regions: int
    networks: Path | None

    def random(self) -> list[tuple[Question, int]]:
        """The questions about random networks, and how many cells each has."""
        return [(generic(widths), cells) for widths, cells in self.plan.networks.items()]

    def real(self) -> list[tuple[Question, int]]:
        """The questions about real networks, and how many cells each has."""
        return [(self.real_question(r.network, r.box), r.cells) for r in self.plan.real] if self.networks else []

    def compared(self) -> list[tuple[Question, int]]:
        """The questions that numba's engine is asked, too, and how many cells each has."""
        return self.random() + self.real()[: self.plan.compared]

    def real_question(self, network: str, box: str | float, target: str | None = None) -> Question:
        """A question about a real network over a box."""
        assert self.networks is not None
        name = f"{network}, {box if isinstance(box, str) else f'[-{box}, {box}]^d'}"
        path = str((self.networks / f"{network}.npz").resolve())
        if isinstance(box, str):
            bounds = json.loads((self.networks / "boxes.json").read_text())[box]
            return Question(name, path, (tuple(bounds["lo"]), tuple(bounds["hi"])), target)
        return Question(name, path, box, target)

    def answers(self, *askers: tuple[Engine, Question]) -> list[Answer]:
        """The medians of what each question took of each engine, asked in turn."""
        asked = in_turn([partial(engine.ask, question) for engine, question in askers], self.plan.repeat)
        return [Answer.median(answers) for answers in asked]


def generic(widths: Widths) -> Question:
    """The regions of a random network."""
    return Question("-".join(map(str, widths)), (GENERIC, widths), RADIUS)


def per_cell(seconds: float, cells: int) -> str:
    """In microseconds."""
    return f"{1e6 * seconds / cells:.2f}"


def require_cells(found: int, expected: int, name: str) -> None:
    """Refuse to report the seconds of a wrong answer."""
    assert found == expected, f"{name}: {found} cells, expected {expected}"


# -- sections -----------------------------------------------------------------------------------------------------


def measure_numba(bench: Bench) -> Iterator[Table]:
    """Numba's engine against ours."""
    if bench.numba is None:
        return
    table = Table(
        "Against the numba engine",
        *("network", "cells", "numba, s", "ours, s", "ours, µs/cell"),
        *("numba / ours, CPU", "by the clock"),
    )
    by_cpu, by_clock = [], []
    for question, cells in tqdm(bench.compared(), desc="numba"):
        ours, theirs = bench.answers((bench.ours, question), (bench.numba, question))
        for answer in (ours, theirs):
            require_cells(answer.tiles, cells, question.name)
        by_cpu.append(theirs.cpu / ours.cpu)
        by_clock.append(theirs.wall / ours.wall)
        seconds = f"{theirs.cpu:.4f}", f"{ours.cpu:.4f}", per_cell(ours.cpu, cells)
        ratios = NUMBA_OVER_OURS.beside(by_cpu[-1]), f"{by_clock[-1]:.2f}"
        table.add(question.name, f"{cells:,}", *seconds, *ratios)
    means = statistics.geometric_mean(by_cpu), statistics.geometric_mean(by_clock)
    table.add("geometric mean", "", "", "", "", NUMBA_OVER_OURS_IN_THE_MEAN.beside(means[0]), f"{means[1]:.2f}")
    yield table


def measure_edges(bench: Bench) -> Iterator[Table]:
    """Edge subdivision and relucent against ours."""
    if bench.edges is None or bench.peer_python is None:
        return
    table = Table(
        "Against edge subdivision",
        *("network", "ours, s"),
        *(head for method in METHODS for head in (f"{method}, s", f"{method} / ours")),
        "relucent / ours, per region",
    )
    ratios: dict[str, list[float]] = {method: [] for method in METHODS}
    for (question, cells), widths in zip(tqdm(bench.random(), desc="peers"), bench.plan.networks, strict=True):
        ours, theirs = seconds_beside_edges(bench, bench.edges, question, widths, cells)
        row = [f"{ours:.4f}"]
        for method, seconds in theirs.items():
            ratio = seconds / ours
            ratios[method].append(ratio)
            row += [f"{seconds:.3f}", EDGES_OVER_OURS.beside(ratio) if method == "hashed" else f"{ratio:.2f}"]
        relucent = relucent_seconds(bench.peer_python, widths, bench.peer_regions)
        table.add(question.name, *row, f"{relucent * cells / ours:,.0f}" if relucent else "-")
    means = (f"{statistics.geometric_mean(found):.2f}" for found in ratios.values())
    table.add("geometric mean", "", *(cell for mean in means for cell in ("", mean)))
    yield table


def seconds_beside_edges(
    bench: Bench, edges: EdgeSubdivision, question: Question, widths: Widths, cells: int
) -> tuple[float, dict[str, float]]:
    """Our seconds and those of each method, in turn, by the clock on the wall."""

    def ask_ours() -> dict[str, float]:
        answer = bench.ours.ask(question)
        require_cells(answer.tiles, cells, question.name)
        return {"ours": answer.wall}

    def ask_edges() -> dict[str, float]:
        answer = edges.seconds(widths, cells)
        assert answer, f"edge subdivision ended on {question.name}"
        return answer

    ours, theirs = in_turn([ask_ours, ask_edges], bench.plan.repeat)
    by_method = {method: statistics.median(answer[method] for answer in theirs) for method in METHODS}
    return statistics.median(answer["ours"] for answer in ours), by_method


class PerCell(NamedTuple):
    """What a cell takes in all of R^d: (seconds - seconds of less to do) / cells.

    Attributes:
        whole: the answer for all of R^d.
        one_cell: CPU seconds of a call for the same network over a box in one of its cells.
        set_up: CPU seconds of a call over all of R^d for a network of these widths that has 2^d cells, which are made
            in exact arithmetic before the kernel begins.
    """

    whole: Answer
    one_cell: float
    set_up: float

    def beyond(self, seconds: float) -> float:
        """Microseconds a cell, beyond these seconds."""
        return 1e6 * (self.whole.cpu - seconds) / self.whole.tiles

    @property
    def in_kernel(self) -> float:
        """Microseconds a cell in the kernel, whatever is paid once a call."""
        return 1e6 * self.whole.kernel / self.whole.tiles


def measure_degenerate(bench: Bench) -> Iterator[Table]:
    """Networks that are not generic against generic ones of the same size, over all of R^d."""
    table = Table(
        "Degenerate networks",
        *("network, all of R^d", "cells", "signs decided exactly", "call, ms"),
        *("one cell, ms", "µs/cell beyond it", "generic = 1"),
        *("2^d cells, ms", "µs/cell beyond them", "generic = 1"),
        *("µs/cell in the kernel", "generic = 1"),
        *["numba, µs/cell"] * (bench.numba is not None),
    )
    kinds = (GENERIC, *DEGENERATE)
    for widths in tqdm(bench.plan.degenerate, desc="degenerate"):
        found = dict(zip(kinds, seconds_per_cell(bench, bench.ours, widths, kinds), strict=True))
        theirs = seconds_per_cell(bench, bench.numba, widths, kinds) if bench.numba else []
        usual = found[GENERIC]
        for place, (kind, own) in enumerate(found.items()):
            cell, whole = own.beyond(own.one_cell), own.beyond(own.set_up)
            ratio = cell / usual.beyond(usual.one_cell)
            table.add(
                f"{'-'.join(map(str, widths))}, {kind}",
                *(f"{own.whole.tiles:,}", f"{own.whole.exactly:,}", f"{1e3 * own.whole.cpu:.2f}"),
                *(f"{1e3 * own.one_cell:.2f}", f"{cell:.2f}"),
                one_or_goal(kind, ratio),
                *(f"{1e3 * own.set_up:.2f}", f"{whole:.2f}"),
                one_or_goal(kind, whole / usual.beyond(usual.set_up)),
                f"{own.in_kernel:.2f}",
                one_or_goal(kind, own.in_kernel / usual.in_kernel),
                *(f"{one.beyond(one.one_cell):.2f}" for one in theirs[place : place + 1]),
            )
    yield table


def one_or_goal(kind: str, ratio: float) -> str:
    """The ratio to the generic network, with its goal unless it is that network."""
    return "1" if kind == GENERIC else DEGENERATE_OVER_GENERIC.beside(ratio)


def seconds_per_cell(bench: Bench, engine: Engine, widths: Widths, kinds: Sequence[str]) -> list[PerCell]:
    """For each kind what a cell takes; everything is asked in turn, and of our engine, which is fast, many times."""
    calls = max(1, bench.plan.calls // 10) if engine is bench.ours else 1
    space = [Question(kind, (kind, widths), "space", calls=calls) for kind in (*kinds, AXES)]
    cell = [question._replace(domain="cell") for question in space[:-1]]
    answers = bench.answers(*((engine, question) for question in space + cell))
    wholes, set_up, singles = answers[: len(kinds)], answers[len(kinds)], answers[len(kinds) + 1 :]
    require_cells(set_up.tiles, 2 ** widths[0], f"{AXES} {widths}")
    for kind, single in zip(kinds, singles, strict=True):
        require_cells(single.tiles, 1, f"{kind} {widths}")
    return [PerCell(whole, single.cpu, set_up.cpu) for whole, single in zip(wholes, singles, strict=True)]


def measure_real(bench: Bench) -> Iterator[Table]:
    """Real networks; what a process holds at most that answers nothing else."""
    if bench.networks is None:
        return
    heads = ["network, box", "cells", "seconds", "µs/cell", "peak MiB"]
    table = Table("Real networks", *heads, *["numba, peak MiB", "ours / numba"] * (bench.open_numba is not None))
    for question, cells in tqdm(bench.real(), desc="real networks"):
        (answer,) = bench.answers((bench.ours, question))
        require_cells(answer.tiles, cells, question.name)
        row = [f"{cells:,}", f"{answer.cpu:.3f}", per_cell(answer.cpu, cells)]
        peak = peak_of(bench.open_ours, question)
        row.append(f"{peak:,}")
        if bench.open_numba:
            theirs = peak_of(bench.open_numba, question)
            row += [f"{theirs:,}", PEAK_OVER_NUMBA.beside(peak / theirs)]
        table.add(question.name, *row)
    yield table


def peak_of(open_engine: Callable[[], Engine], question: Question) -> int:
    """The MiB that a process holds at most that answers this question alone."""
    with closing(open_engine()) as engine:
        return engine.ask(question).peak


def measure_equalities(bench: Bench) -> Iterator[Table]:
    """Where two outputs are equal, against where one is at least the other."""
    if bench.networks is None:
        return
    table = Table("Equalities", "network, box", "y0 == y1, tiles", "s", "y0 >= y1, tiles", "s", "== / >=")
    for network, box in tqdm((("cartpole", RADIUS_OF_EQUALITY), ("acasxu_1_1", "acasxu_prop_4")), desc="equalities"):
        equal, at_least = (bench.real_question(network, box, f"y0 {relation} y1") for relation in ("==", ">="))
        thin, thick = bench.answers((bench.ours, equal), (bench.ours, at_least))
        cells = [cell for answer in (thin, thick) for cell in (f"{answer.tiles:,}", f"{answer.cpu:.4f}")]
        table.add(equal.name, *cells, EQUALITY_OVER_INEQUALITY.beside(thin.cpu / thick.cpu))
    yield table


class Gain(NamedTuple):
    """Seconds of one worker and of two by the clock on the wall, and CPU seconds of each."""

    one: float
    two: float
    cpu_of_one: float
    cpu_of_two: float

    def cells(self, goal: Goal | None = None) -> tuple[str, ...]:
        """A row: seconds, how many times as fast two are, and what they take in CPU seconds."""
        ratio = self.one / self.two
        shown = goal.beside(ratio) if goal else f"{ratio:.2f}"
        return f"{self.one:.4f}", f"{self.two:.4f}", shown, f"{self.cpu_of_two / self.cpu_of_one:.2f}"


def measure_workers(bench: Bench) -> Iterator[Table]:
    """Two threads against one, by the clock on the wall; and what all threads together take more, in CPU seconds."""
    table = Table("Two workers", "network", "one, s", "two, s", "one / two", "CPU of two / of one")
    gains = []
    for question, cells in tqdm(bench.compared(), desc="workers"):
        one, two = bench.answers((bench.ours, question), (bench.ours, question._replace(workers=2)))
        require_cells(two.tiles, cells, question.name)
        gains.append(Gain(one.wall, two.wall, one.cpu, two.cpu))
        table.add(question.name, *gains[-1].cells())
    count = len(bench.plan.networks)
    if gains[count:]:
        table.add("random networks", *Gain(*map(sum, zip(*gains[:count], strict=True))).cells())
    table.add("all of them", *Gain(*map(sum, zip(*gains, strict=True))).cells(ONE_OVER_TWO_WORKERS))
    yield table


def measure_calls(bench: Bench) -> Iterator[Table]:
    """What is paid once a call and once a process, by the clock on the wall and in CPU seconds."""
    table = Table("Small calls", "what", "by the clock", "CPU")
    small = Question("demo", str(DEMO), RADIUS_OF_DEMO, "y0 > 0", calls=bench.plan.calls)
    (answer,) = bench.answers((bench.ours, small))
    milliseconds = SMALL_CALL_MS.beside(1e3 * answer.wall), f"{1e3 * answer.cpu:.2f}"
    table.add(f"preimage, 2-10-2-10, y0 > 0, {answer.tiles} tiles, ms", *milliseconds)
    firsts = [first_call(bench.open_ours, small) for _ in tqdm(range(bench.plan.repeat), desc="first calls")]
    table.add("the first call of a process less later ones, ms", FIRST_CALL_MS.beside(1e3 * statistics.median(firsts)))
    starts = in_turn([partial(seconds_of_python, code) for code in FRESH_PYTHONS.values()], bench.plan.repeat)
    medians = {
        name: [statistics.median(seconds) for seconds in zip(*found, strict=True)]
        for name, found in zip(FRESH_PYTHONS, starts, strict=True)
    }
    for name, (wall, cpu) in medians.items():
        table.add(f"a process: {name}, s", f"{wall:.3f}", f"{cpu:.3f}")
    wall, cpu = (a - b for a, b in zip(medians["import polyrelu"], medians["python -c pass"], strict=True))
    table.add("import polyrelu less pass, s", IMPORT_SECONDS.beside(wall, 3), f"{cpu:.3f}")
    yield table


def first_call(open_engine: Callable[[], Engine], question: Question) -> float:
    """How much longer the first call of a process takes than later ones, in seconds."""
    with closing(open_engine()) as engine:
        return engine.ask(question._replace(calls=min(question.calls, 20))).first


def seconds_of_python(code: str) -> tuple[float, float]:
    """How long a fresh process takes that runs this and ends, by the clock on the wall and in CPU seconds."""
    cpu, wall = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    ended, wall = os.times(), time.perf_counter() - wall
    return wall, ended.children_user + ended.children_system - cpu.children_user - cpu.children_system


def measure_measuring(bench: Bench) -> Iterator[Table]:
    """Volumes and boxes, on the way or afterwards."""
    table = Table("Measuring", "network", "cells", "run, s", "run and measure, s", "volume() after a run, s")
    for widths in tqdm(bench.plan.measured, desc="measuring"):
        question = generic(widths)
        timed = ("run", "run and measure", "volume")
        found = bench.answers(*((bench.ours, question._replace(timed=what)) for what in timed))
        table.add(question.name, f"{found[0].tiles:,}", *(f"{answer.cpu:.4f}" for answer in found))
    yield table


SECTIONS: dict[str, Callable[[Bench], Iterator[Table]]] = {
    "numba": measure_numba,
    "edges": measure_edges,
    "degenerate": measure_degenerate,
    "real": measure_real,
    "equalities": measure_equalities,
    "workers": measure_workers,
    "calls": measure_calls,
    "measuring": measure_measuring,
}


# -- the whole ----------------------------------------------------------------------------------------------------


def load() -> str:
    """The load averages, in words."""
    return f"load average {', '.join(f'{v:.2f}' for v in os.getloadavg())} on {os.cpu_count()} processors"


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--repeat", type=int, help=f"runs of each; medians are reported (default {FULL.repeat})")
    made.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="these tables")
    made.add_argument("--quick", action="store_true", help="small networks, one run of each: does everything work?")
    made.add_argument("--markdown", action="store_true", help="tables in Markdown")
    made.add_argument("--numba", action="store_true", help="compare with the last commit that had numba's engine")
    made.add_argument("--numba-checkout", type=Path, metavar="DIR", help="a checkout of it that is there already")
    made.add_argument("--numba-python", metavar="PATH", help="an interpreter that has what it needs already")
    made.add_argument("--peers", action="store_true", help="install the peers into their own environment; compare")
    made.add_argument("--peer-python", metavar="PATH", help="an interpreter that has relucent and torch already")
    made.add_argument("--peer-regions", type=int, default=200, help="how many regions relucent is timed on")
    made.add_argument("--networks", type=Path, metavar="DIR", help="real networks (.npz) and boxes.json")
    return made


def opened(options: argparse.Namespace, stack: ExitStack) -> Bench:
    """Everything that was asked for, which ends with the stack."""
    plan = QUICK if options.quick else FULL
    open_numba: Callable[[], Engine] | None = None
    if options.numba or options.numba_checkout or options.numba_python:
        checkout = stack.enter_context(numba_checkout(options.numba_checkout))
        open_numba = partial(Engine, checkout, options.numba_python or numba_python(checkout))
    python = peer_python(options.peer_python, options.peers)
    edges = edge_subdivision(python)

    def kept(opener: Callable[[], Any] | None) -> Any:
        return stack.enter_context(closing(opener())) if opener else None

    return Bench(
        plan=plan._replace(repeat=options.repeat or plan.repeat),
        ours=kept(Engine),
        numba=kept(open_numba),
        open_ours=Engine,
        open_numba=open_numba,
        edges=kept(lambda: edges) if edges else None,
        peer_python=python,
        peer_regions=options.peer_regions,
        networks=options.networks,
    )


def main() -> None:
    """Measure and print."""
    options = parser().parse_args()
    print(f"before: {load()}\n", flush=True)
    with ExitStack() as stack:
        bench = opened(options, stack)
        for name in options.only:
            tables = list(SECTIONS[name](bench))
            if not tables:
                print(f"{name}: not measured, see --help", file=sys.stderr)
            for table in tables:
                print(f"{table.text(options.markdown)}\n", flush=True)
    print(f"after: {load()}")


if __name__ == "__main__":
    main()
