"""All tables and figures of papers/pruning: which runs they need, and where they go on its page."""

from __future__ import annotations

from pathlib import Path

from campaign import Campaign, Row
from report import all_finished

FOLDER = Path(__file__).parent.parent.parent / "papers" / "pruning"


def write(campaign: Campaign, out: Path) -> list[str]:
    """Run everything, write it, and return what does not hold."""
    raise NotImplementedError


def check_headline(rows: list[Row], most: float) -> list[str]:
    """One line on the console, and a message unless the search finished with at most so many nodes for each piece."""
    problems = []
    for row in rows:
        nodes, pieces = int(row["nodes"]), int(row["pieces"])
        said = f"{row['network']} {row['dim']}-{row['width']}, {row['target']}: {nodes:,} nodes for {pieces:,} pieces"
        holds = all_finished([row]) and nodes <= most * pieces
        print(f"\nheadline, at most {most} nodes a piece: {said}: {'holds' if holds else 'FAILS'}")
        if not holds:
            problems.append(f"headline: {said}, which is more than {most} a piece, or not finished")
    return problems
