"""Hostile arguments: every public function gives a right answer or an error of the package, and soon."""

import math
import signal
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.analysis.merge import merged_polyhedra
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.networks.properties import Disjunct
from polyrelu.support.arguments import MOST_DIMENSIONS, whole_number
from polyrelu.support.limits import seconds

CLASSIFIER = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, 0])])
NET = pr.Network([([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, -1]], [0])])
BOX = pr.Polyhedron.box([-1, -1], [1, 1])
TARGET = pr.parse("y0 > 0", dim=1)
TILING = pr.preimage(NET, TARGET, BOX)
PROPERTY = pr.Property(2, 1, (Disjunct(BOX, (TARGET,)),))
EYE, ZERO = [[1, 0], [0, 1]], [0, 0]
CORNERS = [[0, 0], [1, 0], [0, 1]]
ORTHANT = pr.Polyhedron([[1, 0], [0, 1]], [1, 1])
POINT_NET = pr.Network([(np.zeros((1, 0)), [1])])


class Unequal:
    """Compares with nothing, and says so loudly."""

    def __eq__(self, other):
        raise TypeError("compared")

    __hash__ = object.__hash__


NUMBERS = {
    "nan": math.nan,
    "infinity": math.inf,
    "decimal nan": Decimal("NaN"),
    "signalling nan": Decimal("sNaN"),
    "a huge decimal": Decimal("1e99999999"),
    "a huge int": 10**400,
    "a longer int": 10**5000,
    "a huge negative int": -(10**5000),
    "minus one": -1,
    "zero": 0,
    "a half": 0.5,
    "a fraction": Fraction(1, 3),
    "a tiny fraction": Fraction(1, 10**400),
    "true": True,
    "numpy true": np.bool_(True),
    "numpy nan": np.float32("nan"),
    "numpy int": np.int8(-7),
    "complex": 1j,
    "None": None,
    "a text": "1",
    "an absurd text": "1e99999999",
    "a long text": "9" * 100_000,
    "an empty text": "",
    "bytes": b"12",
    "a list": [1, 2],
    "an empty list": [],
    "a nested list": [[1, 2], [3, 4]],
    "a ragged list": [[1], [2, 3]],
    "a tuple": (1, "x"),
    "a set": {1, 2},
    "a mapping": {0: 1},
    "an array": np.array([1.0, 2.0]),
    "an array of nan": np.array([[math.nan, 1.0]]),
    "an array of no dimension": np.array(3.0),
    "an array of three": np.zeros((1, 1, 2)),
    "an empty array": np.zeros((0, 2)),
    "an array of objects": np.array([None, 2], dtype=object),
    "an array of long ints": np.array([10**400, 1], dtype=object),
    "a time": np.timedelta64("NaT"),
    "an object": object(),
    "an unequal": Unequal(),
    "a class": int,
    "a function": len,
    "a module": math,
    "a network": NET,
    "a polyhedron": BOX,
    "a tiling": TILING,
}


@contextmanager
def soon(limit=10.0):
    """Nothing inside takes longer."""

    def ring(*_):
        raise AssertionError(f"still at work after {limit} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


CALLS = {
    "preimage network": lambda v: pr.preimage(v, TARGET, BOX),
    "preimage target": lambda v: pr.preimage(NET, v, BOX),
    "preimage targets": lambda v: pr.preimage(NET, [TARGET, v], BOX),
    "preimage domain": lambda v: pr.preimage(NET, TARGET, v) if v is not None else None,
    "preimage method": lambda v: pr.preimage(NET, TARGET, BOX, v),
    "preimage limit": lambda v: pr.preimage(NET, TARGET, BOX, "substitution", limit=v),
    "preimage nodes": lambda v: pr.preimage(NET, TARGET, BOX, "search", limit=v),
    "preimage max_dim": lambda v: pr.preimage(NET, TARGET, BOX, max_dim=v),
    "preimage timeout": lambda v: pr.preimage(NET, TARGET, BOX, timeout=v),
    "preimage order": lambda v: pr.preimage(NET, TARGET, BOX, order=v),
    "tiles network": lambda v: list(pr.tiles(v, TARGET, BOX)),
    "tiles target": lambda v: list(pr.tiles(NET, v, BOX)),
    "tiles domain": lambda v: list(pr.tiles(NET, TARGET, v)) if v is not None else None,
    "tiles order": lambda v: pr.tiles(NET, TARGET, BOX, order=v),
    "coverage_curve network": lambda v: pr.coverage_curve(v, TARGET, BOX),
    "coverage_curve domain": lambda v: pr.coverage_curve(NET, TARGET, v) if v is not None else None,
    "coverage_curve most": lambda v: pr.coverage_curve(NET, TARGET, BOX, most=v),
    "count network": pr.count,
    "count target": lambda v: pr.count(NET, v, BOX) if v is not None else None,
    "count domain": lambda v: pr.count(NET, TARGET, v) if v is not None else None,
    "count executor": lambda v: pr.count(NET, TARGET, BOX, executor=v) if v is not None else None,
    "count cuts": lambda v: pr.count(NET, TARGET, BOX, cuts=v) if v is not None else None,
    "count left": lambda v: pr.count(NET, TARGET, BOX, left=v),
    "count timeout": lambda v: pr.count(NET, TARGET, BOX, timeout=v),
    "measure network": lambda v: pr.measure(v, TARGET, BOX),
    "fold function": lambda v: pr.fold(NET, TARGET, BOX, v, max) if not callable(v) else None,
    "fold combine": lambda v: pr.fold(NET, TARGET, BOX, len, v),
    "fold measure": lambda v: pr.fold(NET, TARGET, BOX, len, max, measure=v),
    "Run directory": lambda v: pr.Run(v) if not isinstance(v, str | bytes) else None,
    "join runs": pr.join,
    "join run": lambda v: pr.join([v]),
    "open_tiling directory": pr.open_tiling,
    "linear_regions network": pr.linear_regions,
    "linear_regions domain": lambda v: pr.linear_regions(NET, v),
    "linear_regions max_dim": lambda v: pr.linear_regions(NET, BOX, max_dim=v),
    "verify network": lambda v: pr.verify(v, PROPERTY),
    "verify property": lambda v: pr.verify(NET, v),
    "verify timeout": lambda v: pr.verify(NET, PROPERTY, timeout=v),
    "verify max_dim": lambda v: pr.verify(NET, PROPERTY, max_dim=v),
    "decision_boundary network": pr.decision_boundary,
    "decision_boundary i": lambda v: pr.decision_boundary(CLASSIFIER, v, domain=BOX),
    "decision_boundary j": lambda v: pr.decision_boundary(CLASSIFIER, 0, v, BOX),
    "decision_boundary domain": lambda v: pr.decision_boundary(NET, domain=v) if v is not None else None,
    "decision_boundary threshold": lambda v: pr.decision_boundary(NET, domain=BOX, threshold=v),
    "decision_boundary keep": lambda v: pr.decision_boundary(NET, domain=BOX, keep=v),
    "decision_boundary timeout": lambda v: pr.decision_boundary(NET, domain=BOX, timeout=v),
    "check_tiling tiling": pr.check_tiling,
    "check_tiling network": lambda v: pr.check_tiling(TILING, v),
    "check_tiling target": lambda v: pr.check_tiling(TILING, target=v),
    "check_tiling domain": lambda v: pr.check_tiling(TILING, domain=v),
    "maps_into network": lambda v: pr.maps_into(v, TARGET, np.zeros((1, 2))),
    "maps_into target": lambda v: pr.maps_into(NET, v, np.zeros((1, 2))),
    "maps_into points": lambda v: pr.maps_into(NET, TARGET, v),
    "nearest_point tiling": lambda v: pr.nearest_point(v, [0, 0]),
    "nearest_point point": lambda v: pr.nearest_point(TILING, v),
    "nearest_point coordinate": lambda v: pr.nearest_point(TILING, [v, 1]),
    "nearest_point norm": lambda v: pr.nearest_point(TILING, [0, 0], v),
    "nearest_input network": lambda v: pr.nearest_input(v, TARGET, [0, 0], BOX),
    "nearest_input target": lambda v: pr.nearest_input(NET, v, [0, 0], BOX),
    "nearest_input point": lambda v: pr.nearest_input(NET, TARGET, v, BOX),
    "nearest_input coordinate": lambda v: pr.nearest_input(NET, TARGET, [v, 1], BOX),
    "nearest_input domain": lambda v: pr.nearest_input(NET, TARGET, [0, 0], v),
    "nearest_input norm": lambda v: pr.nearest_input(NET, TARGET, [0, 0], BOX, v),
    "nearest_input limit": lambda v: pr.nearest_input(NET, TARGET, [0, 0], BOX, limit=v),
    "nearest_input timeout": lambda v: pr.nearest_input(NET, TARGET, [0, 0], BOX, timeout=v),
    "lipschitz network": lambda v: pr.lipschitz(v, BOX),
    "lipschitz domain": lambda v: pr.lipschitz(NET, v),
    "lipschitz norm": lambda v: pr.lipschitz(NET, BOX, v),
    "lipschitz output": lambda v: pr.lipschitz(NET, BOX, output=v),
    "lipschitz limit": lambda v: pr.lipschitz(NET, BOX, limit=v),
    "to_latex what": pr.to_latex,
    "to_latex digits": lambda v: pr.to_latex(BOX, digits=v),
    "to_latex limit": lambda v: pr.to_latex(pr.linear_regions(NET, BOX), limit=v),
    "lipschitz timeout": lambda v: pr.lipschitz(NET, BOX, timeout=v),
    "margin network": lambda v: pr.margin(v, 0, BOX),
    "margin class": lambda v: pr.margin(CLASSIFIER, v, BOX),
    "margin domain": lambda v: pr.margin(CLASSIFIER, 0, v),
    "region_statistics networks": lambda v: pr.region_statistics(v, BOX),
    "region_statistics domain": lambda v: pr.region_statistics(NET, v),
    "region_statistics timeout": lambda v: pr.region_statistics(NET, BOX, timeout=v),
    "some_input network": lambda v: pr.some_input(v, TARGET, BOX),
    "some_input target": lambda v: pr.some_input(NET, v, BOX),
    "some_input domain": lambda v: pr.some_input(NET, TARGET, v),
    "some_input timeout": lambda v: pr.some_input(NET, TARGET, BOX, timeout=v),
    "some_input max_dim": lambda v: pr.some_input(NET, TARGET, BOX, max_dim=v),
    "output_range network": lambda v: pr.output_range(v, BOX),
    "output_range domain": lambda v: pr.output_range(NET, v),
    "output_range output": lambda v: pr.output_range(NET, BOX, v),
    "output_range limit": lambda v: pr.output_range(NET, BOX, limit=v),
    "output_range timeout": lambda v: pr.output_range(NET, BOX, timeout=v),
    "image network": lambda v: pr.image(v, BOX),
    "image domain": lambda v: pr.image(NET, v),
    "image timeout": lambda v: pr.image(NET, BOX, timeout=v),
    "parse text": lambda v: pr.parse(v, 2),
    "parse dim": lambda v: pr.parse("y0 > 0", v),
    "parse names": lambda v: pr.parse("y0 > 0", 1, v),
    "slice origin": lambda v: NET.slice(v, EYE),
    "slice directions": lambda v: NET.slice([0, 0], v),
    "slice lift": lambda v: NET.slice([0, 0], EYE).lift(v),
    "slice restrict": lambda v: NET.slice([0, 0], EYE).restrict(v),
    "slice lift_set": lambda v: NET.slice([0, 0], EYE).lift_set(v),
    "slice coordinates": lambda v: NET.slice([0, 0], EYE).coordinates(v),
    "plane_through points": lambda v: pr.plane_through(v, [1, 0], [0, 1]),
    "wins k": lambda v: pr.wins(v, 3),
    "wins dim": lambda v: pr.wins(0, v),
    "active i": lambda v: pr.active(v, 3),
    "active dim": lambda v: pr.active(0, v),
    "inactive i": lambda v: pr.inactive(v, 3),
    "level i": lambda v: pr.level(v, 1, 3),
    "level c": lambda v: pr.level(0, v, 3),
    "level dim": lambda v: pr.level(0, 1, v),
    "between low": lambda v: pr.between(0, v, 1, 2),
    "between high": lambda v: pr.between(0, 0, v, 2),
    "between dim": lambda v: pr.between(0, 0, 1, v),
    "unrelu P": lambda v: list(pr.unrelu(v, EYE, ZERO)),
    "unrelu W": lambda v: list(pr.unrelu(ORTHANT, v, ZERO)),
    "unrelu b": lambda v: list(pr.unrelu(ORTHANT, EYE, v)),
    "unrelu relu": lambda v: list(pr.unrelu(ORTHANT, EYE, ZERO, v)),
    "unrelu limit": lambda v: list(pr.unrelu(ORTHANT, EYE, ZERO, limit=v)),
    "unrelu_by_substitution P": lambda v: list(pr.unrelu_by_substitution(v, EYE, ZERO)),
    "unrelu_by_substitution W": lambda v: list(pr.unrelu_by_substitution(ORTHANT, v, ZERO)),
    "unrelu_by_substitution limit": lambda v: list(pr.unrelu_by_substitution(ORTHANT, EYE, ZERO, limit=v)),
    "face_search P": lambda v: list(pr.face_search(v, EYE, ZERO)),
    "face_search W": lambda v: list(pr.face_search(ORTHANT, v, ZERO)),
    "face_search limit": lambda v: list(pr.face_search(ORTHANT, EYE, ZERO, limit=v)),
    "face_search domain": lambda v: list(pr.face_search(ORTHANT, EYE, ZERO, domain=v)),
    "face_search heuristic": lambda v: list(pr.face_search(ORTHANT, EYE, ZERO, heuristic=v)),
    "load_network path": pr.load_network,
    "save_network path": lambda v: pr.save_network(v, v),
    "before_final target": lambda v: pr.before_final(v, "Tanh", 1),
    "before_final operator": lambda v: pr.before_final("y0 > 0", v, 1),
    "before_final dim": lambda v: pr.before_final("y0 > 0", "Tanh", v),
    "load_property path": pr.load_property,
    "load_query path": pr.load_query,
    "load_tiling path": pr.load_tiling,
    "Property.of network": lambda v: pr.Property.of(v, "y0 > x0"),
    "Property.of text": lambda v: pr.Property.of(NET, v),
    "Property.of domain": lambda v: pr.Property.of(NET, "y0 > x0", v),
    "Property.monotone network": pr.Property.monotone,
    "Property.monotone input": lambda v: pr.Property.monotone(NET, input=v),
    "Property.monotone output": lambda v: pr.Property.monotone(NET, output=v),
    "Property.equivalent other": lambda v: pr.Property.equivalent(NET, v),
    "Property.equivalent within": lambda v: pr.Property.equivalent(NET, NET, within=v),
    "Property.lipschitz slope": lambda v: pr.Property.lipschitz(NET, v),
    "Property.lipschitz norm": lambda v: pr.Property.lipschitz(NET, 1, norm=v),
    "Property.steady inputs": lambda v: pr.Property.steady(NET, v, 1),
    "Property.steady outputs": lambda v: pr.Property.steady(NET, 1, v),
    "Network layers": pr.Network,
    "Network pair": lambda v: pr.Network([v]),
    "Network weight": lambda v: pr.Network([(v, [0])]),
    "Network bias": lambda v: pr.Network([([[1]], v)]),
    "Network entry": lambda v: pr.Network([([[v]], [0])]),
    "Network relu": lambda v: pr.Network([([[1]], [0])], relu=v),
    "Network mask": lambda v: pr.Network([([[1]], [0])], relu=[v]),
    "Layer relu": lambda v: pr.Layer([[1]], [0], v),
    "Network call": NET,
    "Network call entry": lambda v: NET([v, 1]),
    "Network evaluate": NET.evaluate,
    "Network activation_pattern": NET.activation_pattern,
    "Network evaluate_with_bound": NET.evaluate_with_bound,
    "Network affine_map": NET.affine_map,
    "Network from_flax": pr.Network.from_flax,
    "Network from_flax order": lambda v: pr.Network.from_flax({"a": {"kernel": [[1]]}, "b": {"kernel": [[1]]}}, v),
    "Network from_sklearn": pr.Network.from_sklearn,
    "Network from_torch": pr.Network.from_torch,
    "Network slice of layers": lambda v: NET[v],
    "Network split": NET.split,
    "Polyhedron A": lambda v: pr.Polyhedron(v, [1]),
    "Polyhedron b": lambda v: pr.Polyhedron([[1]], v),
    "Polyhedron strict": lambda v: pr.Polyhedron([[1]], [1], strict=v),
    "Polyhedron equalities": lambda v: pr.Polyhedron([[1]], [1], equalities=v),
    "Polyhedron dim": lambda v: pr.Polyhedron([], [], dim=v),
    "from_halfspaces rows": lambda v: pr.Polyhedron.from_halfspaces(v, 2),
    "from_halfspaces row": lambda v: pr.Polyhedron.from_halfspaces([v], 2),
    "from_halfspaces dim": lambda v: pr.Polyhedron.from_halfspaces([], v),
    "from_generators vertices": pr.Polyhedron.from_generators,
    "from_generators vertex": lambda v: pr.Polyhedron.from_generators([v]),
    "from_generators rays": lambda v: pr.Polyhedron.from_generators([[0, 0]], v),
    "from_generators dim": lambda v: pr.Polyhedron.from_generators([], dim=v),
    "box lower": lambda v: pr.Polyhedron.box(v, [1, 1]),
    "box bound": lambda v: pr.Polyhedron.box([v], [10**6000]),
    "whole_space": pr.Polyhedron.whole_space,
    "empty": pr.Polyhedron.empty,
    "contains": BOX.contains,
    "in": lambda v: v in BOX,
    "is_subset": BOX.is_subset,
    "intersection": BOX.intersection,
    "difference": BOX.difference,
    "==": lambda v: isinstance(v, Unequal) or v == BOX,
    "affine_preimage W": lambda v: BOX.affine_preimage(v, ZERO),
    "affine_preimage c": lambda v: BOX.affine_preimage(EYE, v),
    "affine_preimage dim": lambda v: pr.Polyhedron.whole_space(0).affine_preimage([], [], v),
    "affine_image W": lambda v: BOX.affine_image(v, ZERO),
    "affine_image c": lambda v: BOX.affine_image(EYE, v),
    "inequalities names": BOX.inequalities,
    "inequalities digits": lambda v: BOX.inequalities(digits=v),
    "Halfspace.of normal": lambda v: pr.Halfspace.of(v, 1),
    "Halfspace.of entry": lambda v: pr.Halfspace.of([v, 1], 1),
    "Halfspace.of offset": lambda v: pr.Halfspace.of([1], v),
    "Halfspace.of relation": lambda v: pr.Halfspace.of([1], 1, v),
    "Halfspace holds": BOX.halfspaces[0].holds,
    "Halfspace slack": lambda v: BOX.halfspaces[0].slack((v, Fraction(1))),
    "tiling contains": TILING.contains,
    "tiling locate": TILING.locate,
    "tiling locate coordinate": lambda v: TILING.locate([v, 0]),
    "tiling select": TILING.select,
    "tiling select one": lambda v: TILING.select([v]),
    "tiling nearest": TILING.nearest,
    "tiling zones contact": TILING.zones,
    "tiling zones sort": lambda v: TILING.zones(sort=v),
    "tiling star": TILING.star,
    "tiling star coordinate": lambda v: TILING.star([v, 0]),
    "tiling way": lambda v: TILING.way(0, v),
    "tiling to_latex digits": lambda v: TILING.to_latex(digits=v),
    "tiling to_latex limit": lambda v: TILING.to_latex(limit=v),
    "tiling to_geoparquet": TILING.to_geoparquet,
    "tiling to_shapely by": lambda v: TILING.to_shapely(by=v),
    "tiling adjacency": TILING.adjacency,
    "tiling facets": TILING.facets,
    "tiling shared_facet": lambda v: TILING.shared_facet(0, v),
    "tiling table limit": TILING.table,
    "tiling table digits": lambda v: TILING.table(digits=v),
    "tiling outline": TILING.outline,
    "tiling share": TILING.share,
    "tiling sample_points seed": lambda v: TILING.sample_points(3, v),
    "tiling to_shapely": TILING.to_shapely,
    "tiling save": TILING.save,
    "tiling export": TILING.export,
    "tile contains": TILING[0].contains,
    "tile inequalities": lambda v: TILING[0].inequalities(digits=v),
    "merged locate": lambda v: TILING.merged().contains(v),
    "merged_polyhedra": lambda v: merged_polyhedra([BOX, v]),
    "LatentPlane vertices": lambda v: LatentPlane(v, EYE, ZERO),
    "LatentPlane weight": lambda v: LatentPlane.from_coordinates([(0, 0), (1, 0), (0, 1)], v, ZERO),
    "LatentPlane active": lambda v: LatentPlane.from_coordinates([(0, 0), (1, 0), (0, 1)], EYE, ZERO).active(v),
    "LatentPlane window": lambda v: pr.LatentPlane([(0, 0), (1, 0), (0, 1)], EYE, ZERO, window=v),
    "LatentCube half width": lambda v: LatentCube(None, [[1, 0, 0]], [0], v),
    "feature_zones network": pr.feature_zones,
    "feature_zones features": lambda v: pr.feature_zones(CLASSIFIER, v, BOX),
    "feature_zones feature": lambda v: pr.feature_zones(CLASSIFIER, [v], BOX),
    "feature_zones domain": lambda v: pr.feature_zones(NET, domain=v) if v is not None else None,
    "feature_zones box": lambda v: pr.feature_zones(NET, box=v) if v is not None else None,
    "latent_plane plane_points": lambda v: pr.latent_plane(v, EYE, EYE),
    "latent_plane W_enc": lambda v: pr.latent_plane(CORNERS, v, EYE),
    "latent_plane W_dec": lambda v: pr.latent_plane(CORNERS, EYE, v),
    "latent_plane bias": lambda v: pr.latent_plane(CORNERS, EYE, EYE, v),
    "latent_plane window": lambda v: pr.latent_plane(CORNERS, EYE, EYE, window=v),
    "SegmentablePlane W": lambda v: pr.SegmentablePlane(CORNERS, v),
    "SegmentablePlane plane_points": lambda v: pr.SegmentablePlane(v, EYE),
    "SegmentableCube basis_vectors": lambda v: pr.SegmentableCube(v, [[1, 0, 0]]),
    "get_rigged_bias num_dims": pr.get_rigged_bias,
    "get_unit_2d_vectors_regularly_spaced num_vecs": pr.get_unit_2d_vectors_regularly_spaced,
    "segment_and_plot Z": lambda v: pr.segment_and_plot(CORNERS, EYE, EYE, Z=v),
    "segment_and_plot plot_title": lambda v: pr.segment_and_plot(CORNERS, EYE, EYE, plot_title=v),
    "segment_and_plot ax": lambda v: pr.segment_and_plot(CORNERS, EYE, EYE, ax=v),
    "tiling plot": TILING.plot,
    "verify target": lambda v: pr.verify(NET, v, domain=BOX),
    "verify domain": lambda v: pr.verify(NET, TARGET, domain=v),
    "Statement.of target": lambda v: pr.Statement.of(NET, v),
    "explore features": lambda v: pr.explore(NET, v),
    "explore box": lambda v: pr.explore(NET, box=v),
    "film checkpoints": pr.film,
    "film one checkpoint": lambda v: pr.film([v]),
    "film box": lambda v: pr.film([NET], box=v),
    "film names": lambda v: pr.film([NET], names=v),
    "preimage workers": lambda v: pr.preimage(NET, TARGET, BOX, workers=v),
    "some_input workers": lambda v: pr.some_input(NET, TARGET, BOX, workers=v),
    "verify workers": lambda v: pr.verify(NET, PROPERTY, workers=v),
    "tiling sample_points n": TILING.sample_points,
}


@pytest.mark.parametrize("call", CALLS)
def test_hostile_arguments_are_refused_or_answered(call, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    request.addfinalizer(lambda: pyplot.close("all"))
    raw = {}
    for name, value in NUMBERS.items():
        try:
            with soon():
                CALLS[call](value)
        except pr.PolyreluError as error:
            assert len(str(error)) < 2000, name
        except Exception as error:
            raw[name] = repr(error)[:200]
    assert not raw


def test_every_public_name_is_called():
    called = {name.split()[0] for name in CALLS}
    public = {name: getattr(pr, name) for name in pr.__all__}
    errors = {name for name, one in public.items() if isinstance(one, type) and issubclass(one, Exception | Warning)}
    returned = {
        "Measure",
        "Slice",
        "Statement",
        "StoredTiling",
        "Nearest",
        "Verdict",
        "Verification",
        "Property",
        "FaceSearch",
        "Tile",
        "Tiling",
        "Halfspace",
    }
    assert public.keys() - called - errors - returned == set()


def test_what_was_reported():
    tiling = pr.preimage(NET, TARGET, BOX)
    assert tiling.nearest([10**400, 1]).distance == 10**400 - 1
    (only,) = pr.preimage(POINT_NET, TARGET)
    assert only.dim == 0
    for norm in ("linf", "l1", "l2"):
        found = pr.preimage(POINT_NET, TARGET).nearest([], norm)
        assert (found.point, found.distance, found.attained) == ((), 0, True)
    assert pr.verify(NET, PROPERTY, timeout=10**400).status == "violated"
    assert pr.verify(NET, PROPERTY, timeout=math.inf).status == "violated"


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind(value):
    found = whole_number(value, "f: n", 0, 5)
    assert (found, type(found)) == (3, int)


NO_WHOLE_NUMBERS = [
    (-1, r"^f: n: -1 is out of range; pass an int from 0 to 5$"),
    (6, r"^f: n: 6 is out of range"),
    (10**5000, r"^f: n: 1000\d*\.\.\.0+ \(5001 characters\) is out of range"),
    (3.0, r"^f: n: 3.0 of type float is not a whole number; pass an int from 0 to 5$"),
    (True, r"^f: n: True of type bool is not a whole number"),
    ("3", r"^f: n: '3' of type str is not a whole number"),
    (np.array([1, 2]), r"^f: n: array\(\[1, 2\]\) of type ndarray is not a whole number"),
]


def test_what_is_no_whole_number_is_named():
    for value, message in NO_WHOLE_NUMBERS:
        with pytest.raises(pr.InputError, match=message):
            whole_number(value, "f: n", 0, 5)


def test_time_limits():
    for value, found in ((None, math.inf), (math.inf, math.inf), (10**400, math.inf), (10**5000, math.inf), (2, 2.0)):
        assert seconds(value, "f: timeout") == found


def test_what_is_no_time_limit_is_named():
    values: list[object] = [0, -1, math.nan, Decimal("NaN"), Decimal("sNaN"), "5", True, -(10**5000), [], int]
    for value in values:
        with pytest.raises(pr.InputError, match=r"^f: timeout: the time limit is .* seconds; pass a positive number"):
            seconds(value, "f: timeout")


def test_dimensions_have_a_limit():
    assert pr.Polyhedron.whole_space(MOST_DIMENSIONS).ambient_dim == MOST_DIMENSIONS
    with pytest.raises(pr.InputError, match="out of range; pass an int from 0 to 1000000"):
        pr.Polyhedron.whole_space(MOST_DIMENSIONS + 1)
