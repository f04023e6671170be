"""What is shown as a table: networks, and tilings that no plane and no space has room for."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from polyrelu.analysis.zones import zone_numbers
from polyrelu.networks.network import Network
from polyrelu.pages.words import counted, facts, title
from polyrelu.tilings.tiling import Tiling

MOST_ROWS = 100
"""Of tiles, and of zones."""

_MOST_NUMBERS = 50_000  # of a network whose regions and image are bounded as it is shown
_DIGITS = 4
_STYLE = """
:root { color-scheme: light dark; }
body { font: 13px/1.45 system-ui, sans-serif; margin: 16px; color: CanvasText; background: Canvas; }
h1 { font-size: 16px; margin: 0 0 4px; }
h2 { font-size: 13px; margin: 18px 0 4px; }
p { margin: 0 0 2px; opacity: 0.8; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 14px 3px 0; vertical-align: top; }
th, td { border-bottom: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); }
td { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
"""


def table_page(tiling: Tiling, groups: Sequence[Iterable[int]] | None = None, remark: str = "") -> str:
    """A tiling of any space as a page of tables: its zones, and its first tiles.

    Args:
        tiling: any.
        groups: the tiles of each zone; by default those of ``tiling.zones()``, none for no table of them.
        remark: a line above the tables.
    """
    zones = [list(group) for group in (zone_numbers(tiling) if groups is None else groups)]
    said = facts(tiling, len(zones), "")
    lines = [remark or f"R^{tiling.domain.ambient_dim} has no picture; this page has tables.", *said["facts"]]
    if said.get("warning"):
        lines.append(said["warning"])
    parts = [f"<h1>{html.escape(title(tiling))}</h1>", *(f"<p>{html.escape(line)}</p>" for line in lines)]
    if zones:
        numbers = ((str(i), str(len(zone)), tiling[zone[0]].pattern) for i, zone in enumerate(zones[:MOST_ROWS]))
        parts += [f"<h2>{counted(len(zones), 'zone')}</h2>", _table(("zone", "tiles", "pattern of the first"), numbers)]
        parts += _left(len(zones))
    rows = tiling.rows(MOST_ROWS, _DIGITS)
    parts += [f"<h2>{counted(len(tiling), 'tile')}</h2>", _table(("tile", "pattern", "dim", "point", "where"), rows)]
    parts += _left(len(tiling))
    return _page(title(tiling), parts)


def features_table(name: str, said: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The zones of features as a page of a table.

    Args:
        name: the title.
        said: lines below it.
        rows: for each feature its name, the number of its tiles, and how large its zone is.
    """
    parts = [f"<h1>{html.escape(name)}</h1>", *(f"<p>{html.escape(line)}</p>" for line in said)]
    return _page(name, [*parts, _table(("feature", "tiles", "volume"), rows)])


def network_html(network: Network) -> str:
    """A network as notebooks show it: a table of its layers, and below it what is known of all of them."""
    head = ("layer", "inputs", "outputs", "ReLU", "weights and biases")
    rows = [
        (i, layer.input_dim, layer.output_dim, layer.neuron_count, layer.output_dim * (layer.input_dim + 1))
        for i, layer in enumerate(network.layers)
    ]
    size = sum(row[-1] for row in rows)
    neurons, numbers = counted(network.neuron_count, "ReLU neuron"), counted(size, "number")
    lines = [f"Network from R^{network.input_dim} to R^{network.output_dim}, {neurons}, {numbers}, exact"]
    if size <= _MOST_NUMBERS:
        summary = str(network.summary()).splitlines()
        lines += summary[summary.index("") + 2 :]
    table = _table(head, (map(str, row) for row in rows))
    return f"<div>{table}<p>{'<br>'.join(map(html.escape, lines))}</p></div>"


def _left(count: int) -> list[str]:
    return [f"<p>and {count - MOST_ROWS:,} more</p>"] if count > MOST_ROWS else []


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<div><table><tr>{names}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>"


def _page(name: str, parts: Iterable[str]) -> str:
    """A page that runs nothing."""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(name)}</title><style>{_STYLE}</style></head><body>",
            *parts,
            "</body></html>\n",
        ]
    )
