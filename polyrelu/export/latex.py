r"""Tilings as LaTeX tables of inequalities, for papers; the packages amsmath and longtable are needed for that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from polyrelu.errors import InputError
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import whole_number
from polyrelu.support.numerals import MOST_DIGITS, shown
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

_RELATIONS = {"<=": r"\le", ">=": r"\ge", "==": "=", "<": "<", ">": ">"}
_TOKEN = re.compile(r"<=|>=|==|<|>|\*|[^\W\d]\w*|\d[\d.]*(?:[eE][+-]?\d+)?|/|[+-]|\S")
_HEAD = r"""\begin{longtable}{r l l}
\hline
tile & pattern & inequalities \\
\hline
\endhead
"""


def to_latex(
    what: Tiling | Tile | Polyhedron,
    names: Sequence[str] | None = None,
    digits: int | None = None,
    limit: int | None = None,
) -> str:
    r"""LaTeX: of a tiling a table of the inequalities of its tiles, of one set its inequalities as a formula.

    Args:
        what: a tiling, a tile or a polyhedron.
        names: of the coordinates, in LaTeX; :math:`x_{0}, x_{1}, \ldots` by default.
        digits: round coefficients to so many significant digits, for reading only; exact when None.
        limit: the most tiles; all when None. A last line says how many are not shown.

    Returns:
        A ``longtable`` (from the package of that name), or an ``aligned`` formula for math mode (from amsmath).

    Raises:
        InputError: ``digits`` or ``limit`` is no such number.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> print(pr.preimage(net, "y0 <= 1/3").to_latex())
        \begin{longtable}{r l l}
        \hline
        tile & pattern & inequalities \\
        \hline
        \endhead
        $0$ & \texttt{01} & $3 x_{0} \ge -1,\ x_{0} \le 0$ \\
        $1$ & \texttt{10} & $x_{0} \ge 0,\ 3 x_{0} \le 1$ \\
        \hline
        \end{longtable}
        >>> print(to_latex(pr.Polyhedron.box([0, "1/2"], [1, 2])))
        \begin{aligned}
        x_{0} &\ge 0 \\
        x_{0} &\le 1 \\
        2 x_{1} &\ge 1 \\
        x_{1} &\le 2
        \end{aligned}
    """
    if digits is not None:
        whole_number(digits, "to_latex: digits", 1, MOST_DIGITS)
    if not isinstance(what, Tiling | Tile | Polyhedron):
        raise InputError(f"to_latex: expected a tiling, a tile or a polyhedron, got {shown(what)}; pass one")
    if not isinstance(what, Tiling):
        rows = _rows(what, names, digits, " &")
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows or [r"\text{everywhere}"]), r"\end{aligned}"])
    count = len(what) if limit is None else min(whole_number(limit, "to_latex: limit"), len(what))
    lines = [_line(i, tile, names, digits) for i, tile in enumerate(islice(what, count))]
    if count < len(what):
        lines.append(rf"\multicolumn{{3}}{{l}}{{and ${len(what) - count}$ more}} \\")
    if not what.complete:
        lines.append(r"\multicolumn{3}{l}{incomplete: the run was stopped, or tiles were left out} \\")
    return _HEAD + "".join(f"{line}\n" for line in lines) + "\\hline\n\\end{longtable}"


def _line(number: int, tile: Tile, names: Sequence[str] | None, digits: int | None) -> str:
    rows = _rows(tile, names, digits, " ")
    pattern = rf"\texttt{{{tile.pattern}}}" if tile.pattern else "--"
    formula = r",\ ".join(rows) if rows else r"\text{everywhere}"
    return rf"${number}$ & {pattern} & ${formula}$ \\"


def _rows(what: Tile | Polyhedron, names: Sequence[str] | None, digits: int | None, before: str) -> list[str]:
    """The inequalities; ``before`` stands before each relation."""
    plain = what.inequalities(None, digits)
    return [_formula(row, names, before) for row in plain]


def _formula(text: str, names: Sequence[str] | None, before: str) -> str:
    """An inequality of the package's own notation as a formula."""
    parts: list[str] = []
    for token in _TOKEN.findall(text):
        if token in _RELATIONS:
            parts.append(f"{before.strip()}{_RELATIONS[token]}")
        elif re.fullmatch(r"x\d+", token):
            number = int(token[1:])
            parts.append(f"x_{{{number}}}" if names is None else names[number])
        elif "e" in token.lower():
            places, _, exponent = token.lower().partition("e")
            parts.append(rf"{places} \cdot 10^{{{int(exponent)}}}")
        elif token != "*":
            parts.append(token)
    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    """The parts with spaces between them, but not after a sign that begins a side."""
    text, begins = "", True
    for part in parts:
        text += part if begins and text.endswith("-") else f" {part}" if text else part
        begins = part == "-" and (text == "-" or text[:-2].endswith(tuple(_RELATIONS.values())))
    return text
