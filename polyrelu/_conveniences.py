"""What lives in upper rooms and is found without them: methods of lower classes, and public names, from one table each.

``tiling.volume()`` is easier to find than a function of the room that measures, and yet a tiling is data, and knows
nothing of what is asked of it. So the functions below, whose first argument is the object, become methods when
polyrelu is imported. Their rooms are imported when a method is first looked up, because drawing and exporting take
longer to import than most questions to answer. ``_conveniences.pyi`` tells type checkers and editors about them.

For the same reason most names of ``polyrelu`` itself wait, those of engines and readers too; type checkers read its
imports.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.networks.statement import Statement
from polyrelu.support.shown import Shown
from polyrelu.tilings.stored_tiling import StoredTiling
from polyrelu.tilings.tiling import Tiling

METHODS: Mapping[type, Mapping[str, str]] = {
    Shown: {
        "_repr_html_": "pages.showing.notebook_html",
        "save": "pages.showing.save",
        "show": "pages.showing.show_page",
    },
    Tiling: {
        "_repr_html_": "pages.showing.notebook_html",
        "adjacency": "analysis.adjacency.adjacency",
        "arrays": "analysis.arrays.arrays",
        "betti_numbers": "analysis.topology.betti_numbers",
        "boundary": "analysis.zones.boundary",
        "bounding_box": "analysis.measure.bounding_box",
        "certificate": "engines.evidence.certify.certificate",
        "coverage": "analysis.coverage.coverage",
        "euler_characteristic": "analysis.topology.euler_characteristic",
        "export": "export.files.export_tiling",
        "f_vector": "analysis.topology.f_vector",
        "facets": "analysis.zones.facets",
        "image": "analysis.images.image_of",
        "merged": "analysis.merge.merged",
        "nearest": "analysis.nearest.nearest_point",
        "outline": "analysis.outline.outline",
        "plot": "plotting.planar.plot_tiling",
        "sample_points": "analysis.sampling.sample_points",
        "save": "pages.showing.save",
        "share": "analysis.measure.share",
        "shared_facet": "analysis.adjacency.shared_facet",
        "show": "pages.showing.show_page",
        "star": "analysis.stars.star",
        "to_arrow": "export.frames.to_arrow",
        "to_geoparquet": "export.geoparquet.to_geoparquet",
        "to_latex": "export.latex.to_latex",
        "to_networkx": "analysis.adjacency.adjacency",
        "to_pandas": "export.frames.to_pandas",
        "to_shapely": "export.planar.to_shapely",
        "volume": "analysis.measure.volume",
        "way": "analysis.paths.way",
        "zones": "analysis.zones.zones",
    },
    StoredTiling: {
        "bounding_box": "analysis.stored_measures.bounding_box",
        "share": "analysis.stored_measures.share",
        "volume": "analysis.stored_measures.volume",
        "zones": "analysis.stored_zones.zones",
    },
    Network: {
        "_repr_html_": "pages.tables.network_html",
        "slice": "networks.slices.slice_of",
        "summary": "networks.network_summary.summary",
    },
    Property: {},
    Statement: {
        "certify": "engines.evidence.certify.certify",
        "expand": "engines.evidence.expander.expand",
        "write_point": "engines.evidence.certify.write_point",
    },
}
MAKERS: Mapping[type, Mapping[str, str]] = {
    Property: {
        "equivalent": "networks.named_properties.equivalent",
        "lipschitz": "networks.named_properties.lipschitz",
        "monotone": "networks.named_properties.monotone",
        "of": "networks.property_text.property_of",
        "steady": "networks.named_properties.steady",
    },
    Network: {
        "from_flax": "formats.parameter_trees.from_flax",
        "from_sklearn": "formats.estimators.from_sklearn",
        "from_torch": "formats.torch_modules.from_torch",
    },
}
"""Those that are called on the class and make an object of it."""
PUBLIC: Mapping[str, str] = {
    "FaceSearch": "engines.search.FaceSearch",
    "LatentCube": "latent.windows.LatentCube",
    "LatentPlane": "latent.windows.LatentPlane",
    "Measure": "analysis.counts.Measure",
    "Nearest": "analysis.nearest.Nearest",
    "Run": "runs.stored_run.Run",
    "SegmentableCube": "plotting.segmentable.SegmentableCube",
    "SegmentablePlane": "plotting.segmentable.SegmentablePlane",
    "StoredTiling": "tilings.stored_tiling.StoredTiling",
    "Verdict": "certificates.verdict.Verdict",
    "Verification": "analysis.verify.Verification",
    "before_final": "networks.final_operators.before_final",
    "check_tiling": "certificates.check_tiling.check_tiling",
    "count": "analysis.counts.count",
    "coverage_curve": "analysis.coverage_curve.coverage_curve",
    "decision_boundary": "analysis.decision_boundary.decision_boundary",
    "explore": "pages.explorer.explore",
    "face_search": "engines.search.face_search",
    "feature_zones": "latent.feature_zones.feature_zones",
    "film": "figures.film.film",
    "fold": "analysis.counts.fold",
    "get_rigged_bias": "plotting.segmentable.get_rigged_bias",
    "get_unit_2d_vectors_regularly_spaced": "plotting.segmentable.get_unit_2d_vectors_regularly_spaced",
    "image": "analysis.images.image",
    "join": "runs.joining.join",
    "latent_plane": "plotting.segmentable.latent_plane",
    "linear_regions": "engines.preimage.linear_regions",
    "lipschitz": "analysis.lipschitz.lipschitz",
    "load_network": "formats.load.load_network",
    "load_property": "formats.vnnlib.load_property",
    "load_query": "formats.vnnlib.load_query",
    "load_tiling": "formats.tilings.load_tiling",
    "margin": "analysis.margin.margin",
    "measure": "analysis.counts.measure",
    "nearest_input": "analysis.nearest_input.nearest_input",
    "nearest_point": "analysis.nearest.nearest_point",
    "open_tiling": "runs.opening.open_tiling",
    "output_range": "analysis.output_range.output_range",
    "preimage": "engines.preimage.preimage",
    "region_statistics": "analysis.statistics.region_statistics",
    "save_network": "export.networks.save_network",
    "segment_and_plot": "plotting.segmentable.segment_and_plot",
    "some_input": "analysis.some_input.some_input",
    "tiles": "engines.tiles.tiles",
    "to_latex": "export.latex.to_latex",
    "unrelu": "engines.faces.unrelu.unrelu",
    "unrelu_by_substitution": "engines.faces.unrelu.unrelu_by_substitution",
    "verify": "analysis.verify.verify",
}
"""Names of ``polyrelu`` that are imported when they are first looked up."""


def _found(place: str) -> Any:
    """What has this name, below ``polyrelu``."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"polyrelu.{module}"), name)


def public_name(name: str) -> Any:
    """A public name of an upper room: the ``__getattr__`` of ``polyrelu``, which keeps it from then on.

    Raises:
        AttributeError: polyrelu has no such name.
    """
    if name not in PUBLIC:
        raise AttributeError(f"module 'polyrelu' has no attribute {name!r}", name=name, obj=sys.modules["polyrelu"])
    value = _found(PUBLIC[name])
    setattr(sys.modules["polyrelu"], name, value)
    return value


def public_names() -> list[str]:
    """The names that ``polyrelu`` has or will have: its ``__dir__``."""
    return sorted({*vars(sys.modules["polyrelu"]), *PUBLIC})


class _Waiting:
    """A function of an upper room in the place of which it stands until someone looks it up.

    Args:
        owner, name: the class, and the name of the attribute that the function becomes.
        place: the function's name, below ``polyrelu``.
        kind: makes the attribute of the function.
    """

    def __init__(self, owner: type, name: str, place: str, kind: Callable[[Any], Any] = lambda method: method) -> None:
        self._owner, self._name, self._place, self._kind = owner, name, place, kind

    def __get__(self, instance: Any, owner: type) -> Any:
        """What the attribute is from now on."""
        setattr(self._owner, self._name, self._kind(_found(self._place)))
        return getattr(owner if instance is None else instance, self._name)


for _owner, _places in METHODS.items():
    for _name, _place in _places.items():
        setattr(_owner, _name, _Waiting(_owner, _name, _place))
for _owner, _places in MAKERS.items():
    for _name, _place in _places.items():
        setattr(_owner, _name, _Waiting(_owner, _name, _place, staticmethod))
