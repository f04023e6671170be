r"""Exact convex polyhedra, closed or with open faces, in any dimension from zero up.

A :class:`Polyhedron` is a subset of :math:`Q^d` given by finitely many rows

.. math:: P = \{x : a_i x \le b_i \ (i \in I),\; a_i x < b_i \ (i \in S),\; a_i x = b_i \ (i \in E)\},

or by generators (vertices, rays, lines). Both representations are exact and computed when first asked for. Objects do
not change. Degenerate sets are ordinary: empty, whole space, points, flats, unbounded sets, zero rows (``0 <= 1``,
``0 <= -1``) and dimension zero.

The class keeps rows and generators and remembers what was found out; how that is done stands in modules of functions on
rows and generators: :mod:`~polyrelu.polyhedra.sides` (what bounds of coordinates say),
:mod:`~polyrelu.polyhedra.canonical`, :mod:`~polyrelu.polyhedra.cddlib` (conversions),
:mod:`~polyrelu.polyhedra.interior`, :mod:`~polyrelu.polyhedra.images`,
:mod:`~polyrelu.polyhedra.float_membership`, :mod:`~polyrelu.polyhedra.volume` and :mod:`~polyrelu.polyhedra.text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.batches import is_batch
from polyrelu.arithmetic.exact import (
    ExactArray,
    ExactVector,
    FloatArray,
    exact_array,
    exact_matrix,
    exact_vector,
    is_float_array,
    row_echelon,
)
from polyrelu.arithmetic.rounding import float_points
from polyrelu.errors import DimensionError, EmptySetError, InputError, UnboundedError
from polyrelu.polyhedra import canonical, images, text
from polyrelu.polyhedra.bounding_box import box_rows
from polyrelu.polyhedra.cddlib import generators_from_halfspaces, halfspaces_from_generators
from polyrelu.polyhedra.float_membership import FloatRows
from polyrelu.polyhedra.generators import Generators
from polyrelu.polyhedra.halfspace import Halfspace, halfspaces_from_arrays
from polyrelu.polyhedra.interior import (
    FEW_COORDINATES,
    deepest_between,
    deepest_point,
    find_point,
    is_bounded,
    with_few_decimals,
)
from polyrelu.polyhedra.sides import Sides, sides_of
from polyrelu.polyhedra.volume import simplex_volume, triangulation
from polyrelu.support.arguments import MOST_DIMENSIONS, dimension, instance, items
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown

_ROWS = (list, tuple, Iterator)  # what needs no closer look
_NO_ROWS = ("from_halfspaces", "pass a list of halfspaces, made with Halfspace.of")
_ADVICE = "pass a Polyhedron; parse text with polyrelu.parse first"


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Polyhedron(Carried):
    """``{x : A x <= b}`` in exact rationals, with optional strict rows and equalities.

    Args:
        A: m rows of d numbers (anything :func:`polyrelu.arithmetic.exact.exact` accepts). An empty array of shape (0,
            d) is R^d.
        b: m numbers.
        strict: True when every inequality is strict, or the rows that are (numbers, or m truth values).
        equalities: the rows that are equalities (numbers, or m truth values).
        dim: the dimension d; needed only when there are no rows to tell it.

    Two polyhedra are equal iff they are the same set. The H-representation is the tuple ``halfspaces``, whose rows are
    scaled to primitive integers; ``vertices``, ``rays`` and ``lines`` generate the closure.

    Raises:
        InexactError: an entry has no exact rational value.
        DimensionError: rows of different lengths, or as many rows as ``b`` does not have.
        InputError: ``strict`` or ``equalities`` names a row that does not exist.
    """

    ambient_dim: int

    def __init__(
        self,
        A: Iterable[Iterable[Any]],
        b: Iterable[Any],
        strict: bool | Iterable[int] = False,
        equalities: Iterable[int] = (),
        dim: int | None = None,
    ) -> None:
        width, halfspaces = halfspaces_from_arrays(A, b, strict, equalities)
        if width is None and dim is None:
            raise DimensionError("Polyhedron: no rows, so the dimension is unknown; pass dim=, or an A of shape (0, d)")
        if width is not None and dim is not None and width != dim:
            raise DimensionError(f"Polyhedron: A has {width} columns but dim is {dim}")
        object.__setattr__(self, "ambient_dim", width if dim is None else dimension(dim, "Polyhedron: dim"))
        self.__dict__["halfspaces"] = halfspaces

    @classmethod
    def from_halfspaces(
        cls, halfspaces: Iterable[Halfspace], dim: int, known_point: ExactVector | None = None
    ) -> Polyhedron:
        """The intersection of halfspaces in R^dim; of none, the whole space.

        A point of it that is known spares looking for one; best one at which few rows are tight. It is not checked.

        Raises:
            DimensionError: one lives in another space.
            InputError: one is no :class:`Halfspace`.
        """
        rows = tuple(halfspaces) if isinstance(halfspaces, _ROWS) else tuple(items(halfspaces, *_NO_ROWS))
        if type(dim) is not int or not 0 <= dim <= MOST_DIMENSIONS:
            dim = dimension(dim, "from_halfspaces: dim")
        for row in rows:
            if type(row) is not Halfspace:
                instance(row, Halfspace, "from_halfspaces", "make rows with Halfspace.of")
            if len(row.normal) != dim:
                raise DimensionError(f"from_halfspaces: a row lives in R^{len(row.normal)} but dim is {dim}")
        return cls._of_rows(rows, dim, known_point)

    @classmethod
    def _of_rows(cls, rows: tuple[Halfspace, ...], dim: int, known_point: ExactVector | None = None) -> Polyhedron:
        polyhedron = object.__new__(cls)
        object.__setattr__(polyhedron, "ambient_dim", dim)
        polyhedron.__dict__["halfspaces"] = rows
        if known_point is not None:
            polyhedron.__dict__["_inner_point"] = known_point
        return polyhedron

    @classmethod
    def from_canonical(
        cls,
        equalities: Iterable[Halfspace],
        facets: Iterable[Halfspace],
        dim: int,
        open_faces: Iterable[Halfspace] = (),
        known_point: ExactVector | None = None,
    ) -> Polyhedron:
        """The polyhedron with these rows, each group sorted, which are known to be its canonical ones; unchecked."""
        facets = tuple(facets)
        polyhedron = cls.from_halfspaces((*equalities, *facets, *open_faces), dim, known_point)
        polyhedron.__dict__.update(_key=polyhedron.halfspaces, facets=facets)
        return polyhedron

    @classmethod
    def from_generators(
        cls,
        vertices: Iterable[Iterable[Any]],
        rays: Iterable[Iterable[Any]] = (),
        lines: Iterable[Iterable[Any]] = (),
        dim: int | None = None,
    ) -> Polyhedron:
        """The convex hull of ``vertices`` plus the cone of ``rays`` plus the span of ``lines``.

        Without vertices it is the empty set, and then rays and lines are an error.

        Raises:
            DimensionError: generators of different lengths, or ``dim`` missing when there are none.
            InputError: rays or lines without a vertex.
        """
        generators, width = Generators.checked(vertices, rays, lines, dim)
        if not generators.vertices:
            return cls.empty(width)
        polyhedron = object.__new__(cls)
        object.__setattr__(polyhedron, "ambient_dim", width)
        polyhedron.__dict__["_given_generators"] = generators
        return polyhedron

    @classmethod
    def box(cls, lower: Iterable[Any], upper: Iterable[Any]) -> Polyhedron:
        """``{x : lower <= x <= upper}``; equal bounds make a coordinate constant.

        Raises:
            DimensionError: as many lower bounds as there are not upper ones.
            InputError: a lower bound above its upper bound.
        """
        low, high = exact_vector(lower, "box: lower"), exact_vector(upper, "box: upper")
        if len(low) != len(high):
            raise DimensionError(f"box: lower has {len(low)} entries but upper has {len(high)}")
        for i, (below, above) in enumerate(zip(low, high, strict=True)):
            if below > above:
                raise InputError(
                    f"box: coordinate {i} has lower bound {shown(below)} above upper bound {shown(above)}; swap them"
                )
        return cls.from_halfspaces(box_rows(low, high), len(low))

    @classmethod
    def whole_space(cls, dim: int) -> Polyhedron:
        """R^dim."""
        return cls.from_halfspaces((), dim)

    @classmethod
    def empty(cls, dim: int) -> Polyhedron:
        """The empty subset of R^dim, as ``0 <= -1``."""
        return cls.from_halfspaces([Halfspace((0,) * dimension(dim, "empty: dim"), -1, "<=")], dim)

    def __getstate__(self) -> dict[str, Any]:
        """One representation, and that the rows are canonical where that is known."""
        given = vars(self).get("_given_generators")
        if given is not None:
            return {"ambient_dim": self.ambient_dim, "_given_generators": given}
        state = {"ambient_dim": self.ambient_dim, "halfspaces": self.halfspaces}
        if vars(self).get("_key") is self.halfspaces and "facets" in vars(self):
            state |= {"_key": self.halfspaces, "facets": self.facets}
        return state

    # -- representations ----------------------------------------------------------------------------------------

    @cached_property
    def halfspaces(self) -> tuple[Halfspace, ...]:
        """The H-representation: rows in primitive integers."""
        inequalities, equalities = halfspaces_from_generators(self._given_generators, self.ambient_dim)
        flat = tuple(Halfspace.of(normal, offset, "==") for normal, offset in equalities)
        return flat + tuple(Halfspace.of(normal, offset) for normal, offset in inequalities if any(normal))

    @cached_property
    def _given_generators(self) -> Generators:
        raise AssertionError("a polyhedron has either halfspaces or generators")

    @cached_property
    def generators(self) -> Generators:
        """The V-representation (vertices, rays, lines) of the closure; all empty for the empty set."""
        if self.is_empty():
            return Generators(())
        small = self._small
        if small is not None:
            vertices, rays, lines = small.generators
            lift = self.sides.lift_direction
            return Generators(tuple(map(self.sides.lift, vertices)), tuple(map(lift, rays)), tuple(map(lift, lines)))
        return generators_from_halfspaces(*canonical.split_rows(self.halfspaces), self.ambient_dim)

    @property
    def vertices(self) -> tuple[ExactVector, ...]:
        """Vertices of the closure; where it has lines, a point of each minimal face instead."""
        return self.generators.vertices

    @property
    def rays(self) -> tuple[ExactVector, ...]:
        """Extreme rays of the closure, up to positive scaling."""
        return self.generators.rays

    @property
    def lines(self) -> tuple[ExactVector, ...]:
        """A basis of the lineality space."""
        return self.generators.lines

    @property
    def A(self) -> ExactArray:
        """Normals of the rows, an (m, d) array of integers."""
        return exact_array([h.normal for h in self.halfspaces], (len(self.halfspaces), self.ambient_dim))

    @property
    def b(self) -> ExactArray:
        """Offsets of the rows, m integers."""
        return exact_array([h.offset for h in self.halfspaces], (len(self.halfspaces),))

    @property
    def strict(self) -> NDArray[np.bool_]:
        """Which rows are strict, m truth values."""
        return np.array([h.relation == "<" for h in self.halfspaces], dtype=np.bool_)

    @property
    def equalities(self) -> NDArray[np.bool_]:
        """Which rows are equalities, m truth values."""
        return np.array([h.relation == "==" for h in self.halfspaces], dtype=np.bool_)

    @property
    def is_closed_form(self) -> bool:
        """Whether no row is strict."""
        return all(h.relation != "<" for h in self.halfspaces)

    # -- sides --------------------------------------------------------------------------------------------------

    @cached_property
    def sides(self) -> Sides:
        """The bounds of single coordinates among the rows (see :mod:`polyrelu.polyhedra.sides`)."""
        return sides_of(self.halfspaces, self.ambient_dim)

    @property
    def _is_box(self) -> bool:
        """Whether all rows are sides."""
        return not self.sides.others

    @cached_property
    def _small_rows(self) -> tuple[tuple[Halfspace, int], ...]:
        """The rows in the coordinates that sides do not fix, each with the number of the row it comes from."""
        return self.sides.free_rows(self.halfspaces)

    @cached_property
    def _small(self) -> Polyhedron | None:
        """The set in the coordinates that sides do not fix, where they fix some; of one that is not empty."""
        if not self.sides.fixed:
            return None
        known = self.known_point
        inner = None if known is None else tuple(known[j] for j in self.sides.free)
        return Polyhedron.from_halfspaces([row for row, _ in self._small_rows], len(self.sides.free), inner)

    @property
    def known_point(self) -> ExactVector | None:
        """A point of the set, if one was found already."""
        known: ExactVector | None = self.__dict__.get("_inner_point")
        return known

    def unfixed(self) -> Polyhedron:
        """The set in the coordinates that :attr:`sides` do not fix, in their order; of one that is not empty."""
        return self if self._small is None else self._small

    # -- predicates ---------------------------------------------------------------------------------------------

    @cached_property
    def _inner_point(self) -> ExactVector | None:
        """A point that satisfies every row, strict ones included; None for the empty set.

        Cost: at most one LP, in the coordinates that sides do not fix.
        """
        sides = self.sides
        if sides.is_contradictory:
            return None
        if self._is_box:
            return sides.centre()
        if self._small is not None:
            inner = self._small._inner_point
            return None if inner is None else sides.lift(inner)
        return find_point(self.halfspaces, sides)

    def is_empty(self) -> bool:
        """Whether the set has no point, strict rows respected. Cost: one LP."""
        return "_given_generators" not in self.__dict__ and self._inner_point is None

    @cached_property
    def dim(self) -> int:
        """The dimension of the affine hull; -1 for the empty set."""
        if self.is_empty():
            return -1
        if self._is_box:
            return len(self.sides.free)
        if self._small is not None:
            return self._small.dim
        implied = frozenset[int]()
        if self._inside is None:
            implied, _ = canonical.implied_equality_rows(self.halfspaces, self.ambient_dim)
        flat = [h.normal for i, h in enumerate(self.halfspaces) if i in implied or h.relation == "=="]
        return self.ambient_dim - len(row_echelon(flat, self.ambient_dim)[0])

    @property
    def _inside(self) -> ExactVector | None:
        """A point at which no inequality is tight, where one is at hand."""
        point = self._inner_point if "_given_generators" not in self.__dict__ else None
        sides = self.sides
        others = (self.halfspaces[i] for i in sides.others)
        if point is None or any(h.relation != "==" and h.slack(point) <= 0 for h in others):
            return None
        loose = all(point[j] != bound.value for own in (sides.low, sides.high) for j, bound in own.items())
        return point if loose else None

    def is_full_dimensional(self) -> bool:
        """Whether the set has an interior point."""
        return self.dim == self.ambient_dim

    @cached_property
    def _is_bounded(self) -> bool:
        if self._is_box or self.sides.is_bounded:
            return self.sides.is_bounded
        if self._small is not None:
            return self._small._is_bounded
        return is_bounded(self.closure().halfspaces, self.ambient_dim)

    def is_bounded(self) -> bool:
        """Whether the set fits in a box; the empty set does. Cost: two LPs for each coordinate."""
        return self.is_empty() or self._is_bounded

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many, belongs to the set; always exact.

        Args:
            points: one point, d numbers; or a list of n points, or an array of shape (n, d), for which the answer is n
                truth values.

        Raises:
            DimensionError: the points live in another space.
        """
        if is_float_array(points) and points.ndim == 2:
            return self.contains_floats(points)
        if is_batch(points):
            rows = exact_matrix(points, "contains: points", self.ambient_dim)
            return np.fromiter(map(self._holds, rows), dtype=np.bool_, count=len(rows))
        point = exact_vector(points, "contains: point")
        self._require_same_space(len(point), "contains: the point")
        return self._holds(point)

    def _holds(self, point: ExactVector) -> bool:
        return self.sides.hold(point) and all(self.halfspaces[i].holds(point) for i in self.sides.others)

    def contains_floats(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether each of n float points, an (n, d) array, belongs to the set; exact."""
        array = float_points(points, self.ambient_dim, "contains")
        inside = self.sides.hold_at_floats(array)
        if inside.any() and self.sides.others:
            rest = Polyhedron.from_halfspaces([self.halfspaces[i] for i in self.sides.others], self.ambient_dim)
            inside[inside] = rest._float_rows.hold(array[inside])
        return inside

    def contains_certified(self, points: FloatArray, radius: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For points known within ``radius``, both (n, d): which are surely inside, and which are left in doubt.

        A coordinate may be anything where its radius is infinite; it leaves every row that it enters in doubt.
        """
        return self._float_rows.certified(points, radius)

    @cached_property
    def _float_rows(self) -> FloatRows:
        return FloatRows(self.halfspaces, self.ambient_dim)

    def __contains__(self, point: Iterable[Any]) -> bool:
        return bool(self.contains(exact_vector(point, "contains: point")))

    def is_subset(self, other: Polyhedron) -> bool:
        """Whether every point of this set belongs to ``other``. Cost: one LP for each row of ``other``."""
        self._require_same_space(_set(other, "is_subset").ambient_dim, "is_subset: the other set")
        if self is other:
            return True
        own = set(self.halfspaces)
        rows = (h for h in other.halfspaces if h not in own and not self.sides.imply(h))
        return all(self._meet(violated).is_empty() for h in rows for violated in h.violated())

    def _meet(self, *halfspaces: Halfspace) -> Polyhedron:
        return Polyhedron.from_halfspaces((*self.halfspaces, *halfspaces), self.ambient_dim)

    def _require_same_space(self, dim: int, what: str) -> None:
        if dim != self.ambient_dim:
            raise DimensionError(f"{what} lives in R^{dim} but this polyhedron lives in R^{self.ambient_dim}")

    # -- canonical form and equality ----------------------------------------------------------------------------

    @cached_property
    def _reduction(self) -> canonical.Reduction:
        """Of a set that is not empty."""
        if self._is_box:
            return canonical.reduce_box(self.sides)
        if self._small is None:
            return canonical.reduce(self.halfspaces, self.ambient_dim, self._inside)
        origin = [source for _, source in self._small_rows]
        return canonical.reduce_by_sides(self._small._reduction, origin, self.sides)

    @cached_property
    def facets(self) -> tuple[Halfspace, ...]:
        """One canonical row for each facet of the closure; strict where the facet does not belong to the set."""
        return () if self.is_empty() else tuple(sorted(row for row, _ in self._reduction.facets))

    def irredundant(self) -> Polyhedron:
        """The same set by a minimal selection of its own rows; rows that are tight everywhere become equalities."""
        if self.is_empty():
            return Polyhedron.empty(self.ambient_dim)
        reduction = self._reduction
        flat = [self.halfspaces[i].boundary() for i in reduction.equality_sources]
        kept = sorted(source for _, source in reduction.facets + reduction.open_faces)
        return Polyhedron.from_halfspaces([*flat, *(self.halfspaces[i] for i in kept)], self.ambient_dim)

    def canonical(self) -> Polyhedron:
        """The same set by its canonical rows: equal sets have equal canonical rows, in the same order."""
        if self._key is self.halfspaces:
            return self
        same = Polyhedron.from_halfspaces(self._key, self.ambient_dim, self.known_point)
        same.__dict__.update(_key=same.halfspaces, facets=self.facets)
        return same

    @cached_property
    def _key(self) -> tuple[Halfspace, ...]:
        """The canonical rows; the very tuple ``halfspaces`` where those are canonical already."""
        if self.is_empty():
            return Polyhedron.empty(self.ambient_dim).halfspaces
        return self._reduction.canonical_rows()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polyhedron):
            return NotImplemented
        return self.ambient_dim == other.ambient_dim and self._key == other._key

    def __hash__(self) -> int:
        return hash((self.ambient_dim, self._key))

    # -- operations ---------------------------------------------------------------------------------------------

    def intersection(self, *others: Polyhedron) -> Polyhedron:
        """The points that belong to this set and to all the others."""
        for other in others:
            self._require_same_space(_set(other, "intersection").ambient_dim, "intersection: the other set")
        return self._meet(*(h for other in others for h in other.halfspaces))

    def __and__(self, other: Polyhedron) -> Polyhedron:
        if not isinstance(other, Polyhedron):
            return NotImplemented
        return self.intersection(other)

    def difference(self, other: Polyhedron) -> tuple[Polyhedron, ...]:
        """Disjoint polyhedra whose union is exactly the points of this set outside ``other``."""
        self._require_same_space(_set(other, "difference").ambient_dim, "difference: the other set")
        pieces, rest = [], self
        for halfspace in other.irredundant().halfspaces:
            pieces += [rest._meet(violated) for violated in halfspace.violated()]
            rest = rest._meet(halfspace)
        return tuple(piece for piece in pieces if not piece.is_empty())

    def closure(self) -> Polyhedron:
        """The set with its open faces added; the closure of the empty set is empty."""
        if self.is_closed_form:
            return self
        if self.is_empty():
            return Polyhedron.empty(self.ambient_dim)
        return Polyhedron.from_halfspaces([h.closed() for h in self.halfspaces], self.ambient_dim)

    def affine_preimage(self, W: Iterable[Iterable[Any]], c: Iterable[Any], dim: int | None = None) -> Polyhedron:
        """``{x : W x + c in P}``, in the space of x.

        Args:
            W: an (ambient_dim, k) matrix.
            c: ambient_dim numbers.
            dim: the number k of columns; needed only when W has no rows.
        """
        matrix = exact_matrix(W, "affine_preimage: W", None if dim is None else dimension(dim, "affine_preimage: dim"))
        offset = exact_vector(c, "affine_preimage: c")
        width = dimension(dim, "affine_preimage: dim") if dim is not None else (len(matrix[0]) if matrix else 0)
        self._require_same_space(len(matrix), "affine_preimage: W x")
        self._require_same_space(len(offset), "affine_preimage: c")
        return Polyhedron.from_halfspaces(images.preimage_rows(self.halfspaces, matrix, offset, width), width)

    def affine_image(self, W: Iterable[Iterable[Any]], c: Iterable[Any]) -> Polyhedron:
        """``{W x + c : x in P}``, open faces included. Cost: two conversions between representations."""
        matrix = exact_matrix(W, "affine_image: W", self.ambient_dim)
        offset = exact_vector(c, "affine_image: c", len(matrix))
        if self.is_empty():
            return Polyhedron.empty(len(matrix))
        if self.is_closed_form:
            return self._closed_image(matrix, offset)
        lifted = [(*row, Fraction(0)) for row in matrix] + [(*[Fraction(0)] * self.ambient_dim, Fraction(1))]
        return self._lift()._closed_image(lifted, (*offset, Fraction(0)))._lower()

    def _closed_image(self, matrix: Sequence[ExactVector], offset: ExactVector) -> Polyhedron:
        return Polyhedron.from_generators(*images.image(self.generators, matrix, offset), dim=len(offset))

    def plus_cone(self, rays: Iterable[Iterable[Any]], lines: Iterable[Iterable[Any]] = ()) -> Polyhedron:
        """``{x + y : x in P, y in cone(rays) + span(lines)}``, open faces included."""
        swept = (
            exact_matrix(rays, "plus_cone: rays", self.ambient_dim),
            exact_matrix(lines, "plus_cone: lines", self.ambient_dim),
        )
        if not any(swept) or self.is_empty():
            return self
        if self.is_closed_form:
            vertices, own_rays, own_lines = self.generators
            return Polyhedron.from_generators(vertices, own_rays + swept[0], own_lines + swept[1], dim=self.ambient_dim)
        flat_rays, flat_lines = ([(*v, 0) for v in kind] for kind in swept)
        return self._lift().plus_cone(flat_rays, flat_lines)._lower()

    def _lift(self) -> Polyhedron:
        """The closed polyhedron {(x, e)} one dimension up that carries the strict rows."""
        return Polyhedron.from_halfspaces(images.lifted(self.halfspaces, self.ambient_dim), self.ambient_dim + 1)

    def _lower(self) -> Polyhedron:
        """The polyhedron {x : (x, e) in P for some e > 0} (see :func:`polyrelu.polyhedra.images.lowered`)."""
        dim = self.ambient_dim - 1
        if self._meet(Halfspace((*[0] * dim, -1), 0, "<")).is_empty():
            return Polyhedron.empty(dim)
        rows = self.halfspaces if images.can_be_lowered(self.halfspaces) else self.irredundant().halfspaces
        return Polyhedron.from_halfspaces(images.lowered(rows), dim)

    # -- points and size ----------------------------------------------------------------------------------------

    def _require_point(self, what: str) -> None:
        if self.is_empty():
            raise EmptySetError(f"{what}: the set is empty; ask is_empty() first")

    def sample_point(self) -> ExactVector:
        """Some point of the set, found by linear programming; strict rows are respected.

        Raises:
            EmptySetError: there is none.
        """
        self._require_point("sample_point")
        if self._inner_point is None:
            return self.vertices[0]
        return self._inner_point

    def relative_interior_point(self) -> ExactVector:
        """A point at which only rows that are tight everywhere are tight. Cost: one LP after the canonical form.

        Raises:
            EmptySetError: the set is empty.
        """
        self._require_point("relative_interior_point")
        if self._small is not None:
            return self.sides.lift(self._small.relative_interior_point())
        if self.ambient_dim > FEW_COORDINATES and self._inside is not None:
            return self._inside
        return self._deepest_point(1)[0]

    def _deepest_point(self, depth: int | None) -> tuple[ExactVector, Fraction]:
        """The centre and half-width of the largest cube inside, at most ``depth`` if given, modulo the affine hull."""
        if self._is_box:
            return deepest_between(self.sides, depth)
        if self._small is not None:
            centre, half = self._small._deepest_point(depth)
            return self.sides.lift(centre), half
        return deepest_point(self._reduction, self.ambient_dim, depth)

    def simple_point(self) -> ExactVector:
        """A point of the relative interior with few decimals, for people to read; still exact.

        Raises:
            EmptySetError: the set is empty.
        """
        self._require_point("simple_point")
        if self._small is not None:
            return self.sides.lift(self._small.simple_point())
        reduction = self._reduction
        inside = Polyhedron.from_halfspaces(
            [*reduction.equalities, *(facet._replace(relation="<") for facet, _ in reduction.facets)], self.ambient_dim
        )
        return with_few_decimals(self.relative_interior_point(), lambda point: point in inside)

    def chebyshev_centre(self) -> tuple[ExactVector, Fraction]:
        """The centre and radius of a largest ball of the maximum norm (an axis-parallel cube) in the closure.

        The Euclidean radius is irrational in general; this one is exact. A point or another flat set has radius zero.

        Raises:
            EmptySetError: the set is empty.
            UnboundedError: the set is unbounded, so the centre need not exist.
        """
        self._require_point("chebyshev_centre")
        if not self.is_bounded():
            raise UnboundedError("chebyshev_centre: the set is unbounded; intersect it with a box first")
        if not self.is_full_dimensional() or not self.ambient_dim:
            return self._deepest_point(1)[0], Fraction(0)
        return self._deepest_point(None)

    def volume(self) -> Fraction:
        """The d-dimensional volume, exact; zero for flat and empty sets, one for the point in dimension zero.

        Raises:
            UnboundedError: the set is unbounded and of full dimension.
        """
        if not self.is_full_dimensional():
            return Fraction(0)
        if not self.is_bounded():
            raise UnboundedError("volume: the set is unbounded; intersect it with a box first")
        vertices = self.vertices
        simplices = triangulation(vertices, (facet for facet, _ in self._reduction.facets))
        return sum((simplex_volume([vertices[k] for k in simplex]) for simplex in simplices), Fraction(0))

    # -- text ---------------------------------------------------------------------------------------------------

    def inequalities(self, names: Sequence[str] | None = None, digits: int | None = None) -> tuple[str, ...]:
        """The rows as text, e.g. ``("x0 - 2*x1 <= 3", "x0 > 0")``.

        Args:
            names: one name for each coordinate; ``x0, x1, ...`` when absent.
            digits: divide each row by its largest coefficient and print that many significant digits. For reading
                only; without it the text is exact.
        """
        return text.inequalities(self.halfspaces, self.ambient_dim, names, digits)

    def __repr__(self) -> str:
        return text.summary(self.halfspaces, self.ambient_dim)


def _set(value: Any, where: str) -> Polyhedron:
    return instance(value, Polyhedron, f"{where}: the other set", _ADVICE)
