from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import decision_boundary as module
from polyrelu.analysis.decision_boundary import KEEP, classes, decision_boundary, meeting
from polyrelu.engines.registry import METHODS
from tests.strategies import domains, networks, points, witnesses

SQUARE = pr.Polyhedron.box([-2, -2], [2, 2])
ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [0, 0]], [0, 0])])  # |x| and 0
THREE_WAYS = pr.Network([([[1], [-1], [0]], [0, 0, 0])])  # x, -x and 0 meet at 0
SILENT = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 0], [0, 1], [0, 0]], [0, 0, -1])])  # relu(x0), relu(x1), -1
SEEDS = (5, 6, 11)  # of random networks with pieces of all three pairs
ENGINES = [method for method in METHODS if method != "auto"]


def random_network(seed, inputs=2, hidden=(6, 5), outputs=3):
    """Floats in general position: no ties, and nothing touches."""
    rng = np.random.default_rng(seed)
    sizes = [inputs, *hidden, outputs]
    return pr.Network([(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in pairwise(sizes)])


def integer_network(seed, outputs=3):
    """Small integers without biases: classes tie on whole cells."""
    rng = np.random.default_rng(seed)
    return pr.Network([(rng.integers(-2, 3, (4, 2)), [0] * 4), (rng.integers(-2, 3, (outputs, 4)), [0] * outputs)])


def best(network, x):
    """The classes with the largest output, exactly."""
    y = network.evaluate([tuple(map(Fraction, x))])[0]
    return tuple(k for k, v in enumerate(y) if v == max(y))


def crossing(network, start, end):
    """A point between two of different classes at which the first class stops to win alone, and the one it meets."""
    first = best(network, start)[0]
    while network.activation_pattern(start) != network.activation_pattern(end):
        middle = tuple((a + b) / 2 for a, b in zip(start, end, strict=True))
        start, end = (middle, end) if best(network, middle) == (first,) else (start, middle)
    y, z = network.evaluate([start])[0], network.evaluate([end])[0]  # between them the outputs are affine
    at = {}
    for k in range(len(y)):
        gap, rise = y[first] - y[k], (z[k] - y[k]) - (z[first] - y[first])
        if k != first and rise > 0:
            at[k] = gap / rise
    other = min(at, key=lambda k: at[k])
    x = tuple(a + at[other] * (b - a) for a, b in zip(start, end, strict=True))
    return x, (min(first, other), max(first, other))


def as_set(tiling):
    return {(tile.pattern, tile.target_index, tile.polyhedron) for tile in tiling}


def polyhedra(tiling):
    return {tile.polyhedron for tile in tiling}


# -- what is in it, and nothing else ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_pieces_are_where_the_classes_meet(seed):
    network = random_network(seed)
    boundary = decision_boundary(network, domain=SQUARE)
    pairs = classes(boundary)
    assert pairs == ((0, 1), (0, 2), (1, 2))
    assert {tile.target_index for tile in boundary} == {0, 1, 2}
    for tile in boundary:
        assert tile.dim == 1
        assert tile.polyhedron.is_subset(SQUARE)
        inner = tile.inner_point()
        assert best(network, inner) == pairs[tile.target_index]
        for x in tile.polyhedron.vertices:
            assert set(best(network, x)) >= set(pairs[tile.target_index])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_crossing_is_in_a_piece_of_its_classes(seed):
    network = random_network(seed)
    boundary = decision_boundary(network, domain=SQUARE)
    rng = np.random.default_rng(seed)
    found = 0
    while found < 40:
        start, end = (tuple(map(Fraction, x)) for x in rng.uniform(-2, 2, (2, 2)).tolist())
        if best(network, start) == best(network, end):
            continue
        x, pair = crossing(network, start, end)
        assert set(best(network, x)) >= set(pair)
        holders = [tile for tile in boundary if tile.contains(x)]
        assert pair in {classes(boundary)[tile.target_index] for tile in holders}
        assert boundary.contains(x)
        found += 1


@settings(max_examples=25)
@given(network=networks(max_inputs=2, max_neurons=5), data=st.data())
def test_all_that_is_kept_is_all_there_is(network, data):
    """Points, and the vertices and centres of the tiles, where mistakes would be; degenerate networks and domains."""
    m, d = network.output_dim, network.input_dim
    domain = data.draw(domains(d))
    everything = decision_boundary(network, domain=domain, keep="all")
    inside = pr.Polyhedron.whole_space(d) if domain is None else domain
    xs = data.draw(st.lists(points(d), min_size=5, max_size=5))
    for x in [*xs, *(w for tile in everything for w in witnesses(tile.polyhedron))]:
        y = network([x])[0]
        meets = y[0] == 0 if m == 1 else len(best(network, x)) > 1
        assert everything.contains(x) == (inside.contains(x) and meets)
    parts = [decision_boundary(network, domain=domain, keep=kind) for kind in ("boundary", "ties", "touching")]
    assert sum(map(len, parts)) == len(everything) == everything.stats["tiles"]
    assert set().union(*map(as_set, parts)) == as_set(everything)
    for part, dims in zip(parts, ((-1, 0), (0, 1), (-d - 1, -1)), strict=True):
        assert all(dims[0] <= tile.dim - inside.dim < dims[1] for tile in part)
        assert (part.stats["ties"], part.stats["touching"]) == (len(parts[1]), len(parts[2]))


@pytest.mark.parametrize("make", [random_network, integer_network])
@pytest.mark.parametrize(("i", "j"), [(0, 1), (2, 0)])
def test_of_two_classes_the_certificate_holds(make, i, j):
    everything = decision_boundary(make(5), i, j, SQUARE, keep="all")
    assert pr.check_tiling(everything)
    assert everything.complete


# -- pairs, classes, and all of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [random_network(5), *map(integer_network, (0, 8, 10))])
@pytest.mark.parametrize("keep", KEEP)
def test_all_pairs_are_the_pairs_one_by_one(network, keep):
    whole = decision_boundary(network, domain=SQUARE, keep=keep)
    pairs = [decision_boundary(network, i, j, SQUARE, keep=keep) for i, j in combinations(range(3), 2)]
    assert polyhedra(whole) == set().union(*map(polyhedra, pairs))
    listed = [{t.polyhedron for t in whole if t.target_index == k} for k in range(3)]
    assert all(own <= polyhedra(pair) for own, pair in zip(listed, pairs, strict=True))


@settings(max_examples=30)
@given(network=networks(max_inputs=2, max_neurons=5), data=st.data())
def test_pairs_of_degenerate_networks(network, data):
    """Whatever coincides: the pieces of all pairs are those of the pairs, each once, and none lies in another."""
    domain = data.draw(domains(network.input_dim))
    whole = decision_boundary(network, domain=domain)
    for one, other in combinations(whole, 2):
        assert not one.polyhedron.is_subset(other.polyhedron)
        assert not other.polyhedron.is_subset(one.polyhedron)
    if network.output_dim > 1:
        every = combinations(range(network.output_dim), 2)
        pairs = [decision_boundary(network, i, j, domain) for i, j in every]
        assert polyhedra(whole) == set().union(*map(polyhedra, pairs))


def test_the_order_of_two_classes_plays_no_part():
    network = random_network(5)
    assert as_set(decision_boundary(network, 2, 1, SQUARE)) == as_set(decision_boundary(network, 1, 2, SQUARE))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", range(3))
def test_the_boundary_of_a_class_bounds_its_region(seed, k):
    network = random_network(seed)
    around = decision_boundary(network, k, domain=SQUARE)
    assert all(k in pair for pair in classes(around))
    assert polyhedra(around) == polyhedra(decision_boundary(network, j=k, domain=SQUARE))
    rest = [decision_boundary(network, k, j, SQUARE) for j in range(3) if j != k]
    assert polyhedra(around) == set().union(*map(polyhedra, rest))
    region = pr.preimage(network, pr.wins(k, 3), SQUARE)
    rim = {part.polyhedron for part in region.boundary() if part.kind == "target"}
    assert rim == polyhedra(around)


def test_a_piece_of_three_classes_is_listed_once():
    whole = decision_boundary(THREE_WAYS)
    assert [(tile.target_index, tile.point()) for tile in whole] == [(0, (0,))]
    assert [len(decision_boundary(THREE_WAYS, i, j)) for i, j in combinations(range(3), 2)] == [1, 1, 1]


# -- what is degenerate -------------------------------------------------------------------------------------------


def test_ties_are_no_boundary_but_are_counted():
    whole = decision_boundary(SILENT, domain=SQUARE)
    assert dict.fromkeys(classes(whole)) == dict.fromkeys([(0, 1), (0, 2), (1, 2)])
    assert [tile.polyhedron for tile in whole] == [pr.parse("x0 == x1 and 0 <= x0 <= 2", 2, names=["x"])]
    assert (whole.stats["ties"], whole.stats["touching"], whole.complete) == (1, 0, True)
    ties = decision_boundary(SILENT, domain=SQUARE, keep="ties")
    assert ties.volume(exact=True) == 4
    assert best(SILENT, ties[0].inner_point()) == (0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_ties_of_integer_networks(seed):
    """Both outputs are the same at random points of a tie, and no piece of these classes is in it."""
    network = integer_network(seed)
    for i, j in combinations(range(3), 2):
        ties = decision_boundary(network, i, j, SQUARE, keep="ties")
        boundary = decision_boundary(network, i, j, SQUARE)
        for tile in ties:
            assert tile.dim == 2
            assert set(best(network, tile.inner_point())) >= {i, j}
            assert not any(piece.polyhedron.is_subset(tile.polyhedron) for piece in boundary)


def test_touching_is_left_out():
    network = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1], [0, 0, 0, 0]], [0, 0])])
    assert not len(decision_boundary(network, 0, 1))  # |x0| + |x1| and 0
    (point,) = decision_boundary(network, 0, 1, keep="touching")
    assert point.polyhedron == pr.Polyhedron.box([0, 0], [0, 0])


def test_classes_that_only_come_up_to_each_other_meet():
    assert [tile.point() for tile in decision_boundary(ABSOLUTE, 0, 1)] == [(0,)]


def test_dimensions_are_those_of_the_domain():
    diagonal = SQUARE & pr.parse("x0 + x1 == 1", 2, names=["x"])
    network = random_network(5)
    in_line = decision_boundary(network, domain=diagonal)
    assert {tile.dim for tile in in_line} == {0}
    whole = decision_boundary(network, domain=SQUARE)
    assert all(whole.contains(tile.point()) for tile in in_line)
    assert not len(decision_boundary(network, domain=pr.Polyhedron.empty(2)))
    assert not len(decision_boundary(network, domain=pr.Polyhedron.box([0, 0], [0, 0])))


# -- engines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keep", ["boundary", "all"])
def test_engines_agree(engine, keep):
    for network in (random_network(4, hidden=(5,)), integer_network(2), SILENT):
        reference = decision_boundary(network, domain=SQUARE, method="cells", keep=keep)
        found = decision_boundary(network, domain=SQUARE, method=engine, keep=keep)
        assert as_set(found) == as_set(reference)
        assert found.method == engine


@settings(max_examples=25)
@given(network=networks(max_inputs=2, max_neurons=5), data=st.data())
def test_cells_and_twin_agree(network, data):
    domain = data.draw(domains(network.input_dim))
    found = [decision_boundary(network, domain=domain, method=method) for method in ("cells", "twin")]
    assert as_set(found[0]) == as_set(found[1])


def test_workers_play_no_part():
    network = random_network(5)
    assert as_set(decision_boundary(network, domain=SQUARE, workers=2)) == as_set(
        decision_boundary(network, domain=SQUARE)
    )


# -- one output ---------------------------------------------------------------------------------------------------


def test_one_output_has_a_threshold():
    network = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [-1])])  # |x0| + |x1| - 1
    boundary = decision_boundary(network, domain=SQUARE)
    assert as_set(boundary) == as_set(pr.preimage(network, pr.level(0, 0, 1), SQUARE))
    shifted = decision_boundary(network, domain=SQUARE, threshold="1/3")
    assert classes(boundary) == classes(shifted) == ((0,),)
    assert len(boundary) == len(shifted) == 4
    assert all(network.evaluate([tile.inner_point()])[0] == (Fraction(1, 3),) for tile in shifted)


# -- what is refused, and what is stopped -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"i": 3}, r"there is no class 3; choose from 0 to 2"),
        ({"i": 0, "j": -1}, r"there is no class -1; choose from 0 to 2"),
        ({"i": "cat"}, r"there is no class 'cat'"),
        ({"i": 1, "j": 1}, r"classes 1 and 1 are the same; pass two"),
        ({"threshold": 0}, r"a threshold 0 is for networks with one output, and this one has 3"),
        ({"keep": "rim"}, r"unknown keep 'rim'; choose one of boundary, ties, touching, all"),
        ({"method": "magic"}, r"unknown method 'magic'"),
        ({"timeout": 0}, r"decision_boundary: the time limit is 0 seconds"),
    ],
)
def test_wrong_questions_are_refused(options, message):
    with pytest.raises(pr.InputError, match=message):
        decision_boundary(THREE_WAYS, **options)


def test_networks_of_no_use_are_refused():
    with pytest.raises(pr.InputError, match="leave classes out, its boundary is where y0 == threshold"):
        decision_boundary(random_network(0, outputs=1), 0, 1)
    with pytest.raises(pr.InputError, match="has no outputs"):
        decision_boundary(pr.Network([(np.zeros((0, 2)), [])]))
    with pytest.raises(pr.DimensionError, match=r"domain lives in R\^1"):
        decision_boundary(random_network(0), domain=pr.Polyhedron.box([0], [1]))
    with pytest.raises(pr.InexactError):
        decision_boundary(random_network(0, outputs=1), threshold=float("nan"))


def test_hundreds_of_classes_are_asked_pair_by_pair():
    network = pr.Network([(np.arange(300).reshape(300, 1), [0] * 300)])
    with pytest.raises(pr.BudgetExceeded, match="44850 pairs of 300 classes have too many conditions"):
        decision_boundary(network)
    assert [tile.point() for tile in decision_boundary(network, 299, 0)] == [(0,)]


def test_other_tilings_have_no_classes():
    for target in (pr.wins(0, 3), pr.parse("y0 == 1", 3), pr.parse("y0 + y1 + y2 == 0", 3), pr.parse("y0 > 0", 3)):
        with pytest.raises(pr.InputError, match="is not where two classes meet"):
            classes(pr.preimage(THREE_WAYS, target))


def test_classes_are_known_from_files(tmp_path):
    boundary = decision_boundary(random_network(5), 1, domain=SQUARE)
    boundary.save(tmp_path / "boundary.npz")
    again = pr.load_tiling(tmp_path / "boundary.npz")
    assert classes(again) == classes(boundary) == ((0, 1), (1, 2))
    assert as_set(again) == as_set(boundary)


def test_a_stopped_run_keeps_what_it_found():
    network = random_network(5)
    whole = as_set(decision_boundary(network, domain=SQUARE))
    asked = []  # once a pair at least

    def until(found):
        asked.append(found)
        return len(asked) > 3

    with pytest.raises(pr.Interrupted, match="decision_boundary: stopped with") as stopped:
        decision_boundary(network, domain=SQUARE, until=until)
    partial = stopped.value.partial
    assert not partial.complete
    assert 0 < len(partial) < len(whole)
    assert as_set(partial) < whole
    with pytest.raises(pr.Interrupted, match="stopped after 1e-09 seconds with 0 pieces"):
        decision_boundary(network, domain=SQUARE, timeout=1e-9)


def test_a_stop_between_pairs_loses_nothing(monkeypatch):
    network = random_network(5)
    first = decision_boundary(network, 0, 1, SQUARE)
    ask, asked = pr.preimage, []

    def stopping(*arguments, **options):
        asked.append(arguments)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return ask(*arguments, **options)

    monkeypatch.setattr(module, "preimage", stopping)
    with pytest.raises(pr.Interrupted) as stopped:
        decision_boundary(network, domain=SQUARE)
    assert as_set(stopped.value.partial) == as_set(first)
    assert not stopped.value.partial.complete


def test_targets_are_cones():
    assert meeting(0, 1, 2) == pr.parse("y0 == y1", 2)
    assert meeting(0, 2, 3) == pr.wins(0, 3) & pr.wins(2, 3)
