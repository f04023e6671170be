r"""Learn why a node was infeasible, and never look at that reason again: conflict cores, as in satisfiability solvers.

An infeasible linear program names a core: a few signs that no piece has together
(:mod:`polyrelu.engines.search.problem`).

* A node that contains a stored core is discarded without a program.
* If a node has all signs of a core but one, and that neuron is undecided, its sign must be the other one (unit
  propagation). That sign may complete further cores, and so on.

Sound: a core is proven, and it says nothing of the node that it was learnt from, so it holds in the whole search.

**Indexing** (two watched literals: M. Moskewicz et al., Chaff: engineering an efficient SAT solver, DAC 2001,
doi:10.1145/378239.379017). Each core watches two of its signs that the node at hand has not. As long as it lacks both,
the core can neither be complete nor imply anything, so only the cores that watch a sign that was just decided are
looked at, and they look for another sign to watch. Going back up the tree only takes signs away, so nothing is undone.
A core learnt after a node was looked at is looked at in full by that node's children: `_Note.count` says which ones
these are.

**Memory.** At most ``LIMIT`` cores are kept. When there is one more, the half with more signs is forgotten, the older
ones among equals: short cores exclude most. Forgetting is sound, it only costs programs.

Cost: a node takes about one look for each core that watches one of its new signs, and no linear program; the cores
themselves come free with the answers of those that ask, here :class:`CoresFirst`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from polyrelu.engines.search import Answer, Core, FaceSearch, Heuristic, Node, bits

LIMIT = 4000


@dataclass
class _Note:
    """What was done for a node: the signs and the number of cores looked at, and the units found.

    Attributes:
        active, silent: the signs looked at.
        count: the cores looked at in full, here or above: the first so many.
        generation: of the cores that this is about; forgetting begins a new one.
        units: the signs that follow, by neuron.
    """

    active: int = 0
    silent: int = 0
    count: int = 0
    generation: int = 0
    units: dict[int, bool] = field(default_factory=dict)


class Cores(Heuristic):
    """Discard what contains a known core, and imply what completes none."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit

    def begin(self, search: FaceSearch) -> None:
        """Nothing is known."""
        super().begin(search)
        self._generation = 0
        self._store([])

    def _store(self, cores: list[Core]) -> None:
        self.cores = cores
        self._known = set(cores)
        size = self.search.problem.layer.output_dim
        # Signs are numbered: 2 i for neuron i silent, 2 i + 1 for active.
        self._watchers: list[set[int]] = [set() for _ in range(2 * size)]
        self._watched: list[tuple[int, ...]] = [()] * len(cores)

    def learn(self, node: Node, answer: Answer) -> None:
        """Keep the core of an infeasible node."""
        core = answer.core
        if core is None or core in self._known:
            return
        if len(self.cores) >= self.limit:
            newest_first = self.cores[::-1]
            shortest_first = sorted(newest_first, key=lambda c: (c.active | c.silent).bit_count())
            kept = set(shortest_first[: self.limit // 2])
            self._generation += 1
            self._store([c for c in self.cores if c in kept])
        self.cores.append(core)
        self._known.add(core)
        self._watched.append(())

    def discard(self, node: Node) -> bool:
        """Whether the node contains a core."""
        note = self._note(node)
        for k in self._to_look_at(node, note):
            if self._excludes(node, note, k):
                return True
        note.active, note.silent, note.count = node.active, node.silent, len(self.cores)
        return any((node.silent if is_active else node.active) >> i & 1 for i, is_active in note.units.items())

    def imply(self, node: Node) -> Mapping[int, bool]:
        """The signs that unit propagation gives: asked after :meth:`discard`, which finds them."""
        undecided = self.search.problem.undecided(node)
        return {i: is_active for i, is_active in self._note(node).units.items() if undecided >> i & 1}

    def _note(self, node: Node) -> _Note:
        note: _Note | None = node.notes.get(self)
        if note is None:
            above: _Note | None = node.parent.notes.get(self) if node.parent is not None else None
            note = _Note() if above is None else _Note(above.active, above.silent, above.count, above.generation)
            node.notes[self] = note
        if note.generation != self._generation:
            note.active = note.silent = note.count = 0
            note.generation = self._generation
        return note

    def _to_look_at(self, node: Node, note: _Note) -> Iterator[int]:
        """The cores that may have become complete, or all but complete, since they were last looked at."""
        for is_active, new in ((0, node.silent & ~note.silent), (1, node.active & ~note.active)):
            for i in bits(new):
                yield from (k for k in tuple(self._watchers[2 * i + is_active]) if k < note.count)
        yield from range(note.count, len(self.cores))

    def _excludes(self, node: Node, note: _Note, k: int) -> bool:
        """Whether core k excludes the node. A single sign that is lacking is denied; of more, two are watched."""
        core = self.cores[k]
        active, silent = core.active & ~node.active, core.silent & ~node.silent
        if active & node.silent or silent & node.active:
            return False  # out of reach below this node
        lacking = active | silent
        if not lacking:
            return True
        first = lacking & -lacking
        second = (lacking ^ first) & -(lacking ^ first)
        if second:
            self._watch(k, tuple(2 * bit.bit_length() - 2 + bool(bit & active) for bit in (first, second)))
            return False
        follows = not active
        return note.units.setdefault(first.bit_length() - 1, follows) != follows  # two cores may leave no sign at all

    def _watch(self, k: int, signs: tuple[int, ...]) -> None:
        for sign in self._watched[k]:
            self._watchers[sign].discard(k)
        for sign in signs:
            self._watchers[sign].add(k)
        self._watched[k] = signs


class CoresFirst(Cores):
    """Feasibility, asked once per node: when no core excludes it and none implies another sign."""

    @property
    def name(self) -> str:
        """What to call it in tables."""
        return "feasibility, cores"

    def discard(self, node: Node) -> bool:
        """Whether the node contains a core, or is infeasible with all the signs that follow."""
        return super().discard(node) or not (self.imply(node) or self.search.is_feasible(node))


HEURISTICS = [Cores, CoresFirst]
