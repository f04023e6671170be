"""The front door: which inputs make the network do this?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from polyrelu.engines.evidence.certify import Evidence, Form, check_form
from polyrelu.engines.evidence.files import question_beside
from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.engines.protocol import ORDERS, Anytime, Engine, Options
from polyrelu.engines.registry import AUTO, METHODS, choose
from polyrelu.errors import InputError, Interrupted
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.networks.relevant_part import Restriction, keep_all, restrict
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path, instance, one_of, whole_number
from polyrelu.support.files import check_place
from polyrelu.support.limits import Limit, unlimited
from polyrelu.tilings.tile_source import TileList, TileSource
from polyrelu.tilings.tiling import Tiling

_MOST_WORKERS = 1024


def preimage(
    network: Network,
    target: Target,
    domain: Domain | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
    measure: bool = False,
    order: str = ORDERS[0],
    certify: str | PathLike[str] | None = None,
    rows_only: bool = False,
    form: Form = "auto",
) -> Tiling:
    """All inputs in the domain whose output lies in the target, as a tiling by convex polyhedra. Exact.

    Args:
        network: R^d -> R^m.
        target: a polyhedron in R^m, a text such as ``"y0 > 0 and y1 <= 1/2"``, or a list of these, meaning their
            union.
        domain: a polyhedron in R^d, the corners ``(lows, highs)`` of a box, or a text about ``x0``, ``x1``, ...; None
            is all of R^d.
        method: ``"cells"`` splits cells forwards, fast (see :mod:`polyrelu.engines.cells`), and ``"twin"`` does the
            same in exact arithmetic throughout. ``"unrelu"`` goes backwards face by face, moving sets, and
            ``"substitution"`` moving rows (see :mod:`polyrelu.engines.faces.unrelu`); ``"search"`` goes backwards too
            and prunes the faces (see :mod:`polyrelu.engines.search`). ``"halfspaces"`` splits cells by their
            inequalities, which takes few of them in any dimension, and ``"branch"`` does the same in floats that prove
            what they say (see :mod:`polyrelu.engines.branch.engine`, and :mod:`polyrelu.engines.halfspaces.engine`).
            ``"auto"`` chooses ``"cells"``, and where a cell gets too many vertices for that ``"branch"``, if some ten
            seconds of it are likely to be enough, or ``"halfspaces"`` where a domain is flat or has no end; the
            result's ``method`` says which ran.
        limit: the largest number of faces to visit in one layer, for the methods that go face by face; of nodes, for
            ``"search"``, ``"halfspaces"`` and ``"branch"``.
        workers: how many threads split cells, at most 1024; the answer does not depend on it.
        max_dim: the largest dimension of the domain, constant inputs not counted, in which to split cells by their
            vertices: a larger one is refused, whatever it would take. None judges by the vertices and the memory that a
            cell is going to take.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked time and again, with the number of tiles found for the current target, whether to stop as for
            Ctrl-C.
        timeout: seconds after which to stop as for Ctrl-C, heard within a second or so.
        measure: measure cells while their vertices are there, so that volumes and boxes need no second run of
            ``"cells"``; the bounds of volumes may then depend on ``workers`` in their last digits. It costs about
            as much as the run itself in the plane, twice as much in space, and twelve times in five dimensions.
        order: ``"found"`` goes depth first, which takes the least time for all; ``"largest"`` splits the largest cell
            first, so that a run that is stopped has decided much of the domain. It is kept by ``"cells"`` alone.
        certify: write a certificate of the answer to this file, and beside it the statement that it is about; see
            :func:`polyrelu.engines.evidence.certify.certificate`. That takes a second run: the first one keeps tiles,
            and what it discards is part of the proof.
        rows_only: in the certificate, say vertices by the rows on which they lie.
        form: of the certificate: ``"cells"`` by their vertices, a ``"tree"`` of splits and bounds, for many inputs, or
            ``"auto"``: a tree where cells get too large, if ``"branch"`` is asked for or few neurons may switch.

    Returns:
        A :class:`~polyrelu.tilings.tiling.Tiling`. For closed targets and domains the union of its tiles *is* the
        preimage, including tiles of lower dimension where no other tile contains them; strict rows stay strict. Only
        neurons that the target can see are split on. A tile's ``target_index`` is the first target that its points map
        into: where targets overlap, the later ones are cut, and their tiles carry strict rows there.

    Raises:
        DimensionError: target or domain live in the wrong space.
        BudgetExceeded: some layer has more than ``limit`` faces or takes more nodes; or cells get too large, or have
            more than ``max_dim`` dimensions, and are too many for ``"halfspaces"``, or for a certificate. That is said
            at once.
        InputError: the method is unknown, or ``timeout`` is not a positive number; the domain is a list of pairs (low,
            high); or there is no certificate of this.
        ParseError: a text is none of linear constraints.
        WriteError: the certificate cannot be written, which is tried at once.
        Interrupted: Ctrl-C, ``until`` said so, or time is up; its ``partial`` holds the tiles found so far, and says
            what is :meth:`~polyrelu.tilings.tiling.Tiling.undecided`. Flat ones among the tiles may lie in others,
            because a second after the stop that is not looked at any more.

    Cost: cells cost microseconds each, see the benchmark; going face by face takes 2^n faces for a layer of n seen
    neurons, for each piece that comes back to it.
    """
    targets = given_targets(target, network, "preimage")
    inputs = given_domain(domain, network, "preimage")
    options = checked_options(
        "preimage", limit, workers, max_dim, progress, Limit(until, timeout, "preimage"), measure, order
    )

    def restrictions() -> Iterator[tuple[int, Restriction]]:
        for i, part in disjoint_parts(targets):
            yield i, restrict(network, part)

    wanted = _wanted("preimage", certify, rows_only, form)
    return _run(network, targets, restrictions, inputs, method, options, wanted)


def linear_regions(
    network: Network,
    domain: Domain | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
    measure: bool = False,
    order: str = ORDERS[0],
    certify: str | PathLike[str] | None = None,
    rows_only: bool = False,
    form: Form = "auto",
) -> Tiling:
    """The cells of the domain on which every neuron has one sign, as a tiling. Exact.

    They are the activation regions of full dimension in the domain: closed, covering it, with disjoint interiors.
    Arguments, errors and cost as for :func:`preimage`.
    """
    inputs = given_domain(domain, network, "linear_regions")
    everything = Polyhedron.whole_space(network.output_dim)
    until_then = Limit(until, timeout, "linear_regions")
    options = checked_options("linear_regions", limit, workers, max_dim, progress, until_then, measure, order)
    wanted = _wanted("linear_regions", certify, rows_only, form)
    return _run(network, (everything,), lambda: [(0, keep_all(network))], inputs, method, options, wanted, True)


def checked_options(
    where: str,
    limit: int,
    workers: int,
    max_dim: int | None,
    progress: bool | None,
    until: Limit,
    measure: bool,
    order: str,
) -> Options:
    """The options, checked."""
    return Options(
        whole_number(limit, f"{where}: limit", 1),
        whole_number(workers, f"{where}: workers", 1, _MOST_WORKERS),
        None if max_dim is None else whole_number(max_dim, f"{where}: max_dim"),
        progress,
        until,
        instance(measure, bool, f"{where}: measure", "pass True or False"),
        one_of(order, ORDERS, where, "order"),
    )


class _Certificate(NamedTuple):
    """A certificate that is wanted with the answer."""

    path: Path
    rows_only: bool
    form: Form


def _wanted(where: str, path: str | PathLike[str] | None, rows_only: bool, form: Form) -> _Certificate | None:
    """The certificate that the arguments ask for, if any; that its files can be written is known."""
    check_form(form, rows_only, where)
    if path is None:
        if rows_only or form != "auto":
            name = "rows_only" if rows_only else "form"
            raise InputError(f"{where}: {name} is about the certificate, and none is asked for; pass certify=")
        return None
    place = file_path(path, f"{where}: certify")
    check_place(place)
    check_place(question_beside(place))
    return _Certificate(place, rows_only, form)


def disjoint_parts(targets: Sequence[Polyhedron]) -> list[tuple[int, Polyhedron]]:
    """Disjoint polyhedra with the union of ``targets``, each with the number of the first target that contains it."""
    parts: list[tuple[int, Polyhedron]] = []
    for i, target in enumerate(targets):
        rest = [] if target.is_empty() else [target]
        for earlier in targets[:i]:
            rest = [piece for part in rest for piece in _outside(part, earlier)]
        parts += [(i, part) for part in rest]
    return parts


def _outside(part: Polyhedron, earlier: Polyhedron) -> tuple[Polyhedron, ...]:
    return (part,) if (part & earlier).is_empty() else part.difference(earlier)


def _run(
    network: Network,
    targets: tuple[Polyhedron, ...],
    restrictions: Callable[[], Iterable[tuple[int, Restriction]]],
    inputs: Polyhedron,
    method: str,
    options: Options,
    wanted: _Certificate | None,
    of_regions: bool = False,
) -> Tiling:
    one_of(method, METHODS, "preimage", "method")
    evidence = None
    if wanted is not None:
        statement = Statement.of(network, None if of_regions else targets, inputs)
        evidence = Evidence(statement, options.max_dim, wanted.form, is_known=method == "branch")
    started = time.perf_counter()
    engines: list[tuple[int, Engine]] = []
    names: set[str] = set()
    interrupted = False
    done = 0
    try:
        with options.until.kept():
            for index, restriction in [] if inputs.is_empty() else restrictions():
                name, engine = choose(method, restriction, inputs, options)
                names.add(name)
                engines.append((index, engine))
                engine.run()
                done += 1
    except KeyboardInterrupt:
        interrupted = True
    complete = not interrupted
    left = None
    try:
        if interrupted:
            left = _undecided(engines, done, restrictions, inputs)
        parts = _collected(engines)
    except KeyboardInterrupt:  # while what was found is put in order, which takes a moment, it is not to be lost
        interrupted, parts = True, _collected(engines)
    stats: dict[str, int | float] = {"tiles": sum(len(source) for _, source in parts)}
    for _, engine in engines:
        for name, count in vars(engine.stats).items():
            if count is None:
                continue
            stats[name] = max(stats.get(name, 0), count) if name == "lineality" else stats.get(name, 0) + count
    stats["seconds"] = time.perf_counter() - started
    chosen = method if method != AUTO else next((name for name in ("halfspaces", "branch") if name in names), "cells")
    tiling = Tiling(network, targets, inputs, chosen, complete, stats, parts, undecided_parts=left)
    if interrupted:
        when = f" after {options.until.timeout} seconds" if options.until.late else ""
        raise Interrupted(f"preimage: stopped{when} with {len(tiling)} tiles; they are in .partial", tiling)
    if wanted is not None and evidence is not None:
        _certify(evidence, wanted, options, tiling)
    return tiling


def _certify(evidence: Evidence, wanted: _Certificate, options: Options, tiling: Tiling) -> None:
    """Write the certificate of an answer that is found."""
    try:
        with options.until.kept():
            evidence.write_with_question(wanted.path, wanted.rows_only, options.workers, options.progress)
    except KeyboardInterrupt as stop:
        when = f" after {options.until.timeout} seconds" if options.until.late else ""
        raise Interrupted(
            f"preimage: stopped{when} before {wanted.path} was written; the tiles, which are all, are in .partial",
            tiling,
        ) from stop


def _undecided(
    engines: Sequence[tuple[int, Engine]],
    done: int,
    restrictions: Callable[[], Iterable[tuple[int, Restriction]]],
    inputs: Polyhedron,
) -> tuple[tuple[int, TileSource], ...] | None:
    """What is left where ``done`` engines have ended, and one perhaps not; None where that one does not know."""
    found: list[tuple[int, TileSource]] = []
    with unlimited():
        for index, engine in engines[done:]:
            if not isinstance(engine, Anytime):
                return None
            found.append((index, engine.undecided()))
        for index, restriction in islice(restrictions(), len(engines), None):
            found.append((index, TileList(restriction, ((SignVector(), inputs.canonical()),))))
    return tuple(found)


def _collected(engines: Iterable[tuple[int, Engine]]) -> tuple[tuple[int, TileSource], ...]:
    return tuple((index, engine.tiles()) for index, engine in engines)
