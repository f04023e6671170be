"""A run as it lies on the disk: made, or found there; what it is about, and how far it is."""

from __future__ import annotations

from os import PathLike

from polyrelu.engines.cells.library import kernel_library
from polyrelu.errors import InputError
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target
from polyrelu.networks.statement import Statement
from polyrelu.runs.coordinator import budget
from polyrelu.runs.directory import Directory, Settings
from polyrelu.runs.journal import Done, Ledger, read_journal, write_journal
from polyrelu.runs.parts import About, digest_of
from polyrelu.runs.status import Status
from polyrelu.runs.tasks import Question, Root
from polyrelu.support.arguments import file_path, instance, whole_number
from polyrelu.support.extras import require
from polyrelu.support.files import make_directory


class Record:
    """What there is of a run on disk; :class:`polyrelu.runs.stored_run.Run` goes on with it, and says what is passed.

    Attributes:
        directory: its places.
        question: what is asked.
        settings: on what the bytes of its parts depend, beside the question.
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        network: Network | None = None,
        target: Target | None = None,
        domain: Domain | None = None,
        *,
        cuts: int | None = None,
        measure: bool | None = None,
    ) -> None:
        require("pyarrow.parquet", "a run on disk")
        self.directory = Directory(file_path(directory, "Run"))
        given = None if network is None else Question.of(network, target, domain)
        if given is None and not (target is None and domain is None):
            raise InputError("Run: a target or a domain is about a network, and none is given; pass all, or none")
        if cuts is not None:
            whole_number(cuts, "Run: cuts", 1)
        if measure is not None:
            instance(measure, bool, "Run: measure", "pass True or False")
        if not self.directory.exists():
            self._make(given, cuts, bool(measure))
        self.question = given or Question(Statement.load(self.directory.question))
        self.settings = self._opened(given)
        for name, value in (("cuts", cuts), ("measure", measure)):
            if value is not None and value != getattr(self.settings, name):
                raise InputError(
                    f"Run: {self.directory.path} is there, with {name}={getattr(self.settings, name)!r}, and "
                    f"{name}={value!r} is asked for; leave it out, or choose another directory"
                )

    def _make(self, question: Question | None, cuts: int | None, measure: bool) -> None:
        place = self.directory.path
        if question is None:
            raise InputError(f"Run: there is no run in {place}; pass the network, the target and the domain")
        self.directory.check_free()
        make_directory(place)
        settings = Settings(budget(question) if cuts is None else cuts, measure, engine_version())
        with self.directory.locked():
            if not self.directory.exists():
                question.statement.save(self.directory.question)
                write_journal(self.directory.journal, question.digest, [])
                self.directory.write_header(settings, question.digest)

    def _opened(self, given: Question | None) -> Settings:
        """The settings, once it is known that the run is of this question."""
        stored = digest_of(self.directory.question.read_bytes()) if self.directory.question.is_file() else ""
        settings = self.directory.read_header(stored)
        if given is not None and given.digest != stored:
            raise InputError(
                f"Run: {self.directory.path} has a run of another question: its hash begins {stored[:12]}, that of the "
                f"given one {given.digest[:12]}; choose another directory"
            )
        return settings

    # -- what is known ------------------------------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        """What the journal says."""
        return read_journal(self.directory.journal, self.question.digest)

    def status(self) -> Status:
        """How far it is; another process may be at work. Cost: the journal is read."""
        return Status.of(self.ledger(), self.directory.worker())

    def about(self, root: Root) -> About:
        """What the part of a task has to be about."""
        return About(self.question.digest, self.settings.engine, root, self.settings.measure)

    def damaged(self, done: Done) -> str | None:
        """What is wrong with the file of a task; None if nothing is. Cost: it is read, a gigabyte a second."""
        if done.part is None:
            return None
        place = self.directory.part(done.root)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            return f"{place}: is missing"
        if len(content) != done.part.bytes or digest_of(content) != done.part.digest:
            return f"{place}: damaged: its SHA-256 is not the one that the journal has"
        return None


def engine_version() -> str:
    """What finds tiles: the package's version, and the digest of the kernel's sources."""
    from importlib.metadata import version  # imports half the standard library

    return f"{version('polyrelu')} {kernel_library().SOURCES[:16]}"
