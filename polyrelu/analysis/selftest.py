"""Does polyrelu work on this machine? Its floats, its versions, and a sample of questions asked of every engine.

The engines share little: ``cells`` is compiled and works in floats, ``twin`` in exact arithmetic, the others go
backwards through faces. Where they give the same tiles, and :func:`polyrelu.check_tiling` proves these right, and the
checkers find the same in certificates of one of them, the installation can be trusted with larger questions.

What is seen is what a report of a fault needs: versions, and the digests of what was compiled.
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from polyrelu.arithmetic.ieee import probe
from polyrelu.certificates import checker, tree_checker
from polyrelu.certificates.check_tiling import check_tiling
from polyrelu.certificates.fast_checker import check_fast
from polyrelu.certificates.fast_library import checker_library
from polyrelu.engines.branch.library import walk_library
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.evidence.certify import certify
from polyrelu.engines.preimage import preimage
from polyrelu.engines.registry import METHODS
from polyrelu.errors import FloatModeWarning, InputError, PolyreluError
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import INSTALLED_BY
from polyrelu.support.workers import Worker, finish
from polyrelu.tilings.tiling import Tiling

_NEEDED = ("numpy", "pycddlib", "python-flint", "scipy", "networkx")
_COMPILED: dict[str, Callable[[], object]] = {
    "kernel": kernel_library,
    "walk": walk_library,
    "checker": checker_library,
}
_checker: Callable[..., str] = checker.check  # programs of their own, without types
_tree_checker: Callable[..., str] = tree_checker.check
_DIGITS = 12
_ENGINES = tuple(method for method in METHODS if method != "auto")


class Check(NamedTuple):
    """One thing that was looked at, whether it is as it must be, and what was seen."""

    name: str
    ok: bool
    seen: str


class Sample(NamedTuple):
    """A small question."""

    name: str
    network: Network
    target: str
    domain: Polyhedron | None


def versions() -> dict[str, str]:
    """The versions of polyrelu, Python, the machine, libraries and extras that are there, and what was compiled."""
    found = {"polyrelu": metadata.version("polyrelu"), "Python": platform.python_version()}
    found["machine"] = f"{platform.system()} {platform.machine()}"
    found |= {name: _version(name) or "not installed" for name in _NEEDED}
    found["extras"] = ", ".join(f"{name} {version}" for name in INSTALLED_BY if (version := _version(name))) or "none"
    return found | {name: _compiled(library) for name, library in _COMPILED.items()}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compiled(library: Callable[[], object]) -> str:
    """The name of a compiled library, and the beginning of the digest of its sources."""
    try:
        loaded = library()
    except InputError as error:
        return str(error)
    name = str(getattr(loaded, "__name__", "")).rpartition(".")[2]
    sources = str(getattr(loaded, "SOURCES", ""))[:_DIGITS]
    return f"{name}, sources {sources}" if sources else name


def checks() -> Iterator[Check]:
    """Look at everything, one by one. Cost: seconds."""
    yield _float_check("floats in this thread", probe)
    yield _float_check("floats in a worker thread", lambda: _elsewhere(probe))
    for sample in samples():
        yield _tried(sample.name, partial(_conformance, sample))
    yield _tried("certificates", lambda: _evidence(samples()[0]))


def _tried(name: str, look: Callable[[], Check]) -> Check:
    """What is found, or that nothing could be, as where a library is missing."""
    try:
        return look()
    except PolyreluError as error:
        return Check(name, False, f"no answer: {error}")


def _elsewhere(ask: Callable[[], dict[str, bool]]) -> dict[str, bool]:
    """The answer in another thread."""
    answers: list[dict[str, bool]] = []
    worker = Worker(lambda: answers.append(ask()))
    finish([worker])
    if worker.error is not None:
        raise worker.error
    return answers[0]


def _float_check(name: str, ask: Callable[[], dict[str, bool]]) -> Check:
    answers = ask()
    seen = ", ".join(question if right else f"NOT {question}" for question, right in answers.items())
    return Check(name, all(answers.values()), seen)


def _conformance(sample: Sample) -> Check:
    target = parse(sample.target, dim=sample.network.output_dim)
    with _float_modes_apart():
        answers = {m: preimage(sample.network, target, sample.domain, m, progress=False) for m in _ENGINES}
    reference = _tiles(answers["twin"])
    wrong = [method for method, tiling in answers.items() if _tiles(tiling) != reference]
    if wrong:
        return Check(sample.name, False, f"{' and '.join(wrong)} and twin differ; please report this")
    verdict = check_tiling(answers["twin"])
    proof = "agrees" if verdict.ok else str(verdict)
    seen = f"{len(reference)} tiles, the same from {', '.join(_ENGINES)}; check_tiling {proof}"
    return Check(sample.name, verdict.ok, seen)


@contextmanager
def _float_modes_apart() -> Iterator[None]:
    """Without warnings of what has its own line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FloatModeWarning)
        yield


def _tiles(tiling: Tiling) -> list[tuple[str, Polyhedron]]:
    return [(tile.pattern, tile.polyhedron) for tile in tiling]


def _evidence(sample: Sample) -> Check:
    """What the three checkers say of certificates of a sample."""
    assert sample.domain is not None
    statement = Statement.of(sample.network, sample.target, sample.domain)
    with TemporaryDirectory() as folder:
        question, cells, tree = (Path(folder, name) for name in ("question.txt", "cells.cert.gz", "tree.cert.gz"))
        statement.save(question)
        with _float_modes_apart():
            certify(statement, cells, form="cells", progress=False)
            certify(statement, tree, form="tree", progress=False)
            tiles = len(preimage(*sample[1:], "cells", progress=False))
        judges: dict[str, Callable[[], str]] = {
            "checker": lambda: _checker(question.read_bytes(), [cells]),
            "compiled checker": lambda: check_fast(question, cells),
            "tree checker": lambda: _tree_checker(question.read_bytes(), tree),
        }
        said = {name: _said(judge) for name, judge in judges.items()}
    expected = f"preimage: target 0: {tiles} tiles, "
    agree = all(claim.startswith(expected) for claim in said.values()) and said["checker"] == said["compiled checker"]
    return Check("certificates", agree, "; ".join(f"{name}: {claim}" for name, claim in said.items()))


def _said(judge: Callable[[], str]) -> str:
    """What a checker claims, or why it rejects."""
    try:
        return judge()
    except (checker.Rejected, InputError) as reason:
        return f"REJECTED {reason}"


def samples() -> tuple[Sample, ...]:
    """Generic and degenerate networks, numbers from 2^-700 to 2^700, domains of several kinds."""
    square = Polyhedron.box([-2, -2], [2, 2])
    first = [[1.5, -0.75], [-0.5, 1.25], [0.3, 0.9], [-1.1, -0.2]]
    generic = Network([(first, [0.1, -0.4, 0.7, 0.2]), ([[1, -2, 0.5, 1], [-0.7, 1, 1, -1]], [-0.3, 0.6])])
    integers = Network([([[1, 0], [0, 1], [1, 1], [2, 2], [1, -1]], [0, 0, -1, -2, 0]), ([[1, 1, -2, 1, -1]], [0])])
    huge, tiny = Fraction(2) ** 700, Fraction(2) ** -700
    extreme = Network([([[huge, -huge], [tiny, 2 * tiny], [1, 3]], [huge, -tiny, 1]), ([[tiny, huge, -1]], [0])])
    flat = Polyhedron.box([-2, "1/3"], [2, "1/3"])
    return (
        Sample("a generic network in a square", generic, "y0 > y1", square),
        Sample("a generic network in the whole plane", generic, "y0 <= 1 and y1 >= 0", None),
        Sample("integers and parallel neurons", integers, "y0 >= 1", square),
        Sample("where an output is zero", integers, "y0 == 0", square),
        Sample("numbers of any magnitude", extreme, "y0 >= 0", square),
        Sample("a flat domain", generic, "y0 >= 0", flat),
    )
