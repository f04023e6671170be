"""Measure the cell-splitting engine, side by side with what it is compared to, and print a table of medians and ratios.

    ./scripts/run python scripts/benchmark.py
    ./scripts/run python scripts/benchmark.py --peers            # also others, in an environment of their own
    ./scripts/run python scripts/benchmark.py --networks DIR     # also real networks: NAME.npz and boxes.json in DIR

Random networks have hidden layers only, weights N(0, sqrt(2 / fan_in)) and biases N(0, 0.5) from
``numpy.random.default_rng(0)``, and are split over the box [-6, 6]^d. Compared in turn, run by run:

* *certification*: the kernel against the same kernel with every bound compiled out (a patched copy of its file);
* *workers*: two threads against one;
* *edge subdivision* (ICML 2023, PyTorch float64, one thread), in implementations of our own (scripts/peers), with the
  data of the publication (*published*) and doing nothing twice (*hashed*). They find the vertices and edges of the same
  regions, which are counted outside the time taken and held against ours;
* *relucent 1.0.0* (PyPI): its breadth-first search over all of R^d, one worker, by the time it takes for a region.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

import polyrelu as pr
from polyrelu.engines.cells import kernel

ROOT = Path(__file__).parent.parent
EDGE_SUBDIVISION = ROOT / "scripts" / "peers" / "edge_subdivision.py"
METHODS = ("published", "hashed")
NETWORKS = {
    (2, 64, 64): 6795,
    (2, 128, 128, 128): 57941,
    (3, 32, 32): 41142,
    (4, 16, 16): 26329,
    (5, 12, 12): 38046,
    (5, 16, 16): 125489,
}
DEGENERATE = ("zero biases", "integers from -2 to 2", "signs only", "opposite pairs")
DEGENERATE_WIDTHS = ((2, 32, 32), (3, 16, 16))
REAL = [
    ("acasxu_2_2", "acasxu_prop_3", 6924),
    ("acasxu_2_2", "acasxu_prop_4", 4500),
    ("acasxu_1_1", "acasxu_prop_4", 19143),
    ("acasxu_3_3", "acasxu_prop_4", 1201),
    ("cartpole", None, 602490),
]
RELUCENT = """
import sys, json, time, numpy, torch, relucent
widths, regions = json.loads(sys.argv[1]), int(sys.argv[2])
rng, layers = numpy.random.default_rng(0), []
for a, b in zip(widths, widths[1:]):
    layer = torch.nn.Linear(a, b, dtype=torch.float64)
    layer.weight.data = torch.tensor(rng.normal(0, (2 / a) ** 0.5, (b, a)))
    layer.bias.data = torch.tensor(rng.normal(0, 0.5, b))
    layers += [layer, torch.nn.ReLU()]
relucent.Complex(torch.nn.Sequential(*layers)).bfs(max_polys=5, nworkers=1, verbose=0)
complex = relucent.Complex(torch.nn.Sequential(*layers))
began = time.perf_counter()
complex.bfs(max_polys=regions, nworkers=1, verbose=0)
print((time.perf_counter() - began) / len(complex))
"""


def random_network(widths: tuple[int, ...]) -> pr.Network:
    """The benchmark's network with these widths, input first."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


def degenerate_network(kind: str, widths: tuple[int, ...]) -> pr.Network:
    """The same kind of network with all biases zero, small integers, or each neuron twice with opposite signs."""
    rng = np.random.default_rng(0)
    layers = []
    for a, b in itertools.pairwise(widths):
        weight, bias = rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)
        if kind == "zero biases":
            bias = np.zeros(b)
        elif kind == "integers from -2 to 2":
            weight, bias = rng.integers(-2, 3, (b, a)).astype(float), rng.integers(-2, 3, b).astype(float)
        elif kind == "signs only":
            weight, bias = rng.integers(-1, 2, (b, a)).astype(float), rng.integers(-1, 2, b).astype(float)
        elif kind == "opposite pairs":
            weight, bias = (np.concatenate([v[: b // 2], -v[: b // 2]]) for v in (weight, bias))
        layers.append((weight, bias))
    return pr.Network(layers, relu=[True] * len(layers))


def uncertified_kernel(directory: Path) -> ModuleType:
    """The kernel with ``CERTIFIED = False``: its signs are plain floats."""
    source = Path(kernel.__file__).read_text()
    assert source.count("CERTIFIED = True") == 1
    path = directory / "uncertified_kernel.py"
    path.write_text(source.replace("CERTIFIED = True", "CERTIFIED = False"))
    spec = importlib.util.spec_from_file_location("uncertified_kernel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["uncertified_kernel"] = module
    spec.loader.exec_module(module)
    return module


class KernelClock:
    """Stands in for the kernel's entry and adds up the seconds it takes."""

    def __init__(self, advance: Callable[..., Any]) -> None:
        self.advance, self.seconds = advance, 0.0

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel and look at the clock."""
        began = time.perf_counter()
        done = self.advance(*arguments)
        self.seconds += time.perf_counter() - began
        return done


def timed_regions(
    network: pr.Network, box: pr.Polyhedron, advance: Callable[..., Any], workers: int = 1
) -> tuple[pr.Tiling, float, float]:
    """The regions, the seconds of the whole call, and the seconds inside the kernel, which has the given entry."""
    clock, original = KernelClock(advance), kernel.advance
    kernel.advance = clock
    began = time.perf_counter()
    tiling = pr.linear_regions(network, box, workers=workers, progress=False)
    total = time.perf_counter() - began
    kernel.advance = original
    return tiling, total, clock.seconds


def peer_python(given: str | None, wanted: bool) -> str | None:
    """The interpreter of an environment with relucent and torch; None when not asked for, or not to be had."""
    if given:
        return given
    if not wanted:
        return None
    directory = ROOT / ".venv" / "benchmark-peers"
    python = directory / "bin" / "python"
    if not python.exists():
        print("installing relucent 1.0.0 and PyTorch into their own environment ...", file=sys.stderr)
        venv.create(directory, with_pip=True)
        installed = subprocess.run([python, "-m", "pip", "install", "-q", "relucent==1.0.0", "torch"], check=False)
        if installed.returncode:
            print("they could not be installed; their columns are left out", file=sys.stderr)
            return None
    return str(python)


class EdgeSubdivision:
    """The peer of scripts/peers, in a process of its own that waits for networks."""

    def __init__(self, python: str) -> None:
        command = [python, EDGE_SUBDIVISION, "--count", *(f"--method={method}" for method in METHODS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, widths: tuple[int, ...], expected: int) -> dict[str, float] | None:
        """The seconds of each method, which must find the expected number of regions; None when it does not answer."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            print("-".join(map(str, widths)), file=stdin, flush=True)
        except BrokenPipeError:
            return None
        line = stdout.readline()
        if not line:
            return None
        found = json.loads(line)
        assert all(found[method]["regions"] == expected for method in METHODS), f"{line}expected {expected}"
        return {method: found[method]["seconds"] for method in METHODS}

    def close(self) -> None:
        """Let the process end."""
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()


def edge_subdivision(python: str | None) -> EdgeSubdivision | None:
    """The peer, warm, or None and a message."""
    if python is None:
        return None
    peer = EdgeSubdivision(python)
    if peer.seconds((2, 1), 2) is None:
        peer.close()
        print(f"edge subdivision is not measured: {python} cannot run {EDGE_SUBDIVISION.name}", file=sys.stderr)
        return None
    return peer


def relucent_seconds(python: str, widths: tuple[int, ...], regions: int) -> float | None:
    """Seconds per region of relucent; None when it fails on this network."""
    done = subprocess.run(
        [python, "-c", RELUCENT, json.dumps(widths), str(regions)], capture_output=True, text=True, check=False
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


class Measured(NamedTuple):
    """A random network's row, its row in edge subdivision's table and the ratios there, and seconds."""

    row: str
    compared: str
    ratios: dict[str, float]
    seconds: float
    seconds_of_two: float


def measure(
    widths: tuple[int, ...],
    expected: int,
    uncertified: ModuleType,
    repeat: int,
    edges: EdgeSubdivision | None,
    peer: str | None,
    regions: int,
) -> Measured:
    """What is measured on a random network."""
    network, box = random_network(widths), pr.Polyhedron.box([-6] * widths[0], [6] * widths[0])
    totals, halves, certification = [], [], []
    subdivided: list[dict[str, float]] = []
    if edges:
        edges.seconds(widths, expected)  # its first run on a network is slower
    for _ in range(repeat):
        tiling, total, certified = timed_regions(network, box, kernel.advance)
        assert len(tiling) == expected, f"{widths}: {len(tiling)} cells, expected {expected}"
        assert tiling.stats["cuts"] == expected - 1
        _, _, plain = timed_regions(network, box, uncertified.advance)
        totals.append(total)
        halves.append(timed_regions(network, box, kernel.advance, workers=2)[1])
        certification.append(certified / plain)
        if edges:
            answer = edges.seconds(widths, expected)
            assert answer, f"edge subdivision ended on {widths}"
            subdivided.append(answer)
    seconds, two = statistics.median(totals), statistics.median(halves)
    theirs = {m: statistics.median(answer[m] for answer in subdivided) for m in METHODS} if subdivided else {}
    ratios = {method: found / seconds for method, found in theirs.items()}
    relucent = relucent_seconds(peer, widths, regions) if peer else None
    name = "-".join(map(str, widths))
    row = [
        name,
        f"{expected:,}",
        f"{seconds:.3f}",
        f"{1e6 * seconds / expected:.1f}",
        f"{statistics.median(certification):.2f}",
        f"{seconds / two:.2f}",
        f"{relucent / (seconds / expected):,.0f}" if relucent else "-",
    ]
    compared = [name, f"{seconds:.3f}"]
    for method, ratio in ratios.items():
        compared += [f"{theirs[method]:.3f}", f"{ratio:.2f}"]
    return Measured(f"| {' | '.join(row)} |", f"| {' | '.join(compared)} |", ratios, seconds, two)


def measure_degenerate(kind: str, widths: tuple[int, ...], repeat: int) -> str:
    """One row of the table for networks that are not generic: regions of all of R^d, and of a generic network's."""
    space = pr.Polyhedron.whole_space(widths[0])
    generic, own = degenerate_network("generic", widths), degenerate_network(kind, widths)
    microseconds: dict[pr.Network, list[float]] = {generic: [], own: []}
    for _ in range(repeat):
        for network, times in microseconds.items():
            tiling, total, _ = timed_regions(network, space, kernel.advance)
            times.append(1e6 * total / len(tiling))
    usual, here = (statistics.median(times) for times in microseconds.values())
    stats = tiling.stats
    name = f"{'-'.join(map(str, widths))}, {kind}"
    return f"| {name} | {len(tiling):,} | {stats['signs_by_rational']:,} | {here:.1f} | {here / usual:.1f} |"


def measure_real(directory: Path, name: str, box_name: str | None, expected: int, repeat: int) -> str:
    """One row of the table for a real network."""
    network = pr.load_network(directory / f"{name}.npz")
    boxes = json.loads((directory / "boxes.json").read_text())
    bounds = boxes[box_name] if box_name else {"lo": [-1] * network.input_dim, "hi": [1] * network.input_dim}
    box = pr.Polyhedron.box(bounds["lo"], bounds["hi"])
    totals, halves = [], []
    for _ in range(repeat):
        tiling, total, _ = timed_regions(network, box, kernel.advance)
        assert len(tiling) == expected, f"{name}: {len(tiling)} cells, expected {expected}"
        totals.append(total)
        halves.append(timed_regions(network, box, kernel.advance, workers=2)[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds = statistics.median(totals)
    microseconds = 1e6 * seconds / expected
    network_and_box = f"{name}, {box_name or '[-1, 1]^d'}"
    two = seconds / statistics.median(halves)
    return f"| {network_and_box} | {expected:,} | {seconds:.3f} | {microseconds:.1f} | {two:.2f} | {peak} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each; medians are reported")
    parser.add_argument("--peers", action="store_true", help="install the peers into their own environment; compare")
    parser.add_argument("--peer-python", help="an interpreter that has relucent and torch already")
    parser.add_argument("--peer-regions", type=int, default=200, help="how many regions relucent is timed on")
    parser.add_argument("--networks", type=Path, help="a directory with real networks (.npz) and boxes.json")
    options = parser.parse_args()
    peer = peer_python(options.peer_python, options.peers)
    if peer is None:
        print("edge subdivision and relucent are not measured; ask for them with --peers", file=sys.stderr)
    edges = edge_subdivision(peer)
    with tempfile.TemporaryDirectory() as directory:
        uncertified = uncertified_kernel(Path(directory))
        small = random_network((2, 3)), pr.Polyhedron.box([-1, -1], [1, 1])
        for advance in (kernel.advance, uncertified.advance):
            timed_regions(*small, advance)  # compile
        measured = [
            measure(widths, cells, uncertified, options.repeat, edges, peer, options.peer_regions)
            for widths, cells in tqdm(NETWORKS.items(), desc="random networks")
        ]
    print("| network | cells | seconds | µs/cell | certified / not | two workers | relucent / ours, per region |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    print("\n".join(own.row for own in measured))
    one, two = sum(own.seconds for own in measured), sum(own.seconds_of_two for own in measured)
    print(f"| all of them | | {one:.3f} | | | {one / two:.2f} | |")
    print("\n| network, all of R^d | cells | signs decided exactly | µs/cell | generic = 1 |\n|---|--:|--:|--:|--:|")
    for kind, widths in itertools.product(DEGENERATE, DEGENERATE_WIDTHS):
        print(measure_degenerate(kind, widths, options.repeat))
    if edges:
        edges.close()
        print(f"\n| network | ours | {' | '.join(f'{method} | {method} / ours' for method in METHODS)} |")
        print("|---|--:|--:|--:|--:|--:|")
        print("\n".join(own.compared for own in measured))
        means = (statistics.geometric_mean(own.ratios[method] for own in measured) for method in METHODS)
        print(f"| geometric mean | | {' | '.join(f'| {mean:.2f}' for mean in means)} |")
    if options.networks:
        print(
            "\n| network, box | cells | seconds | µs/cell | two workers | peak MiB so far |\n|---|--:|--:|--:|--:|--:|"
        )
        for name, box_name, cells in tqdm(REAL, desc="real networks"):
            print(measure_real(options.networks, name, box_name, cells, options.repeat))


if __name__ == "__main__":
    main()
