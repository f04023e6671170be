"""Tilings on disk: the parts of a run as one tiling, which brings them when somebody looks at their tiles."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from polyrelu.errors import InputError
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.runs.directory import Directory
from polyrelu.runs.journal import Done, Ledger, PartNote
from polyrelu.runs.parts import About, Problem, digest_of, read_part
from polyrelu.runs.record import Record
from polyrelu.runs.status import total_volume
from polyrelu.runs.tasks import Root
from polyrelu.support.arguments import file_path
from polyrelu.tilings.chart import chart
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.stored import StoredTiles
from polyrelu.tilings.stored_tiling import StoredTiling


@dataclass(frozen=True)
class PartBatch:
    """The tiles of a task, on the disk.

    Attributes:
        directory: the run's places.
        about: what its file has to be about.
        problem: what its tiles solve.
        note: what the journal has of it.
    """

    directory: Directory
    about: About
    problem: Problem
    note: PartNote

    @property
    def count(self) -> int:
        """How many there are."""
        return self.note.tiles

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """The signs of the first and the last one."""
        return bytes.fromhex(self.note.first), bytes.fromhex(self.note.last)

    def bring(self) -> Columns:
        """The tiles.

        Raises:
            InputError: the file is missing, damaged, or about something else.
        """
        place = self.directory.part(self.about.root)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{place}: is missing; run it again, which makes it anew") from None
        if len(content) != self.note.bytes or digest_of(content) != self.note.digest:
            raise InputError(
                f"{place}: damaged: its SHA-256 is not the one that the journal has; run it again, which makes it anew"
            )
        return read_part(content, self.about, self.problem, self.note.tiles, str(place))


def open_tiling(directory: str | PathLike[str]) -> StoredTiling:
    """The tiles of a run on disk, as a tiling that brings them when somebody looks at them.

    It has what a :class:`~polyrelu.tilings.tiling.Tiling` has. What is asked of all tiles streams, one part in memory
    at a time; slices and windows come into memory. Of a run that is not complete the tiles are there that were found
    until now.

    Args:
        directory: where the run lives.

    Raises:
        InputError: there is no run, or it is damaged. Parts are looked at, and may be refused, when they are needed.
        MissingExtraError: pyarrow is not installed.

    Cost: the question and the journal are read.

    >>> import polyrelu as pr, tempfile
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pr.Run(folder, net, "y0 > 0", ([-1, -1], [1, 1])).work()
    ...     tiling = pr.open_tiling(folder)
    ...     len(tiling), tiling.locate([0.5, 0.25]), tiling[1].inequalities()
    (3, 1, ('x0 - x1 > 0', 'x1 >= 0', 'x0 + x1 <= 1'))
    """
    return tiling_of(Record(file_path(directory, "open_tiling")))


def tiling_of(run: Record) -> StoredTiling:
    """The tiles of a run that are there."""
    ledger = run.ledger()
    statement = run.question.statement
    everything = (Polyhedron.whole_space(statement.network.output_dim),)
    status = run.status()
    return StoredTiling(
        network=statement.network,
        targets=everything if statement.targets is None else statement.targets,
        domain=statement.domain,
        method="cells",
        complete=status.complete,
        stats={"tiles": status.tiles, "flat": status.flat, "cuts": status.cuts, "tasks": status.tasks},
        parts=_parts(run, ledger),
        known_volume=total_volume(ledger.done()),
    )


def _parts(run: Record, ledger: Ledger) -> tuple[tuple[int, StoredTiles], ...]:
    """For each part of the targets its index and its tiles, task by task."""
    by_part: dict[int, list[Done]] = {}
    for done in ledger.done():
        if done.part is not None:
            by_part.setdefault(part_of(done.root), []).append(done)
    found = []
    for number, (index, _) in enumerate(run.question.parts):
        problem = problem_of(run, number)
        batches = tuple(
            PartBatch(run.directory, run.about(done.root), problem, done.part)
            for done in by_part.get(number, ())
            if done.part is not None
        )
        found.append((index, StoredTiles(problem.restriction, problem.domain, batches)))
    return tuple(found)


def problem_of(run: Record, part: int) -> Problem:
    """What the tiles of a part of the targets solve."""
    domain, (_, restriction) = run.question.statement.domain, run.question.parts[part]
    return Problem(restriction, domain, chart(domain, restriction.moving))


def part_of(root: Root) -> int:
    """The number of the part of the targets that a root is about; the empty one has tiles if there is one part."""
    return int.from_bytes(root[:2], "big")
