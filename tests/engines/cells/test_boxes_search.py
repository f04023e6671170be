"""In which order boxes are worked on, which are halved and where, and what is handed out: as by a search in Python."""

import heapq
import itertools
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.boxes import BoxSplitter, Pause, _columns, float_rows
from polyrelu.engines.cells.library import kernel_library
from tests.engines.cells.harness.harness import built, shared_folder
from tests.engines.cells.test_zonotope import steps

LONG = 1e9  # seconds
TWO_SIDES = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [1, -1]], [0, 0])])  # |x|, x


@pytest.fixture(scope="module")
def zonotopes(tmp_path_factory):
    return built("zonotope", shared_folder(tmp_path_factory))


@pytest.fixture(scope="module")
def heaps(tmp_path_factory):
    return built("boxes", shared_folder(tmp_path_factory))


@pytest.mark.parametrize("length", [1, 3])
def test_the_nearest_box_comes_first_and_of_equal_ones_the_latest(heaps, length):
    rng = np.random.default_rng(length)
    count = 400
    pushes = np.zeros(count, dtype=np.uint8)
    waiting = 0
    for k in range(count):
        pushes[k] = waiting == 0 or rng.random() < (0.8 if k < 200 else 0.3)
        waiting += 1 if pushes[k] else -1
    numbers, margins = rng.integers(0, 99, count).astype(np.int32), rng.integers(-9, 9, count).astype(float)
    margins[::17] = -np.inf
    low, high = rng.normal(size=(2, count, length))
    heap, expected = list[tuple[float, int]](), list[tuple[int, int]]()
    for k in range(count):
        if pushes[k]:
            heapq.heappush(heap, (margins[k], -k))
            expected.append((k, len(heap)))
        else:
            expected.append((-heapq.heappop(heap)[1], len(heap)))
    told = numbers[[k for k, _ in expected]], low[[k for k, _ in expected]], high[[k for k, _ in expected]]
    counts = np.zeros(count, dtype=np.int64)
    heaps.call("heap", length, count, pushes, numbers, margins, low, high, counts)
    assert counts.tolist() == [left for _, left in expected]
    assert all(np.array_equal(own, other) for own, other in zip((numbers, low, high), told, strict=True))


class Search:
    """The search in Python: zonotopes and the choice of an input by the kernel's own, one box at a time."""

    def __init__(self, zonotopes, net, targets, ripe, most):
        self.zonotopes, self.net, self.ripe, self.most = zonotopes, net, ripe, most
        self.cases = [float_rows(target) for target in targets]
        self.heap, self.pushed = [], 0
        self.bounded = self.excluded = 0
        self.leaves, self.points, self.is_quiet = [], [], False

    def put(self, number, low, high):
        self.push(-np.inf, number, low, high)

    def push(self, margin, number, low, high):
        self.pushed += 1
        heapq.heappush(self.heap, (margin, -self.pushed, number, low.tolist(), high.tolist()))

    def step(self):
        _, _, number, *ends = heapq.heappop(self.heap)
        low, high = map(np.array, ends)
        self.bounded += 1
        weights, biases, equality = self.cases[number]
        made = steps(self.zonotopes, self.net, low, high, weights.T.tolist(), biases.tolist(), equality.tolist())
        columns = 1 + np.count_nonzero(np.any(made.entries[0][1:], axis=1))
        bounds = made.is_whole
        for number_of_layer, layer in enumerate(self.net.layers):
            bounds &= columns <= self.most
            least, greatest = made.low[number_of_layer], made.high[number_of_layer]
            columns += sum(on and a < 0 < b for on, a, b in zip(layer.relu, least, greatest, strict=True))
        if bounds and made.misses:
            self.excluded += 1
            return
        along = self.widest(low, high)
        if bounds:
            self.margin(number, made.corner)
            along = -1
            if made.crossing > self.ripe:
                along = made.along
                if along >= 0 and not can_be_halved(low[along], high[along]):
                    along = self.widest(low, high)
        if along < 0:
            self.leaves.append((number, *low.tolist(), *high.tolist()))
            return
        middle = low / 2 + high / 2
        ends = [(low, np.where(np.arange(len(low)) == along, middle, high))]
        ends.append((np.where(np.arange(len(low)) == along, middle, low), high))
        margins = [self.margin(number, a / 2 + b / 2) for a, b in ends]
        for margin, own in reversed(list(zip(margins, ends, strict=True))):
            self.push(margin, number, *own)

    def widest(self, low, high):
        found = [j for j in range(len(low)) if can_be_halved(low[j], high[j])]
        return max(found, key=lambda j: high[j] - low[j], default=-1)

    def margin(self, number, point):
        value = point
        for layer in self.net.layers:
            value = layer.float_weight @ value + layer.float_bias
            value = np.where(layer.relu, np.maximum(value, 0), value)
        weights, biases, equality = self.cases[number]
        broken = value @ weights + biases
        margin = np.where(equality, np.abs(broken), broken).max(initial=-np.inf)
        if margin <= 0 and not self.is_quiet:
            self.points.append((number, *point.tolist()))
        return margin


def can_be_halved(low, high):
    return high - low > 2.0**-40 * (abs(low) + abs(high)) + 2.0**-600


def listed(cases, *columns):
    rows = np.column_stack([cases, *columns])
    return [(int(row[0]), *row[1:]) for row in rows.tolist()]


def same_search(zonotopes, net, targets, boxes, ripe=0, most=4096, steps_of=(1,) * 60, quiet=None):
    """Whether the kernel's search, stopped after so many boxes each time, is that in Python."""
    search = BoxSplitter(net, ripe)
    search._boxes = kernel_library().Boxes(_columns(net), net.input_dim, ripe, most)
    own = Search(zonotopes, net, targets, ripe, most)
    for target, (low, high) in zip(targets, boxes, strict=True):
        number = search.put(target, low, high)
        for a, b in zip(low, high, strict=True):
            own.put(number, a, b)
    for turn, count in enumerate(steps_of):
        if turn == quiet:
            search.be_quiet()
            own.is_quiet = True
        pause = Pause(search._boxes.advance(count, LONG))
        done = 0
        while done < count and own.heap and not (own.points and done):
            own.step()
            done += 1
        expected = Pause.OUT_OF_BOXES if done == count else Pause.POINTS if own.points else Pause.DONE
        assert pause is expected
        assert (search.bounded, search.excluded, search.waiting) == (own.bounded, own.excluded, len(own.heap))
        given = search.give()
        assert listed(given.leaf_cases, given.low, given.high) == own.leaves
        assert listed(given.point_cases, given.points) == own.points
        own.leaves, own.points = [], []
    given = search.give(everything=True)
    order = [(number, *low, *high) for _, _, number, low, high in sorted(own.heap)]
    assert listed(given.leaf_cases, given.low, given.high) == order
    assert search.waiting == 0
    assert len(search.give(everything=True).leaf_cases) == 0
    return True


def small(rng, widths, spread=3):
    """A network of small integers, whose values in the middles of boxes floats have exactly."""
    layers = [
        pr.Layer(
            rng.integers(-spread, spread + 1, (m, n)).tolist(), rng.integers(-4, 5, m).tolist(), k < len(widths) - 2
        )
        for k, (n, m) in enumerate(itertools.pairwise(widths))
    ]
    return pr.Network(layers)


@pytest.mark.parametrize("seed", range(16))
def test_the_search_is_that_in_python(zonotopes, seed):
    rng = np.random.default_rng(seed)
    d = 1 + seed % 3
    net = small(rng, [d, int(rng.integers(1, 6)), int(rng.integers(1, 7)), 2])
    targets, boxes = [], []
    for k in range(1 + seed % 2):
        rows = rng.integers(-2, 3, (int(rng.integers(1, 4)), 2)).tolist()
        target = pr.Polyhedron(
            rows, rng.integers(-6, 3, len(rows)).tolist(), equalities=[0] if (seed + k) % 5 == 4 else []
        )
        low = rng.integers(-4, 1, (1 + seed % 3, d)).astype(float)
        targets.append(target)
        boxes.append((low, low + rng.integers(1, 5, low.shape)))
    counts = (1,) * 24 if seed % 2 else (2, 1, 3, 5, 8, 13)
    quiet = (0, 4, None)[seed % 3]
    assert same_search(zonotopes, net, targets, boxes, seed % 4 // 2, (4096, 3, 4096, 7)[seed % 4], counts, quiet)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("width", [2.0**-41, 2.0**-40, 2.0**-39, 2.0**-39 * 1.01, 2.0**-38, 2.0**-36])
def test_boxes_are_halved_down_to_what_errors_hide(zonotopes, side, width):
    """Of both inputs the first is that by which the neuron bends, and the second the wider one, or not."""
    target = pr.parse("y0 >= 0", dim=1)
    for turn, second in itertools.product((1, -1), (0.0, width / 2, 1.0)):
        net = pr.Network([pr.Layer([[1, 0][::turn]], [-side], True), pr.Layer([[1]], [0], False)])
        low, high = (np.array([own[::turn]]) for own in ([side - width / 2, 3.0], [side + width / 2, 3.0 + second]))
        assert same_search(zonotopes, net, [target], [(low, high)], steps_of=(1, 1, 1), quiet=0)


LEAST_TO_HALVE = 2.0**-600 * (1 + 2.0**-40)  # it is not, since the difference is no more than what it is held against


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.0, LEAST_TO_HALVE),
        (0.0, np.nextafter(LEAST_TO_HALVE, 1)),
        (-(2.0**-601), 2.0**-601),
        (-(2.0**-600), 2.0**-600),
    ],
)
def test_the_smallest_boxes(zonotopes, low, high):
    huge = pr.Network([pr.Layer([[2.0**700]], [0], True), pr.Layer([[2.0**300]], [0], True)])
    target = pr.parse("y0 >= 0", dim=1)
    ends = np.array([[low]]), np.array([[high]])
    for net in (huge, TWO_SIDES):
        own = target if net is huge else pr.parse("y0 >= 0", dim=2)
        assert same_search(zonotopes, net, [own], [ends], steps_of=(1, 1, 1), quiet=0)


def test_a_case_that_is_put_in_later_comes_first():
    search = BoxSplitter(TWO_SIDES)
    search.be_quiet()
    search.put(pr.parse("y0 >= -100", dim=2), -np.ones(1), np.ones(1))
    search.run(2)
    assert search.waiting
    search.give()
    search.put(pr.parse("y0 >= 1", dim=2), -np.ones(1), np.ones(1))
    assert search.give(everything=True).leaf_cases[0] == 1


def test_a_weight_that_floats_cannot_hold_is_not_multiplied_with_zero():
    """Of the halves of [-1, 3] the middle of one is zero, and so is the value there; that of the other is no number."""
    net = pr.Network([pr.Layer([[10**400]], [0], True), pr.Layer([[Fraction(1, 10**400)]], [0], True)])
    search = BoxSplitter(net)
    search.put(pr.parse("y0 >= 2", dim=1), np.array([-1.0]), np.array([3.0]))
    search.advance(1, LONG)
    assert search.give().points.tolist() == [[2]]


def test_many_boxes_wait_and_are_handed_out():
    """More than there is room for at first: each once, the latest of equal ones first."""
    search = BoxSplitter(TWO_SIDES)
    low = np.arange(300.0)[:, None]
    assert search.put(pr.parse("y0 >= 0", dim=2), low, low + 1) == 0
    assert search.waiting == 300
    given = search.give(everything=True)
    assert given.low[:, 0].tolist() == low[::-1, 0].tolist()
    assert (given.high == given.low + 1).all()


def test_many_cases_are_told_apart():
    search = BoxSplitter(TWO_SIDES)
    search.be_quiet()
    for k in range(100):
        assert search.put(pr.parse(f"y0 >= {k % 2}", dim=2), np.array([k - 0.5]), np.array([k + 0.5])) == k
    assert search.run(10**6) is Pause.DONE
    given = search.give()
    assert set(given.leaf_cases.tolist()) == set(range(100))
    assert all(k - 0.5 <= a and b <= k + 0.5 for k, a, b in zip(*given[:3], strict=True))


def test_a_target_without_rows_is_met_everywhere():
    search = BoxSplitter(TWO_SIDES)
    assert search.put(pr.Polyhedron.whole_space(2), -np.ones(1), np.ones(1)) == 0
    assert search._boxes.advance(1, LONG) == Pause.OUT_OF_BOXES
    assert search.give().points[:, 0].tolist() == [-1 / 2, 1 / 2] or search.bounded == 1


def test_a_target_of_more_rows_than_the_network_is_wide(zonotopes):
    rows = [[a, b] for a in (-1, 0, 1, 2) for b in (-2, -1, 0, 1, 2)]
    target = pr.Polyhedron(rows, [1] * len(rows))
    assert same_search(zonotopes, TWO_SIDES, [target], [(-np.ones((1, 1)), np.ones((1, 1)))], steps_of=(1,) * 8)


def test_time_is_looked_at():
    search = BoxSplitter(TWO_SIDES)
    search.be_quiet()
    search.put(pr.parse("y0 >= 1", dim=2), -np.ones(1), np.ones(1))
    assert search._boxes.advance(10, 0.0) == Pause.OUT_OF_TIME
    assert search._boxes.advance(10, -1.0) == Pause.OUT_OF_TIME
    assert search._boxes.advance(0, LONG) == Pause.OUT_OF_BOXES
    assert search.bounded == 0
