"""Pages of things: ``_repr_html_`` in notebooks, ``show()``, and ``save("name.html")``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from polyrelu.analysis.zones import Zones
from polyrelu.errors import InputError
from polyrelu.formats.tilings import save_tiling
from polyrelu.latent.feature_zones import FeatureZones
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.pages.features import features_page, rows, title
from polyrelu.pages.latent import plane_page
from polyrelu.pages.page import SUFFIX, iframe, show, write
from polyrelu.pages.planar import planar_page
from polyrelu.pages.solid import cube_page, solid_page
from polyrelu.pages.tables import features_table, table_page
from polyrelu.support.arguments import file_path
from polyrelu.tilings.tiling import Tiling

MOST_TILES = 20_000
"""Of a page that a notebook shows by itself: two megabytes."""
MOST_SOLID_TILES = 4_000
"""Of one in space: some seconds."""

_PAGES: Mapping[int, Callable[[Tiling, Any], str]] = {2: planar_page, 3: solid_page}


def page_of(shown: Any) -> str:
    """The page of a tiling, of zones, of features' zones, or of a window of a latent space, as HTML text.

    Tilings of R^2 and R^3 are drawn; those of other spaces are tables.

    Cost: a product of matrices for each layer and tile, and the zones.
    """
    if isinstance(shown, LatentPlane):
        return plane_page(shown)
    if isinstance(shown, LatentCube):
        return cube_page(shown)
    if isinstance(shown, FeatureZones):
        return features_page(shown)
    tiling, groups = (shown.tiling, shown.numbers()) if isinstance(shown, Zones) else (shown, None)
    return _PAGES.get(tiling.domain.ambient_dim, table_page)(tiling, groups)


def notebook_html(shown: Any) -> str:
    """What a notebook shows below a cell: the page in an iframe; of many tiles a table, and how to see all."""
    tiling = shown.tiling if isinstance(shown, Zones) else shown
    if isinstance(tiling, Tiling) and _is_long(len(tiling), tiling):
        return iframe(table_page(tiling, [], _how_to_see_all(len(tiling))))
    if isinstance(shown, FeatureZones):
        count = sum(map(len, shown.values()))
        if _is_long(count, shown):
            return iframe(features_table(title(shown), [_how_to_see_all(count)], rows(shown)))
    return iframe(page_of(shown))


def _is_long(count: int, shown: Tiling | FeatureZones) -> bool:
    """Whether so many tiles are too many for a page that comes by itself."""
    return count > (MOST_SOLID_TILES if shown.domain.ambient_dim == 3 else MOST_TILES)


def _how_to_see_all(count: int) -> str:
    return f'{count:,} tiles: save("tiles.html") makes a page of all.'


def show_page(shown: Any) -> None:
    """Show the page: below the cell in a notebook, elsewhere in the browser."""
    show(page_of(shown))


def save(shown: Any, path: str | PathLike[str], overwrite: bool = False) -> None:
    """Write a page, ``.html``; or a tiling to be loaded again, ``.npz`` or ``.parquet``.

    A page is one file that needs no other and no network. What a tiling's own files hold, and what they replace, says
    :func:`polyrelu.formats.tilings.save_tiling`.

    Args:
        shown: what to write; on an object, the object itself.
        path: where to.
        overwrite: replace a file of tiles although the tiling is not complete.

    Raises:
        InputError: the suffix is another one, or something would be replaced by less.
        WriteError: the system refuses, see :func:`polyrelu.support.files.write_whole`.
        MissingExtraError: ``.parquet``, and pyarrow is not installed.
    """
    file = file_path(path, "save")
    if file.suffix.lower() == SUFFIX:
        write(page_of(shown), file)
    elif isinstance(shown, Tiling):
        save_tiling(shown, file, overwrite)
    else:
        raise InputError(f"save: {file} has the suffix {file.suffix!r}; {type(shown).__name__} is saved as {SUFFIX}")
