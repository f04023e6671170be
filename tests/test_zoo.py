"""Every public verb over every specimen of the zoo: a value that obeys a law, or a refusal in words, and in time."""

import copy
import hashlib
import itertools
import pickle
import tempfile
from fractions import Fraction
from types import FunctionType

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.analysis.zones import zone_table
from polyrelu.certificates import checker
from polyrelu.engines.registry import METHODS
from polyrelu.networks.properties import Disjunct
from polyrelu.polyhedra.faces import faces
from tests import zoo
from tests.strategies import witnesses


class Laws(dict):
    """The laws of one kind of specimen, by the names of the verbs that each is about."""

    def about(self, *names):
        def add(law):
            self[names] = law
            return law

        return add

    def names(self):
        return set(itertools.chain.from_iterable(self))

    def over(self, specimens):
        return pytest.mark.parametrize(
            ("law", "name"),
            list(itertools.product(self.values(), specimens)),
            ids=lambda one: getattr(one, "__name__", one),
        )


OF_POLYHEDRA, OF_NETWORKS, OF_TILINGS, OF_STATEMENTS, OF_WINDOWS = Laws(), Laws(), Laws(), Laws(), Laws()


pytestmark = pytest.mark.usefixtures("in_time")


def refused(when, error, ask, *args, **options):
    """None where a question has no answer, and is refused in words; otherwise the answer."""
    if not when:
        return ask(*args, **options)
    with pytest.raises(error, match=r"\w+: \w.*"):
        ask(*args, **options)
    return None


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")} - {"also_carried", "latest", "once"}


def euler(counts):
    return sum((-1) ** dim * count for dim, count in counts)


# -- polyhedra ----------------------------------------------------------------------------------------------------

INNER = {  # what the rooms ask of one another, tested there
    *(
        "contains_certified",
        "from_canonical",
        "known_point",
        "lift",
        "lower",
        "sides",
        "unfixed",
    ),
}
law = OF_POLYHEDRA.about


def halves(P):
    """A polyhedron on both sides of a plane through its inside."""
    row = [1] * P.ambient_dim
    middle = sum(P.relative_interior_point()) if not P.is_empty() else 0
    return P & pr.Polyhedron([row], [middle]), P & pr.Polyhedron([[-v for v in row]], [-middle], strict=True)


@law("dim", "is_full_dimensional", "is_empty", "ambient_dim")
def dimensions(P):
    flat = sum(row.relation == "==" for row in P.canonical().halfspaces)
    assert P.dim == (-1 if P.is_empty() else P.ambient_dim - flat)
    assert P.is_full_dimensional() == (P.dim == P.ambient_dim)
    assert P.is_empty() == (not P.vertices)


@law("contains", "contains_floats")
def membership(P):
    for x in witnesses(P):
        assert P.contains(x) == (x in P) == all(row.holds(x) for row in P.halfspaces)
    xs = np.array([[0.0, 1.0, -1.0, 1e300, 5e-324][(i + j) % 5] for i in range(5) for j in range(P.ambient_dim)])
    xs = xs.reshape(5, P.ambient_dim)
    expected = [P.contains(list(map(Fraction, x))) for x in xs.tolist()]
    assert P.contains(xs).tolist() == P.contains_floats(xs).tolist() == expected
    refused(True, pr.DimensionError, P.contains, [0] * (P.ambient_dim + 1))


@law("generators", "vertices", "rays", "lines", "from_generators")
def generators(P):
    assert (P.vertices, P.rays, P.lines) == tuple(P.generators)
    assert pr.Polyhedron.from_generators(P.vertices, P.rays, P.lines, P.ambient_dim) == P.closure()
    assert all(map(P.closure().contains, P.vertices))


@law("halfspaces", "A", "b", "strict", "equalities", "is_closed_form", "from_halfspaces")
def representations(P):
    assert pr.Polyhedron.from_halfspaces(P.halfspaces, P.ambient_dim) == P
    assert pr.Polyhedron(P.A, P.b, P.strict, P.equalities, P.ambient_dim) == P
    assert P.is_closed_form == (not P.strict.any())


@law("canonical", "irredundant")
def canonical_forms(P):
    for same in (P.canonical(), P.irredundant()):
        assert same == P
        assert hash(same) == hash(P)
        assert len(same.halfspaces) <= max(len(P.halfspaces), P.is_empty())
    assert P.canonical().canonical().halfspaces == P.canonical().halfspaces


@law("facets")
def facets_of_polyhedra(P):
    for row in P.facets:
        plane = pr.Polyhedron.from_halfspaces([row.boundary()], P.ambient_dim)
        assert (P.closure() & plane).dim == P.dim - 1
        assert (P & plane).is_empty() == (row.relation == "<") or row.relation == "<="


@law("is_bounded")
def boundedness(P):
    assert P.is_bounded() == (not P.rays and not P.lines)


@law("intersection")
def intersections(P):
    d = P.ambient_dim
    assert P.intersection() == P & P == P & pr.Polyhedron.whole_space(d) == P
    assert (P & pr.Polyhedron.empty(d)).is_empty()


@law("difference")
def differences(P):
    d = P.ambient_dim
    assert P.difference(P) == pr.Polyhedron.empty(d).difference(P) == P.difference(pr.Polyhedron.whole_space(d)) == ()
    below, above = halves(P)
    assert sorted(P.difference(below), key=repr) == [above] * (not above.is_empty())
    outside = pr.Polyhedron.whole_space(d).difference(P)
    assert all((piece & P).is_empty() for piece in outside)
    assert all((one & two).is_empty() for one, two in itertools.combinations(outside, 2))


@law("is_subset")
def subsets(P):
    assert P.is_subset(P.closure())
    assert pr.Polyhedron.empty(P.ambient_dim).is_subset(P)
    assert all(half.is_subset(P) for half in halves(P))
    assert P.is_subset(halves(P)[0]) == halves(P)[1].is_empty()


@law("closure")
def closures(P):
    assert P.closure().closure() == P.closure()
    assert P.closure().is_closed_form
    assert P.closure().generators == P.generators


@law("affine_image", "affine_preimage")
def affine_maps(P):
    d = P.ambient_dim
    shear, shift = [[int(i == j) + 2 * (j == i + 1) for j in range(d)] for i in range(d)], list(range(d))
    assert P.affine_image(shear, shift).affine_preimage(shear, shift, dim=d) == P
    everything = pr.Polyhedron.empty if P.is_empty() else pr.Polyhedron.whole_space
    assert P.affine_image([], []) == everything(0)
    if not P.is_empty():
        x = P.sample_point()
        assert P.affine_preimage([[0, 0]] * d, x, dim=2) == pr.Polyhedron.whole_space(2)
        assert P.affine_image([[0] * d], [7]) == pr.Polyhedron.box([7], [7])


@law("plus_cone")
def sums_with_cones(P):
    d = P.ambient_dim
    unit = [[int(i == j) for j in range(d)] for i in range(d)]
    assert P.plus_cone([]) == P.plus_cone(P.rays, P.lines) == P
    assert P.plus_cone([], unit) == (P if P.is_empty() else pr.Polyhedron.whole_space(d))


@law("sample_point", "relative_interior_point", "simple_point")
def points(P):
    for ask in (P.sample_point, P.relative_interior_point, P.simple_point):
        x = refused(P.is_empty(), pr.EmptySetError, ask)
        assert x is None or P.contains(x)
    if not P.is_empty():
        for x in (P.relative_interior_point(), P.simple_point()):
            assert all(row.slack(x) > 0 for row in P.facets)


@law("chebyshev_centre")
def centres(P):
    error = pr.EmptySetError if P.is_empty() else pr.UnboundedError
    found = refused(P.is_empty() or not P.is_bounded(), error, P.chebyshev_centre)
    if found is not None:
        centre, radius = found
        assert (radius > 0) == (P.is_full_dimensional() and P.ambient_dim > 0)
        assert pr.Polyhedron.box([x - radius for x in centre], [x + radius for x in centre]).is_subset(P.closure())


@law("volume")
def volumes_of_polyhedra(P):
    size = refused(P.is_full_dimensional() and not P.is_bounded(), pr.UnboundedError, P.volume)
    if size is not None:
        assert (size > 0) == P.is_full_dimensional()
        assert sum(half.volume() for half in halves(P)) == size


@law("inequalities")
def texts(P):
    names = [f"x{i}" for i in range(P.ambient_dim)]
    shown = P.inequalities()
    assert shown == P.inequalities(names)
    if shown and P.ambient_dim:
        assert pr.parse(" and ".join(shown), P.ambient_dim, names=["x"]) == P
    assert len(P.inequalities(digits=3)) == len(shown)
    assert repr(P).startswith(f"Polyhedron(R^{P.ambient_dim}: ")


@law("box", "whole_space", "empty")
def named_sets(P):
    if P.is_bounded() and not P.is_empty():
        low, high = ([side(x) for x in zip(*P.vertices, strict=True)] for side in (min, max))
        assert P.is_subset(pr.Polyhedron.box(low, high))
    assert P.is_subset(pr.Polyhedron.whole_space(P.ambient_dim))


@law("copies")
def copies_of_polyhedra(P):
    assert pickle.loads(pickle.dumps(P)) == copy.deepcopy(P) == P


@law("faces")
def faces_of_polyhedra(P):
    """The Euler relation: 1 for a bounded set, 0 for one that is only pointed, and each line changes the sign."""
    if not P.is_empty():
        total = euler((face.dim, 1) for face in faces(P))
        assert total == (-1) ** len(P.lines) * (not P.rays)


@law("unrelu", "unrelu_by_substitution", "face_search")
def unrelus(P):
    d = P.ambient_dim
    if d > 4:
        return
    mixed, shift = (
        [[int(i == j) - 2 * (j == i + 1) for j in range(d)] for i in range(d)],
        [Fraction(i, 3) for i in range(d)],
    )
    pieces = [set(ask(P, mixed, shift)) for ask in (pr.unrelu, pr.unrelu_by_substitution, pr.face_search)]
    assert pieces[0] == pieces[1] == pieces[2]
    layer = pr.Network([(mixed, shift)], relu=[True])
    for _, piece in pieces[0]:
        assert all(P.contains(layer([x])[0]) for x in filter(piece.contains, witnesses(piece)))


@OF_POLYHEDRA.over(zoo.POLYHEDRA)
def test_polyhedra(law, name):
    law(zoo.POLYHEDRA[name])


# -- networks -----------------------------------------------------------------------------------------------------

law = OF_NETWORKS.about


def around(network):
    """A box for a network in which its neurons bend: of few free inputs, and of the size of their numbers."""
    d = network.input_dim
    return pr.Polyhedron.box([-1] * min(d, 3) + [0] * (d - 3), [1] * min(d, 3) + [0] * (d - 3))


def exact_share(tiling):
    share = tiling.share(exact=True)
    assert isinstance(share, Fraction)
    return share


def inputs_of(network):
    d = network.input_dim
    return [tuple(Fraction((i * j) % 5 - 2, i) for j in range(d)) for i in range(1, 5)]


@law("evaluate", "evaluate_with_bound", "__call__", "maps_into")
def values(network):
    xs = np.array([list(map(float, x)) for x in inputs_of(network)]).reshape(4, network.input_dim)
    exact = network.evaluate([tuple(map(Fraction, x)) for x in xs.tolist()])
    assert [tuple(row) for row in network([list(map(Fraction, x)) for x in xs.tolist()])] == list(exact)
    found, radius = network.evaluate_with_bound(xs)
    for row in zip(exact, found.tolist(), radius.tolist(), strict=True):
        for value, nearby, bound in zip(*row, strict=True):
            assert bound == np.inf or abs(value - Fraction(nearby)) <= Fraction(bound)
    target = pr.inactive(0, network.output_dim)
    assert pr.maps_into(network, target, xs).tolist() == [row[0] <= 0 for row in exact]


@law("activation_pattern", "affine_map", "neuron_count", "layers", "widths", "input_dim", "output_dim", "input_names")
def affine_pieces(network):
    for x in inputs_of(network):
        bits = network.activation_pattern(x)
        assert sum(map(len, bits)) == network.neuron_count
        matrix, shift = network.affine_map(bits)
        value = tuple(
            sum((a * b for a, b in zip(row, x, strict=True)), c) for row, c in zip(matrix, shift, strict=True)
        )
        assert value == network.evaluate([x])[0]
    assert network.widths == (network.input_dim, *(layer.output_dim for layer in network.layers))
    assert network.widths[-1] == network.output_dim
    assert network.input_names == tuple(f"x{j}" for j in range(network.input_dim))


@law("split", "__getitem__")
def halves_of_networks(network):
    for at in range(1, len(network.layers)):
        first, second = network.split(at)
        assert (first, second) == (network[:at], network[at:])
        assert second.evaluate(first.evaluate(inputs_of(network))) == network.evaluate(inputs_of(network))


@law("summary")
def summaries(network):
    text = str(network.summary())
    assert f"R^{network.input_dim} -> R^{network.output_dim}, {network.neuron_count} ReLU neuron" in text
    assert repr(network).startswith("Network(")


@law("with_inputs")
def inputs_beside_outputs(network):
    both, point = network.with_inputs(), tuple(Fraction(k + 1, 3) for k in range(network.input_dim))
    assert both.evaluate([point])[0] == network.evaluate([point])[0] + point
    assert both.activation_pattern(point) == network.activation_pattern(point)


@law("slice", "plane_through")
def slices(network):
    """On the line through two points the network is what it is there."""
    dim = network.input_dim
    start, end = [Fraction(k + 1, 3) for k in range(dim)], [Fraction(2 - k, 5) for k in range(dim)]
    line = refused(start == end, pr.InputError, lambda: network.slice(*pr.plane_through(start, end)))
    if line is not None:
        assert line.evaluate([(Fraction(0),), (Fraction(1),)]) == network.evaluate([tuple(start), tuple(end)])
        assert line.coordinates(end) == (1,)


@law("linear_regions")
def regions(network):
    """Every engine finds the same, and it fills the box."""
    domain = around(network)
    found = [pr.linear_regions(network, domain, method) for method in METHODS]
    assert (
        len({tuple(zip(tiling.patterns, (tile.polyhedron for tile in tiling), strict=True)) for tiling in found}) == 1
    )
    assert found[0].share(exact=True) == 1
    assert all(map(pr.check_tiling, found[:1]))


@law("count", "measure", "fold")
def looked_at_and_forgotten(network):
    """Numbers about tiles are those of the tiling that keeps them, however little a task does."""
    domain = around(network)
    tiling = pr.linear_regions(network, domain)
    found = pr.measure(network, None, domain)
    assert pr.count(network, None, domain, cuts=7) == found.tiles == len(tiling)
    assert found.share.high == 1
    assert pr.fold(network, None, domain, lambda some: list(some.patterns), list.__add__) == list(tiling.patterns)


@law("Run", "StoredTiling", "open_tiling", "join")
def kept_on_disk(network):
    """What a run leaves in its directory is the tiling, however little a task does."""
    domain = around(network)
    with tempfile.TemporaryDirectory() as folder:
        pr.Run(folder, network, None, domain, cuts=7).work()
        found, tiling = pr.open_tiling(folder), pr.linear_regions(network, domain)
        assert isinstance(found, pr.StoredTiling)
        assert found.patterns == tiling.patterns == pr.join([folder]).patterns
        assert [len(zone) for zone in found.zones()] == [len(zone) for zone in tiling.zones()]
        assert not pr.Run(folder).check()


@law("preimage", "active", "inactive")
def halves_of_outputs(network):
    domain = around(network)
    parts = [pr.preimage(network, half(0, network.output_dim), domain) for half in (pr.active, pr.inactive)]
    assert sum(map(exact_share, parts)) == 1
    assert all(map(pr.check_tiling, parts))


@law("feature_zones")
def zones_of_features(network):
    """Each is a preimage, whatever the feature and the domain are called."""
    domain, m = around(network), network.output_dim
    zones = pr.feature_zones(network, domain=domain)
    assert list(zones) == list(range(m))
    for i, tiling in zones.items():
        assert as_set(tiling) == as_set(pr.preimage(network, f"y{i} > 0", domain))
        (same,) = pr.feature_zones(network, f"y_{i}", box=1).values()
        assert as_set(same) == as_set(pr.feature_zones(network, [i], box=1)[i])
        assert all(value > 0 for value in (network(tile.point())[i] for tile in tiling))
    refused(True, pr.InputError, pr.feature_zones, network, m)


@law("wins", "level", "between", "parse", "verify", "before_final")
def targets(network):
    m, domain = network.output_dim, around(network)
    winners = [exact_share(pr.preimage(network, pr.wins(k, m, strict=True), domain)) for k in range(m)]
    assert sum(winners) <= 1
    assert all(pr.before_final(pr.wins(k, m), "Softmax") == pr.wins(k, m) for k in range(1, m))
    value = network.evaluate([tuple(domain.simple_point())])[0][0]
    for target in (pr.level(0, value, m), pr.between(0, value, value + 1, m), pr.parse(f"y0 == {value}", m)):
        assert pr.preimage(network, target, domain).contains(domain.simple_point())
        unwanted = pr.Property(network.input_dim, m, (Disjunct(domain, (target,)),))
        verdict = pr.verify(network, unwanted)
        assert verdict.status == "violated"
        assert target.contains(network.evaluate([verdict.point])[0])


@law("decision_boundary")
def decision_boundaries(network):
    """Along the way between two classes there is a piece, a tie, or a point at which they touch."""
    domain, m = around(network), network.output_dim
    found = pr.decision_boundary(network, domain=domain, keep="all")
    assert len(found.targets) == max(m * (m - 1) // 2, 1)
    for tile in found:
        y = network.evaluate([tile.inner_point()])[0]
        assert found.targets[tile.target_index].contains(y)
        assert tile.polyhedron.is_subset(domain)
    for boundary in (pr.decision_boundary(network, domain=domain), found):
        thin = [tile for tile in boundary if tile.dim == domain.dim - 1]
        assert len(thin) == len(found) - found.stats["ties"] - found.stats["touching"]
    refused(True, pr.InputError, pr.decision_boundary, network, m)
    if m <= 2:
        assert pr.check_tiling(found)


@law("copies")
def copies_of_networks(network):
    again = pickle.loads(pickle.dumps(network))
    assert again.widths == network.widths
    assert [again.evaluate([x]) for x in inputs_of(network)] == [network.evaluate([x]) for x in inputs_of(network)]


@law("film", "explore")
def watched(network):
    """Islands are the zones that features have one by one; a checkpoint again is the same islands."""
    window = pr.Polyhedron.box([-1, -1], [1, 1])
    film = refused(network.input_dim != 2, pr.DimensionError, pr.film, [network, network], box=1)
    if film is None:
        refused(True, pr.DimensionError, pr.explore, network)
        return
    assert film.tracks[0] == film.tracks[1]
    assert not film.events
    (found, _) = film.frames
    for place, i in enumerate(found.features):
        zone = pr.preimage(network, pr.Polyhedron([[-int(i == j) for j in found.features]], [0], strict=True), window)
        assert found.exact_area(i) == sum(tile.polyhedron.volume() for tile in zone if tile.dim == 2)
        islands = [sum((tile.polyhedron.volume() for tile in island), Fraction(0)) for island in zone.zones()]
        own = [Fraction(found.tiling.select(cells).volume(exact=True)) for cells in found.islands[place]]
        assert sorted(filter(None, islands)) == sorted(own)


@law("output_range")
def ranges(network):
    """No point of a box has an output beyond the range, and both ends are attained."""
    domain = around(network)
    found = pr.output_range(network, domain)
    values = [value[0] for value in network.evaluate([domain.relative_interior_point(), *domain.vertices])]
    assert found.minimum.value <= min(values)
    assert max(values) <= found.maximum.value
    for end in (found.minimum, found.maximum):
        assert domain.contains(end.point)
        assert network.evaluate([end.point])[0][0] == end.value


@law("nearest_input")
def nearest_inputs(network):
    """The nearest input with a large output is that of the box: nothing is nearer than its tiles."""
    domain, start = around(network), [Fraction(-1, 2)] * network.input_dim
    target = pr.Polyhedron([[-1] + [0] * (network.output_dim - 1)], [Fraction(-1, 4)])
    tiling = pr.preimage(network, target, domain)
    found = refused(not len(tiling), pr.EmptySetError, pr.nearest_input, network, target, start, domain)
    if found is not None:
        assert found.distance == tiling.nearest(start).distance
        assert tiling.contains(found.point)


@OF_NETWORKS.over(zoo.NETWORKS)
def test_networks(law, name):
    law(zoo.NETWORKS[name])


# -- tilings ------------------------------------------------------------------------------------------------------

law = OF_TILINGS.about


def full(tiling):
    return [tile.polyhedron for tile in tiling if tile.polyhedron.is_full_dimensional()]


def is_unbounded(tiling):
    return any(tile.polyhedron.rays or tile.polyhedron.lines for tile in tiling)


def as_set(tiling):
    return {(tile.pattern, tile.target_index, tile.polyhedron) for tile in tiling}


def total(tiling):
    return sum((P.volume() for P in full(tiling)), Fraction(0))


def origin(tiling):
    return [0] * tiling.domain.ambient_dim


@law("check_tiling", "complete", "network", "targets", "domain", "method", "stats", "parts", "chosen")
def right_answers(tiling):
    verdict = pr.check_tiling(tiling)
    assert verdict.ok == tiling.complete
    assert verdict.kind == ("verified" if tiling.complete else "missing")
    assert tiling.stats["tiles"] >= len(tiling)
    assert tiling.method in METHODS


@law("tiles", "patterns", "places")
def tiles(tiling):
    assert tiling.patterns == tuple(tile.pattern for tile in tiling)
    for tile in tiling:
        P = tile.polyhedron
        assert tile.dim == P.dim >= 0
        assert P.is_subset(tiling.domain)
        assert P.canonical().halfspaces == P.halfspaces
        for x in (tile.point(), tile.inner_point()):
            assert tile.contains(x)
            assert all(row.slack(x) > 0 for row in P.facets)
            outputs, matrix, shift = tile.affine_map()
            value = tiling.network.evaluate([x])[0]
            assert tiling.targets[tile.target_index].contains(value)
            for k, row, c in zip(outputs, matrix, shift, strict=True):
                assert sum((a * b for a, b in zip(row, x, strict=True)), c) == value[k]
        rounded, radius = tile.float_vertices()
        for vertex, floats, bound in zip(P.vertices, rounded.tolist(), radius.tolist(), strict=True):
            assert bound == np.inf or all(
                abs(a - Fraction(b)) <= Fraction(bound) for a, b in zip(vertex, floats, strict=True)
            )
        assert tile.inequalities() == P.inequalities()
        assert repr(tile).startswith(f"Tile({tile.pattern!r}, dim {tile.dim}, ")
        assert pickle.loads(pickle.dumps(tile)).polyhedron == P


@law("locate", "contains")
def location(tiling):
    for x in [origin(tiling), *(x for tile in tiling for x in witnesses(tile.polyhedron)[:8])]:
        first = next((i for i, tile in enumerate(tiling) if tile.contains(x)), -1)
        assert tiling.locate(x) == first
        assert tiling.contains(x) == (first >= 0)
    near = [tile.float_vertices()[0] for tile in tiling]
    xs = np.concatenate([np.zeros((1, tiling.domain.ambient_dim)), *near])
    xs = xs[np.isfinite(xs).all(axis=1)]
    expected = [tiling.locate(list(map(Fraction, x))) for x in xs.tolist()]
    assert tiling.locate(xs).tolist() == expected
    assert tiling.contains(xs).tolist() == [i >= 0 for i in expected]


@law("select", "index", "count")
def selections(tiling):
    half = tiling.select(range(0, len(tiling), 2))
    assert half.patterns == tiling[::2].patterns == tiling.patterns[::2]
    assert half.complete == (tiling.complete and len(half) == len(tiling))
    if len(tiling):
        assert tiling.index(tiling[-1]) == len(tiling) - 1
        assert tiling.count(tiling[0]) == 1
        refused(True, pr.InputError, tiling.select, [0, 0])
    with pytest.raises(IndexError):
        tiling[len(tiling)]


@law("divide", "divided", "by_source")
def parts(tiling):
    halves = list(tiling.divide([range(0, len(tiling), 2), range(1, len(tiling), 2)]))
    assert sorted(pattern for half in halves for pattern in half.patterns) == sorted(tiling.patterns)
    assert [half.divided for half in halves] == [len(tiling)] * 2
    assert tiling.divided == 0
    numbers = np.concatenate([own for _, _, own in tiling.by_source()] or [np.arange(0)])
    assert sorted(numbers.tolist()) == list(range(len(tiling)))
    for source, local, own in tiling.by_source():
        assert all(tiling[k].source is source and tiling[k].number == i for i, k in zip(local, own, strict=True))


@law("table", "rows")
def tables(tiling):
    for digits in (None, 3):
        lines = tiling.table(limit=2, digits=digits).splitlines()
        assert len(lines) == 1 + min(len(tiling), 2) + (len(tiling) > 2)
        assert len(list(tiling.rows(digits=digits))) == min(len(tiling), 20)
    assert repr(tiling).startswith(f"Tiling({len(tiling)} tiles in R^{tiling.domain.ambient_dim}")


@law("adjacency", "to_networkx", "shared_facet")
def graphs(tiling):
    graph = tiling.to_networkx()
    assert list(graph) == list(range(len(tiling)))
    assert set(graph.edges) == set(tiling.adjacency().edges)
    for i, j in graph.edges:
        shared = tiling.shared_facet(i, j)
        assert shared == tiling.shared_facet(j, i)
        assert shared.dim >= min(tiling[i].dim, tiling[j].dim) - 1
    assert set(graph.edges) <= set(tiling.adjacency(contact=0).edges)


@law("facets")
def facets_of_tiles(tiling):
    for i, tile in enumerate(tiling):
        found = refused(tile.dim < tiling.domain.dim, pr.InputError, tiling.facets, i)
        if found is not None:
            assert {facet.row for facet in found} == set(tile.polyhedron.facets)
            assert all(i in graph_neighbours(tiling, j) for facet in found for j in facet.neighbours)


def graph_neighbours(tiling, i):
    return set(tiling.adjacency()[i])


@law("boundary")
def boundaries(tiling):
    for facet in tiling.boundary():
        tile = tiling[facet.tile]
        assert facet.polyhedron.dim == tile.dim - 1
        assert facet.polyhedron.is_subset(tile.polyhedron.closure())
        assert not any(facet.polyhedron.is_subset(tiling[j].polyhedron) for j in range(len(tiling)) if j != facet.tile)
    if tiling.complete and tiling.targets == (pr.Polyhedron.whole_space(tiling.network.output_dim),):
        assert {facet.kind for facet in tiling.boundary()} <= {"domain"}


@law("zones", "zone_table")
def zones(tiling):
    for contact in (None, 0):
        found = tiling.zones(contact)
        assert sum(map(len, found)) == len(tiling)
        assert set().union(*map(as_set, found)) == as_set(tiling)
        for sort in ("volume", "tiles"):
            assert sorted(map(len, tiling.zones(contact, sort))) == sorted(map(len, found))
    assert len(tiling.zones(0)) <= len(tiling.zones())
    assert len(zone_table(tiling).splitlines()) == 1 + len(tiling.zones())


@law("is_bounded")
def boundedness_of_tilings(tiling):
    assert tiling.is_bounded() == (not is_unbounded(tiling))


@law("f_vector", "euler_characteristic", "betti_numbers")
def topology(tiling):
    counts, betti = tiling.f_vector(), tiling.betti_numbers()
    assert len(counts) == tiling.domain.ambient_dim + 1
    assert len(betti) == max(tiling.domain.ambient_dim, 1)
    assert tiling.euler_characteristic() == euler(enumerate(betti))
    assert betti[0] == len(tiling.zones(contact=0))
    if len(tiling) == 1:
        assert betti == (1, *betti[1:])
        assert not any(betti[1:])
    closed = all(tile.polyhedron.is_closed_form for tile in tiling)
    if len(tiling.parts) == 1 and closed and not is_unbounded(tiling):
        assert euler(enumerate(counts)) == tiling.euler_characteristic()


@law("merged")
def merging(tiling):
    fewer = tiling.merged()
    assert sorted(itertools.chain.from_iterable(fewer.members)) == list(range(len(tiling)))
    for piece, members in zip(fewer, fewer.members, strict=True):
        assert all(tiling[i].polyhedron.is_subset(piece) for i in members)
        if piece.is_bounded():
            assert piece.volume() == total(tiling.select(members))
    for tile in tiling:
        assert fewer.contains(tile.inner_point())
        assert fewer[fewer.locate(tile.inner_point())].contains(tile.inner_point())


@law("outline", "to_shapely")
def outlines(tiling):
    planar = tiling.domain.ambient_dim == 2
    error = pr.UnboundedError if planar else pr.DimensionError
    found = refused(not planar or is_unbounded(tiling), error, tiling.outline)
    if found is not None:
        assert [one.area() for one in found] == [total(zone) for zone in tiling.zones()]
    if planar:
        window = zoo.square("1/2")
        clipped = [
            sum((P.volume() for P in (tile.polyhedron & window for tile in zone)), Fraction(0))
            for zone in tiling.zones()
        ]
        assert [one.area() for one in tiling.outline(window)] == clipped
    refused_in_words(
        lambda: pytest.importorskip("shapely") and tiling.to_shapely(), error, pr.RangeError, pr.InputError
    )


@law("volume")
def volumes(tiling):
    unbounded = any(not P.is_bounded() for P in full(tiling))
    exact = refused(unbounded, pr.UnboundedError, tiling.volume, exact=True)
    enclosure = refused(unbounded, pr.UnboundedError, tiling.volume)
    if exact is not None:
        assert exact == total(tiling)
        assert exact in enclosure
        assert sum(zone.volume(exact=True) for zone in tiling.zones()) == exact


@law("share")
def shares(tiling):
    domain = tiling.domain
    error = pr.EmptySetError if domain.is_empty() else pr.UnboundedError
    exact = refused(domain.is_empty() or not domain.is_bounded(), error, tiling.share, exact=True)
    enclosure = refused(domain.is_empty() or not domain.is_bounded(), error, tiling.share)
    if exact is not None:
        assert 0 <= exact <= 1
        assert exact in enclosure
        if domain.is_full_dimensional():
            assert exact * domain.volume() == total(tiling)


@law("undecided", "undecided_parts", "coverage", "coverage_curve", "tiles")
def what_is_decided(tiling):
    domain = tiling.domain
    unknown = not tiling.complete and tiling.undecided_parts is None
    left = refused(unknown, pr.InputError, tiling.undecided)
    error = pr.EmptySetError if domain.is_empty() else pr.UnboundedError
    found = None
    if not unknown:
        assert tiling.complete == (not len(left))
        found = refused(domain.is_empty() or not domain.is_bounded(), error, tiling.coverage, exact=True)
    if found is not None:
        assert found.inside + found.outside + found.undecided == 1
        assert found.inside == tiling.share(exact=True)
        assert all(getattr(found, name) in getattr(tiling.coverage(), name) for name in ("inside", "undecided"))
    everything = (pr.Polyhedron.whole_space(tiling.network.output_dim),)
    if tiling.complete and tiling.targets and tiling.targets != everything:  # those are regions
        again = pr.tiles(tiling.network, list(tiling.targets), domain)
        assert {(tile.pattern, tile.polyhedron) for tile in again} == {(t.pattern, t.polyhedron) for t in tiling}
        if found is not None:
            curve = pr.coverage_curve(tiling.network, list(tiling.targets), domain)
            assert found.inside in curve.moments[-1].coverage.inside


@law("bounding_box")
def bounding_boxes(tiling):
    exact = refused(not len(tiling), pr.EmptySetError, tiling.bounding_box, exact=True)
    floats = refused(not len(tiling), pr.EmptySetError, tiling.bounding_box)
    if exact is not None:
        for k, (low, high) in enumerate(zip(*exact, strict=True)):
            numbers = [vertex[k] for tile in tiling for vertex in tile.polyhedron.vertices]
            assert low <= min(numbers)
            assert max(numbers) <= high
            assert is_unbounded(tiling) or (low, high) == (min(numbers), max(numbers))
            below, above = float(floats[0][k]), float(floats[1][k])
            assert below == -np.inf or Fraction(below) <= low
            assert above == np.inf or high <= Fraction(above)


@law("sample_points")
def samples(tiling):
    if not len(tiling):
        refused(True, pr.EmptySetError, tiling.sample_points, 5)
        return
    ordinary = tiling.domain.is_full_dimensional() and total(tiling) > 0 if not is_unbounded(tiling) else False
    ordinary = ordinary and 1e-30 < total(tiling) < 1e30
    found = (
        tiling.sample_points(5, seed=0)
        if ordinary
        else refused_in_words(
            lambda: tiling.sample_points(5, seed=0), pr.UnboundedError, pr.InputError, pr.InexactError
        )
    )
    if found is not None:
        assert found.shape == (5, tiling.domain.ambient_dim)
        assert tiling.contains(found).all()


def refused_in_words(ask, *errors):
    """The answer, or None where one of some errors is the answer; for questions with several conditions."""
    try:
        return ask()
    except errors as error:
        assert len(str(error)) > 20
        return None


@law("nearest", "nearest_point")
def nearest(tiling):
    for norm, x in itertools.product(("linf", "l1", "l2"), (origin(tiling), [Fraction(7, 3)] * len(origin(tiling)))):
        found = refused(not len(tiling), pr.EmptySetError, tiling.nearest, x, norm)
        if found is not None:
            assert tiling[found.tile].polyhedron.closure().contains(found.point)
            assert found.attained == tiling.contains(found.point) or found.attained
            off = [abs(a - b) for a, b in zip(found.point, x, strict=True)]
            lengths = {"linf": max(off, default=Fraction(0)) ** 2, "l1": sum(off) ** 2, "l2": sum(v * v for v in off)}
            assert found.squared_distance == lengths[norm]
            assert not tiling.contains(x) or found.squared_distance == 0


@law("image")
def images(tiling):
    sets = tiling.image()
    assert bool(sets) == bool(len(tiling))
    for tile in tiling:
        value = tiling.network.evaluate([tile.point()])[0]
        assert any(one.contains(value) for one in sets)


@law("export")
def exporting(tiling, folder):
    spaces = {".svg": 2, ".geojson": 2, ".obj": 3, ".ply": 3, ".gltf": 3, ".glb": 3}
    for suffix in (".ine", ".ext", *spaces):
        file = folder / f"tiling{suffix}"
        dim = spaces.get(suffix, tiling.domain.ambient_dim)
        if dim != tiling.domain.ambient_dim:
            refused(True, pr.DimensionError, tiling.export, file)
        elif suffix in spaces and is_unbounded(tiling):
            refused(True, pr.UnboundedError, tiling.export, file)
        else:
            refused_in_words(lambda path=file: tiling.export(path), pr.InputError)
            assert file.exists() == (suffix not in spaces or fits_floats(tiling))
            continue
        assert not file.exists()


def fits_floats(tiling):
    numbers = [abs(x) for tile in tiling for vertex in tile.polyhedron.vertices for x in vertex]
    return max(numbers, default=0) < Fraction(2) ** 1024


@law("certificate")
def certificates(tiling, folder):
    answers = tiling.complete and len(tiling.targets) > 0
    written = refused(not answers, pr.InputError, tiling.certificate, folder / "answer.cert")
    if written is None:
        return
    question = (folder / "answer.question.txt").read_bytes()
    proved = checker.check(question, [folder / "answer.cert"])
    full = sum(tile.dim == tiling.domain.dim for tile in tiling)
    flat = len(tiling) - full
    if len(tiling.targets) > 1:
        assert proved.count("target") == len(tiling.targets)  # each alone, where the tiling makes them disjoint
    elif question.count(b"target") == 0:
        assert (proved, flat) == (f"regions: {full}", 0)
    elif tiling.domain.is_empty():
        assert proved == "empty: the domain has no points"
    elif not len(tiling):
        assert proved == "holds: no point of the domain maps into a target"
    else:
        zones = len(tiling.zones()) if not flat else int(proved.split()[-2])
        assert proved == f"preimage: target 0: {full} tiles, {flat} flat parts, {zones} zones"


@law("to_pandas")
def frames(tiling):
    pytest.importorskip("pandas")
    points = [tile.inner_point() for tile in tiling]
    beyond = any(abs(x) >= Fraction(2) ** 1024 for point in points for x in point)
    frame = refused(beyond, pr.RangeError, tiling.to_pandas, exact=True)
    if frame is not None:
        assert list(frame["pattern"]) == list(tiling.patterns)
        assert list(frame["dim"]) == [tile.dim for tile in tiling]


@law("plot")
def pictures(tiling):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    ask = tiling.plot
    if tiling.domain.ambient_dim not in (2, 3):
        refused(True, pr.DimensionError, ask)
    else:
        axes = refused_in_words(ask, pr.InputError, pr.RangeError)
        assert axes is not None or not fits_floats(tiling)
        pyplot.close("all")


@law("show")
def pages(tiling):
    """What a notebook shows; tests/pages open such pages."""
    shown = refused_in_words(tiling._repr_html_, pr.RangeError)
    assert shown.startswith("<iframe") if shown is not None else not fits_floats(tiling)


@law("copies")
def copies_of_tilings(tiling):
    for again in (pickle.loads(pickle.dumps(tiling)), copy.deepcopy(tiling)):
        assert as_set(again) == as_set(tiling)
        assert (again.complete, again.method) == (tiling.complete, tiling.method)


@OF_TILINGS.over(zoo.TILINGS)
def test_tilings(law, name, request):
    asked = law.__code__.co_varnames[: law.__code__.co_argcount]
    law(zoo.tiling(name), *([request.getfixturevalue("tmp_path")] if "folder" in asked else []))


# -- statements ---------------------------------------------------------------------------------------------------

law = OF_STATEMENTS.about


@law("of", "parse", "text", "hash")
def texts_of_statements(_, said):
    again = pr.Statement.parse(said.text)
    assert again == said
    assert again.hash == said.hash == hashlib.sha256(said.text.encode()).hexdigest()
    assert pr.Statement.of(again.network, again.targets, again.domain).text == said.text


@law("network", "targets", "domain")
def what_is_stated(question, said):
    again = pr.Statement.parse(said.text)
    assert again.network == said.network == question.network
    assert again.domain.halfspaces == said.domain.halfspaces
    assert question.domain in (None, again.domain)
    targets = [question.targets] if isinstance(question.targets, pr.Polyhedron) else question.targets
    assert (None if targets is None else tuple(targets)) == again.targets


@law("save", "load")
def files(_, said, folder):
    said.save(folder / "question.txt")
    assert pr.Statement.load(folder / "question.txt") == said


@law("copies")
def copies_of_statements(_, said):
    for again in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):
        assert (again, again.network, again.targets) == (said, said.network, said.targets)


@law("certify", "expand", "write_point")
def evidence_for_statements(question, said, folder):
    said.certify(folder / "answer.cert")
    said.certify(folder / "answer.rows", rows_only=True)
    said.expand(folder / "answer.rows", folder / "again.cert")
    assert (folder / "again.cert").read_bytes() == (folder / "answer.cert").read_bytes()
    found = question.answer()
    if question.targets is not None and len(found):
        said.write_point(found[0].polyhedron.sample_point(), folder / "point")
        proved = checker.check(said.text.encode(), [folder / "point"])
        assert proved.startswith("violated: the point maps into target ")


@OF_STATEMENTS.over(zoo.QUESTIONS)
def test_statements(law, name, tmp_path):
    question = zoo.QUESTIONS[name]
    asked = question.network, question.targets, question.domain
    said = refused(question.targets == [], pr.InputError, pr.Statement.of, *asked)
    if said is not None:
        law(question, said, *([tmp_path] if law in (files, evidence_for_statements) else []))


# -- windows of a latent plane --------------------------------------------------------------------------------------

law = OF_WINDOWS.about


def area(polygons):
    return sum(polygon.area() for polygon in polygons)


@law("latent_plane")
def halves_of_windows(window):
    plane = pr.latent_plane(**window)
    for i in range(plane.feature_count):
        assert area(plane.active(i)) + area(plane.silent(i)) == plane.outline.area()
        assert plane.active(f"h_{i}" if i == 0 else f"y{i}") == plane.active(i)
    assert sum(map(area, plane.regions().values())) == plane.outline.area()
    other = {{"plane_points": "plane_vertices"}.get(name, name): value for name, value in window.items()}
    assert pr.latent_plane(**other) == pr.latent_plane(*window.values()) == plane


@law("hull")
def hulls_of_windows(window):
    plane, hull = pr.latent_plane(**window), pr.latent_plane(**window, window="hull")
    assert hull.plane == plane.plane
    assert set(hull.window) <= set(plane.window)
    assert hull.outline.area() >= plane.outline.area()


@law("SegmentablePlane")
def segmentable_planes(window):
    hull = pr.SegmentablePlane(window["plane_points"], window["W_dec"], window["bias"], window="hull")
    assert len(hull.plane.window) == len(pr.latent_plane(**window, window="hull").window)
    top, bottom = hull.break_into_segments(0)
    assert all(point[0] >= 0 for segment in top for point in segment)
    assert all(point[0] <= 0 for segment in bottom for point in segment)


@law("segment_and_plot")
def pictures_of_windows(window):
    axes = pr.segment_and_plot(**window, Z=2, plot_title="window", window="hull")
    assert (axes.get_xlim(), axes.get_title()) == ((-2, 2), "window")
    pyplot.close("all")


@law("get_unit_2d_vectors_regularly_spaced", "get_rigged_bias")
def rigged_weights(window):
    n = len(window["plane_points"])
    W, b = pr.get_unit_2d_vectors_regularly_spaced(num_vecs=n), pr.get_rigged_bias(num_dims=n)
    assert (W.shape, b.shape) == ((2, n), (n,))
    assert np.hypot(*W) == pytest.approx(1)
    assert W.sum(axis=1) == pytest.approx([0, 0], abs=1e-12)
    assert b == pytest.approx(-W[0, 1])
    plane = pr.latent_plane(W.T @ W + b, W, W.T, b)
    assert all(len(plane.active(i)) <= 1 for i in range(n))


@OF_WINDOWS.over(zoo.WINDOWS)
def test_windows(law, name):
    law(zoo.WINDOWS[name])


# -- nothing is left out ------------------------------------------------------------------------------------------


FILES = {
    "load_network",
    "load_property",
    "load_query",
    "load_tiling",
    "save",
    "save_network",
}  # tests/formats saves and reads all tilings of the zoo


def test_every_verb_has_a_law():
    """A new public name needs a law about it."""
    assert public(pr.Polyhedron) - INNER <= OF_POLYHEDRA.names()
    assert public(pr.Network) - {"from_flax", "from_sklearn", "from_torch"} <= OF_NETWORKS.names()
    assert public(pr.Tiling) - FILES <= OF_TILINGS.names()
    assert public(pr.Statement) <= OF_STATEMENTS.names()
    functions = {name for name in pr.__all__ if isinstance(getattr(pr, name), FunctionType)}
    laws = OF_POLYHEDRA, OF_NETWORKS, OF_TILINGS, OF_WINDOWS
    assert functions - FILES <= set().union(*(some.names() for some in laws))
