r"""Measure polyrelu on public networks, and print the tables of papers/real-networks as Markdown.

    ./scripts/run python scripts/benchmark_real.py --networks DIR
    ./scripts/run python scripts/benchmark_real.py --networks DIR --thorough      # exact volumes of cartpole, too

DIR holds NAME.onnx, NAME.npz, NAME.nnet and NAME.vnnlib, see papers/real-networks/README.md. What does not depend on
the machine comes first, then seconds and ratios. Numbers of others stand in ``CASES``; they are compared, never used.

The counts are held against evidence that does not rest on how they were found:

* *witnesses*: a point of each region at which no neuron is zero, evaluated in rationals by the network alone. Different
  signs mean different regions, so as many regions as witnesses there are at least.
* *volumes*: the regions do not overlap; where their exact volumes add up to the box's, there are no others.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import polyrelu as pr
from polyrelu.analysis.adjacency import flat_tiles
from polyrelu.analysis.measure import tile_volumes
from polyrelu.tilings.table import format_point

Floats = NDArray[np.float64]
Value = TypeVar("Value")
SINGLE_ROUNDOFF, SINGLE_UNDERFLOW = 2.0**-24, 2.0**-126
SLACK = 1 + 2.0**-30  # what a bound evaluated in binary64 can lose on the way, many times over
TOLERANCE = 1e-7  # the thinness that is looked for; LP solvers accept rows that are violated by 1e-6 to 1e-9


class Case(NamedTuple):
    """A network with a property, and what enumerators in floats counted: regions of the box, and of the preimage."""

    name: str
    network: str
    prop: str
    float_regions: int | None = None
    float_tiles: int | None = None
    small: bool = True


class Question(NamedTuple):
    """Which points of the domain does the network map into the target?"""

    network: pr.Network
    target: tuple[pr.Polyhedron, ...]
    domain: pr.Polyhedron


CASES = (
    Case("parking 2-20-4", "auto_park_20", "auto_park_20", 40, 10),
    Case("VCAS 4-21-9", "vcas_21_1", "vcas_21_1", 83, 49),
    Case("pendulum 2-12-2", "rpm_pendulum", "rpm_pendulum", 18),
    Case("van der Pol 2-20-20-2", "rpm_vanderpol", "rpm_vanderpol", 248),
    Case("van der Pol, t = 1", "rpm_vdp_t1", "rpm_vdp_t1", None, 19),
    Case("van der Pol, t = 2", "rpm_vdp_t2", "rpm_vdp_t2", None, 71),
    Case("van der Pol, t = 3", "rpm_vdp_t3", "rpm_vdp_t3", None, 167),
    Case("cartpole 4-64-64-2", "cartpole", "cartpole", 27880, 26450, small=False),
    Case("ACAS Xu N2_2, property 3", "acasxu_2_2", "acasxu_prop_3", 6924, small=False),
    Case("ACAS Xu N2_2, property 4", "acasxu_2_2", "acasxu_prop_4", 4498, small=False),
)
ACAS = ("acasxu_1_1", "acasxu_2_2", "acasxu_3_3")
STEP = "rpm_vanderpol"
BACKWARD = ("rpm_vdp_t1", "rpm_vdp_t2", "rpm_vdp_t3")
REGIONS_IN_THE_BOX = (3, 4)  # of the ACAS Xu properties; the boxes of 1 and 2 have millions
WORKERS = (
    Case("cartpole, property", "cartpole", "cartpole"),
    Case("ACAS Xu N1_1, property 3", "acasxu_1_1", "acasxu_prop_3"),
    Case("ACAS Xu N2_2, property 2", "acasxu_2_2", "acasxu_prop_2"),
)
METHODS = (
    ("auto_park_20", ("twin",)),
    ("vcas_21_1", ("twin",)),
    ("rpm_vanderpol", ("twin",)),
    ("rpm_pendulum", ("twin", "substitution", "unrelu")),
)


def question(directory: Path, network: str, prop: str) -> Question:
    """The network of one file with the property of another, which must be about one domain."""
    loaded = pr.load_network(directory / f"{network}.onnx")
    (disjunct,) = pr.load_property(directory / f"{prop}.vnnlib", loaded.input_dim, loaded.output_dim).disjuncts
    return Question(loaded, disjunct.targets, disjunct.domain)


def timed(function: Callable[[], Value], repeat: int = 1) -> tuple[Value, float]:
    """What a function returns, and the median of the seconds that it takes."""
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        value = function()
        seconds.append(time.perf_counter() - began)
    return value, statistics.median(seconds)


def preimage(asked: Question, method: str = "auto", workers: int = 1) -> pr.Tiling:
    """The answer."""
    return pr.preimage(asked.network, asked.target, asked.domain, method, workers=workers, progress=False)


def regions(asked: Question, workers: int = 1) -> pr.Tiling:
    """The linear regions of the domain."""
    return pr.linear_regions(asked.network, asked.domain, workers=workers, progress=False)


# -- evidence -----------------------------------------------------------------------------------------------------


def signs(network: pr.Network, points: Sequence[tuple[Fraction, ...]]) -> list[tuple[int, ...]]:
    """The sign (-1, 0, 1) of every ReLU neuron before its ReLU at exact points. Layer by layer, in rationals."""
    values: Sequence[tuple[Fraction, ...]] = points
    found: list[tuple[int, ...]] = [()] * len(points)
    for layer in network.layers:
        before = pr.Network([pr.Layer(layer.rows, layer.offsets, relu=False)]).evaluate(values)
        relus = [i for i, masked in enumerate(layer.relu) if masked]
        found = [
            old + tuple((row[i] > 0) - (row[i] < 0) for i in relus) for old, row in zip(found, before, strict=True)
        ]
        values = [
            tuple(max(v, Fraction(0)) if masked else v for v, masked in zip(row, layer.relu, strict=True))
            for row in before
        ]
    return found


def witnesses(found: pr.Tiling, chunk: int = 500) -> int:
    """How many regions are proven different by the signs at a point of each, at which no neuron is zero."""
    points = [tile.inner_point() for tile in found]
    assert all(found.domain.contains(point) for point in points)
    starts = range(0, len(points), chunk)
    seen = {one for start in starts for one in signs(found.network, points[start : start + chunk]) if 0 not in one}
    return len(seen)


def thickness(polyhedron: pr.Polyhedron) -> float:
    """The least distance between a facet and the vertex farthest from it, of a bounded polyhedron of full dimension."""
    squares = (
        max(row.slack(vertex) for vertex in polyhedron.vertices) ** 2 / sum(v * v for v in row.normal)
        for row in polyhedron.canonical().halfspaces
    )
    return math.sqrt(min(squares))


def thin_regions(found: pr.Tiling, tolerance: float) -> list[tuple[float, int]]:
    """Thickness and number of the regions thinner than the tolerance, thinnest first, in a box of full dimension.

    A convex set of volume V within a box with sides s and thickness w has V <= w A, where A bounds the area of its
    projections: the box's shadow along a unit vector u has the area sum |u_i| prod_{j != i} s_j, at most the norm of
    these products. So most regions are seen to be thick by their certified volume and box.
    """
    low, _ = tile_volumes(found, pr.Polyhedron.volume)
    thin = []
    alone = found.divide([i] for i in range(len(found)))
    for i, tile in enumerate(tqdm(alone, desc="thin regions", total=len(found), leave=False)):
        lower, upper = tile.bounding_box()
        sides = np.asarray(upper) - np.asarray(lower)
        shadow = math.hypot(*(float(np.delete(sides, j).prod()) for j in range(len(sides))))
        if low[i] < tolerance * shadow * SLACK:
            width = thickness(found[i].polyhedron)
            if width < tolerance:
                thin.append((width, i))
    return sorted(thin)


def fix_inputs(network: pr.Network, values: Mapping[int, Fraction]) -> pr.Network:
    """The network of the other inputs, where these are constant; exact."""
    first = network.layers[0]
    moving = [j for j in range(network.input_dim) if j not in values]
    offsets = [b + sum(row[j] * v for j, v in values.items()) for row, b in zip(first.rows, first.offsets, strict=True)]
    rows = tuple(tuple(row[j] for j in moving) for row in first.rows)
    return pr.Network([pr.Layer.from_rows(rows, tuple(offsets), first.relu, len(moving)), *network.layers[1:]])


def without_constants(asked: Question) -> Question:
    """The same question about the inputs that its box does not fix."""
    lower, upper = corners(asked.domain)
    fixed = {j: a for j, (a, b) in enumerate(zip(lower, upper, strict=True)) if a == b}
    moving = [j for j in range(len(lower)) if j not in fixed]
    box = pr.Polyhedron.box([lower[j] for j in moving], [upper[j] for j in moving])
    return Question(fix_inputs(asked.network, fixed), asked.target, box)


def corners(box: pr.Polyhedron) -> tuple[list[Fraction], list[Fraction]]:
    """Lower and upper corner of a bounded polyhedron's bounding box."""
    columns = list(zip(*box.vertices, strict=True))
    return [min(column) for column in columns], [max(column) for column in columns]


def share_within(inner: Question, outer: Question) -> Fraction:
    """The share of the inner preimage that lies in the outer one, exactly."""
    tiles = [tile.polyhedron for tile in preimage(inner)]
    common = (preimage(outer._replace(domain=tile)).volume(exact=True) for tile in tiles)
    return sum(common, Fraction(0)) / sum((tile.volume() for tile in tiles), Fraction(0))


# -- other files and float32 --------------------------------------------------------------------------------------


def random_points(box: pr.Polyhedron, count: int, seed: int = 0) -> Floats:
    """Uniform points of a box that float32 stores, up to the rounding of its corners."""
    lower, upper = ([float(v) for v in corner] for corner in corners(box))
    points = np.random.default_rng(seed).uniform(lower, upper, (count, len(lower)))
    return points.astype(np.float32).astype(np.float64)


def runtime_values(path: Path, points: Floats) -> Floats:
    """What onnxruntime computes at each point, in float32."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    shape = [side if isinstance(side, int) and side > 0 else 1 for side in given.shape]
    rows = [session.run(None, {given.name: row.reshape(shape)})[0].ravel() for row in points.astype(np.float32)]
    return np.array(rows, dtype=np.float64)


def single_bound(network: pr.Network, points: Floats) -> Floats:
    r"""How far any float32 evaluation can be from the exact values at float32 points: a bound for each output.

    Per layer, with u = 2^-24, by the lemma of :mod:`polyrelu.arithmetic.rounding`: for inputs known within e the result
    is off by at most |W| e + gamma_{d+2} (|W| (|x| + e) + |b|), in whatever order it is summed.

    Raises:
        ValueError: a weight is not a float32 number, so that the file holds other operations than the layers.
    """
    values, radius = points, np.zeros(points.shape)
    for layer in network.layers:
        weight, bias = layer.float_weight, layer.float_bias
        stored = layer.is_float and all((a == a.astype(np.float32)).all() for a in (weight, bias))
        if not stored:
            raise ValueError("single_bound: the network has weights that float32 does not store; nothing is claimed")
        k = (layer.input_dim + 2) * SINGLE_ROUNDOFF
        terms = (np.abs(values) + radius) @ np.abs(weight).T + np.abs(bias)
        underflow = SINGLE_UNDERFLOW * (layer.input_dim + 2 + (np.abs(values) + radius).sum(axis=1, keepdims=True))
        radius = SLACK * (radius @ np.abs(weight).T + k / (1 - k) * terms + underflow)
        values = values @ weight.T + bias
        mask = np.array(layer.relu, dtype=np.bool_)
        values = np.where(mask, np.maximum(values, 0.0), values)
    return radius


class Agreement(NamedTuple):
    """A float32 runtime against the exact network at random points.

    Attributes:
        difference: the largest.
        largest: the largest output.
        of_bound: the largest share of :func:`single_bound`; at most 1 when rounding explains everything.
        verdicts: at how many points it disagrees on whether the output lies in the target.
    """

    difference: float
    largest: float
    of_bound: float
    verdicts: int


def agreement(path: Path, asked: Question, count: int, run: Callable[[Path, Floats], Floats]) -> Agreement:
    """Run a runtime on random points of the domain and compare."""
    points = random_points(asked.domain, count)
    theirs = run(path, points)
    ours, radius = asked.network.evaluate_with_bound(points)
    difference = np.abs(theirs - ours) + radius
    of_bound = float((np.maximum(np.abs(theirs - ours) - radius, 0) / single_bound(asked.network, points)).max())
    exact = pr.maps_into(asked.network, asked.target, points)
    rounded = np.any([one.contains(theirs) for one in asked.target], axis=0)
    return Agreement(float(difference.max()), float(np.abs(ours).max()), of_bound, int((exact != rounded).sum()))


def rounds_to(decimal: pr.Network, stored: pr.Network) -> bool:
    """Whether every weight of one network is the float32 nearest to that of the other."""
    return decimal.widths == stored.widths and all(
        (a.float_weight.astype(np.float32) == b.float_weight).all()
        and (a.float_bias.astype(np.float32) == b.float_bias).all()
        for a, b in zip(decimal.layers, stored.layers, strict=True)
    )


# -- tables -------------------------------------------------------------------------------------------------------


class Table:
    """A Markdown table: the first column to the left, the others to the right."""

    def __init__(self, title: str, *header: str) -> None:
        self.title, self.rows = title, [header, ("---", *("--:",) * (len(header) - 1))]

    def add(self, *cells: str) -> None:
        """One more row."""
        self.rows.append(cells)

    def __str__(self) -> str:
        return "\n".join([f"### {self.title}", "", *(f"| {' | '.join(row)} |" for row in self.rows), ""])


def counted(count: int, theirs: int | None) -> str:
    """Our count, with theirs where there is one."""
    return f"{count:,}" if theirs is None else f"{count:,} ({theirs:,})"


def enclosed(value: Fraction | Any) -> str:
    """An exact share to 12 digits, or both ends of an enclosure to 9, rounded outwards."""
    if isinstance(value, Fraction):
        return f"{float(value):.12f}"
    step = Fraction(1, 10**9)
    low, high = math.floor(Fraction(value.low) / step), math.ceil(Fraction(value.high) / step)
    return f"{low / 10**9:.9f} to {high / 10**9:.9f}"


def agrees(found: pr.Tiling, count: int) -> bool:
    """Whether membership in the tiles is membership in the preimage, at random points; both are exact."""
    points = random_points(found.domain, count, seed=1)
    expected = found.domain.contains(points) & pr.maps_into(found.network, found.targets, points)
    return bool((found.contains(points) == expected).all())


def thin_witness(found: pr.Tiling, width: float, number: int) -> str:
    """A point of a thin region in exact decimals, at which no neuron is zero, and the neurons that bound the region."""
    point = found[number].point()
    (own,) = signs(found.network, [point])
    assert 0 not in own
    neurons = [facet.neuron for facet in found.facets(number) if facet.neuron is not None]
    between = ", ".join(f"{layer}:{coordinate}" for layer, coordinate in neurons)
    return f"    thickness {width:.3g}, around {format_point(point)}, between neurons {between}"


def measure_counts(directory: Path, options: argparse.Namespace) -> Iterator[Table | str]:
    """What is found, the evidence for it, the thin regions, and the seconds it took."""
    what = Table(
        "What is there", "network", "regions", "meet the property", "of these flat", "zones", "share of the box"
    )
    why = Table(
        "Evidence", "network", "witnesses", "volumes of the regions", "check_tiling", f"{options.points:,} inputs"
    )
    thin = Table("Thin regions", "network", "regions", f"thinner than {TOLERANCE:g}", "how thin")
    seconds = Table("Seconds", "network", "regions", "preimage", "share", "exact share", "check_tiling")
    points: list[str] = []
    for case in tqdm(CASES, desc="counts"):
        asked = question(directory, case.network, case.prop)
        cells, for_regions = timed(lambda asked=asked: regions(asked), options.repeat)
        tiles, for_preimage = timed(lambda asked=asked: preimage(asked), options.repeat)
        exactly = case.small or (options.thorough and case.network == "cartpole")
        share, for_share = timed(tiles.share)
        for_exact = for_check = "-"
        if exactly:
            share, time_taken = timed(lambda tiles=tiles: tiles.share(exact=True))
            for_exact = f"{time_taken:.2f}"
        flat = int(flat_tiles(tiles).sum())
        zones = str(len(tiles.zones())) if len(tiles) else "-"
        what.add(
            case.name,
            counted(len(cells), case.float_regions),
            counted(len(tiles), case.float_tiles),
            str(flat),
            zones,
            enclosed(share) if len(tiles) else "0",
        )
        checked = "-"
        if case.small:
            verdict, time_taken = timed(lambda tiles=tiles: pr.check_tiling(tiles, progress=False))
            checked, for_check = verdict.kind, f"{time_taken:.2f}"
        total = cells.share(exact=True) if exactly else cells.share()
        why.add(
            case.name,
            f"{witnesses(cells):,}",
            "the box's, exactly" if total == 1 else enclosed(total),
            checked,
            "agree" if agrees(tiles, options.points) else "DISAGREE",
        )
        seconds.add(case.name, f"{for_regions:.4f}", f"{for_preimage:.4f}", f"{for_share:.3f}", for_exact, for_check)
        if case.float_regions is not None:
            moving = regions(without_constants(asked))
            found = thin_regions(moving, TOLERANCE)
            widths = ", ".join(f"{width:.2e}" for width, _ in found) or "-"
            thin.add(case.name, counted(len(cells), case.float_regions), str(len(found)), widths)
            if len(cells) != case.float_regions:
                points += [f"Thin regions of {case.name}:\n", *(thin_witness(moving, *one) for one in found), ""]
    yield from (what, why, thin, "\n".join(points), seconds)


def measure_backward(directory: Path) -> Table:
    """How the sets from which the terminal set is reached in t steps grow with t, by exact composition.

    The files for two steps and more hold products of matrices that were rounded; here the step's own layers are put in
    front of the file for one step.
    """
    table = Table("Backward reach", "t", "tiles, composed exactly", "tiles, from the file", "share of it in the next")
    step = pr.load_network(directory / f"{STEP}.onnx")
    stored = [question(directory, name, name) for name in BACKWARD]
    composed = [
        stored[0]._replace(network=pr.Network([*step.layers * t, *stored[0].network.layers]))
        for t in range(len(stored) + 1)
    ]
    for t, (inner, outer, file) in enumerate(zip(composed, composed[1:], stored, strict=False), start=1):
        share = share_within(inner, outer)
        counts = f"{len(preimage(inner)):,}", f"{len(preimage(file)):,}"
        table.add(str(t), *counts, "1, exactly" if share == 1 else enclosed(share))
    return table


def counterexample(asked: Question, found: pr.Verification) -> str:
    """A counterexample in decimals, evaluated and held against domain and target once more."""
    point = found.point
    assert point is not None
    value = asked.network.evaluate([point])[0]
    assert asked.domain.contains(point)
    assert any(one.contains(value) for one in asked.target)
    return f"input {format_point(point)}, output about ({', '.join(f'{float(v):.6f}' for v in value)})"


def measure_acas(directory: Path, options: argparse.Namespace) -> Iterator[Table | str]:
    """Verdicts on properties 1 to 4, and all inputs that break one."""
    verdicts = Table(
        "ACAS Xu",
        "network, property",
        "verdict",
        "cells looked at",
        "regions of the box",
        "unsafe tiles",
        "unsafe share",
    )
    seconds = Table("Seconds, ACAS Xu", "network, property", "verdict", "regions", "unsafe tiles")
    examples = []
    for number in (1, 2, 3, 4):
        for name in tqdm(ACAS, desc=f"ACAS Xu, property {number}"):
            asked = question(directory, name, f"acasxu_prop_{number}")
            prop = pr.load_property(directory / f"acasxu_prop_{number}.vnnlib")
            found, taken = timed(
                lambda asked=asked, prop=prop: pr.verify(asked.network, prop, options.timeout, progress=False)
            )
            title = f"N{name.removeprefix('acasxu_')}, {number}"
            count = for_regions = unsafe = for_unsafe = share = "-"
            if number in REGIONS_IN_THE_BOX:
                cells, cell_seconds = timed(lambda asked=asked: regions(asked), options.repeat)
                count, for_regions = f"{len(cells):,}", f"{cell_seconds:.3f}"
            looked_at = f"{found.cells:,}"
            if found.status == "violated":
                tiles, tile_seconds = timed(lambda asked=asked: preimage(asked))
                unsafe, for_unsafe, share = f"{len(tiles):,}", f"{tile_seconds:.2f}", enclosed(tiles.share())
                examples.append(f"{title}: {counterexample(asked, found)}\n")
                looked_at = "until the first"
            elif found.status == "holds":
                unsafe = share = "0"
            verdicts.add(title, found.status, looked_at, count, unsafe, share)
            seconds.add(title, f"{taken:.3f}", for_regions, for_unsafe)
    yield verdicts
    yield from examples
    yield seconds


def measure_files(directory: Path, options: argparse.Namespace) -> Iterator[Table]:
    """Do the files of one network hold the same numbers, and how far is a float32 runtime from the exact values?"""
    table = Table(
        f"onnxruntime at {options.points:,} inputs",
        "network",
        "npz = onnx",
        "largest difference",
        "largest output",
        "in 2^-24 of it",
        "of the float32 bound",
        "other verdicts",
    )
    questions = {case.network: case.prop for case in reversed(CASES)} | dict.fromkeys(ACAS, "acasxu_prop_1")
    for name, prop in tqdm(questions.items(), desc="onnxruntime"):
        asked = question(directory, name, prop)
        path = directory / f"{name}.npz"
        same = "-" if not path.exists() else "yes" if pr.load_network(path) == asked.network else "NO"
        found = agreement(directory / f"{name}.onnx", asked, options.points, runtime_values)
        table.add(
            name,
            same,
            f"{found.difference:.2e}",
            f"{found.largest:.3g}",
            f"{found.difference / found.largest / SINGLE_ROUNDOFF:.1f}",
            f"{found.of_bound:.1e}",
            str(found.verdicts),
        )
    yield table
    decimals = Table("The decimals of .nnet", "network", "round to the float32 numbers of .onnx")
    for path in sorted(directory.glob("*.nnet")):
        stored = pr.load_network(path.with_suffix(".onnx"))
        same = rounds_to(pr.load_network(path, normalise="ignore"), stored)
        decimals.add(path.stem, "all of them" if same else "NOT ALL")
    yield decimals


def measure_ratios(directory: Path, options: argparse.Namespace) -> Iterator[Table]:
    """Two workers against one, and the other methods against cells, in turn."""
    workers = Table("Two workers", "preimage", "one worker, seconds", "one / two")
    for case in tqdm(WORKERS, desc="workers"):
        asked = question(directory, case.network, case.prop)
        runs = [
            [timed(lambda asked=asked, count=count: preimage(asked, workers=count))[1] for count in (1, 2)]
            for _ in range(options.repeat)
        ]
        ratio = statistics.median(one / two for one, two in runs)
        workers.add(case.name, f"{statistics.median(one for one, _ in runs):.3f}", f"{ratio:.2f}")
    yield workers
    methods = Table("Other methods, the same tiles", "network", "method", "seconds", "times as long as cells")
    for name, others in tqdm(METHODS, desc="methods"):
        asked = question(directory, name, name)
        cells, seconds = timed(lambda asked=asked: preimage(asked), 5 * options.repeat)
        for method in others:
            tiles, taken = timed(lambda asked=asked, method=method: preimage(asked, method))
            assert [t.polyhedron for t in tiles] == [t.polyhedron for t in cells], (
                f"{name}: {method} differs from cells"
            )
            methods.add(name, method, f"{taken:.3f}", f"{taken / seconds:,.0f}")
    yield methods


def warm_up() -> None:
    """Load everything that is timed."""
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])])
    small = Question(network, (pr.parse("y0 >= 1/2", dim=1),), pr.Polyhedron.box([-1, -1], [1, 1]))
    for workers in (1, 2):
        preimage(small, workers=workers).share()
        regions(small, workers).zones()


@contextmanager
def long_numbers() -> Iterator[None]:
    """Fractions of any length may be written."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(before)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=Path, required=True, help="a directory with the networks and properties")
    parser.add_argument(
        "--repeat", type=int, default=5, help="runs of what takes less than seconds; medians are reported"
    )
    parser.add_argument("--points", type=int, default=10_000, help="random inputs for each comparison")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for each verdict")
    parser.add_argument("--thorough", action="store_true", help="exact volumes of cartpole, minutes long")
    options = parser.parse_args()
    warm_up()
    with long_numbers():
        tables = [
            *measure_counts(options.networks, options),
            measure_backward(options.networks),
            *measure_acas(options.networks, options),
            *measure_files(options.networks, options),
            *measure_ratios(options.networks, options),
        ]
    seconds = ("Seconds", "Two workers", "Other methods")
    timings = [table for table in tables if isinstance(table, Table) and table.title.startswith(seconds)]
    print("## Counts and evidence\n")
    print("\n".join(str(table) for table in tables if table not in timings))
    print("## Seconds and ratios\n")
    print("\n".join(map(str, timings)))


if __name__ == "__main__":
    main()
