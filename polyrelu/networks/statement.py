r"""Statements: what is asked, as one exact text that binds network, domain and targets, and has a hash.

A statement asks for the inputs in a domain that a network maps into one of its targets, or, without targets, for the
linear regions of the domain. Evidence for an answer names the statement that it is about by the SHA-256 of the
statement's bytes. The grammar is in ``certificates/FORMAT.md``; :mod:`polyrelu.networks.statement_text` reads and
writes it.

Conditions may be about inputs, and about what layers in the middle give. A network answers them that *passes these
values along*, behind its own coordinates and without a ReLU: the layer from :math:`x` to :math:`\rho(W x + b)` becomes

.. math:: (x, p) \mapsto (\rho(W x + b), p, x_j, \dots)

where :math:`p` are the values passed from earlier layers. Its neurons are the statement's, in their order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.networks.statement_text import Condition, Name, Said, read_statement, write_statement
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.carried import Carried
from polyrelu.support.files import write_whole

if TYPE_CHECKING:
    from polyrelu._conveniences import StatementMethods
else:
    StatementMethods = object  # methods of upper rooms are put on the class from there

LARGEST_FILE = 2**30
MOST_ENTRIES = 20_000_000
"""Of the layers and rows that a statement stands for: these are dense, and a short text may ask for too many."""
_ENCODING = "utf-8"


@dataclass(frozen=True, repr=False)
class Statement(Carried, StatementMethods):
    """A question about a network: which inputs in the domain does it map into a target? Or: what are its regions?

    Made by :meth:`of`, :meth:`parse` and :meth:`load`, which see to it that the text and the objects say the same. Two
    statements are equal iff their texts are.

    Attributes:
        text: the text that it was read from, character by character, or the canonical one.
        network: a network that answers it, R^d -> R^m. Where conditions are about inputs or values in the middle, it
            passes these along as further outputs, by layer and coordinate; its neurons are the statement's.
        targets: polyhedra in R^m, of whose union the preimage is asked for; None for the linear regions. Their rows are
            the conditions, in their order.
        domain: a polyhedron in R^d; its rows are the conditions, in their order.

    Example:
        >>> net = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> print(Statement.of(net, Polyhedron([[-1]], ["-1/2"]), Polyhedron.box([-1], [2])).text, end="")
        polyrelu-statement 1
        inputs 1
        domain
        1 x0 >= -1
        1 x0 <= 2
        layer relu
        1 0
        -1 0
        layer linear
        1 1 0
        target
        2 y0 >= 1
    """

    text: str
    network: Network = field(compare=False)
    targets: tuple[Polyhedron, ...] | None = field(compare=False)
    domain: Polyhedron = field(compare=False)

    @classmethod
    def of(
        cls,
        network: Network,
        target: Target | None = None,
        domain: Domain | None = None,
    ) -> Statement:
        """The statement of a question, in its canonical text: the same question has the same text.

        Args:
            network: R^d -> R^m.
            target: as for :func:`polyrelu.preimage`; None asks for the linear regions.
            domain: as for :func:`polyrelu.preimage`; None is all of R^d.

        Rows are stated as target and domain have them: nothing is reduced or reordered.

        Raises:
            DimensionError: target or domain live in the wrong space.
            InputError: something else was passed, the list of targets is empty, or a number has more digits than
                statements have.

        Cost: linear in the numbers, about a microsecond each.
        """
        inputs = given_domain(domain, network, "Statement.of")
        targets = None if target is None else given_targets(target, network, "Statement.of")
        if targets == ():
            raise InputError(
                "Statement.of: the list of targets is empty, and a statement without targets asks for the linear "
                "regions; pass None for these, or Polyhedron.empty for a target that nothing reaches"
            )
        rows = None if targets is None else [one.halfspaces for one in targets]
        return cls(write_statement(network.layers, rows, inputs.halfspaces), network, targets, inputs)

    @classmethod
    def parse(cls, text: str) -> Statement:
        """The statement that a text is.

        Args:
            text: as ``certificates/FORMAT.md`` says; numbers are integers, decimals and fractions.

        Raises:
            InputError: it breaks a rule; the message names the line, the rule, the word and the fix.
            BudgetExceeded: it has more numbers than there is room for; rows have one for each coordinate.

        Cost: linear, about four microseconds a number.
        """
        instance(text, str, "Statement.parse", "pass the text; Statement.load reads files")
        return cls._read(text, "statement")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Statement:
        """The statement in a file.

        Args:
            path: a text in UTF-8, of at most a gibibyte.

        Raises:
            InputError: there is no such file, it is too large or no text in UTF-8; or as for :meth:`parse`.
            BudgetExceeded: as for :meth:`parse`.

        Cost: as for :meth:`parse`.
        """
        file = file_path(path, "Statement.load")
        if not file.is_file():
            raise InputError(f"Statement.load: there is no file {file}")
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InputError(f"{file}: has more than {LARGEST_FILE} bytes, and no larger statement is read")
        try:
            text = content.decode(_ENCODING)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{file}: line {line}: the byte {content[error.start]:#04x} is not text in UTF-8 ({error.reason}); "
                "save it in UTF-8, or unpack it if it is compressed"
            ) from None
        return cls._read(text, str(file))

    @classmethod
    def _read(cls, text: str, where: str) -> Statement:
        try:
            text.encode(_ENCODING)
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            found = ascii(text[error.start])
            raise InputError(f"{where}: line {line}: {found} is half a character; take it out") from None
        said = read_statement(text, where)
        passed = _passed(said)
        entries = _entries(said, passed)
        if entries > MOST_ENTRIES:
            raise BudgetExceeded(
                f"{where}: its layers and conditions are rows of {entries} numbers, over the limit of {MOST_ENTRIES}; "
                "state fewer conditions, or on fewer values"
            )
        network, targets = _answering(said, passed)
        places = {(0, i): i for i in range(said.input_dim)}
        return cls(text, network, targets, _polyhedron(said.domain, places, said.input_dim))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the text to a file, whole or not at all; its SHA-256 is :attr:`hash`.

        Raises:
            WriteError: the system refuses.
        """
        content = self.text.encode(_ENCODING)
        write_whole(file_path(path, "Statement.save"), lambda new: new.write_bytes(content))

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the text in UTF-8, in lower-case hexadecimal."""
        return hashlib.sha256(self.text.encode(_ENCODING)).hexdigest()

    def __repr__(self) -> str:
        asked = (
            "linear regions" if self.targets is None else f"{len(self.targets)} target{'s'[: len(self.targets) != 1]}"
        )
        return f"Statement({'-'.join(map(str, self.network.widths))}, {asked}, {self.hash[:8]})"


def _passed(said: Said) -> list[Name]:
    """The values that targets name and the last layer does not give, by layer and coordinate."""
    conditions = (condition for target in said.targets or () for condition in target)
    names = {name for condition in conditions for name in condition.coefficients}
    return sorted(name for name in names if name[0] < len(said.layers))


def _entries(said: Said, passed: Sequence[Name]) -> int:
    """How many numbers layers that pass these values along have, with the rows of domain and targets."""
    arising = Counter(depth for depth, _ in passed)
    count, width, kept = len(said.domain) * said.input_dim, said.input_dim, 0
    for depth, layer in enumerate(said.layers):
        kept += arising[depth]
        outputs = layer.output_dim + kept
        count += outputs * (width + 1)
        width = outputs
    return count + width * sum(map(len, said.targets or ()))


def _answering(said: Said, passed: Sequence[Name]) -> tuple[Network, tuple[Polyhedron, ...] | None]:
    """The network that answers a statement and passes these values along, and the targets on its outputs."""
    network = Network(_passing(said.layers, passed) if passed else said.layers)
    if said.targets is None:
        return network, None
    depth, own = len(said.layers), said.layers[-1].output_dim
    places = {(depth, i): i for i in range(own)} | {name: own + k for k, name in enumerate(passed)}
    return network, tuple(_polyhedron(target, places, network.output_dim) for target in said.targets)


def _passing(layers: Sequence[Layer], passed: Sequence[Name]) -> list[Layer]:
    """The layers, which pass these values along in linear coordinates after their own."""
    zero, one = Fraction(0), Fraction(1)
    chain = []
    for depth, layer in enumerate(layers):
        places = [layer.input_dim + k for k, name in enumerate(passed) if name[0] < depth]
        more = (zero,) * len(places)
        places += [i for before, i in passed if before == depth]
        width = layer.input_dim + len(more)
        units = tuple((*(zero,) * i, one, *(zero,) * (width - 1 - i)) for i in places)
        rows = tuple((*row, *more) for row in layer.rows) if more else layer.rows
        offsets = (*layer.offsets, *(zero,) * len(units))
        chain.append(Layer.from_rows(rows + units, offsets, (*layer.relu, *(False,) * len(units)), width))
    return chain


def _polyhedron(conditions: Sequence[Condition], places: dict[Name, int], dim: int) -> Polyhedron:
    rows: list[Halfspace] = [condition.row(places, dim) for condition in conditions]
    return Polyhedron.from_halfspaces(rows, dim)
