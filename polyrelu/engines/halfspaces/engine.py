r"""Cells by their inequalities: few of them in any dimension.

Above about eight dimensions the generators of a cell explode, its inequalities do not. Here a cell is what the signs of
the neurons so far say on x, and a point strictly inside. A neuron comes next, layer by layer:

* if it cannot switch on the domain's box (:mod:`polyrelu.bounds.reach`), nothing is asked;
* on the side on which the point lies, that point stays inside;
* on the other side a point is looked for: first the bounds of the domain alone may rule one out, then a few straight
  steps may find one, and otherwise an exact linear program decides.

So a neuron that divides the cell makes two cells of full dimension, and no other one does; a neuron that vanishes on a
whole cell counts as silent. Cells that are through are cut by the target's rows in the same way. Where nothing of full
dimension is left, what the target touches is a tile of lower dimension if it is not empty, and no other tile contains
it. These are the tiles of :mod:`polyrelu.engines.faces.backward`, by the same argument.

The affine forms of the neurons in question are pulled back from their layer to x, so those of others are never
computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix
from polyrelu.bounds.reach import Reach, reach
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import pulled_back
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.guide import look_between
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.sides import Sides
from polyrelu.tilings.tile_source import TileList

_GUIDED_WORK = 100_000, 200  # of what floats decided, and for each entry of its rows

MOST_DOUBTFUL = 48
"""With more neurons that may switch on the domain's box, the engine does not choose itself."""


@dataclass
class HalfspaceStats:
    """What the engine did.

    Attributes:
        cells: full-dimensional tiles found.
        cuts: cells that were divided in two.
        nodes: signs of neurons on cells that were asked for.
        programs: exact linear programs solved for these.
        discarded: cells outside the target.
    """

    cells: int = 0
    cuts: int = 0
    nodes: int = 0
    programs: int = 0
    discarded: int = 0


@dataclass(frozen=True, eq=False)
class _Cell:
    """A cell, by the rows beside the domain's.

    Attributes:
        rows: what the signs say, closed.
        point: a point that satisfies all of them and the domain's facets strictly.
    """

    rows: tuple[Halfspace, ...]
    point: ExactVector

    def within(self, row: Halfspace, point: ExactVector) -> _Cell:
        """The part on which one more row holds, with a point strictly inside."""
        return _Cell((*self.rows, row), point)


class _Node(NamedTuple):
    """A cell, the signs of the layers before the present one, and of the first of this one's doubtful neurons."""

    cell: _Cell
    signs: SignVector = SignVector()
    own: tuple[bool, ...] = ()


@dataclass(frozen=True)
class LazyTiles(TileList):
    """Tiles whose canonical rows are found when they are asked for.

    Attributes:
        folding: how the pieces, which are in the inputs that the domain leaves free, lie among all inputs.
    """

    folding: Folding | None = None

    @cached_property
    def _canonical(self) -> dict[int, Polyhedron]:
        return {}

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron. Cost: at most one linear program a row, when first asked for."""
        if index not in self._canonical:
            tile = self.pieces[index][1].canonical()
            self._canonical[index] = tile if self.folding is None else self.folding.lift(tile)
        return self._canonical[index]


class HalfspaceEngine:
    """Finds the tiles of one restricted problem as cells by their inequalities.

    Args:
        restriction, domain: the problem; the domain is not empty.
        limit: the most signs to ask for.
        work: the most entries of linear programs to look at; None is no limit.
        until: asked, with the number of tiles found, whether to stop as for Ctrl-C.
        refusal: why another engine was not chosen, for the message when ``work`` does not suffice.

    Raises:
        BudgetExceeded: by ``run``, at ``limit`` or ``work``.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        limit: int,
        work: int | None = None,
        until: Callable[[int], bool] | None = None,
        refusal: str = "",
    ) -> None:
        self.restriction, self.limit, self.work, self.until, self.refusal = restriction, limit, work, until, refusal
        self.stats = HalfspaceStats()
        self.folding = Folding.of(domain)
        self.domain = domain.unfixed()
        self.layers = restriction.layers if self.folding is None else self.folding.layers(restriction.layers)
        self.found: list[tuple[SignVector, Polyhedron]] = []
        self.flat: list[tuple[SignVector, Polyhedron]] = []
        self._waiting: list[_Node] | None = None  # before the run
        self._latest: dict[int, tuple[SignVector, ExactMatrix]] = {}

    @cached_property
    def reach(self) -> Reach:
        """What is certain on the domain's box."""
        return reach(self.layers, self.domain.sides, self.restriction.target)

    def patterns(self) -> list[SignVector]:
        """The signs of all cells of which the target leaves something, be it contained in another tile."""
        self.run()
        return [signs for signs, _ in (*self.found, *self.flat)]

    def is_promising(self) -> bool:
        """Whether few neurons may switch on the domain's box, or none of it can be mapped into the target."""
        if self.restriction.neuron_count <= MOST_DOUBTFUL:
            return True
        return self.reach.misses or self.reach.doubtful <= MOST_DOUBTFUL

    def tiles(self) -> LazyTiles:
        """The tiles found so far, in the order of their patterns; flat ones only where no other tile contains them."""
        kept = list(self.found)
        for signs, piece in sorted(self.flat, key=lambda found: (-found[1].dim, found[0])):
            point = piece.relative_interior_point()
            if not any(piece.is_subset(other) for _, other in kept if other.contains(point)):
                kept.append((signs, piece))
        return LazyTiles(self.restriction, tuple(sorted(kept, key=lambda found: found[0])), self.folding)

    def run(self) -> None:
        """Find all tiles. Raises KeyboardInterrupt when stopped; what was found until then stays."""
        while self._go_on():
            pass

    def _go_on(self) -> bool:
        """Do something about the node that waits last, depth first; whether there are more."""
        if self._waiting is None:
            self._waiting = self._root()
        if self._waiting:  # a node waits until its parts do, so that a stop loses none
            parts = self._step(self._waiting[-1])
            self._waiting[-1:] = reversed(parts)
        return bool(self._waiting)

    def _root(self) -> list[_Node]:
        if self.reach.misses:
            self.stats.discarded += 1
            return []
        return [_Node(_Cell((), self._inside.sample_point()))]

    def undecided(self) -> LazyTiles:
        """The cells that are not divided to the end."""
        if self._waiting is None:
            return LazyTiles(self.restriction, ((SignVector(), self.domain),), self.folding)
        nodes = [node for node in self._waiting if not self._is_finished(node)]
        rows = (Polyhedron.from_halfspaces(node.cell.rows, self.domain.ambient_dim) for node in nodes)
        sets = ((node.signs, self.domain & own) for node, own in zip(nodes, rows, strict=True))
        return LazyTiles(self.restriction, tuple(sets), self.folding)

    def _is_finished(self, node: _Node) -> bool:
        """Whether the tile of a cell that waits is there already, for a moment."""
        return any(found and found[-1][0] == node.signs for found in (self.found, self.flat))

    # -- the domain -----------------------------------------------------------------------------------------------

    @cached_property
    def _inside(self) -> Polyhedron:
        """The relative interior of the domain, by its canonical rows."""
        rows = self.domain.closure().canonical().halfspaces
        return Polyhedron.from_halfspaces(
            [h if h.relation == "==" else h._replace(relation="<") for h in rows], self.domain.ambient_dim
        )

    @cached_property
    def _sides(self) -> Sides:
        return self._inside.sides

    @cached_property
    def _others(self) -> list[Halfspace]:
        return [self._inside.halfspaces[i] for i in self._sides.others]

    # -- cells ----------------------------------------------------------------------------------------------------

    def _step(self, node: _Node) -> list[_Node]:
        """The nodes that one is divided in, or goes on as; none where a cell is through all layers."""
        cell, signs, own = node
        depth = len(signs)
        if depth == len(self.layers):
            self._finish(cell, signs)
            self._ask()
            return []
        doubtful = self._doubtful[depth]
        if len(own) == len(doubtful):
            decided = dict(zip(doubtful, own, strict=True))
            known = enumerate(self.reach.signs[depth])
            return [_Node(cell, signs.then(decided.get(k, sign > 0) for k, sign in known))]
        *normal, constant = self._forms_of(signs)[len(own)]
        halves = self._halves(cell, Halfspace.of(normal, -constant))
        return [_Node(half, signs, (*own, active)) for active, half in halves]

    @cached_property
    def _doubtful(self) -> list[list[int]]:
        """For each layer the neurons, counted within it, that may switch on the domain's box."""
        return [[k for k, sign in enumerate(known) if not sign] for known in self.reach.signs]

    def _forms_of(self, signs: SignVector) -> ExactMatrix:
        """The forms of the next layer's doubtful neurons; of each layer the latest are at hand."""
        depth = len(signs)
        if depth not in self._latest or self._latest[depth][0] != signs:
            neurons = self.layers[depth].neurons
            self._latest[depth] = signs, self._forms([neurons[k] for k in self._doubtful[depth]], signs)
        return self._latest[depth][1]

    def _halves(self, cell: _Cell, silent: Halfspace) -> list[tuple[bool, _Cell]]:
        """The parts of full dimension where a row holds and where its opposite does, and which of these each is.

        Only the former where the row's boundary contains all of the cell.
        """
        self._ask()
        self.stats.nodes += 1
        if self.stats.nodes > self.limit:
            raise BudgetExceeded(
                f"halfspaces: {self.limit} signs of neurons were asked for, the limit, and {len(self.found)} tiles "
                "found; raise limit=, or make the domain smaller"
            )
        active = Halfspace(tuple(-v for v in silent.normal), -silent.offset, "<=")
        slack = silent.slack(cell.point)
        parts = []
        for is_active, row, sign in ((False, silent, 1), (True, active, -1)):
            point = cell.point if slack * sign > 0 else self._point(cell, row)
            if point is not None:
                parts.append((is_active, cell.within(row, point)))
        if len(parts) == 2:
            self.stats.cuts += 1
            return parts
        # Otherwise the row says nothing new.
        return [(is_active, cell) for is_active, _ in parts] or [(False, cell)]

    def _point(self, cell: _Cell, row: Halfspace) -> ExactVector | None:
        """A point strictly inside a cell at which a row holds strictly, if there is one."""
        strictly = row._replace(relation="<")
        if strictly.is_trivial or self._sides.rule_out(strictly):
            return None
        rows = [strictly, *(h._replace(relation="<") for h in cell.rows)]
        found = self._sides.point_within([*rows, *self._others])
        if found is not None:
            return found
        found, impossible = look_between(self._sides, [*rows, *self._others])
        if found is not None or impossible:
            self._spend(_GUIDED_WORK[0] + _GUIDED_WORK[1] * len(rows) * self.domain.ambient_dim)
            return found
        inside = Polyhedron.from_halfspaces([*rows, *self._inside.halfspaces], self.domain.ambient_dim)
        self._count_program(len(inside.halfspaces))
        return None if inside.is_empty() else inside.sample_point()

    def _count_program(self, rows: int) -> None:
        """Count an exact linear program."""
        self.stats.programs += 1
        self._spend(10 * rows * (rows + self.domain.ambient_dim) * self.domain.ambient_dim)

    def _spend(self, work: int) -> None:
        if self.work is None:
            return
        self.work -= work
        if self.work < 0:
            raise BudgetExceeded(
                f"{self.refusal}. Cells by their inequalities take too long, too: after {self.stats.nodes} signs of "
                f"neurons {len(self.found)} tiles were found; method='halfspaces' goes on for as long as it takes"
            )

    def _ask(self) -> None:
        if self.until is not None and self.until(self.stats.cells + len(self.flat)):
            raise KeyboardInterrupt

    def _finish(self, cell: _Cell, signs: SignVector) -> None:
        """Cut a cell that is through all layers by the target's rows; keep what is inside."""
        rows = self._target_rows(signs)
        closed = [*self.domain.halfspaces, *cell.rows, *rows]
        inner: _Cell | None = cell
        for row in rows:
            if row.is_trivial:
                if not row.holds(cell.point):
                    self.stats.discarded += 1
                    return
            elif inner is not None:
                inner = None if row.relation == "==" else self._part_within(inner, row)
        if inner is not None:
            self.stats.cells += 1
            self.found.append((signs, Polyhedron.from_halfspaces(closed, self.domain.ambient_dim, inner.point)))
            return
        tile = Polyhedron.from_halfspaces(closed, self.domain.ambient_dim)
        ruled_out = any(map(self.domain.sides.rule_out, (*rows, *cell.rows)))
        if ruled_out or self._is_empty(tile):
            self.stats.discarded += 1
        elif tile.dim == self._inside.dim:  # rows that hold everywhere, because the domain is flat
            self.stats.cells += 1
            self.found.append((signs, tile))
        else:
            self.flat.append((signs, tile))

    def _is_empty(self, tile: Polyhedron) -> bool:
        """Whether a set is empty, counting what that takes."""
        small = tile if tile.sides.is_contradictory else tile.unfixed()
        rows = [small.halfspaces[i] for i in small.sides.others]
        if rows and not small.sides.is_contradictory:
            self._spend(_GUIDED_WORK[0] + _GUIDED_WORK[1] * len(rows) * small.ambient_dim)
            found, impossible = look_between(small.sides, rows)
            if impossible:
                return True
            if found is None:
                self._count_program(len(small.halfspaces))
        return tile.is_empty()

    def _part_within(self, cell: _Cell, row: Halfspace) -> _Cell | None:
        point = cell.point if row.slack(cell.point) > 0 else self._point(cell, row)
        return None if point is None else cell.within(row.closed(), point)

    def _target_rows(self, signs: SignVector) -> list[Halfspace]:
        """The target's rows as rows in x."""
        target = self.restriction.target
        if not target.halfspaces:
            return []
        width = target.ambient_dim
        normals = flint_matrix([(*h.normal, 0) for h in target.halfspaces], width + 1)
        pulled = pulled_back(normals, self.layers, signs)
        return [
            Halfspace.of(row[:-1], h.offset - row[-1], h.relation)
            for h, row in zip(target.halfspaces, pulled, strict=True)
        ]

    # -- forms ----------------------------------------------------------------------------------------------------

    def _forms(self, chosen: Sequence[int], signs: SignVector) -> ExactMatrix:
        """Rows (w, c) of the chosen coordinates of the next layer: what enters them is ``w . x + c``."""
        depth = len(signs)
        layer = self.layers[depth]
        rows = [(*layer.rows[i], layer.offsets[i]) for i in chosen]
        return pulled_back(flint_matrix(rows, layer.input_dim + 1), self.layers[:depth], signs) if rows else ()
