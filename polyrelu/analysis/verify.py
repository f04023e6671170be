r"""Does a network keep a property? An exact verdict, by points, bounds, and the preimage of what must not happen.

The network f breaks a :class:`~polyrelu.networks.properties.Property` iff for some disjunct the preimage of a target
within the domain is not empty. Bounds of the outputs rule most targets out, and points show that others are reached
(:mod:`polyrelu.analysis.counterexamples`). What neither settles at once is decided box by box
(:mod:`polyrelu.analysis.box_by_box`), or by linear bounds of parts where there are many inputs; and what these leave,
by splitting cells until a tile of the preimage is found, or none is left:

* *violated*: a point whose exact output lies in the target. It is evaluated anew, without the engine.
* *holds*: every preimage is empty, by certified bounds or exact enumeration.
* *undecided*: time was up before either.

The verdict is about the network's stored numbers in exact arithmetic, not about a rounded run of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

from polyrelu.analysis.box_by_box import BoxByBox
from polyrelu.analysis.counterexamples import Candidates
from polyrelu.analysis.part_by_part import PartByPart
from polyrelu.arithmetic.exact import ExactVector
from polyrelu.bounds.reach import Reach, reach
from polyrelu.engines.cells.boxes import work_for_box
from polyrelu.engines.cells.budget import ALWAYS
from polyrelu.engines.evidence.certify import Evidence, Form, check_form, write_point
from polyrelu.engines.evidence.files import numbered, question_beside
from polyrelu.engines.preimage import preimage
from polyrelu.errors import BudgetExceeded, DimensionError, InputError, Interrupted
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Disjunct, Property
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.networks.relevant_part import restrict
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.files import check_place
from polyrelu.support.limits import Limit, Stop, check
from polyrelu.support.numerals import record_text
from polyrelu.tilings.tiling import Tiling

_FEW_DOUBTFUL = 40  # with so many neurons that may switch, or fewer, cells are done sooner than more points
_FEW_PARTS = 512
_FEW_BOXES = 256  # that are left for cells
_FIRST_BOXES, _MOST_BOXES = 2**10, 2**16
_WORK_FOR_BOXES = 2**38  # multiplications, at most some ten seconds, and mostly a few

Status: TypeAlias = Literal["holds", "violated", "undecided"]


@dataclass(frozen=True, repr=False)
class Verification:
    """A verdict and its evidence.

    Attributes:
        status: ``"holds"``, ``"violated"`` or ``"undecided"``.
        point, value: for ``"violated"`` the counterexample and its output, exact.
        place: for ``"violated"`` the numbers of the disjunct and of the target in it.
        remaining: for ``"undecided"`` the (disjunct, target) pairs not excluded; the first was being searched.
        cases: how many pairs there are.
        cells: how many cells were excluded or found; the domain counts as one where bounds or points decide.
        seconds: how long it took.
        boxes: how many boxes of inputs were bounded in place of cells.
        files: the evidence that was written, as :func:`write_evidence` returns it.
        unwritten: why evidence that was asked for was not written; empty where nothing is missing.
    """

    status: Status
    point: ExactVector | None
    value: ExactVector | None
    place: tuple[int, int] | None
    remaining: tuple[tuple[int, int], ...]
    cases: int
    cells: int
    seconds: float
    files: tuple[Path, ...] = ()
    unwritten: str = ""
    boxes: int = 0

    def __repr__(self) -> str:
        return record_text(self)


def verify(
    network: Network,
    prop: Property | Target,
    timeout: float | None = None,
    *,
    domain: Domain | None = None,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    certify: str | PathLike[str] | None = None,
    rows_only: bool = False,
    form: Form = "auto",
) -> Verification:
    """Whether a network keeps a property; exact, and with a counterexample where it does not.

    Args:
        network: R^d -> R^m.
        prop: what must not happen, see :func:`polyrelu.formats.vnnlib.load_property`; or the target, as for
            :func:`polyrelu.engines.preimage.preimage`, that no input may reach.
        timeout: seconds after which to give up, heard within a second or so.
        domain: of a target, the inputs that may not reach it, as for :func:`polyrelu.engines.preimage.preimage`; a
            property has its own.
        workers: how many threads split cells.
        max_dim: the largest dimension of a domain, constant inputs not counted, in which to split cells by their
            vertices; None judges by what that takes, see :func:`polyrelu.engines.preimage.preimage`.
        progress: show a bar; by default only for long runs on a terminal.
        certify: write evidence for the verdict to this file, see :func:`write_evidence`; by runs of its own, within the
            time limit. Where there is none of a verdict, ``unwritten`` says why.
        rows_only: in certificates, say vertices by the rows on which they lie.
        form: of certificates, ``"cells"``, ``"tree"`` or ``"auto"``, see :func:`write_evidence`.

    Raises:
        DimensionError: the property is about other dimensions than the network's.
        InputError: the time limit is not positive; or there is a domain beside a property.
        BudgetExceeded: cells would get too large, no other engine is quick, and there is no time limit; where there is
            one, the domain is split until then.
        WriteError: evidence cannot be written, which is tried at once.
        Interrupted, KeyboardInterrupt: Ctrl-C.

    Cost: some ten milliseconds for points and bounds, for small networks; then up to that of the preimages. A
    counterexample ends the search.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
    >>> pr.verify(net, "y0 > 2", domain=([-2], [2])).status, pr.verify(net, "y0 > 2", domain=([-2], [3])).status
    ('holds', 'violated')
    """
    instance(network, Network, "verify: network", "pass a Network; load_network reads files")
    prop = _stated(network, prop, domain)
    if (prop.input_dim, prop.output_dim) != (network.input_dim, network.output_dim):
        raise DimensionError(
            f"verify: the property is about R^{prop.input_dim} -> R^{prop.output_dim} but the network maps "
            f"R^{network.input_dim} -> R^{network.output_dim}"
        )
    limit = Limit(timeout=timeout, where="verify")
    check_form(form, rows_only, "verify")
    if certify is None:
        return _verdict(network, prop, limit, workers, max_dim, progress)
    place = file_path(certify, "verify: certify")
    check_place(place)
    found = _verdict(network, prop, limit, workers, max_dim, progress)
    try:
        with limit.kept():
            files = write_evidence(
                found,
                network,
                prop,
                place,
                form=form,
                rows_only=rows_only,
                workers=workers,
                max_dim=max_dim,
                progress=progress,
            )
    except BudgetExceeded as error:
        return replace(found, unwritten=str(error))
    except Stop:
        if not limit.late:
            raise
        return replace(found, unwritten=f"{place} was not written: time was up")
    return replace(found, files=files)


def _stated(network: Network, prop: Property | Target, domain: Domain | None) -> Property:
    """The property that was passed, or that a target and a domain are."""
    if not isinstance(prop, Property):
        one = Disjunct(given_domain(domain, network, "verify"), given_targets(prop, network, "verify"))
        return Property(network.input_dim, network.output_dim, (one,))
    if domain is not None:
        raise InputError("verify: a property says which inputs it is about; leave domain out, or pass a target with it")
    return prop


def write_evidence(
    found: Verification,
    network: Network,
    prop: Property,
    path: str | PathLike[str],
    *,
    form: Form = "auto",
    rows_only: bool = False,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
) -> tuple[Path, ...]:
    """Write evidence for a verdict, for ``polyrelu check``, with the statements that it is about.

    A property with several domains has a statement for each. For ``"violated"`` the counterexample is written, for the
    domain in which it lies; for ``"holds"`` a certificate for each domain, by a run of its own: of cells, or where they
    get too large a tree. Later ones are numbered: ``answer.cert.gz``, ``answer-1.cert.gz``, and so on, and their
    statements are called ``answer.question.txt``, ``answer-1.question.txt``. For ``"undecided"`` there is nothing to
    write.

    Args:
        found: the verdict, of :func:`verify`.
        network: the network that it is about.
        prop: the property.
        path: where to; compressed if the name ends in ``.gz``.
        form: of certificates: ``"cells"``, ``"tree"``, or ``"auto"`` for a tree where cells get too large.
        rows_only: in certificates, say vertices by the rows on which they lie.
        workers: how many threads split cells.
        max_dim: as for :func:`verify`.
        progress: show a bar.

    Returns:
        The files: evidence, its statement, evidence, and so on.

    Raises:
        BudgetExceeded: cells get too large.
        WriteError: a file cannot be written.

    Cost: for ``"holds"`` that of the preimages, and of coordinates; else an evaluation.
    """
    check_form(form, rows_only, "write_evidence")
    place, files, network = file_path(path, "write_evidence"), list[Path](), prop.asked_of(network)
    if found.point is not None and found.place is not None:
        statement = _statement(network, prop.disjuncts[found.place[0]])
        write_point(statement, found.point, place)
        statement.save(question_beside(place))
        files += [place, question_beside(place)]
    for number, disjunct in enumerate(prop.disjuncts if found.status == "holds" else ()):
        own = numbered(place, number)
        evidence = Evidence(_statement(network, disjunct), max_dim, form, is_known=True)
        evidence.write_with_question(own, rows_only, workers, progress)
        files += [own, question_beside(own)]
    return tuple(files)


def _statement(network: Network, disjunct: Disjunct) -> Statement:
    return Statement.of(network, disjunct.targets, disjunct.domain)


def _verdict(
    network: Network, prop: Property, limit: Limit, workers: int, max_dim: int | None, progress: bool | None
) -> Verification:
    began = time.monotonic()
    run = _Run(prop.asked_of(network), prop, limit, {"workers": workers, "max_dim": max_dim, "progress": progress})
    try:
        with limit.kept():
            run.decide()
    except Stop:
        if not limit.late:
            raise
    remaining, seconds = tuple(run.waiting), time.monotonic() - began
    if run.found is not None:
        place, point, value = run.found
        value, counts = value[: len(prop.value_names)], (run.cases, run.cells, seconds)
        return Verification("violated", point, value, place, (), *counts, boxes=run.boxes.boxes)
    status: Status = "undecided" if remaining else "holds"
    counts = (run.cases, run.cells, seconds)
    return Verification(status, None, None, None, remaining, *counts, boxes=run.boxes.boxes)


class _Run:
    """Decides the cases of a property one after the other.

    Args:
        network: what is asked about.
        prop: what must not happen.
        limit: says when time is up.
        options: those of :func:`~polyrelu.engines.preimage.preimage`.

    Attributes:
        found: the place of a counterexample, the point, and its value.
        waiting: the cases that are not excluded, as pairs of a disjunct and a target.
        cases: how many there are.
        cells: how many cells were excluded or found.
        boxes: bounds boxes.
    """

    def __init__(self, network: Network, prop: Property, limit: Limit, options: dict[str, Any]) -> None:
        self.network, self.disjuncts, self.limit, self.options = network, prop.disjuncts, limit, options
        self.found: tuple[tuple[int, int], ExactVector, ExactVector] | None = None
        self.waiting = [(i, j) for i, one in enumerate(prop.disjuncts) for j in range(len(one.targets))]
        self.cases, self.cells = len(self.waiting), 0
        self.boxes = BoxByBox(network, prop.disjuncts)

    def decide(self) -> None:
        """Exclude what bounds exclude, try points for all that is left, and then settle each case.

        It ends with a counterexample, or when time is up.
        """
        hard = self._bound()
        check()  # what is late by now is not decided, however easy
        boxed = {case for case in hard if self.boxes.takes(case)}
        efforts = {case: int(case in hard - boxed) for case in self.waiting}
        if self._has_found_by_boxes() or any(self._breaks(*case, efforts[case]) for case in self.waiting):
            return
        if self._ends_with_boxes(boxed):
            return
        while self.waiting:
            case = self.waiting[0]
            if (case in hard - boxed and self._breaks(*case, 2)) or not self._excluded(*case):
                return
            self.waiting.pop(0)

    def _ends_with_boxes(self, hard: set[tuple[int, int]]) -> bool:
        """Exclude hard cases by boxes, and by cells in the few that are left; whether a counterexample is found.

        A few boxes of each case come first, then points, and then many, since one case may hide what another shows.
        """
        most = min(_MOST_BOXES, _WORK_FOR_BOXES // work_for_box(self.network)) if hard else 0
        for effort, boxes in ((0, min(_FIRST_BOXES, most)), (1, most)):
            for case in [own for own in self.waiting if own in hard]:
                if effort and self._breaks(*case, effort):
                    return True
                if self._excluded_by_boxes(case, boxes):
                    self.waiting.remove(case)
                elif self.found is not None:
                    return True
        return False

    def _bound(self) -> set[tuple[int, int]]:
        """Exclude what bounds of whole domains exclude; those of the others on which many neurons may switch."""
        taken = {case for case in self.waiting if self.boxes.takes(case)}
        left = set(self.boxes.at_once([case for case in self.waiting if case in taken]))
        reached = {
            case: _reach(self.network, self.disjuncts[case[0]], case[1]) for case in self.waiting if case not in taken
        }
        left |= {case for case, own in reached.items() if own is None or not own.misses}
        self.waiting = [case for case in self.waiting if case in left]
        self.cells += self.cases - len(self.waiting)
        hard = {case for case in left & taken if self.boxes.found is None and self.boxes.is_hard(case, _FEW_DOUBTFUL)}
        return hard | {case for case in left - taken if (own := reached[case]) is None or own.doubtful > _FEW_DOUBTFUL}

    def _has_found_by_boxes(self) -> bool:
        """Whether bounding boxes came upon a counterexample."""
        if self.boxes.found is not None:
            case, example = self.boxes.found
            self.found = case, example.point, example.value
            self.cells += 1
        return self.boxes.found is not None

    def _excluded_by_boxes(self, case: tuple[int, int], most: int) -> bool:
        """Whether so many boxes, and cells in the few that are left, show that a hard case is out of reach."""
        few = len(self.disjuncts[case[0]].domain.sides.free) <= ALWAYS
        parts = self.boxes.left(case, most, _FEW_BOXES if few else 0, self.options["workers"])
        if self._has_found_by_boxes() or parts is None:
            return False
        self.cells += not parts
        return all(self._excluded_by_cells(*case, part) for part in parts)

    def _breaks(self, i: int, j: int, effort: int) -> bool:
        """Whether a point shows that a target is reached."""
        disjunct = self.disjuncts[i]
        if disjunct.domain.is_empty():
            return False
        example = Candidates(self.network, disjunct.domain, disjunct.targets[j]).search(effort)
        if example is not None:
            self.cells += 1
            self.found = (i, j), example.point, example.value
        return example is not None

    def _excluded(self, i: int, j: int) -> bool:
        """Whether a target is certainly out of reach; if not, there is a counterexample, or time is up."""
        disjunct = self.disjuncts[i]
        if self._takes_parts(disjunct.domain):
            return self._excluded_by_parts(i, j)
        return self._excluded_by_cells(i, j)

    def _takes_parts(self, domain: Polyhedron) -> bool:
        """Whether a domain has more inputs than cells are good for, and can be split."""
        sides = domain.sides
        return (
            self.options["max_dim"] is None and len(sides.free) > ALWAYS and sides.is_bounded and not domain.is_empty()
        )

    def _excluded_by_parts(self, i: int, j: int) -> bool:
        """The same for many inputs: a few parts, then cells if these are quick, and then parts until time is up."""
        parts = PartByPart(self.network, self.disjuncts[i].domain, self.disjuncts[i].targets[j])
        decided = parts.go_on(_FEW_PARTS)
        if not decided:
            try:
                return self._excluded_by_cells(i, j)
            except BudgetExceeded:
                if self.limit.timeout is None:
                    raise
                parts.go_on()
        self.cells += parts.parts
        if parts.found is not None:
            self.found = (i, j), parts.found.point, parts.found.value
        return parts.found is None

    def _excluded_by_cells(self, i: int, j: int, part: Polyhedron | None = None) -> bool:
        """The same by cells alone, in all of the domain or a part of it."""
        disjunct = self.disjuncts[i]
        domain = disjunct.domain if part is None else part
        tiling, late = _first_tiles(self.network, domain, disjunct.targets[j], self.limit, self.options)
        self.cells += int(tiling.stats.get("cells", 0)) + int(tiling.stats.get("discarded", 0))
        if len(tiling):
            self.found = (i, j), *_counterexample(tiling)
        return not (len(tiling) or late)


def _reach(network: Network, disjunct: Disjunct, j: int) -> Reach | None:
    """What bounds say of a domain and a target; None where they say nothing."""
    domain = disjunct.domain
    if domain.is_empty() or not domain.sides.is_bounded:
        return None
    restriction, folding = restrict(network, disjunct.targets[j]), Folding.of(domain)
    layers = restriction.layers if folding is None else folding.layers(restriction.layers)
    return reach(layers, domain.unfixed().sides, restriction.target)


def _first_tiles(
    network: Network, domain: Polyhedron, target: Polyhedron, limit: Limit, options: dict[str, Any]
) -> tuple[Tiling, bool]:
    """Some tiles of a preimage, or none if it has none, or if time was up, which is then said."""
    question = partial(preimage, network, target, domain)
    for at in (1, None):
        search = _Search(at)
        try:
            return question(**options, until=search.stop), False
        except Interrupted as stopped:
            late = limit(0)
            if not (search.found or late):
                raise
            if late or len(stopped.partial):
                return stopped.partial, late
        # the run stopped at a tile that it gave up with the masks in which another cell did not fit: once more
    raise AssertionError("the second search stops only when time is up")


class _Search:
    """Stops a run when ``at`` tiles are found, or never; and remembers whether it did."""

    def __init__(self, at: int | None) -> None:
        self.at, self.found = at, False

    def stop(self, count: int) -> bool:
        self.found = self.at is not None and count >= self.at
        return self.found


def _counterexample(tiling: Tiling) -> tuple[ExactVector, ExactVector]:
    """A point of the first tile and its output, evaluated by the network and held against domain and target."""
    point = tiling[0].point()
    value = tiling.network.evaluate([point])[0]
    if not (tiling.domain.contains(point) and tiling.targets[0].contains(value)):
        raise AssertionError(f"verify: {point} is no counterexample; please report this")
    return point, value
