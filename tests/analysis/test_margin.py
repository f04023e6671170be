"""The range of a margin over a domain."""

import numpy as np
import pytest

import polyrelu as pr
from tests import zoo


@pytest.mark.parametrize(("seed", "classes"), [(0, 2), (1, 3), (2, 3)])
def test_who_wins_everywhere_and_who_nowhere(seed, classes):
    """By the preimages of the winners, and of those who are not beaten."""
    rng = np.random.default_rng(seed)
    last = rng.standard_normal((classes, 3)), [0] * classes
    net = pr.Network([(rng.standard_normal((3, 2)), rng.standard_normal(3)), last])
    box = zoo.square(1)
    for k in range(classes):
        found = pr.margin(net, k, box)
        assert (found.maximum.value >= 0) == bool(len(pr.preimage(net, pr.wins(k, classes), box)))
        others = [f"y{j} >= y{k}" for j in range(classes) if j != k]
        assert (found.minimum.value > 0) == (not len(pr.preimage(net, others, box)))
        assert found.check() > 0


def test_errors():
    with pytest.raises(pr.InputError, match="margin: network: expected a Network"):
        pr.margin(3, 0)  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="margin: class"):
        pr.margin(zoo.NETWORKS["two outputs"], 2)
