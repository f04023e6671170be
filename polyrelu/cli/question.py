"""What is asked of a network: the options that say which inputs and outputs, and the tilings that answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from polyrelu.analysis.decision_boundary import decision_boundary
from polyrelu.arithmetic.exact import exact
from polyrelu.cli.networks import Model, warn_outside
from polyrelu.cli.options import MAX_DIM, WORKERS, together
from polyrelu.cli.stopping import TIMEOUT, Stops
from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.engines.preimage import linear_regions, preimage
from polyrelu.engines.protocol import ORDERS
from polyrelu.engines.registry import METHODS
from polyrelu.formats.points import load_points
from polyrelu.formats.vnnlib import load_property
from polyrelu.networks.final_operators import Asked, before_final
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Disjunct, Property
from polyrelu.networks.slices import Slice, plane_through, slice_of
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tiling import Tiling

INPUTS = together(
    click.option(
        "--box",
        nargs=2,
        multiple=True,
        metavar="LOW HIGH",
        help="Bounds of every input; or repeat, once for each input. Without it, all of R^d.",
    ),
    click.option("--domain", metavar="EXPR", help='What the inputs satisfy, e.g. "x0 + x1 <= 1".'),
)
SLICE = click.option(
    "--slice",
    "points",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask on the line, plane or space through two, three or four inputs, a row each in a .npy or .csv file; --box "
    "and --domain are then about coordinates on it, in which the first is 0, and the next (1, 0, ..), (0, 1, ..), ...",
)
WHERE = together(
    INPUTS,
    SLICE,
    click.option("--method", type=click.Choice(METHODS), default="auto", show_default=True, help="The engine."),
    click.option(
        "--limit",
        type=int,
        default=DEFAULT_FACE_LIMIT,
        show_default=True,
        help="The most faces a layer may have, or nodes a search, for the methods that go backwards.",
    ),
    MAX_DIM,
    TIMEOUT,
    WORKERS,
)
ORDER = click.option(
    "--order",
    type=click.Choice(ORDERS),
    default=ORDERS[0],
    show_default=True,
    help="Which cells go first; with the largest, a run that is stopped has decided more of the domain.",
)
WHAT = together(
    click.option(
        "--output",
        "conditions",
        multiple=True,
        metavar="EXPR",
        help='What the outputs satisfy, e.g. "y0 > 0 and y1 <= y2"; repeat for alternatives.',
    ),
    click.option(
        "--property",
        "prop",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A VNN-LIB file that says it, and the inputs, instead.",
    ),
)


class Question(NamedTuple):
    """The options above, as click passes them on, and those of ``boundary``.

    ``regions`` and ``boundary`` have no condition; ``regions`` takes a property's domains only. A statement says all
    that is asked, and then there is no model; ``said`` is what it says, once it is read.
    """

    model: Model | None
    box: Sequence[tuple[str, str]] = ()
    domain: str | None = None
    method: str = "auto"
    limit: int = DEFAULT_FACE_LIMIT
    max_dim: int | None = None
    timeout: float | None = None
    workers: int = 1
    order: str = ORDERS[0]
    conditions: Sequence[str] = ()
    prop: Path | None = None
    statement: Path | None = None
    said: Statement | None = None
    classes: tuple[int, int] | None = None
    threshold: str | None = None
    keep: str = "boundary"
    points: Path | None = None
    loaded: Property | None = None  # what the file says, once it is read
    measure: bool = False  # said by commands that are going to tell volumes

    @property
    def files(self) -> tuple[Path | None, ...]:
        """The files that the question is in."""
        return (self.statement if self.model is None else self.model.path, self.prop, self.points)

    def check(self, has_target: bool = True) -> None:
        """Refuse options that are wrong for any network.

        Raises:
            click.UsageError: not exactly one of ``--output`` and ``--property`` where there has to be a target; or one
                of these, ``--box`` or ``--domain`` beside a statement.
        """
        if self.statement is not None:
            given = {
                "--box": self.box,
                "--domain": self.domain,
                "--slice": self.points,
                "--output": self.conditions,
                "--property": self.prop,
            }
            for name in (name for name, value in given.items() if value):
                raise click.UsageError(f"--statement {self.statement}: says inputs and outputs; leave {name} out.")
        elif has_target and bool(self.conditions) == (self.prop is not None):
            missing = "Missing option '--output' or '--property'"
            raise click.UsageError(f"{missing}." if self.prop is None else f"{missing}: one of them, not both.")

    def read(self) -> tuple[Question, Network]:
        """The question with what its statement says, and the network that it is about."""
        if self.model is not None:
            network = self.model.load()
            if self.conditions or self.prop is not None:
                self.model.tell_dropped()
            if self.points is not None:
                network = slice_of(network, *plane_through(*load_points(self.points)))
            return self._with_property(network)
        assert self.statement is not None
        said = Statement.load(self.statement)
        return self._replace(said=said), said.network

    def _with_property(self, network: Network) -> tuple[Question, Network]:
        """The question with what its property file says, and the network whose values that is about.

        Raises:
            click.UsageError: it compares inputs with outputs, and the question is about a slice.
        """
        if self.prop is None:
            return self, network
        dim = len(network.origin) if isinstance(network, Slice) else network.input_dim
        loaded = self._before_final(load_property(self.prop, dim, network.output_dim))
        if (loaded.with_inputs or loaded.members) and isinstance(network, Slice):
            what = "is about several runs" if loaded.members else "compares inputs with outputs"
            raise click.UsageError(f"--slice: {self.prop} {what}; leave --slice out.")
        return self._replace(loaded=loaded), loaded.asked_of(network)

    def cases(self, network: Network) -> Sequence[Disjunct]:
        """The domains, and the targets that are asked about in each.

        Raises:
            click.UsageError: the statement asks for something else.
        """
        if self.said is not None:
            if self.said.targets is None:
                raise click.UsageError(
                    f"--statement {self.statement}: has no target, it asks for the linear regions; see "
                    "polyrelu regions."
                )
            return [Disjunct(self.said.domain, self.said.targets)]
        given = _domain(self.box, self.domain, network.input_dim)
        if self.conditions:
            said = (parse(condition, dim=network.output_dim) for condition in self.conditions)
            targets = tuple(map(self._before_final, said))
            return [Disjunct(Polyhedron.whole_space(network.input_dim) if given is None else given, targets)]
        return [Disjunct(_within(part.domain, given), part.targets) for part in self._disjuncts(network)]

    def domains(self, network: Network) -> Sequence[Polyhedron | None]:
        """The different domains whose regions are asked for.

        Raises:
            click.UsageError: the statement asks for something else.
        """
        if self.said is not None:
            if self.said.targets is not None:
                raise click.UsageError(
                    f"--statement {self.statement}: has a target, it asks for a preimage; see polyrelu preimage."
                )
            return [self.said.domain]
        given = _domain(self.box, self.domain, network.input_dim)
        domains = [given] if self.prop is None else [_within(part.domain, given) for part in self._disjuncts(network)]
        return list(dict.fromkeys(domains))

    def answers(self, network: Network, stops: Stops) -> Iterator[Tiling]:
        """The preimages: one for each domain of a property."""
        for part in self.cases(network):
            self._warn_outside([part.domain])
            budget = self._budget(stops)
            measure = self.measure or self.order != ORDERS[0]  # who decides much of the domain asks how much that is
            yield preimage(network, part.targets, part.domain, self.method, measure=measure, order=self.order, **budget)

    def regions(self, network: Network, stops: Stops) -> Iterator[Tiling]:
        """The linear regions of the domain, or of each domain of a property where one is given."""
        for domain in self.domains(network):
            self._warn_outside([domain])
            measure = self.order != ORDERS[0]
            yield linear_regions(network, domain, self.method, measure=measure, order=self.order, **self._budget(stops))

    def boundary(self, network: Network, stops: Stops) -> Iterator[Tiling]:
        """Where the chosen classes meet, or all."""
        domain = _domain(self.box, self.domain, network.input_dim)
        self._warn_outside([domain])
        i, j = self.classes or (None, None)
        threshold = None if self.threshold is None else exact(self.threshold, "--threshold")
        yield decision_boundary(
            network, i, j, domain, self.method, threshold=threshold, keep=self.keep, **self._budget(stops)
        )

    def varying(self, network: Network) -> int:
        """How many inputs ``--box`` and ``--domain``, or the statement, do not fix."""
        domain = _domain(self.box, self.domain, network.input_dim) if self.said is None else self.said.domain
        return network.input_dim if domain is None or domain.is_empty() else len(domain.sides.free)

    def _disjuncts(self, network: Network) -> Sequence[Disjunct]:
        assert self.loaded is not None
        if not isinstance(network, Slice):
            return self.loaded.disjuncts
        return [Disjunct(network.restrict(part.domain), part.targets) for part in self.loaded.disjuncts]

    def _before_final(self, asked: Asked) -> Asked:
        operator = None if self.model is None else self.model.dropped
        return asked if operator is None else before_final(asked, operator)

    def _warn_outside(self, domains: Sequence[Polyhedron | None]) -> None:
        if self.points is None:  # a slice has coordinates of its own
            warn_outside(self.model, domains)

    def _budget(self, stops: Stops) -> dict[str, Any]:
        return {"limit": self.limit, "workers": self.workers, "max_dim": self.max_dim, "until": stops.until}


def _within(domain: Polyhedron, given: Polyhedron | None) -> Polyhedron:
    if given is None:
        return domain
    return domain & given if domain.halfspaces else given


def _domain(box: Sequence[tuple[str, str]], domain: str | None, dim: int) -> Polyhedron | None:
    parts = []
    if box:
        if len(box) not in (1, dim):
            raise click.UsageError(f"--box is given {len(box)} times; give it once, or once for each of {dim} inputs.")
        bounds = box if len(box) == dim else [box[0]] * dim
        parts.append(
            Polyhedron.box([exact(low, "--box") for low, _ in bounds], [exact(high, "--box") for _, high in bounds])
        )
    if domain is not None:
        parts.append(parse(domain, dim=dim, names=("x",)))
    return parts[0].intersection(*parts[1:]) if parts else None
