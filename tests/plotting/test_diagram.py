from typing import Any

import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, FancyBboxPatch

import polyrelu as pr
from polyrelu.plotting.diagram import plot_network_diagram
from polyrelu.plotting.style import line_colour
from polyrelu.support.palette import PALETTE

NETWORK = pr.Network(
    [([[1, 0], [1, 1], [0, 1]], [0] * 3), ([[1, 2, 3], [4, 5, 6]], [0, 0]), ([[1, 1]], [0])], relu=[True, False, True]
)


def shapes(axes, kind):
    return [patch for patch in axes.patches if isinstance(patch, kind)]


def test_every_neuron_relu_and_nonzero_weight_is_drawn(axes):
    assert plot_network_diagram(NETWORK, axes) is axes
    neurons = [circle for circle in shapes(axes, Circle) if circle.get_edgecolor()[3]]
    columns = [sum(circle.center[0] == x for circle in neurons) for x in sorted({c.center[0] for c in neurons})]
    assert columns == [2, 3, 2, 1]
    with_relu = [c for c in neurons if c.get_edgecolor() == to_rgba(line_colour(PALETTE[0]))]
    assert len(with_relu) == 4 == len(axes.lines)
    weights: Any
    (weights,) = axes.collections
    assert len(weights.get_segments()) == 4 + 6 + 2
    assert not axes.axison


def test_the_simplified_one_has_a_bar_for_each_space_and_a_wedge_for_each_layer(axes):
    plot_network_diagram(NETWORK, axes, simplified=True, maps=["$W$", "$D$", "$U$"])
    bars = shapes(axes, FancyBboxPatch)
    assert [bar.get_edgecolor() for bar in bars] == [to_rgba(line_colour(PALETTE[i])) for i in (1, 0, 1, 0)]
    heights = [bar.get_height() + 0.2 for bar in bars]
    assert [height / heights[-1] for height in heights] == pytest.approx([2, 3, 2, 1])
    assert len(axes.patches) == 4 + 3
    assert len(axes.lines) == 2
    texts = [text.get_text() for text in axes.texts]
    assert texts[:8:2] == ["$x$", "$y_{1}$", "$y_{2}$", "$y_{3}$"]
    assert texts[1:8:2] == [f"$\\mathbf{{R}}^{{{width}}}$" for width in NETWORK.widths]
    assert texts[8:] == ["$W$", "$D$", "$U$"]


def test_bad_input_is_refused(axes):
    with pytest.raises(pr.DimensionError, match="1 names; a network of 3 layers has 4"):
        plot_network_diagram(NETWORK, axes, names=["x"])
    with pytest.raises(pr.DimensionError, match="2 maps; a network of 3 layers has 3"):
        plot_network_diagram(NETWORK, axes, maps=["W", "D"])
    with pytest.raises(pr.InputError, match="3 neurons is wider than 2; pass simplified=True or a larger limit"):
        plot_network_diagram(NETWORK, axes, limit=2)
    plot_network_diagram(NETWORK, axes, limit=2, simplified=True)
