"""What a pruning idea is: an object that the face search asks, node by node.

To add one, derive from :class:`Heuristic` and define the questions that the idea answers; all others keep their
defaults, which never prune. The search asks in this order at every node:

1. :meth:`Heuristic.discard`: may this partial assignment be given up?
2. :meth:`Heuristic.imply`: which signs follow? They are assigned without a branch, and 1 and 2 are asked again.
3. for a whole assignment: is its piece empty? :meth:`Heuristic.answer` may know; else an exact linear program does.
4. :meth:`Heuristic.choose`: which neuron next? Both of its signs become nodes.

When a piece is found, :meth:`Heuristic.images` may name others that exist because it does; the search checks them.

A heuristic may itself ask ``self.search.is_feasible(node)``. Whoever asked, :meth:`Heuristic.learn` is told every
answer: a point, or an infeasible core.

A heuristic is *sound* when it never discards a node, or denies a sign, below which there is a piece, unless that piece
is the image of one that it keeps. It says so by :attr:`Heuristic.sound`; the pieces of one that is not are compared
with those of the default search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyrelu.engines.search.problem import Answer, Node, bits

if TYPE_CHECKING:
    from polyrelu.engines.search.tree import FaceSearch


class Heuristic:
    """The search without any idea: all 2^n assignments, in the given order.

    Attributes:
        sound: whether no piece is ever lost.
        search: the search that asks; set by :meth:`begin`.
    """

    sound = True
    search: FaceSearch

    @property
    def name(self) -> str:
        """What to call it in tables."""
        return type(self).__name__

    def begin(self, search: FaceSearch) -> None:
        """A new search begins; ``search.problem`` is the question. Forget what was learnt from others."""
        self.search = search

    def discard(self, node: Node) -> bool:
        """Whether no piece lies below the node."""
        return False

    def imply(self, node: Node) -> Mapping[int, bool]:
        """Undecided neurons with the one sign (True for active) that the pieces below the node give them."""
        return {}

    def answer(self, node: Node) -> Answer | None:
        """Whether the node is feasible, if that is known without a linear program."""
        return None

    def choose(self, node: Node) -> int | None:
        """The neuron to branch on; None leaves it to others, and at last to the given order."""
        return None

    def learn(self, node: Node, answer: Answer) -> None:
        """An answer was found for the node."""

    def images(self, node: Node) -> Iterable[Node]:
        """Whole assignments that have a piece because this one has, with answers that give a point where one is known.

        Only needed by who discards nodes for being like others. What is named twice counts once.
        """
        return ()


class Together(Heuristic):
    """Several heuristics at once: each is asked in turn, so cheap ones come first; the first to choose chooses."""

    def __init__(self, *parts: Heuristic, name: str | None = None) -> None:
        self.parts = parts
        self._name = name
        self.sound = all(part.sound for part in parts)

    @property
    def name(self) -> str:
        """The given name, or those of the parts."""
        return self._name or " + ".join(part.name for part in self.parts)

    def begin(self, search: FaceSearch) -> None:
        """A new search begins for each part."""
        super().begin(search)
        for part in self.parts:
            part.begin(search)

    def discard(self, node: Node) -> bool:
        """Whether some part says so."""
        return any(part.discard(node) for part in self.parts)

    def imply(self, node: Node) -> Mapping[int, bool]:
        """What the first part says that says anything."""
        return next((signs for signs in (part.imply(node) for part in self.parts) if signs), {})

    def answer(self, node: Node) -> Answer | None:
        """The answer of the first part that knows it."""
        return next((found for found in (part.answer(node) for part in self.parts) if found is not None), None)

    def choose(self, node: Node) -> int | None:
        """The choice of the first part that makes one."""
        return next((chosen for chosen in (part.choose(node) for part in self.parts) if chosen is not None), None)

    def learn(self, node: Node, answer: Answer) -> None:
        """Every part learns."""
        for part in self.parts:
            part.learn(node, answer)

    def images(self, node: Node) -> Iterable[Node]:
        """Those of each part."""
        for part in self.parts:
            yield from part.images(node)


class Feasibility(Heuristic):
    """Discard a partial assignment whose relaxation has no solution: one exact linear program a node, at most."""

    def discard(self, node: Node) -> bool:
        """Whether the node is infeasible."""
        return not self.search.is_feasible(node)


__all__ = ["Answer", "Feasibility", "Heuristic", "Node", "Together", "bits"]
