"""Measure pruning heuristics of the face search side by side, each checked against the default search.

    ./scripts/run python scripts/pruning/run.py --short                      # under a minute
    ./scripts/run python scripts/pruning/run.py --add my_heuristic.py        # yours against all others
    ./scripts/run python scripts/pruning/run.py --heuristics Exhaustive Arrangement --widths 4 8 16 --networks toy
    ./scripts/run python scripts/pruning/run.py --paper                      # all of papers/pruning, under 20 minutes

Writes results.csv (one row a run), tables.md and figures to --out, and prints the tables. Asked again, it runs only
what is not in results.csv yet. The exit code is 1 when a heuristic that claims to be sound loses a piece, when one
breaks off with an error, or when a headline does not hold. README.md beside this file says how to add an idea.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import paper
from campaign import REFERENCE, Campaign, Row, Store
from loader import Entry, entries
from networks import KINDS
from report import Case, by_case, figure
from trial import Limits, Question

from polyrelu.errors import PolyreluError
from polyrelu.figures.registry import save_figure
from polyrelu.support.files import write_whole

FIGURES = ("nodes", "wasted", "lps", "seconds")
SHORT = {"widths": [4, 8], "seeds": [0], "limit": 300, "seconds": 0.5, "figures": ["nodes"]}
HEADLINE = Question("random", 64, 2, 1, 0, "y0 > 0", 0)


def main() -> None:
    """The command line."""
    options = _options()
    began = time.perf_counter()
    try:
        known = entries(options.add)
        if options.list:
            _list(known)
            return
        chosen = _chosen(options.heuristics, known)
        if options.fresh:
            (options.out / "results.csv").unlink(missing_ok=True)
        campaign = Campaign(Store(options.out / "results.csv"), chosen, tuple(options.add), options.workers)
        if options.paper:
            problems = paper.write(campaign, options.out)
        else:
            limits = Limits(options.limit, options.seconds)
            rows = campaign.run(_questions(options), limits)
            _write(rows, options.out, options.figures)
            problems = headline(campaign, limits) if options.short else []
    except (PolyreluError, OSError) as error:
        sys.exit(f"run.py: {error}")
    except KeyboardInterrupt:
        sys.exit("run.py: interrupted; what was finished is kept, and the same command goes on from there")
    problems = campaign.failures + problems
    print(f"\n{campaign.ran} runs made, results in {options.out}, {time.perf_counter() - began:.0f} s")
    if problems:
        sys.exit("\n".join(["", f"{len(problems)} PROBLEMS:", *problems]))
    print(f"all complete runs of sound heuristics found the pieces of the default search ({REFERENCE})")


def headline(campaign: Campaign, limits: Limits) -> list[str]:
    """The claim that 2-64 with one output wanted takes at most 3 nodes for each piece kept; messages if it fails."""
    rows = Campaign(campaign.store, [], workers=1).run([HEADLINE], Limits(2**16, max(limits.max_seconds, 120.0)))
    return paper.check_headline(rows, paper.NODES_A_PIECE)


def _questions(options: argparse.Namespace) -> list[Question]:
    return [
        Question(network, width, dim, blocks, seed, options.target, options.box)
        for network, dim, blocks, width, seed in itertools.product(
            options.networks, options.dims, options.blocks, sorted(options.widths), options.seeds
        )
    ]


def _chosen(names: Sequence[str] | None, known: dict[str, Entry]) -> list[Entry]:
    if names is None:
        return [entry for entry in known.values() if not _is_reference(entry)]
    unknown = [name for name in names if name not in known and name != REFERENCE]
    if unknown:
        raise SystemExit(f"run.py: there is no heuristic {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names) if name != REFERENCE]


def _is_reference(entry: Entry) -> bool:
    return entry.name == REFERENCE


def _list(known: dict[str, Entry]) -> None:
    print(f"{REFERENCE}: the default search, which all others are compared with; always run")
    for entry in known.values():
        print(f"{entry.name}{'' if entry.is_sound else ' (unsound)'}: {entry.idea}  [{os.path.relpath(entry.path)}]")


def _write(rows: Sequence[Row], out: Path, figures: Sequence[str]) -> None:
    """The tables and, for each family of cases with several widths, the figures."""
    tables = by_case(rows)
    write_whole(out / "tables.md", lambda path: path.write_text(tables + "\n"))
    print(tables)
    families: dict[Case, list[Row]] = {}
    for row in rows:
        families.setdefault(Case.of(row)._replace(width=0), []).append(row)
    for case, own in families.items():
        if len({row["width"] for row in own}) > 1:
            for quantity in figures:
                save_figure(figure(own, quantity), out, f"{quantity}-{case.network}-{case.dim}-{case.blocks}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heuristics", nargs="+", metavar="NAME", help="whom to run (default: all)")
    parser.add_argument("--add", nargs="+", type=Path, default=[], metavar="FILE", help="files with more heuristics")
    parser.add_argument("--list", action="store_true", help="name all heuristics, with their ideas, and stop")
    parser.add_argument("--networks", nargs="+", choices=list(KINDS), default=list(KINDS), help="default: all kinds")
    parser.add_argument(
        "--widths", nargs="+", type=int, default=[4, 8, 16, 32, 64], metavar="N", help="neurons of a layer"
    )
    parser.add_argument("--dims", nargs="+", type=int, default=[2], metavar="D", help="latent dimensions")
    parser.add_argument("--blocks", nargs="+", type=int, default=[1], metavar="K", help="how many layers with a ReLU")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="S", help="tables show medians")
    parser.add_argument("--target", default="y0 > 0", help="what is wanted of the outputs (default: y0 > 0)")
    parser.add_argument("--box", type=int, default=0, metavar="R", help="x in [-R, R]^d (default: all of R^d)")
    parser.add_argument("--limit", type=int, default=2**14, help="nodes of a run (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of a run (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="how many runs at a time (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for results (default: build/pruning)")
    parser.add_argument("--figures", nargs="*", choices=FIGURES, default=FIGURES, help="which to draw (default: all)")
    parser.add_argument("--fresh", action="store_true", help="forget the results in the folder first")
    parser.add_argument("--short", action="store_true", help="small widths and tight limits, under a minute")
    parser.add_argument("--paper", action="store_true", help="everything in papers/pruning, and nothing else")
    short = parser.parse_known_args()[0].short
    if short:
        parser.set_defaults(**SHORT)
    options = parser.parse_args()
    if options.out is None:
        options.out = paper.FOLDER if options.paper else Path("build/pruning")
    return options


if __name__ == "__main__":
    main()
