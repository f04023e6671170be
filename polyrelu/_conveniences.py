"""Methods of :class:`Tiling` and :class:`Network` that live in upper rooms, from one table.

``tiling.volume()`` is easier to find than a function of the room that measures, and yet a tiling is data, and knows
nothing of what is asked of it. So the functions below, whose first argument is the tiling or the network, become
methods when polyrelu is imported. ``_conveniences.pyi`` tells type checkers and editors about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polyrelu.analysis.adjacency import adjacency, shared_facet
from polyrelu.analysis.measure import bounding_box, share, volume
from polyrelu.analysis.merge import merged
from polyrelu.analysis.nearest import nearest_point
from polyrelu.analysis.outline import outline
from polyrelu.analysis.sampling import sample_points
from polyrelu.analysis.topology import betti_numbers, euler_characteristic, f_vector
from polyrelu.analysis.zones import boundary, facets, zones
from polyrelu.export.files import export_tiling
from polyrelu.export.frames import to_pandas
from polyrelu.export.planar import to_shapely
from polyrelu.formats.tilings import save_tiling
from polyrelu.formats.torch_modules import from_torch
from polyrelu.networks.network import Network
from polyrelu.networks.network_summary import summary
from polyrelu.plotting.planar import plot_tiling
from polyrelu.tilings.tiling import Tiling

METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    Tiling: {
        "adjacency": adjacency,
        "betti_numbers": betti_numbers,
        "boundary": boundary,
        "bounding_box": bounding_box,
        "euler_characteristic": euler_characteristic,
        "export": export_tiling,
        "f_vector": f_vector,
        "facets": facets,
        "merged": merged,
        "nearest": nearest_point,
        "outline": outline,
        "plot": plot_tiling,
        "sample_points": sample_points,
        "save": save_tiling,
        "share": share,
        "shared_facet": shared_facet,
        "to_networkx": adjacency,
        "to_pandas": to_pandas,
        "to_shapely": to_shapely,
        "volume": volume,
        "zones": zones,
    },
    Network: {"summary": summary},
}
MAKERS: Mapping[type, Mapping[str, Callable[..., Any]]] = {Network: {"from_torch": from_torch}}
"""Those that are called on the class and make an object of it."""

for _owner, _functions in METHODS.items():
    for _name, _function in _functions.items():
        setattr(_owner, _name, _function)
for _owner, _functions in MAKERS.items():
    for _name, _function in _functions.items():
        setattr(_owner, _name, staticmethod(_function))
