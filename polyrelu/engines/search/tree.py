"""The face search: a tree over the neurons, pruned as a heuristic says, and a record of what that took.

The same pieces as :func:`polyrelu.engines.faces.unrelu.unrelu`, which is this search without any idea. A node is a
partial sign assignment; the root decides nothing, and the two children of a node give one more neuron its two signs.
Depth first, so memory is flat: one path of nodes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polyrelu.engines.faces.unrelu import Zeroed
from polyrelu.engines.search.arrangement import Arrangement
from polyrelu.engines.search.forced import Forced
from polyrelu.engines.search.heuristic import Feasibility, Heuristic, Together
from polyrelu.engines.search.problem import FaceProblem, Node, bits
from polyrelu.errors import BudgetExceeded, InputError, UnboundedError
from polyrelu.networks.layer import Layer
from polyrelu.networks.questions import Domain, given_outputs, given_region
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, whole_number
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar

DEFAULT_NODE_LIMIT = 2**20
MAX_VIEW_DIM = 7


@dataclass
class Record:
    """What a face search did so far.

    Attributes:
        nodes: partial assignments looked at, the root included.
        discarded: nodes that the heuristic gave up.
        leaves: whole assignments whose piece was asked for.
        implied: signs assigned without a branch.
        decisions: questions answered whether a node is feasible, by whatever means.
        lps: exact linear programs solved.
        pivots: of these programs.
        pieces: non-empty pieces found.
        wasted: nodes with no piece below them.
        seconds: time spent inside the search.
        lost_pieces: pieces that an unsound heuristic missed; None until they were counted.
        lost_volume: their volume; None where it is not finite.
    """

    nodes: int = 0
    discarded: int = 0
    leaves: int = 0
    implied: int = 0
    decisions: int = 0
    lps: int = 0
    pivots: int = 0
    pieces: int = 0
    wasted: int = 0
    seconds: float = 0.0
    lost_pieces: int | None = None
    lost_volume: Fraction | None = None


class FaceSearch(Iterator[tuple[Zeroed, Polyhedron]]):
    """The non-empty pieces ``(zeroed, polyhedron)``, lazily; ``record`` counts as it goes.

    Attributes:
        problem: the question.
        heuristic: who is asked.
        record: what was done so far; searches that belong together may share one.
    """

    def __init__(
        self,
        problem: FaceProblem,
        heuristic: Heuristic,
        limit: int = DEFAULT_NODE_LIMIT,
        progress: bool | None = None,
        record: Record | None = None,
    ) -> None:
        self.problem, self.heuristic = problem, heuristic
        self.limit = whole_number(limit, "face_search: limit", 1)
        self.record = Record() if record is None else record
        self._nodes, self._is_counted = 0, False
        self._found: dict[int, None] = {}
        self._bar = progress_bar(progress, desc="face search", unit=" nodes")
        self._pieces = self._search()

    def __next__(self) -> tuple[Zeroed, Polyhedron]:
        began = time.perf_counter()
        try:
            node = next(self._pieces, None)
        finally:
            self.record.seconds += time.perf_counter() - began
        if node is None:
            self._count_losses()
            raise StopIteration
        return tuple(bits(node.silent)), self.problem.piece(node)

    def run(self) -> Record:
        """Search to the end without building the polyhedra, and return the record."""
        began = time.perf_counter()
        try:
            for _ in self._pieces:
                pass
        finally:
            self.record.seconds += time.perf_counter() - began
        self._count_losses()
        return self.record

    @property
    def zeroed(self) -> list[Zeroed]:
        """The zeroed coordinates of the pieces found so far, in the order in which they were found."""
        return [tuple(bits(mask)) for mask in self._found]

    def is_feasible(self, node: Node) -> bool:
        """Whether a node's relaxation has a solution; for a whole assignment, whether its piece has a point. Exact."""
        if node.answer is None:
            self.record.decisions += 1
            answer = self.heuristic.answer(node)
            if answer is None:
                answer, pivots = self.problem.solve(node)
                self.record.lps += 1
                self.record.pivots += pivots
            node.answer = answer
            self.heuristic.learn(node, answer)
        return node.answer.is_feasible

    def _search(self) -> Iterator[Node]:
        with self._bar:
            yield from self._tree()

    def _tree(self) -> Iterator[Node]:
        self.heuristic.begin(self)
        waiting = [Node()]
        while waiting:
            check()
            node = waiting.pop()
            if self._nodes >= self.limit:
                raise BudgetExceeded(
                    f"face_search: {self.heuristic.name} looked at {self.limit} nodes, the limit, and "
                    f"{len(waiting) + 1} wait; {len(self._found)} pieces were found. Raise limit=, or prune more"
                )
            self._count(node)
            if self._is_given_up(node):
                self.record.discarded += 1
                continue
            if not self.problem.undecided(node):
                self.record.leaves += 1
                if self.is_feasible(node):
                    self._keep(node)
                    yield node
                    yield from self._images(node)
                continue
            neuron = self._choice(node)
            waiting += [node.with_sign(neuron, False), node.with_sign(neuron, True)]

    def _images(self, node: Node) -> Iterator[Node]:
        """The pieces that the heuristic names because of this one, each proven."""
        for image in self.heuristic.images(node):
            if image.silent in self._found:
                continue
            if self.problem.undecided(image) or not self.is_feasible(image):
                raise InputError(
                    f"face_search: {self.heuristic.name} says that zeroed={tuple(bits(image.silent))} has a piece "
                    f"because {tuple(bits(node.silent))} has; it is empty, or not all neurons have a sign"
                )
            image.has_piece = True  # it is no node of the tree, and was not counted as wasted
            self._keep(image)
            yield image

    def _count(self, node: Node) -> None:
        self._nodes += 1
        self.record.nodes += 1
        self.record.wasted += 1  # until a piece is found below
        self._bar.update()

    def _is_given_up(self, node: Node) -> bool:
        """Ask for discards and implied signs until neither comes."""
        while True:
            if self.heuristic.discard(node):
                return True
            implied = self.heuristic.imply(node)
            if not implied:
                return False
            undecided = self.problem.undecided(node)
            for neuron, is_active in implied.items():
                if neuron < 0 or not undecided >> neuron & 1:
                    raise InputError(
                        f"face_search: {self.heuristic.name} implies a sign of neuron {neuron}, which is not "
                        f"undecided; undecided here are {list(bits(undecided))}"
                    )
                node.decide(neuron, is_active)
            self.record.implied += len(implied)

    def _choice(self, node: Node) -> int:
        undecided = self.problem.undecided(node)
        neuron = self.heuristic.choose(node)
        if neuron is None:
            return next(bits(undecided))
        if neuron < 0 or not undecided >> neuron & 1:
            raise InputError(
                f"face_search: {self.heuristic.name} chose neuron {neuron}, which is not undecided; choose one of "
                f"{list(bits(undecided))}"
            )
        return neuron

    def _keep(self, node: Node) -> None:
        answer = node.answer
        if answer is not None and answer.point is not None and not self.problem.holds(node, answer.point):
            raise InputError(
                f"face_search: {self.heuristic.name} gave a point that is not in the piece of zeroed="
                f"{tuple(bits(node.silent))}; a heuristic's answers must be exact"
            )
        self.record.pieces += 1
        self._found[node.silent] = None
        above: Node | None = node
        while above is not None and not above.has_piece:
            above.has_piece = True
            self.record.wasted -= 1
            above = above.parent

    def _count_losses(self) -> None:
        """Compare the pieces of an unsound heuristic with those of the default search, once."""
        if self.heuristic.sound or self._is_counted:
            return
        self._is_counted = True
        full = FaceSearch(self.problem, Best(), self.limit, False)
        full.run()
        found = set(self._found)
        lost = [mask for mask in full._found if mask not in found]
        so_far = Fraction(0) if self.record.lost_pieces is None else self.record.lost_volume
        self.record.lost_pieces = (self.record.lost_pieces or 0) + len(lost)
        self.record.lost_volume = None if so_far is None else self._volume(lost, so_far)

    def _volume(self, silent: Iterable[int], total: Fraction) -> Fraction | None:
        """A total with the volumes of some pieces added; None where one is infinite."""
        try:
            return sum((self.problem.piece(Node(self.problem.mask & ~mask, mask)).volume() for mask in silent), total)
        except UnboundedError:
            return None


def face_search(
    P: Polyhedron | str,
    W: Iterable[Iterable[Any]],
    b: Iterable[Any],
    relu: bool | Sequence[bool] = True,
    *,
    heuristic: Heuristic | None = None,
    domain: Domain | None = None,
    limit: int = DEFAULT_NODE_LIMIT,
    progress: bool | None = None,
) -> FaceSearch:
    r"""The pieces of :math:`\{x \in D : \rho(W x + b) \in P\}`, one for each face that gives any, by a pruned tree.

    Args:
        P: a polyhedron in R^n, the space after the ReLU, or a text about ``y0``, ``y1``, ...
        W: an (n, d) matrix.
        b: n numbers.
        relu: which of the n coordinates pass through the ReLU; all by default.
        heuristic: which neuron next, what may be discarded, what was learnt; :class:`Best` by default, which looks at
            no node in vain where P asks one neuron to be positive.
        domain: D, passed as for :func:`polyrelu.preimage`; by default all of R^d.
        limit: the largest number of nodes to look at.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        An iterator of ``(zeroed, polyhedron)``, depth first: the coordinates put to zero, and the non-empty set of x of
        this face. The same pieces as those of :func:`polyrelu.engines.faces.unrelu.unrelu`, cut with D. Its ``record``
        counts.

    Raises:
        DimensionError: P does not live in R^n, or the domain not in R^d.
        BudgetExceeded: while iterating, when ``limit`` nodes do not suffice; pieces yielded before stay true.

    Cost: by default one cut of a polyhedron a piece (exact, by its generators), at most sum_{k<=d} C(n, k) full-
    dimensional pieces and as many flat ones as the layer is degenerate; exponential in d.
    """
    layer = Layer(W, b, relu, where="face_search")
    target = given_outputs(P, layer.output_dim, "face_search: P")
    inputs = None if domain is None else given_region(domain, layer.input_dim, "face_search: domain")
    if heuristic is not None:
        instance(heuristic, Heuristic, "face_search: heuristic", "pass a Heuristic, or None for the best one")
    problem = FaceProblem(layer, target, inputs)
    return FaceSearch(problem, Best() if heuristic is None else heuristic, limit, progress)


class Best(Together):
    """The default: forced signs, then the arrangement view; in more than 7 dimensions linear programs in its place.

    A cell of an arrangement in R^d may have 2^d vertices and more, and a layer without ReLU needs no view at all.
    """

    def __init__(self) -> None:
        super().__init__(name="best")

    def begin(self, search: FaceSearch) -> None:
        """Choose by the layer's inputs."""
        layer = search.problem.layer
        in_view = Arrangement() if layer.input_dim <= MAX_VIEW_DIM else Feasibility()
        self.parts = (Forced(), in_view) if search.problem.neurons else ()
        super().begin(search)
