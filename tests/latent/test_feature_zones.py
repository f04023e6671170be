import copy
import pickle

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.latent.feature_zones import FeatureZones, feature_zones


def test_feature_zones_are_where_later_features_are_active():
    random = np.random.default_rng(5)
    shapes = [(4, 2), (2, 4), (3, 2)]
    network = pr.Network(
        [(random.integers(-3, 4, s), random.integers(-2, 3, s[0])) for s in shapes], relu=[True, False, True]
    )
    box = pr.Polyhedron.box([-4, -4], [4, 4])
    zones = feature_zones(network, domain=box)
    assert list(zones) == [0, 1, 2]
    points = random.uniform(-4, 4, (500, 2))
    values = network(points)
    for i, zone in zones.items():
        assert (zone.contains(points) == (values[:, i] > 0)).all()
    assert [zone.contains([0, 0]) for zone in feature_zones(network, [2], box).values()] == [
        bool(network([0, 0])[2] > 0)
    ]
    with pytest.raises(pr.InputError, match="feature_zones: there is no feature 3"):
        feature_zones(network, [3])


def test_zones_are_a_mapping_that_travels():
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, -1], [0, 1]], [0, -1])], relu=[True, True])
    zones = feature_zones(network, box=3)
    assert isinstance(zones, FeatureZones)
    assert list(zones) == [0, 1]
    assert dict(zones)[1] is zones[1]
    assert zones.get(2) is None
    assert repr(zones) == "FeatureZones(2 features in R^2: 0, 1)"
    for again in (copy.copy(zones), pickle.loads(pickle.dumps(zones))):
        assert {i: tiling.patterns for i, tiling in again.items()} == {i: t.patterns for i, t in zones.items()}
    many = pr.Network([([[k - 5, 1] for k in range(9)], [0] * 9)])
    assert repr(feature_zones(many, box=1)).endswith("R^2: 0, 1, 2, 3, 4, 5, ...)")
