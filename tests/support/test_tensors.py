"""Tensors wherever arrays go: with a stand-in for PyTorch, and with PyTorch itself where it is installed."""

import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.support.tensors import plain

WEIGHT, BIAS = [[0.5, -1.0], [2.0, 0.25], [-1.5, 1.0]], [0.0, 0.5, -1.0]
POINTS = [[0.5, 1.0], [-0.25, 0.0], [3.0, 0.125]]


class StandIn:
    """What of a tensor is used: its numbers can be had once it is detached and on the processor."""

    layout, is_quantized = "strided", False

    def __init__(self, numbers, dtype="float32", steps=()):
        self.numbers, self.dtype, self.steps = np.asarray(numbers), dtype, steps

    def _after(self, step):
        return type(self)(self.numbers, self.dtype, (*self.steps, step))

    def detach(self):
        return self._after("detach")

    def cpu(self):
        return self._after("cpu")

    def resolve_conj(self):
        return self

    def resolve_neg(self):
        return self

    def float(self):
        return type(self)(self.numbers.astype(np.float32), "float32", self.steps)

    def numpy(self):
        if self.steps != ("detach", "cpu"):
            raise RuntimeError("it needs a gradient")
        if self.dtype == "bfloat16":
            raise TypeError("got unsupported ScalarType BFloat16")
        return self.numbers.astype(self.dtype)

    def __iter__(self):
        return (type(self)(row, self.dtype) for row in self.numbers)

    @property
    def ndim(self):
        return self.numbers.ndim


@pytest.fixture(params=["a stand-in", "torch"])
def tensor(request, monkeypatch):
    """Makes tensors of a type by its name."""
    if request.param == "torch":
        torch = pytest.importorskip("torch", reason="torch is not installed")
        return lambda numbers, dtype="float32": torch.tensor(numbers, dtype=getattr(torch, dtype)).requires_grad_(
            "float" in dtype
        )
    stand_in = SimpleNamespace(Tensor=StandIn, strided="strided", bfloat16="bfloat16")
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    return StandIn


def test_what_is_no_tensor_stays_itself(tensor):
    for value in (3, "1/3", [1, 2], np.ones(2), None):
        assert plain(value) is value


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int8", "bool"])
def test_numbers_and_their_type_are_kept(tensor, dtype):
    array = plain(tensor([[0, 1], [1, 1]], dtype))
    assert (array.tolist(), str(array.dtype)) == ([[0, 1], [1, 1]], "float32" if dtype == "bfloat16" else dtype)
    assert isinstance(plain(tensor(1, dtype)), np.generic)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_networks_of_tensors(tensor, dtype):
    net = pr.Network([(tensor(WEIGHT, dtype), tensor(BIAS, dtype)), ([[1, 1, 1]], [tensor(0.5, dtype)])])
    assert net == pr.Network([(WEIGHT, BIAS), ([[1, 1, 1]], [0.5])])
    assert pr.Layer([[1], [2]], [0, 0], tensor([True, False], "bool")).relu == (True, False)
    assert pr.Layer([[1], [2]], [0, 0], tensor(True, "bool")).relu == (True, True)


def test_weights_are_exactly_what_their_type_stores(tensor):
    net = pr.Network([(tensor([[0.1]]), tensor([0.1], "float64"))])
    assert net.layers[0].rows == ((Fraction(float(np.float32(0.1))),),)
    assert net.layers[0].offsets == (Fraction(0.1),)


def test_points_and_sets_of_tensors(tensor):
    net = pr.Network([(WEIGHT, BIAS), ([[1, 1, 1]], [0.5])])
    floats = np.array(POINTS, dtype=np.float32)
    assert net(tensor(POINTS)).tolist() == net(floats).tolist()
    assert net(tensor([1, 2], "int64")).tolist() == net([1, 2]).tolist()
    assert net([tensor(p) for p in POINTS]).tolist() == net(POINTS).tolist()
    assert net.evaluate_with_bound(tensor(POINTS))[0].tolist() == net(floats).tolist()
    box = pr.Polyhedron.box(tensor([-1.0, -1.0]), tensor([1.0, 1.0]))
    assert (
        box == pr.Polyhedron.box([-1, -1], [1, 1]) == pr.Polyhedron(tensor([[1, 0], [0, 1], [-1, 0], [0, -1]]), [1] * 4)
    )
    assert box.contains(tensor(POINTS)).tolist() == [True, True, False]
    assert box.contains(tensor(POINTS[0])) is True
    assert tensor(POINTS[2]) not in box
    tiling = pr.preimage(net, pr.parse("y0 > 1", 1), box)
    assert tiling.locate(tensor(POINTS)).tolist() == tiling.locate(floats).tolist()
    assert tiling.contains(tensor(POINTS[0])) == tiling.contains(POINTS[0])
    assert tiling.nearest(tensor(POINTS[2])) == tiling.nearest(POINTS[2])
    assert pr.maps_into(net, pr.parse("y0 > 1", 1), tensor(POINTS)).tolist() == (net(floats)[:, 0] > 1).tolist()


def test_what_has_no_exact_value_is_named(tensor):
    with pytest.raises(pr.InexactError, match=r"layer 0: weight\[0\]\[1\]: nan is not a finite number"):
        pr.Network([(tensor([[1.0, float("nan")]]), [0])])
    with pytest.raises(pr.DimensionError, match=r"weight: expected a sequence, got float32"):
        pr.Network([(tensor(3.0), [0])])
    with pytest.raises(pr.InexactError, match=r"weight\[0\]\[0\]: .*True.* is a truth value"):
        pr.Network([(tensor([[True]], "bool"), [0])])


def test_tensors_that_are_no_arrays_are_refused():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for bad, why in [
        (torch.ones(1, 1).to_sparse(), "layout is torch.sparse_coo"),
        (torch.ones(1, 1, device="meta"), "meta"),
        (torch.ones(1, 1).to_mkldnn(), "layout is torch._mkldnn"),
    ]:
        with pytest.raises(pr.InputError, match=rf"layer 0: weight: not a plain tensor of numbers \(.*{why}.*to_dense"):
            pr.Network([(bad, [0])])


def test_negated_and_conjugate_views_and_transposes_keep_their_numbers():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    imaginary = torch.tensor([[1 + 2j]]).conj().imag
    assert imaginary.is_neg()
    assert plain(imaginary).tolist() == [[-2]]
    assert plain(torch.arange(6).reshape(2, 3).T[1:]).tolist() == [[1, 4], [2, 5]]


def test_short_floats_are_their_exact_values():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for kind, value in [(torch.bfloat16, Fraction(205, 2048)), (torch.float8_e5m2, Fraction(3, 32))]:
        assert pr.Network([(torch.full((1, 1), 0.1).to(kind), [0])]).layers[0].rows == ((value,),)
