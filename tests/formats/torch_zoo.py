"""Modules of PyTorch of many kinds, small, seeded and in evaluation mode; needs torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 -- everybody calls it so
from torch import nn
from torch.nn.utils import parametrizations, prune

IMAGE = (2, 5, 6)
MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...] | None]] = {}
"""What makes each module, and the shape that its input has where that is not clear from the module itself."""


def kept(name: str, shape: tuple[int, ...] | None = None) -> Callable[..., Any]:
    def keep(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        MODULES[name] = make, shape
        return make

    return keep


def module_of(name: str) -> nn.Module:
    torch.manual_seed(sum(map(ord, name)))
    return MODULES[name][0]().eval()


class Function(nn.Module):
    """A module with parameters of some shapes, whose forward method is a function of it and of its input."""

    def __init__(self, forward: Callable[..., torch.Tensor], **shapes: tuple[int, ...]):
        super().__init__()
        self.function = forward
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape)))

    def forward(self, x):
        return self.function(self, x)


def normalised(channels, kind):
    layer = kind(channels)
    layer.running_mean = torch.randn(channels)
    layer.running_var = torch.full((channels,), 4.0)
    layer.eps = 0.0
    return layer


# -- chains -------------------------------------------------------------------------------------------------------


@kept("mlp")
def mlp():
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 2))


@kept("without bias")
def without_bias():
    return nn.Sequential(nn.Linear(3, 5, bias=False), nn.LeakyReLU(0.25), nn.Linear(5, 2))


@kept("bounded")
def bounded():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU6(), nn.Linear(4, 4), nn.Hardtanh(-0.5, 1.5))


@kept("hard sigmoid")
def hard_sigmoid():
    return nn.Sequential(nn.Linear(3, 4), nn.Hardsigmoid(), nn.Identity())


@kept("one layer")
def one_layer():
    return nn.Linear(3, 2)


@kept("double precision")
def double_precision():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()


@kept("bfloat16")
def short_floats():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).bfloat16()


@kept("batch norm")
def batch_norm():
    return nn.Sequential(nn.Linear(3, 4), normalised(4, nn.BatchNorm1d), nn.ReLU(inplace=True))


@kept("standardised", (3,))
def standardised():
    module = Function(lambda m, x: F.relu(F.linear((x - m.mean) / m.deviation, m.W)), W=(4, 3))
    module.register_buffer("mean", torch.randn(3))
    module.register_buffer("deviation", torch.rand(3) + 0.5)
    return module


# -- images -------------------------------------------------------------------------------------------------------


@kept("convolution", IMAGE)
def convolution():
    return nn.Sequential(
        nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=1, groups=2),
        normalised(4, nn.BatchNorm2d),
        nn.ReLU(),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Conv2d(4, 2, 2, padding="same", dilation=2),
        nn.AvgPool2d(2, padding=1),
        nn.Flatten(),
    )


@kept("slopes of channels", (2, 4))
def slopes_of_channels():
    return nn.Sequential(nn.Conv1d(2, 3, 2), nn.PReLU(3), nn.Flatten())


@kept("transposed convolution", (2, 2, 3))
def transposed_convolution():
    return nn.Sequential(
        nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=(1, 2)),
        nn.ReLU(),
        nn.Conv2d(4, 1, 2),
        nn.AdaptiveAvgPool2d((2, 3)),
    )


@kept("larger images", (4, 2, 2))
def larger_images():
    return nn.Sequential(nn.PixelShuffle(2), nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(1, 1, 4, 2))


# -- latent spaces ------------------------------------------------------------------------------------------------


class Autoencoder(nn.Module):
    """With a bottleneck of two numbers, which no ReLU follows."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
        self.middle = nn.Identity()
        self.decoder = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 6))

    def forward(self, x):
        return self.decoder(self.middle(self.encoder(x)))


MODULES["autoencoder"] = Autoencoder, None


@kept("tied autoencoder")
def tied_autoencoder():
    return Function(lambda m, x: F.linear(F.relu(F.linear(x, m.W, m.b)), m.W.t(), m.c), W=(2, 5), b=(2,), c=(5,))


@kept("superposition")
def superposition():
    """The toy model: ReLU(W^T W x + b)."""
    return Function(lambda m, x: torch.relu(x @ m.W.T @ m.W + m.b), W=(2, 5), b=(5,))


@kept("superposition, square first", (5,))
def superposition_square_first():
    return Function(lambda m, x: torch.relu(x @ (m.W.T @ m.W) + m.b), W=(2, 5), b=(5,))


@kept("superposition by einsum", (5,))
def superposition_by_einsum():
    def forward(m, x):
        hidden = torch.einsum("bf,hf->bh", x, m.W)
        return torch.relu(torch.einsum("bh,hf->bf", hidden, m.W) + m.b)

    return Function(forward, W=(2, 5), b=(5,))


@kept("sparse autoencoder", (3,))
def sparse_autoencoder():
    def forward(m, x):
        return F.relu((x - m.b_dec) @ m.W_enc + m.b_enc) @ m.W_dec + m.b_dec

    return Function(forward, W_enc=(3, 7), b_enc=(7,), W_dec=(7, 3), b_dec=(3,))


@kept("sparse autoencoder of unit directions", (3,))
def sparse_autoencoder_of_unit_directions():
    def forward(m, x):
        directions = F.normalize(m.W_dec, dim=1)
        return F.relu((x - m.b_pre) @ directions.mT + m.b_enc).matmul(directions) + m.b_pre

    return Function(forward, b_enc=(7,), W_dec=(7, 3), b_pre=(3,))


# -- parameters that are computed ---------------------------------------------------------------------------------


@kept("weight norm")
def weight_norm():
    return nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3)), nn.ReLU(), nn.Linear(3, 2))


@kept("orthogonal")
def orthogonal():
    return nn.Sequential(parametrizations.orthogonal(nn.Linear(3, 3)), nn.ReLU())


@kept("pruned")
def pruned():
    layer = nn.Linear(4, 3)
    prune.random_unstructured(layer, "weight", amount=0.5)
    return nn.Sequential(layer, nn.ReLU(), nn.Linear(3, 2))


@kept("masked weights")
def masked_weights():
    return Function(lambda m, x: torch.relu(x @ (torch.tril(m.W) * 0.5).exp()), W=(4, 4))


# -- blocks -------------------------------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.shift = nn.Parameter(torch.randn(3))

    def forward(self, x):
        h = x + self.second(torch.relu(self.first(x))) * 0.5
        h = torch.cat([h.clamp(min=-0.5, max=2), -h - self.shift], dim=1)
        return torch.maximum(h[:, :3], h.view(h.size(0), -1)[:, 3:]) / 4


MODULES["residual"] = Residual, None


class Blocks(nn.Module):
    """Blocks of a residual stream, each of which reads it and adds to it."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 3)) for _ in range(3))

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return x


MODULES["residual stream"] = Blocks, None


@kept("densely connected", (3,))
def densely_connected():
    def forward(m, x):
        a = F.relu(x @ m.V)
        b = F.relu(torch.cat([x, a], -1) @ m.W)
        return torch.stack([b, a], -1).flatten(1)

    return Function(forward, V=(3, 2), W=(5, 2))


@kept("one layer three times")
def recurrent():
    def forward(m, x):
        for _ in range(3):
            x = F.leaky_relu(x @ m.W, 0.1)
        return x

    return Function(forward, W=(3, 3))


@kept("maxout", (4,))
def maxout():
    return Function(lambda m, x: (x @ m.W + m.b).unflatten(1, (3, 4)).max(dim=2).values, W=(4, 12), b=(12,))


class Hooked(nn.Module):
    """What a hook adds is part of what the module computes."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.layers[1].register_forward_hook(lambda module, args, output: output * 0.5 + 1)

    def forward(self, x):
        return self.layers(x)


MODULES["hooked"] = Hooked, None


# -- tensors ------------------------------------------------------------------------------------------------------


@kept("reductions", (3, 4))
def reductions():
    def forward(m, x):
        y = x.squeeze(0) * m.W
        parts = [y.sum(0), y.mean(0, keepdim=True)[0], y.amax(0), y.min(0).values, y.cumsum(1)[2], y[0] - y.mean()]
        return torch.stack([*parts, y.norm(1, dim=0), y.norm(float("inf"), dim=0)]).unsqueeze(0)

    return Function(forward, W=(3, 4))


@kept("masks", (4,))
def masks():
    def forward(m, x):
        y = x @ m.W
        y = torch.where(torch.tensor([True, False, True, True]), y, 0.5)
        y = torch.where(y > 0.25, y, 0.25 * y + 0.1875) + y * (y <= 0) + (1 - y).masked_fill(y >= 1, 0.0)
        return F.threshold(y.masked_fill(torch.tensor([False, True, False, False]), -1.0), 0.5, 0.5)

    return Function(forward, W=(4, 4))


@kept("changes in place", (4,))
def changes_in_place():
    def forward(m, x):
        y = x @ m.W
        y += 1
        y[:, 2] = 0.5
        y[:, 1:3] *= torch.tensor(2.0)
        y[:, torch.tensor([0, 3])] = y[:, torch.tensor([3, 0])]
        return F.pad(y.relu_(), (1, -1), value=0.5).clamp_(max=3)

    return Function(forward, W=(4, 4))


@kept("arrangements", (4, 3))
def arrangements():
    def forward(m, x):
        y = x.transpose(1, 2).flip(1).roll(1, 2) @ m.W
        a, b = y.chunk(2, dim=2)
        y = torch.cat([a, b.expand(1, 3, 2)], 1).permute(0, 2, 1).movedim(1, 2)
        y = y.index_select(1, torch.tensor([3, 0, 5])).gather(2, torch.tensor([[[1, 0], [0, 0], [1, 1]]]))
        return torch.tril(y).repeat(1, 1, 2)[:, :, 1:].reshape(1, -1) + torch.zeros_like(x).sum()

    return Function(forward, W=(4, 4))


@kept("arithmetic", (4,))
def arithmetic():
    def forward(m, x):
        y = 1 - (x * m.a).abs() + torch.addcmul(x, m.a, x, value=0.5) - 2 * x / 3
        y = torch.lerp(y, m.a, 0.25) + torch.minimum(y, m.a) + y.clamp(m.a - 1, m.a + 1)
        return torch.addmm(m.c, y, m.W, beta=0.5, alpha=2) + (y.unsqueeze(1) @ m.W).squeeze(1) + m.W.mv(y[0])

    return Function(forward, a=(4,), c=(4,), W=(4, 4))


@kept("sorted", (5,))
def sorted_values():
    """All that puts numbers in order, of lines with ties and of single numbers."""

    def forward(m, x):
        y = (x @ m.W).reshape(1, 2, 3)
        y = torch.cat([y, y[:, :, :1]], dim=2)
        parts = [y.sort(dim=2).values, y.sort(dim=1, descending=True).values, y.msort(), F.softshrink(y, 0.25)]
        parts += [y.topk(2, dim=2).values, y.topk(1, dim=2, largest=False).values, y.kthvalue(2, dim=2).values]
        parts += [y.median(dim=2).values, y.median(), *torch.aminmax(y, dim=1), y.cummax(2).values, y.cummin(1).values]
        return torch.cat([part.flatten() for part in parts]).unsqueeze(0)

    return Function(forward, W=(5, 6))


def top_two(hidden):
    """A helper of a module: what is above the third largest, and by how much."""
    return F.relu(hidden - hidden.topk(3, dim=1).values[:, 2:])


@kept("gate of the largest")
def gate_of_the_largest():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(3, 6), nn.Linear(6, 3)

        def forward(self, x):
            return self.decoder(top_two(self.encoder(x)))

    return Gated()
