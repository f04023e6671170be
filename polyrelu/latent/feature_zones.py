"""Where features of a later layer are active, in the space of an earlier one: one exact tiling for each feature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from polyrelu.arithmetic.exact import exact
from polyrelu.engines.preimage import preimage
from polyrelu.errors import InputError
from polyrelu.latent.windows import feature_number
from polyrelu.networks.network import Network
from polyrelu.networks.properties import active
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, instance, items
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown
from polyrelu.support.shown import Shown
from polyrelu.tilings.tiling import Tiling

_MOST_NAMED = 6


@dataclass(frozen=True, eq=False, repr=False)
class FeatureZones(Carried, Mapping[int, Tiling], Shown):
    """The zones of some features by their numbers: a mapping, which shows itself with all features over one another.

    Made by :func:`feature_zones`. ``dict(zones)`` is a plain dictionary of tilings.

    Attributes:
        network: the blocks of which the last one has the features.
        domain: where their zones are looked for, in the space of the network's inputs.
        tilings: of each feature, by its number.
    """

    network: Network
    domain: Polyhedron
    tilings: Mapping[int, Tiling]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tilings", MappingProxyType(dict(self.tilings)))

    def __getitem__(self, feature: int) -> Tiling:
        return self.tilings[feature]

    def __iter__(self) -> Iterator[int]:
        return iter(self.tilings)

    def __len__(self) -> int:
        return len(self.tilings)

    def __repr__(self) -> str:
        named = [str(feature) for feature in list(self)[:_MOST_NAMED]] + ["..."] * (len(self) > _MOST_NAMED)
        return f"FeatureZones({len(self)} features in R^{self.domain.ambient_dim}: {', '.join(named)})"


def feature_zones(
    network: Network,
    features: int | str | Iterable[int | str] | None = None,
    domain: Domain | None = None,
    *,
    box: Any = None,
) -> FeatureZones:
    """Where features of the last layer are active, in the space of the network's inputs: exact.

    For the space after some block, pass the network of the blocks behind it.

    Args:
        network: a chain of blocks.
        features: coordinates of its output, by number or by name, such as ``"y0"``; by default all of them.
        domain: as in :func:`polyrelu.preimage`.
        box: instead of a domain, the half width of a cube around the origin.

    Returns:
        For each feature the tiling of ``y_i > 0``, by the feature's number: a mapping. At the end of a notebook's cell
        it shows itself; ``save("zones.html")`` writes the same page, ``show()`` opens it.

    Raises:
        InputError: there is no such feature; or a half width that is not positive, or one beside a domain.
        ParseError: there is no feature of this name.
        DimensionError: the domain lives in another space.

    Cost: one :func:`polyrelu.preimage` for each feature.

    >>> net = Network([([[1, 0], [0, 1]], [0, 0]), ([[1, -1], [0, 1]], [0, -1])], relu=[True, True])
    >>> {feature: str(zones.volume(exact=True)) for feature, zones in feature_zones(net, box=3).items()}
    {0: '27/2', 1: '12'}
    """
    count = instance(network, Network, "feature_zones: network", "pass a Network; load_network reads files").output_dim
    wanted: Iterable[Any] = range(count)
    if isinstance(features, str) or as_whole(features) is not None:
        wanted = [features]
    elif features is not None:
        wanted = items(features, "feature_zones: features", "pass numbers or names, such as [0, 2] or ['y0', 'y2']")
    chosen = [feature_number(i, count, "feature_zones") for i in wanted]
    inputs = given_domain(domain if box is None else _cube(box, domain, network.input_dim), network, "feature_zones")
    return FeatureZones(network, inputs, {i: preimage(network, active(i, count), inputs) for i in chosen})


def _cube(half_width: Any, domain: Domain | None, dim: int) -> Polyhedron:
    """The cube around the origin that was asked for."""
    if domain is not None:
        raise InputError("feature_zones: box is a domain, too; pass one of them")
    width = exact(half_width, "feature_zones: box")
    if width <= 0:
        raise InputError(f"feature_zones: box is {shown(width)}; it must be positive")
    return Polyhedron.box([-width] * dim, [width] * dim)
