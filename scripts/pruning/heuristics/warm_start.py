r"""The linear program of a child grows from its parent's, from the basis in which that one ended.

The root's program has x, an a_u for every neuron u that P mentions, and t; its rows are P, the domain, a_u >= 0,
a_u >= z_u and t <= 1, with t in the strict rows; it asks for the largest t. A sign only adds rows: *active* adds
z_u >= 0 and a_u <= z_u, *silent* adds z_u <= 0 and a_u <= 0 (the second ones only where P mentions u). With the root's
rows the first pair says a_u = z_u >= 0 and the second a_u = 0 >= z_u, so the program of a node has the solutions of its
relaxation, and the same answer.

**Cores.** If t > 0 is impossible, the multipliers y >= 0 prove it from the rows with y > 0 alone: their combination is
a contradiction, or bounds t by 0. These rows are the root's and those of the neurons they were added for. So the node
that decides these neurons alone, in the same way, is infeasible, and with it all that contain it: they are the core.

Sound: the answers are the exact ones. Cost: a copy of the parent's program and a few pivots for each new sign, where a
fresh program takes about as many pivots as it has rows; but no row ever leaves, and the a_u of decided neurons stay, so
the tableau is larger. Memory: one program for each node on the path whose children wait.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from polyrelu.arithmetic.lp import Program, Status
from polyrelu.engines.search import Answer, Core, FaceProblem, FaceSearch, Feasibility, Heuristic, Node, Together, bits


class _State(NamedTuple):
    """A node's program: the neurons decided in it, and for each of its inequalities the neuron it was added for."""

    program: Program
    decided: int
    neurons: list[int | None]


class WarmStart(Heuristic):
    """Answer by the parent's linear program, with a few more rows."""

    def begin(self, search: FaceSearch) -> None:
        """Build the root's program."""
        super().begin(search)
        problem = search.problem
        relaxation = problem.relaxation(Node())
        self._column = {u: problem.layer.input_dim + k for k, u in enumerate(relaxation.undecided)}
        self._width = problem.layer.input_dim + len(relaxation.undecided) + 1
        self._root = _State(problem.program(relaxation), 0, [None] * len(relaxation.inequalities))

    def answer(self, node: Node) -> Answer | None:
        """By the program of the nearest node above that has one, or of this node, before more signs were implied."""
        above: Node | None = node
        while above is not None and self not in above.notes:
            above = above.parent
        state = self._root if above is None else above.notes[self]
        if above is not node:
            state = _State(state.program.copy(), state.decided, state.neurons.copy())
        for i in bits(node.decided & ~state.decided):
            self._add(state, i, bool(node.active >> i & 1))
        node.notes[self] = state = state._replace(decided=node.decided)
        program = state.program
        before = program.pivots
        solution = program.solve()
        self.search.record.lps += 1
        self.search.record.pivots += program.pivots - before
        assert solution.status is not Status.UNBOUNDED, "t is at most 1"
        if solution.value is not None and solution.value > 0:
            assert solution.point is not None
            return Answer(True, solution.point[: self.search.problem.layer.input_dim])
        assert solution.multipliers is not None
        return Answer(False, core=self._core(node, state, solution.multipliers))

    def _add(self, state: _State, neuron: int, is_active: bool) -> None:
        problem: FaceProblem = self.search.problem
        condition = problem.sign_row(neuron, is_active)
        padding = [0] * (self._width - len(condition.normal))
        state.program.add([*condition.normal, *padding], condition.offset)
        state.neurons.append(neuron)
        column = self._column.get(neuron)
        if column is not None:
            *w, b = problem.forms[neuron]
            normal = [-v for v in w] + padding if is_active else [0] * self._width
            normal[column] = 1
            state.program.add(normal, b if is_active else 0)
            state.neurons.append(neuron)

    @staticmethod
    def _core(node: Node, state: _State, multipliers: tuple[Fraction, ...]) -> Core:
        named = 0
        for y, neuron in zip(multipliers, state.neurons, strict=False):  # those of equalities follow, and name nobody
            if y and neuron is not None:
                named |= 1 << neuron
        return Core(node.active & named, node.silent & named)


HEURISTICS = [lambda: Together(WarmStart(), Feasibility(), name="feasibility, warm start")]
