"""The page of the zones of several features: in the plane and in space over one another, elsewhere a table.

In the plane its tiles are the parts of the domain on which every neuron and every feature has one sign, so that what is
pointed at says which features are active there. In space each feature is a body made of its own zone's tiles.
"""

from __future__ import annotations

from collections.abc import Iterator

from polyrelu.analysis.measure import Enclosure
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.engines.preimage import linear_regions
from polyrelu.latent.feature_zones import FeatureZones
from polyrelu.latent.superposition import with_features
from polyrelu.pages.page import Document, document
from polyrelu.pages.planar import DIGITS, planar_document
from polyrelu.pages.solid import solids_page
from polyrelu.pages.tables import features_table
from polyrelu.pages.tiles import counted
from polyrelu.pages.words import condition
from polyrelu.pages.words import counted as number_of
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

UNBOUNDED = "unbounded"


def features_page(zones: FeatureZones) -> str:
    """The zones of features as a page.

    Cost: in the plane one run more, for all features at once.
    """
    dim = zones.domain.ambient_dim
    if dim == 2:
        return document("planar", _planar_document(zones), title(zones))
    if dim == 3 and zones:
        return solids_page({f"y{feature}": tiling for feature, tiling in zones.items()}, heading=title(zones))
    return features_table(title(zones), _facts(zones), rows(zones))


def title(zones: FeatureZones) -> str:
    """What is shown, in a few words."""
    return f"Where {number_of(len(zones), 'feature')} {'is' if len(zones) == 1 else 'are'} active"


def rows(zones: FeatureZones) -> Iterator[tuple[str, str, str]]:
    """For each feature its name, the number of its tiles, and how large its zone is."""
    for feature, tiling in zones.items():
        yield f"y{feature}", f"{len(tiling):,}", size(tiling)


def size(tiling: Tiling) -> str:
    """The volume as text, correctly rounded where its bounds leave no doubt, and otherwise computed exactly."""
    if not tiling.is_bounded():
        return UNBOUNDED
    found = tiling.volume()
    assert isinstance(found, Enclosure)
    low, high = (rounded_text(end, DIGITS) for end in (found.low, found.high))
    return low if low == high else rounded_text(tiling.volume(exact=True), DIGITS)


def _planar_document(zones: FeatureZones) -> Document:
    features = list(zones)
    network = with_features(zones.network, features, [0] * len(features))
    cells = linear_regions(network, zones.domain)
    patterns = [pattern.rpartition("|")[2] for pattern in cells.patterns]
    return {
        **planar_document(cells, [range(len(cells))]),
        "head": {"title": title(zones), "facts": [f"{number_of(len(cells), 'region')}, exact", *_facts(zones)]},
        "features": {
            "entries": [{"name": f"y{feature}", "area": size(tiling)} for feature, tiling in zones.items()],
            "colours": [colour(feature) for feature in features],
            "members": counted(
                [[i for i, pattern in enumerate(patterns) if pattern[k] == "1"] for k in range(len(features))]
            ),
            "layer": len(network.layers) - 1,
        },
    }


def _facts(zones: FeatureZones) -> list[str]:
    within = condition(zones.domain, zones.network.input_names)
    widths = "-".join(map(str, zones.network.widths))
    return [*([f"in {within}"] if within else []), f"network {widths}, exact"]
