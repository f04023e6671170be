"""How much of a domain is decided after how long: a run that looks up now and then, as data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from polyrelu.analysis.coverage import Coverage, Ends, coverage_of, part_share, sum_of_shares, undecided_share
from polyrelu.analysis.measure import Enclosure
from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.engines.tiles import Tiles, tiles
from polyrelu.errors import Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target
from polyrelu.networks.relevant_part import Restriction
from polyrelu.support.arguments import whole_number
from polyrelu.tilings.tiling import Tiling

_PART_FOR_LOOKING = 0.5  # of the time, at most, is spent on adding up what is undecided
_GROWTH = 1.05  # of the time from one look to the next, at least
_FIRST_LOOK = 0.002  # seconds


@dataclass(frozen=True)
class Moment:
    """What was known at a moment.

    Attributes:
        seconds: of work until then; what it takes to look is not counted.
        tiles: how many were found.
        coverage: the shares.
    """

    seconds: float
    tiles: int
    coverage: Coverage


@dataclass(frozen=True)
class CoverageCurve:
    """Coverage against time; :func:`polyrelu.plotting.plot_coverage` draws it.

    Attributes:
        moments: in their order, the first before anything was done, the last at the end.
        complete: whether the run came to its end.
        order: which cells came first.
    """

    moments: tuple[Moment, ...]
    complete: bool
    order: str

    def rows(self) -> Iterator[tuple[float, int, float, float, float]]:
        """Seconds, tiles, and the middle of each enclosure: in, out and undecided. For a table, or a CSV file."""
        for moment in self.moments:
            found = moment.coverage
            shares = float(found.inside), float(found.outside), float(found.undecided)
            yield moment.seconds, moment.tiles, *shares

    def seconds_until(self, decided: float) -> float:
        """When so large a share was decided for certain; infinite where it never was."""
        times = (one.seconds for one in self.moments if _least(one.coverage) >= decided)
        return next(times, math.inf)

    def __repr__(self) -> str:
        last = self.moments[-1]
        return f"CoverageCurve({len(self.moments)} moments, {last.seconds:.3g} s: {last.coverage})"


def coverage_curve(
    network: Network,
    target: Target,
    domain: Domain,
    method: str = "auto",
    *,
    order: str = "largest",
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
    most: int = 200,
) -> CoverageCurve:
    """How the shares of a bounded domain that are in, out and undecided change while the preimage is found.

    Args:
        network: as for :func:`polyrelu.tiles`, like all that follow.
        target: which outputs.
        domain: which inputs, bounded.
        method: the engine.
        order: which cells go first.
        limit: the most faces or nodes.
        workers: how many threads.
        max_dim: the largest dimension.
        until: asked with the number of tiles found whether to end the curve.
        timeout: seconds after which it ends.
        most: how many moments to keep at most.

    Returns:
        A :class:`CoverageCurve`, whose shares are certified.

    Raises:
        UnboundedError: the domain is unbounded.
        EmptySetError: the domain is empty.

    Ctrl-C is a KeyboardInterrupt, as ever. Cost: that of the run, measuring all cells, which is said under
    :func:`polyrelu.preimage`, and half as long again at most for adding up what is undecided.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> curve = pr.coverage_curve(net, "y0 > 0", ([-1, -1], [1, 1]))
    >>> print(curve.moments[-1].coverage)
    40.62 % in, 59.38 % out, 0 % undecided
    """
    whole_number(most, "coverage_curve: most", 2)
    options = {"order": order, "limit": limit, "workers": workers, "max_dim": max_dim, "until": until}
    stream = tiles(network, target, domain, method, **options, timeout=timeout, measure=True)  # type: ignore[arg-type]
    return _Watch(stream, most).curve(order)


class _Watch:
    """Follows a run, and looks up now and then."""

    def __init__(self, stream: Tiles, most: int) -> None:
        self.stream, self.most = stream, most
        self.moments: list[Moment] = []
        self._inside: list[tuple[Restriction, Ends]] = []  # by the part of the targets, the latest last
        self._worked = self._next = 0.0

    def curve(self, order: str) -> CoverageCurve:
        """The curve of the whole run."""
        self._look()
        complete = False
        try:
            while self._work():
                if self._worked >= self._next and len(self.moments) < self.most - 1:
                    self._look()
            complete = True
        except Interrupted as stop:
            if not self.stream.is_stopped:
                raise
            self._add(stop.partial)
        self._look()
        return CoverageCurve(tuple(self.moments), complete, order)

    def _work(self) -> bool:
        """Work for a moment; False at the end."""
        began = time.perf_counter()
        batch = self.stream.batch()
        self._worked += time.perf_counter() - began
        if batch is not None:
            self._add(batch)
        return batch is not None

    def _add(self, batch: Tiling) -> None:
        for part in batch.parts:
            restriction, own = part_share(batch, part)
            if not self._inside or self._inside[-1][0] is not restriction:
                self._inside.append((restriction, (Fraction(0), Fraction(0))))
            before = self._inside[-1][1]
            self._inside[-1] = restriction, (before[0] + own[0], before[1] + own[1])

    def _look(self) -> None:
        began = time.perf_counter()
        now = self.stream.partial()
        undecided = undecided_share(now, now.undecided().parts, self._inside)
        inside = sum_of_shares(ends for _, ends in self._inside)
        self.moments.append(Moment(self._worked, self.stream.handed_out, coverage_of(inside, undecided)))
        took = time.perf_counter() - began
        self._next = max(self._worked * _GROWTH, self._worked + took / _PART_FOR_LOOKING, _FIRST_LOOK)


def _least(found: Coverage) -> float:
    """The share that is decided at least."""
    return found.decided.low if isinstance(found.decided, Enclosure) else float(found.decided)
