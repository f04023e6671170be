"""Values travel: pickle, copy and deepcopy, before and after use, in this process and another."""

import copy
import pickle
import subprocess
import sys
from fractions import Fraction
from functools import singledispatch

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.merge import Merged
from polyrelu.engines.registry import METHODS
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.networks.properties import Disjunct

POINTS = np.array([[0.0, 0.0], [0.5, -0.25], [2.0, 2.0], [-1.0, 1.0]])
NET = pr.Network([([[1, 0.5], [-1, 0.25], [0.3, -1]], [0, "1/10", -0.2]), ([[1, 1, -1]], [0])])
BOX = pr.Polyhedron.box([-1, -1], [1, 1])
FLAT_TARGET = pr.parse("y0 == 0", dim=1)
TARGET = pr.parse("y0 > 0", dim=1)
STRIP = pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [-1])])  # |x0| - 1, which x1 does not change


def interrupted():
    try:
        pr.preimage(NET, TARGET, BOX, until=lambda count: True)
    except pr.Interrupted as stopped:
        return stopped
    raise AssertionError


def tilings(folder):
    plain = pr.preimage(NET, TARGET, BOX)
    made = {f"tiling by {method}": pr.preimage(NET, TARGET, BOX, method) for method in METHODS}
    for suffix in (".npz", ".parquet"):
        plain.save(folder / f"tiling{suffix}")
        made[f"tiling from {suffix}"] = pr.load_tiling(folder / f"tiling{suffix}")
    made["flat tiles"] = pr.preimage(NET, [FLAT_TARGET, TARGET], BOX)
    made["lineality"] = pr.preimage(STRIP, pr.parse("y0 >= 0", dim=1))
    made["regions"] = pr.linear_regions(NET, BOX)
    made["some tiles"] = plain[::2]
    made["no tiles"] = pr.preimage(NET, pr.parse("y0 > 100", dim=1), BOX)
    return made


def values(folder):
    found = tilings(folder)
    plain = found["tiling by cells"]
    prop = pr.Property(2, 1, (Disjunct(BOX, (TARGET,)),))
    generated = pr.Polyhedron.from_generators([[0, 0], [1, 0]], [[0, 1]])
    return found | {
        "network": NET,
        "layer": NET.layers[0],
        "box": BOX,
        "open set": pr.Polyhedron([[1, 1]], [1], strict=True),
        "generated set": generated,
        "canonical set": plain[0].polyhedron,
        "row": BOX.halfspaces[0],
        "tile": plain[len(plain) - 1],
        "flat tile": next(t for t in found["flat tiles"] if t.dim < 2),
        "merged": plain.merged(),
        "zones": plain.zones(),
        "facets": plain.facets(0),
        "outlines": plain.outline(),
        "nearest": plain.nearest([5, 5]),
        "verdict": pr.check_tiling(plain),
        "bad verdict": pr.check_tiling(plain[:1]),
        "property": prop,
        "verification": pr.verify(NET, prop),
        "interrupted": interrupted(),
        "latent plane": LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4)], [[1, 0], [1, 1]], [-1, -2]),
        "latent cube": LatentCube(None, [[1, 0, 0], [1, 1, 1]], [0, -2], 1),
        "summary": NET.summary(),
    }


@singledispatch
def answers(value):
    """What a value says when asked for all kinds of things, in numbers and text; fills every cache on the way."""
    return [repr(value)]


@answers.register
def _(value: list | tuple):
    return [repr(value)] if isinstance(value, pr.Halfspace) else [answers(one) for one in value]


@answers.register
def _(value: pr.Tiling):
    kept = [answers(tile) for tile in value[-2:]]
    asked = [value.patterns, value.complete, dict(value.stats), value.method, repr(value), value.table()]
    asked += [value.locate(POINTS).tolist(), value.locate([0.5, 1]), [zone.patterns for zone in value.zones()]]
    asked += [sorted(value.adjacency().edges), value.merged().members, [f.row for f in value.boundary()]]
    if len(value) and value.is_bounded():
        asked += [value.volume(exact=True), value.euler_characteristic(), [z.polygons for z in value.outline()]]
        asked += [value.volume(exact=True) in value.volume()]
    asked += [repr(value.nearest([3, "1/3"]))] if len(value) else []
    return [*kept, *asked, answers(value.network), answers(value.domain)]


@answers.register
def _(value: pr.Tile):
    own = [value.pattern, value.bits, value.dim, value.point(), value.inner_point(), value.affine_map()]
    return [*own, value.target_index, value.contains(POINTS).tolist(), answers(value.polyhedron)]


@answers.register
def _(value: pr.Polyhedron):
    own = [value.halfspaces, value.generators, value.canonical().halfspaces, value.facets, value.dim, value in {value}]
    own += [value.contains(np.zeros((1, value.ambient_dim))).tolist(), value.is_bounded(), value.simple_point()]
    return own if value.halfspaces != value.canonical().halfspaces else [*own, value.canonical() is value]


@answers.register
def _(value: pr.Network):
    floats = [value.evaluate_with_bound(POINTS)[0].tolist(), value(POINTS).tolist(), list(value([1, "1/3"]))]
    return [*floats, value.activation_pattern((Fraction(1), Fraction(2))), *map(answers, value.layers)]


@answers.register
def _(value: pr.Layer):
    floats = [value.float_weight.tolist(), value.float_bias.tolist(), value.is_float]
    return [value.rows, value.offsets, value.relu, repr(value.augmented), *floats]


@answers.register
def _(value: pr.Interrupted):
    return [str(value), answers(value.partial)]


@answers.register
def _(value: pr.Verdict):
    return [repr(value), bool(value), dict(value.stats)]


@answers.register
def _(value: pr.Property):
    return [answers(one.domain) for one in value.disjuncts] + [repr(value)]


@answers.register
def _(value: Merged):
    return [value.members, value.pieces, value.piece_of.tolist(), value.locate(POINTS).tolist()]


@answers.register
def _(value: LatentPlane):
    return [value.regions(), value.crossings(0), repr(value)]


@answers.register
def _(value: LatentCube):
    return [{name: cell.halfspaces for name, cell in value.cells().items()}]


WAYS = {"pickle": lambda v: pickle.loads(pickle.dumps(v)), "copy": copy.copy, "deepcopy": copy.deepcopy}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return values(tmp_path_factory.mktemp("tilings"))


@pytest.mark.long
def test_copies_answer_the_same_before_and_after_use(made):
    for name, value in made.items():
        before = {way: make(value) for way, make in WAYS.items()}
        expected = answers(value)
        for way, make in WAYS.items():
            assert answers(before[way]) == expected, (name, way, "before use")
            again = make(value)
            assert type(again) is type(value), (name, way)
            assert answers(again) == expected, (name, way, "after use")


def test_caches_stay_behind(made):
    """A value that was asked for everything is no larger on its way than one that was asked for nothing."""
    for name, value in made.items():
        small = pickle.loads(pickle.dumps(value))
        size = len(pickle.dumps(small))
        answers(small)
        if isinstance(value, (pr.Tiling, pr.Tile, pr.Network, pr.Layer, pr.Polyhedron, pr.Interrupted)):
            assert len(pickle.dumps(small)) <= size + 300, name  # a domain knows by then that it is canonical


def test_a_question_is_asked_once_of_each_object():
    asked = []

    def question(value):
        asked.append(value)
        return []

    tiling = pr.linear_regions(NET, BOX)
    answer = tiling.once(question)
    assert tiling.once(question) is answer
    assert asked == [tiling]
    assert tiling.once(len) == len(tiling)
    for make in WAYS.values():
        assert make(tiling).once(question) is not answer
    with pytest.raises(ZeroDivisionError):
        tiling.once(lambda tiling: 1 / 0)


def test_the_latest_answer_is_kept():
    asked = []

    def question(value, given):
        asked.append((value, given))
        return [given]

    tiling = pr.linear_regions(NET, BOX)
    answer = tiling.latest(question, "one", 1)
    assert tiling.latest(question, "one", 1) is answer == [1]
    assert tiling.latest(question, "two", 2) == [2]
    assert tiling.latest(question, "one", 1) is not answer
    assert asked == [(tiling, 1), (tiling, 2), (tiling, 1)]
    for make in WAYS.values():
        assert "_latest" not in vars(make(tiling))


@pytest.mark.parametrize("method", ["cells", "twin", "substitution"])
def test_a_tile_travels_alone(method):
    fan = pr.Network([([[k, 1] for k in range(6)], [0] * 6)], relu=[True])
    tiles = pr.linear_regions(fan, BOX, method)
    assert len(tiles) > 10
    for tile in tiles:
        again = pickle.loads(pickle.dumps(tile))
        assert len(again.source) == 1
        assert answers(again) == answers(tile)


def arrays_of(value, seen):
    if id(value) in seen or isinstance(value, (str, bytes, int, float)):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from arrays_of(one, seen)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from arrays_of(one, seen)
    elif type(value).__module__.startswith("polyrelu"):
        yield from arrays_of(getattr(value, "__dict__", {}), seen)


@pytest.mark.parametrize("way", WAYS)
def test_read_only_stays_read_only(made, way):
    for name, value in made.items():
        again = WAYS[way](value)
        assert not any(array.flags.writeable for array in arrays_of(again, set())), name
        if isinstance(again, pr.Tiling):
            with pytest.raises(TypeError):
                again.stats["tiles"] = 0


SCRIPT = """
import pickle, sys
from tests.support.test_carried import answers
values = pickle.load(open(sys.argv[1], "rb"))
found = {name: answers(value) for name, value in values.items()}
pickle.dump((found, values), open(sys.argv[2], "wb"))
"""


def test_across_processes(made, tmp_path):
    """Sent to a fresh interpreter, asked there for everything, and sent back."""
    there, back = tmp_path / "there.pickle", tmp_path / "back.pickle"
    there.write_bytes(pickle.dumps(made))
    subprocess.run([sys.executable, "-c", SCRIPT, there, back], check=True, timeout=300)
    found, returned = pickle.loads(back.read_bytes())
    for name, value in made.items():
        expected = answers(value)
        assert found[name] == expected, name
        assert answers(returned[name]) == expected, name


def test_an_interruption_is_one_again():
    again = pickle.loads(pickle.dumps(interrupted()))
    assert isinstance(again, pr.Interrupted)
    assert isinstance(again, KeyboardInterrupt)
    assert not again.partial.complete
