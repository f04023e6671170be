import sys
import warnings
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr

torch = pytest.importorskip("torch", reason="torch is needed to read its modules: pip install 'polyrelu[torch]'")
nn = torch.nn

from polyrelu.formats.aten_program import network_of  # noqa: E402
from polyrelu.formats.torch_modules import program_of  # noqa: E402
from tests.formats.float_error import float_error  # noqa: E402
from tests.formats.program_text import stored  # noqa: E402
from tests.formats.torch_zoo import MODULES, Autoencoder, Function, module_of  # noqa: E402

pytestmark = pytest.mark.torch


@cache
def program_named(name):
    return program_of(module_of(name), MODULES[name][1])


def sample(module, network, shape, n=8):
    """Random points in the module's own type of numbers, its values there, and the network's, exactly."""
    torch.manual_seed(1)
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    points = torch.randn(n, *(shape or (network.input_dim,))).to(kind)
    with torch.no_grad():
        values = torch.stack([module(point[None]).flatten() for point in points]).double().tolist()
    return points, values, network(points.flatten(1).double().tolist()).tolist()


def off(values, exact):
    return [[abs(Fraction(v) - e) for v, e in zip(*rows, strict=True)] for rows in zip(values, exact, strict=True)]


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_within_the_proven_bound_of_their_networks(name):
    module, shape = module_of(name), MODULES[name][1]
    network = network_of(program_named(name), name)
    points, values, exact = sample(module, network, shape)
    bounds = float_error(module, points).tolist()
    for row, allowed in zip(off(values, exact), bounds, strict=True):
        assert all(distance <= Fraction(bound) for distance, bound in zip(row, allowed, strict=True))


@pytest.mark.parametrize("name", ["mlp", "superposition", "residual stream", "masks", "sparse autoencoder"])
def test_the_bound_tells_a_weight_that_is_off_by_a_thousandth(name):
    module, shape = module_of(name), MODULES[name][1]
    points, values, _ = sample(module, network_of(program_named(name), name), shape)
    bounds = float_error(module, points).tolist()
    with torch.no_grad():
        next(module.parameters()).mul_(1 + 1e-3)
    wrong = pr.Network.from_torch(module, shape)(points.flatten(1).double().tolist()).tolist()
    pairs = zip(off(values, wrong), bounds, strict=True)
    assert any(d > Fraction(b) for row, allowed in pairs for d, b in zip(row, allowed, strict=True))


@pytest.mark.parametrize("name", MODULES)
def test_what_is_kept_as_text_is_what_the_export_says(name):
    kept, *_ = stored(name)
    made = program_named(name)
    assert kept.constants.keys() == made.constants.keys()
    for constant, own in kept.constants.items():  # a product of parameters is rounded otherwise on another machine
        np.testing.assert_allclose(made.constants[constant], own, rtol=1e-5, atol=1e-6)
    assert operators(kept) == operators(made)
    assert network_of(kept, "kept") == network_of(replace(made, constants=kept.constants), "made")


def operators(program):
    """Those that compute something: a dropout that does nothing is a copy in some versions of torch."""
    return [call.operator for call in program.calls if call.operator != "clone"]


def test_a_plain_chain_lowers_to_its_own_weights():
    module = module_of("mlp")
    net = pr.Network.from_torch(module)
    assert net.widths == (3, 5, 2)
    for layer, linear in zip(net.layers, (module[0], module[3]), strict=True):
        assert layer.weight.tolist() == [[Fraction(float(v)) for v in row] for row in linear.weight.tolist()]
        assert layer.bias.tolist() == [Fraction(float(v)) for v in linear.bias.tolist()]


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_short_floats_are_their_exact_values(kind):
    module = nn.Linear(1, 1, bias=False).to(kind)
    net = pr.Network.from_torch(module)
    assert net.layers[0].weight.tolist() == [[Fraction(module.weight.item())]]


def test_parameters_own_expressions_are_what_torch_computes_for_them():
    module = module_of("superposition, square first")
    with torch.no_grad():
        square = module.W.T @ module.W
    assert pr.Network.from_torch(module, (5,)).layers[0].rows == pr.Layer(square.T, [0] * 5, True).rows
    module = module_of("weight norm")
    assert pr.Network.from_torch(module).layers[0].rows == pr.Layer(module[0].weight, [0] * 3, True).rows


def test_the_shape_is_found_by_trying():
    assert pr.Network.from_torch(module_of("superposition")).input_dim == 5
    alike = Function(lambda m, x: x.sum(1, keepdim=True) * m.W[0, 0], W=(2, 3))
    with pytest.raises(pr.InputError, match="Function takes 2 and 3 numbers alike; pass input_shape"):
        pr.Network.from_torch(alike)
    with pytest.raises(pr.InputError, match=r"does not take a tensor of shape \(1, 4\) \(RuntimeError: mat1 and mat2"):
        pr.Network.from_torch(nn.Linear(2, 2), (4,))
    with pytest.raises(pr.InputError, match="input_shape: 0 is out of range"):
        pr.Network.from_torch(nn.Linear(2, 2), (0,))


def test_nothing_is_said_and_nothing_is_left_behind(capfd):
    module = Autoencoder().eval()
    module.training = True  # and its parts are not
    modes = [part.training for part in module.modules()]
    before = {name: p.clone() for name, p in module.state_dict().items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pr.Network.from_torch(module, start="middle", stop="decoder.1")
        with pytest.raises(pr.InputError):
            pr.Network.from_torch(Branch(), (2,))
    assert capfd.readouterr() == ("", "")
    assert all(torch.equal(p, before[name]) for name, p in module.state_dict().items())
    assert [part.training for part in module.modules()] == modes
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in module.modules())


def test_compiled_modules_are_the_modules_they_were_compiled_from():
    module = module_of("superposition")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, of what it compiles with
        compiled = torch.compile(module)
    assert pr.Network.from_torch(compiled) == pr.Network.from_torch(module)


# -- parts --------------------------------------------------------------------------------------------------------


def test_a_bottleneck_is_addressed_by_the_names_around_it():
    module = Autoencoder().eval()
    whole = pr.Network.from_torch(module)
    encoder = pr.Network.from_torch(module, stop="encoder")
    decoder = pr.Network.from_torch(module, start="decoder")
    assert (encoder.widths, decoder.widths) == ((6, 4, 2), (2, 4, 6))
    assert encoder == pr.Network.from_torch(module.encoder)
    assert decoder == pr.Network.from_torch(module.decoder)
    for x in np.random.default_rng(0).integers(-3, 4, (5, 6)).tolist():
        assert decoder(list(encoder(x))).tolist() == whole(x).tolist()
    assert pr.Network.from_torch(module, start="middle") == decoder
    assert pr.Network.from_torch(module, stop="middle") == encoder
    assert pr.Network.from_torch(module, start="middle", stop="middle").layers[0].rows == ((1, 0), (0, 1))
    between = pr.Network.from_torch(module, start="encoder.2", stop="decoder.1")
    assert (between.widths, between.layers[-1].relu) == ((4, 4), (True,) * 4)


def test_numbers_cut_between_layers():
    module = module_of("residual stream")
    whole = pr.Network.from_torch(module)
    assert pr.Network.from_torch(module, start=1) == whole[1:]
    assert pr.Network.from_torch(module, stop=2) == whole[:2]
    assert pr.Network.from_torch(module, start=1, stop=3) == whole[1:3]
    assert pr.Network.from_torch(Autoencoder(), start="decoder", stop=1).widths == (2, 4)


def test_hooks_of_the_user_see_what_they_would():
    module = module_of("hooked")
    assert pr.Network.from_torch(module, start="layers.1", stop="layers.1")([[1, -2, 0, 4]]).tolist() == [
        [1.5, 1, 1, 3]
    ]


class Skip(Autoencoder):
    def forward(self, x):
        return self.decoder(self.encoder(x)) + x


class Twice(Autoencoder):
    def forward(self, x):
        return self.decoder(self.encoder(self.decoder(self.encoder(x))))


class Both(Autoencoder):
    def forward(self, x):
        hidden = self.encoder(x)
        return self.decoder(hidden), hidden


class Branch(nn.Module):  # type: ignore[name-defined]
    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_one_of_several_outputs_is_chosen_by_its_name():
    module = Both().eval()
    with pytest.raises(pr.InputError, match=r'returns 2 tensors; expected one. Name the submodule .*stop="its name"'):
        pr.Network.from_torch(module)
    assert pr.Network.from_torch(module, stop="decoder").widths == (6, 4, 4, 6)


@pytest.mark.parametrize(
    ("module", "places", "message"),
    [
        (Skip(), {"start": "decoder"}, r"line \d+ of test_torch.py, 'return self.decoder.* skips the start\)"),
        (Twice(), {"start": "decoder"}, "forward calls 'decoder' 2 times"),
        (Twice(), {"stop": "encoder"}, "forward calls 'encoder' 2 times"),
        (Autoencoder(), {"start": "decodr"}, "start: there is no submodule 'decodr'; there are decoder"),
        (Autoencoder(), {"stop": 1.5}, r"stop: there is no submodule 1.5; there are encoder, encoder.0"),
        (Autoencoder(), {"start": "decoder", "stop": "encoder"}, "calls the stop 'encoder' before the start 'decoder'"),
        (Autoencoder(), {"start": 3}, "start: 3 is out of range; pass an int from 0 to 2"),
        (Autoencoder(), {"start": 1, "stop": 1}, "stop: 1 is out of range; pass an int from 2 to 3"),
        (nn.Bilinear(2, 2, 2), {}, r"Bilinear .* pass input_shape"),
    ],
)
def test_parts_that_are_none_are_refused(module, places, message):
    with pytest.raises(pr.InputError, match=message):
        pr.Network.from_torch(module.eval(), **places)


# -- refusals -----------------------------------------------------------------------------------------------------


def forward(function):
    return Function(function, W=(3, 3))


def rounded(hidden):
    return hidden.round()


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), r"'1' \(Dropout\) is in training mode"),
        (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), r"'1' \(BatchNorm1d\) is in training mode"),
        (nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()).eval(), r"'1' \(Sigmoid\): sigmoid is not piecewise linear"),
        (nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)).eval(), r"'1' \(LayerNorm\): layer_norm is not piecewise lin"),
        (nn.Sequential(nn.Linear(2, 2), nn.Hardshrink()).eval(), r"'1' \(Hardshrink\): hardshrink is not continuous"),
        (nn.Sequential(nn.ReLU()), "pass input_shape"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2)), "cannot be multiplied"),
        (nn.LSTM(2, 2).eval(), "returns 3 tensors"),
        (
            forward(lambda m, x: torch.softmax(x @ m.W, 1)),
            r"line \d+ of test_torch.py, .forward.lambda.*: softmax is not piecewise linear",
        ),
        (forward(lambda m, x: (x @ m.W) * x), "product of two tensors that both depend"),
        (forward(lambda m, x: x @ x.T @ m.W[:1]), "attention, for example"),
        (forward(lambda m, x: torch.where(x > 0, 1.0, 0.0) @ m.W), "where with a condition on the input jumps"),
        (forward(lambda m, x: (x @ m.W > 0).sum(1)), "truth values that depend on the input"),
        (forward(lambda m, x: (x @ m.W).argmax(1)), "argmax is not continuous"),
        (forward(lambda m, x: (x @ m.W).topk(2).indices), "places of largest or smallest entries is not continuous"),
        (forward(lambda m, x: (x @ m.W).topk(2, sorted=False).values), "sorted=False leaves the order open"),
        (forward(lambda m, x: rounded(x @ m.W)), r"line \d+ of test_torch.py, 'return hidden.round\(\)': round is not"),
        (forward(lambda m, x: (x @ m.W).round()), "round is not continuous"),
        (forward(lambda m, x: (x @ m.W).int()), "a cast of what depends on the input to torch.int32"),
        (forward(lambda m, x: (x @ m.W).norm(dim=1)), "the norm of order 2.* is not piecewise linear"),
        (forward(lambda m, x: 1 / (x @ m.W + 9)), "reciprocal is not piecewise linear"),
        (forward(lambda m, x: x @ m.W + torch.randn(3)), "randn draws random numbers"),
        (forward(lambda m, x: nn.functional.dropout(x @ m.W)), "dropout is in training mode"),
        (forward(lambda m, x: (x @ m.W)[:, x[0].long()]), "not continuous|cannot be lowered|cannot follow"),
        (nn.LazyLinear(2).eval(), r"module '' \(LazyLinear\) has no weights yet; run the module once"),
        (Branch(), "has no parameter that tells its input"),
        ("a string", "str is not a torch.nn.Module"),
    ],
)
def test_what_is_no_network_is_named_with_its_place(module, message):
    if isinstance(module, Function):
        module.eval()
    with pytest.raises(pr.PolyreluError, match=message):
        pr.Network.from_torch(module, (3,) if isinstance(module, Function) else None)


def test_data_dependent_control_flow_is_refused():
    with pytest.raises(pr.InputError, match="forward method decides by the numbers in its input"):
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
        ({"0.weight": torch.ones(1, 1, dtype=torch.complex64)}, "not a plain tensor of numbers"),
        ({"0.weight": torch.ones(1, 1).to_sparse()}, "not a plain tensor of numbers"),
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
