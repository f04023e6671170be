"""Measure verdicts on published instances, and compare them with the published ones.

    ./scripts/run python scripts/benchmark_verify.py DIR/acasxu DIR/wide
    ./scripts/run python scripts/benchmark_verify.py DIR/acasxu --only prop_3 --timeout 10

Each directory has an ``instances.csv`` whose rows name a network, a property and a verdict: ``holds``, ``violated``, or
nothing where none is known. What is missing in a name is its ending, ``.onnx`` and ``.vnnlib``. Loading the files is
timed by itself. Instances are run one after the other; the summary has the seconds of all, and the slowest.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

import polyrelu as pr

HEAD = """| network | property | published | verdict | cells | boxes | load, s | verdict, s | CPU, s |
|---|---|---|---|--:|--:|--:|--:|--:|"""


class Instance(NamedTuple):
    """A network, a property, and the verdict that was published, if any."""

    network: Path
    prop: Path
    published: str


class Result(NamedTuple):
    """What was found out about an instance, and how long reading it and deciding it took."""

    instance: Instance
    verdict: str
    cells: int
    boxes: int
    loading: float
    seconds: float
    cpu: float

    @property
    def contradicts(self) -> bool:
        """Whether another verdict was published."""
        known = self.instance.published in ("holds", "violated")
        return known and self.verdict in ("holds", "violated") and self.verdict != self.instance.published

    def row(self) -> str:
        """The row of the table."""
        network, prop, published = self.instance
        return (
            f"| {network.stem} | {prop.stem} | {published or '-'} | {self.verdict} | {self.cells:,} | "
            f"{self.boxes:,} | {self.loading:.2f} | {self.seconds:.2f} | {self.cpu:.2f} |"
        )


def instances(directory: Path, only: str = "") -> Iterator[Instance]:
    """The instances of a directory; with ``only`` those in whose names it is."""
    with (directory / "instances.csv").open(newline="") as file:
        for network, prop, published in list(csv.reader(file))[1:]:
            if only in f"{network} {prop}":
                yield Instance(_file(directory / network, ".onnx"), _file(directory / prop, ".vnnlib"), published)


def _file(path: Path, suffix: str) -> Path:
    return path if path.exists() else path.with_name(path.name + suffix)


def measured(instance: Instance, timeout: float, workers: int) -> Result:
    """Read and decide an instance."""
    began = time.perf_counter()
    network, prop = pr.load_network(instance.network), pr.load_property(instance.prop)
    loaded, cpu = time.perf_counter(), time.process_time()
    found = pr.verify(network, prop, timeout, workers=workers, progress=False)
    after = time.perf_counter()
    return Result(
        instance, found.status, found.cells, found.boxes, loaded - began, after - loaded, time.process_time() - cpu
    )


def summary(results: list[Result]) -> str:
    """How many were decided, in how many seconds, and which was the slowest."""
    decided = [result for result in results if result.verdict != "undecided"]
    slowest = max(results, key=lambda result: result.seconds)
    return (
        f"{len(decided)} of {len(results)} decided, {sum(own.contradicts for own in results)} against what was "
        f"published; {sum(own.loading + own.seconds for own in results):.1f} s with loading, "
        f"{sum(own.seconds for own in results):.1f} s without, {sum(own.cpu for own in results):.1f} s of CPU; "
        f"{sum(own.cells for own in results):,} cells, {sum(own.boxes for own in results):,} boxes; the "
        f"slowest is {slowest.instance.network.stem} with "
        f"{slowest.instance.prop.stem}, {slowest.seconds:.1f} s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", type=Path, nargs="+", help="with an instances.csv each")
    parser.add_argument("--only", default="", help="instances in whose names this is")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for each verdict")
    parser.add_argument("--workers", type=int, default=2, help="threads that split cells")
    options = parser.parse_args()
    for directory in options.directories:
        chosen = list(instances(directory, options.only))
        if not chosen:
            raise SystemExit(f"{directory}: no instance has {options.only!r} in its name")
        print(HEAD, flush=True)
        results = []
        for instance in tqdm(chosen, desc=directory.name, disable=None):
            results.append(measured(instance, options.timeout, options.workers))
            print(results[-1].row(), flush=True)
        print(f"\n{summary(results)}\n", flush=True)


if __name__ == "__main__":
    main()
