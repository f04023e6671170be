import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr

torch = pytest.importorskip("torch", reason="torch is needed to read its modules: pip install torch")
nn = torch.nn

IMAGE = (2, 5, 6)


class Residual(nn.Module):  # type: ignore[name-defined]
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.shift = nn.Parameter(torch.randn(3))

    def forward(self, x):
        h = x + self.second(torch.relu(self.first(x))) * 0.5
        h = torch.cat([h.clamp(min=-0.5, max=2), -h - self.shift], dim=1)
        return torch.maximum(h[:, :3], h.view(h.size(0), -1)[:, 3:]) / 4


def normalised(channels, kind):
    layer = kind(channels)
    layer.running_mean = torch.randn(channels)
    layer.running_var = torch.full((channels,), 4.0)
    layer.eps = 0.0
    return layer


def cases():
    torch.manual_seed(0)
    return {
        "mlp": (nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 2)), None),
        "no bias": (nn.Sequential(nn.Linear(3, 5, bias=False), nn.LeakyReLU(0.25), nn.Linear(5, 2)), None),
        "bounded": (nn.Sequential(nn.Linear(3, 4), nn.ReLU6(), nn.Linear(4, 4), nn.Hardtanh(-0.5, 1.5)), None),
        "parametric": (nn.Sequential(nn.Conv1d(2, 3, 2), nn.PReLU(3), nn.Flatten()), (2, 4)),
        "hard sigmoid": (nn.Sequential(nn.Linear(3, 4), nn.Hardsigmoid(), nn.Identity()), None),
        "a single layer": (nn.Linear(3, 2), None),
        "double": (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double(), None),
        "convolution": (
            nn.Sequential(
                nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=1, groups=2),
                normalised(4, nn.BatchNorm2d),
                nn.ReLU(),
                nn.MaxPool2d(2, ceil_mode=True),
                nn.Conv2d(4, 2, 2, padding="same", dilation=2),
                nn.AvgPool2d(2, padding=1),
                nn.Flatten(),
            ),
            IMAGE,
        ),
        "normalised": (nn.Sequential(nn.Linear(3, 4), normalised(4, nn.BatchNorm1d), nn.ReLU()), None),
        "residual": (Residual(), None),
    }


@pytest.mark.parametrize("name", cases())
def test_modules_agree_with_torch(name):
    module, shape = cases()[name]
    module.eval()
    net = pr.Network.from_torch(module, shape)
    kind = next(module.parameters()).dtype
    points = np.random.default_rng(1).normal(size=(20, net.input_dim)).astype(np.float32)
    for point in points:
        with torch.no_grad():
            expected = module(torch.from_numpy(point).to(kind).reshape(1, *(shape or (3,)))).double().numpy().ravel()
        assert np.allclose(net(point.tolist()).astype(np.float64), expected, rtol=1e-5, atol=1e-5)


def test_a_plain_chain_lowers_to_its_own_weights():
    module, _ = cases()["mlp"]
    net = pr.Network.from_torch(module.eval())
    assert net.widths == (3, 5, 2)
    for layer, linear in zip(net.layers, (module[0], module[3]), strict=True):
        assert layer.weight.tolist() == [[Fraction(float(v)) for v in row] for row in linear.weight.tolist()]
        assert layer.bias.tolist() == [Fraction(float(v)) for v in linear.bias.tolist()]


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_short_floats_are_their_exact_values(kind):
    module = nn.Linear(1, 1, bias=False).to(kind)
    net = pr.Network.from_torch(module)
    assert net.layers[0].weight.tolist() == [[Fraction(module.weight.item())]]


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), r"'1' \(Dropout\) is in training mode"),
        (
            nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()).eval(),
            r"'1' \(Sigmoid\): not supported; supported are AvgPool1d",
        ),
        (nn.Sequential(nn.ReLU()), "pass input_shape"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2)), "cannot be multiplied"),
        (nn.LSTM(2, 2).eval(), "no Linear layer|cannot be traced|not supported"),
        ("a string", "str is not a torch.nn.Module"),
    ],
)
def test_bad_modules_are_refused(module, message):
    with pytest.raises(pr.PolyreluError, match=message):
        pr.Network.from_torch(module)


def test_what_tracing_would_not_see_is_refused():
    hooked = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    hooked[0].register_forward_hook(lambda module, args, output: output + 1)
    with pytest.raises(pr.InputError, match=r"'0' \(Linear\) has forward hooks"):
        pr.Network.from_torch(hooked)


def test_data_dependent_control_flow_is_refused():
    class Branch(nn.Module):  # type: ignore[name-defined]
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(pr.InputError, match="cannot be traced"):
        pr.Network.from_torch(Branch(), (2,))


# -- weight files -------------------------------------------------------------------------------------------------


def sequential():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.weights"])
def test_weight_files(tmp_path, name):
    module = sequential()
    torch.save({f"net.{key}": value for key, value in module.state_dict().items()}, tmp_path / name)
    assert pr.load_network(tmp_path / name) == pr.Network.from_torch(module)


class Payload:
    def __reduce__(self):
        return (sys.exit, (1,))


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (Payload(), "not a file of weights alone.*Network.from_torch"),
        ({"0.weight": Payload()}, "not a file of weights alone"),
        ([1, 2], "holds list, not a state dict"),
        ({}, "not a state dict"),
        ({"fc1.kernel": torch.ones(1)}, "'fc1.kernel' is not the weight or bias"),
        ({"0.weight": 3.0}, "'0.weight' is not the weight or bias"),
        ({"0.weight": torch.ones(1, 1), "1.weight": torch.ones(1, 1)}, "not numbered 0, 2, 4"),
        ({"0.weight": torch.ones(1, 1), "a.2.weight": torch.ones(1, 1)}, "not numbered 0, 2, 4"),
        ({"0.weight": torch.ones(1, 1, 1)}, "layer 0 is not Linear"),
        ({"0.bias": torch.ones(1)}, "layer 0 is not Linear"),
        ({"0.weight": torch.ones(1, 1, dtype=torch.complex64)}, "not a plain tensor of real numbers"),
        ({"0.weight": torch.ones(1, 1).to_sparse()}, "not a plain tensor of real numbers"),
        ({"0.weight": torch.full((1, 1), float("nan"))}, "nan is not a finite"),
        ({"0.weight": torch.ones(2, 1), "2.weight": torch.ones(1, 3)}, "returns 2 coordinates"),
    ],
)
def test_bad_weight_files_are_refused(tmp_path, stored, message):
    torch.save(stored, tmp_path / "net.pt")
    with pytest.raises(pr.PolyreluError, match=message):
        pr.load_network(tmp_path / "net.pt")


@settings(max_examples=50)
@given(st.data())
def test_damaged_weight_files_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    torch.save(sequential().state_dict(), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert pr.load_network(path).widths
    except pr.PolyreluError as error:
        assert str(error)
