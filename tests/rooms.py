"""The rooms of the house: one list, which tests/test_architecture.py enforces and polyrelu/ARCHITECTURE.md prints.

Print it anew with ``./scripts/run python -m tests.rooms``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parent.parent / "polyrelu" / "ARCHITECTURE.md"


class Room(NamedTuple):
    """A folder of the package.

    Attributes:
        name: the folder.
        sentence: what belongs in it.
        may_import: the rooms that its modules may import from, beside their own and ``errors``.
    """

    name: str
    sentence: str
    may_import: tuple[str, ...]


_SETS = ("support", "arithmetic", "polyhedra")
_NETWORKS = (*_SETS, "networks")
_ANSWERS = (*_NETWORKS, "tilings")
_ENGINES = (*_ANSWERS, "bounds", "engines")
_ANALYSIS = (*_ENGINES, "runs", "certificates", "analysis")
_SHOWN = (*_ANALYSIS, "latent", "formats", "export")

ROOMS = (
    Room("support", "What every room stands on: arguments, limits, files, numbers as text; no mathematics.", ()),
    Room("arithmetic", "Numbers and their errors: rationals, rounding, linear programs; knows no geometry.", _SETS[:1]),
    Room("polyhedra", "Sets: exact convex polyhedra, their faces, volumes and unions; knows no network.", _SETS[:2]),
    Room("networks", "Networks, and what an activation pattern makes of them; knows no tiling.", _SETS),
    Room("bounds", "Certified bounds of what a network can reach from a set of inputs.", _NETWORKS),
    Room("tilings", "The answer as data: tiles, the columns they are kept in, and their facets.", _NETWORKS),
    Room("engines", "Ways to get an answer: each takes a question and gives tiles.", (*_ANSWERS, "bounds")),
    Room("runs", "Runs that outlive a process: tasks with a budget, executors, runs on disk.", _ENGINES),
    Room("certificates", "Evidence: what judges an answer, and shares nothing with what found it.", _ANSWERS),
    Room("analysis", "Questions about an answer: to a number, a graph, another tiling, a verdict.", _ANALYSIS[:-1]),
    Room("latent", "Windows of a latent space, and the features that are active there.", _ANALYSIS),
    Room("formats", "Files in: networks, properties, tilings; and tilings out again.", _ANSWERS),
    Room("export", "Files out: tilings for other tools, and results as JSON.", (*_ANALYSIS, "formats")),
    Room("plotting", "Drawings of tilings, polyhedra and latent windows with matplotlib.", _SHOWN),
    Room("pages", "Drawings that show themselves: HTML that one can turn and touch.", _SHOWN),
    Room("figures", "The figures of the papers, and the demonstration.", (*_SHOWN, "plotting", "pages")),
    Room("cli", "The command line.", (*_SHOWN, "plotting", "pages", "figures")),
)
TO_COME: tuple[str, ...] = ()
"""Rooms on the card that have no folder yet."""

_HEAD = """# The house

Ask of a new thing: is it a number, a set, a network, an answer, a way to get the answer, a question about an answer,
evidence for it, or a way to show it? Each has its room, a folder of `polyrelu/`. Imports go down this list, at the head
of modules and inside functions, and never in a circle; `tests/test_architecture.py` enforces the table, and
`python -m tests.rooms` prints it.

"""

_TAIL = """
Beside the rooms there are `errors.py`, which every module may import and which imports nothing, and three modules
above all rooms: `__init__.py` with the public names; `_conveniences.py`, which puts functions of upper rooms on
`Tiling` and `Network` as methods, and finds the public names of these rooms when they are asked for, from one table
each; and `__main__.py`. What type checkers alone read (`if TYPE_CHECKING`) may name what is above.

A room's `__init__.py` holds its sentence and imports nothing. Three are windows for users besides: `engines.search` (to
write pruning heuristics), `plotting` and `cli`.

## Ways through the house

* `pr.preimage(net, target, domain)`: `networks/questions.py` reads texts and boxes; `engines/preimage.py` checks the
  other arguments and makes targets disjoint; `networks/relevant_part.py` leaves out what a target cannot see;
  `engines/registry.py` chooses the engine; that one (`engines/cells/`: `makers`, `engine`, `runner`, `run`, `kernel`)
  gives a source of tiles, `tilings/columns.py`, and `tilings/tiling.py` is the sequence that people see.
* `tiling.zones()`: `_conveniences.py` has made a method of `analysis/zones.py`, which asks `analysis/adjacency.py`;
  that one matches facets (`tilings/facet_matching.py`, `tilings/neuron_facets.py`) and decides the rest by linear
  programs.
* `pr.decision_boundary(net, i, j, domain)`: `analysis/decision_boundary.py` makes a target of each pair of classes,
  asks for its preimage, and keeps the tiles of the boundary's dimension; `plotting/decision_boundary.py` draws them.
* `pr.verify(net, prop)`: `analysis/verify.py` has all cases bounded at once; `analysis/box_by_box.py` asks
  `engines/cells/boxes.py` to halve the boxes of those that are hard (`kernel/zonotope.h` encloses the image of a box,
  `kernel/boxes.h` keeps those that wait) and holds points against the target exactly; what is left goes to
  `engines/preimage.py`, or by many inputs to `analysis/part_by_part.py`.
* A cell that misses the target: before a layer splits it, `engines/cells/kernel/opening.h` asks its middle, intervals
  of what the layers below make of it (`reach.h`), and a zonotope around that (`zonotope.h`, `combination.h`).
* `tiling.save("zones.html")`, `tiling.show()` and what a notebook shows: `pages/showing.py` chooses the page by what it
  is of (`planar`, `solid`, `latent`, `features`, `tables`); `pages/tiles.py` puts in what the script composes each
  tile's rows of, exactly; `pages/page.py` makes one file of it, with a bundle of `pages/front/` from `pages/static/`.
* `polyrelu verify QUERY --network f=a.onnx`: `formats/vnnlib_syntax.py` reads lists, `vnnlib_declarations.py` what is
  declared, `vnnlib_formulas.py` makes clauses of what is asserted, and `networks/clauses.py` a property of these;
  `vnnlib_query.py` knows which networks it is about, and `networks/joint.py` puts them side by side, as one network.
  `networks/property_text.py` comes to the same clauses from texts.
* `polyrelu batch`: `formats/instances.py` reads the list, `cli/batch_work.py` decides a question, here or in processes,
  and `analysis/replay.py` looks for a counterexample that `formats/onnx_runs.py` has in floats, too.
* `pr.tiles(net, target, domain)`: `engines/tiles.py` asks an engine for its tiles while it works (`streamed.py` of
  `cells/`, `branch/` and `halfspaces/`; `engines/flat_tiles.py` settles flat ones); what a stopped run leaves is
  `tilings/open_cells.py`, and `analysis/coverage.py` measures it.
* `tiling.volume()`: `analysis/measure.py` asks the source, `engines/cells/measured.py` puts its tiles to the kernel,
  which finds the vertices of each from its own rows (`kernel/corners.h`, `tiles.h`) and measures it (`extents.h`).
* `pr.count(net, target, domain)`: `analysis/counts.py` puts roots on a board (`runs/coordinator.py`), and tasks of
  a second take them from there, here or elsewhere (`runs/executors.py`): `runs/tasks.py` makes of a root an interval of
  patterns, whose tiles `engines/cells/interval_cells.py` finds and a fold (`runs/folds.py`) looks at.
* `pr.Run(directory, net, target, domain)`: `runs/stored_run.py` hands what is open to the coordinator; a worker writes
  its tiles as a Parquet file (`parts.py`) into the directory (`directory.py`), and then the journal says that the task
  is done (`journal.py`). `pr.open_tiling` (`runs/opening.py`) makes of these a source of tiles, `tilings/stored.py`,
  and a tiling, `stored_tiling.py`, whose zones `analysis/stored_contacts.py` finds by sorting outside of memory.
* `run.certify()`: `runs/certificates.py` has `engines/evidence/parts.py` write the cells of each task's interval.
  `polyrelu check DIR` asks `analysis/certified_runs.py`, which has `certificates/parts_checker.py` put the files
  together, and compares the tiles that these prove with those on the disk.
* `tiling.arrays()`: `analysis/arrays.py` makes each part when it is looked at: vertices by a repetition of the run
  (`engines/cells/vertices.py`), volumes as `volume()` does, rows and maps by products of matrices
  (`tilings/float_rows.py`, `float_maps.py`), what these leave exactly; `analysis/tile_lists.py` puts lists in the order
  of the tiles.
* `pr.lipschitz(net, domain)`: `analysis/lipschitz.py` halves boxes on which `bounds/slopes.py` allows steep slopes, has
  the regions of those that are left found, and looks at the steepest exactly (`arithmetic/spectral.py` for l2).
* `--json`: `export/schema.json` says what each command prints, and `tests/cli/test_schema.py` that it does.
* A node of an ONNX file: `formats/onnx_reader.py` reads the graph, `onnx_operators.py` looks the operator up,
  `operators.py` says what it is in affine maps and maxima, `lowering.py` makes layers of these, and
  `networks/network.py` is the result.
* A PyTorch module: `formats/torch_modules.py` finds what it takes and the part that is meant, `torch_export.py` lets
  PyTorch note what the module does, and `aten_program.py` lowers that, without PyTorch: `aten_operators.py`,
  `aten_orders.py`, `aten_shapes.py`, `aten_windows.py` and `aten_conditions.py` look the operators up.
* `method="branch"`: `engines/branch/engine.py` begins a walk (`library.py`, `kernel/walk.h`) and answers what it asks:
  bounds of many cells at once (`bounds/linear.py`), a rule's choice (`rules.py`), and what floats leave in doubt
  (`exact.py`). `tiles.py` keeps two bits a neuron of each tile, and writes it down when it is looked at (`facets.py`).
* A sign in doubt: `engines/cells/kernel/signs.h` finds a float within its error bound, tries what else is exact there,
  and asks, before the sign matters, `engines/cells/signs.py`, which evaluates the form in integers
  (`networks/affine_outputs.py` has it).
* `tiling.save("zones.html")`, or a tiling at the end of a notebook's cell: `pages/` says in Python what there is to
  see, and puts it into one file with a bundle of `pages/static/`, which `scripts/build_pages` makes of `pages/front/`.
* `pr.verify(..., certify=)` for many inputs: `engines/evidence/certify.py` finds that cells get too large;
  `trees.py` there writes a tree, which `tree_search` finds: `tree_guide` proposes in floats, `tree_proofs` proves on
  the network of `tree_chain`, `tree_program` asks exact linear programs; `certificates/tree_checker.py` judges it.
* A new engine is a function of type `MakeEngine` (`engines/protocol.py`) in a module of its own, and a line in
  `engines/registry.py`; the command line, `method=` and `tests/engines/test_conformance.py` read that table.

## Words

| word | what it means here |
|---|---|
| region | a linear region of a network: a set on which it is affine, with one pattern |
| cell | a set on which all neurons so far have one sign, while an engine splits it |
| piece | a convex set with the affine map on it, on its way backwards through layers; of a decision boundary: a tile |
| tile | a finished convex piece of an answer, with its activation pattern; it never changes |
| flat tile | a tile of lower dimension than the domain, which no other tile contains |
| tie | a cell of full dimension on which the outputs of two classes are identical and the largest |
| zone | tiles that hang together by facets (or by contacts of another dimension) |
| patch | the cells in which the first layers have one pattern, which the kernel splits together |
| site | a generator's place in the kernel's arrays |
| slot | a place for a generator or a facet in the kernel's memory, used again when its cell is done |
| part | the tiles of a task, as a file; of targets: one of the disjoint sets that make up their union |
| batch | tiles of one problem that lie elsewhere, and come into memory together |
| pattern | the signs of all neurons as text, `1`, `0` and `*` for free |
| sign vector | the signs of the neurons that were split on, as data |
| facet | a face of dimension d - 1; `NeuronFacet` of a tile, with its neurons; `BoundaryPart`, with the tiles across |
| window | a plane or a cube in a latent space |
"""


def page() -> str:
    """The text of ARCHITECTURE.md."""
    rows = ["| room | what belongs in it | may import |", "|---|---|---|"]
    for place, room in enumerate(ROOMS):
        later = " *(to come)*" if room.name in TO_COME else ""
        rows.append(f"| `{room.name}/`{later} | {room.sentence} | {_said(room, ROOMS[:place])} |")
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _said(room: Room, above: tuple[Room, ...]) -> str:
    """What a room may import, in the shorter of two ways."""
    names = [other.name for other in above]
    missing = [name for name in names if name not in room.may_import]
    if len(missing) >= len(room.may_import):
        return _listed(room.may_import) or "nothing"
    return "all above" + (f" but {_listed(missing)}" if missing else "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
