"""Between which distances the nearest input that reaches a target lies, where a search finds no end: cube by cube.

A cube around the given input either holds no input that reaches a target, which bounds of its parts prove
(:func:`polyrelu.analysis.verify.verify`), or one is found in it. So each cube that is decided moves one end; its radius
is halfway between them, or less where a larger one was not decided in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from polyrelu.analysis.verify import verify
from polyrelu.arithmetic.exact import ExactVector
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit

_BITS = 16  # of the mantissas of radii: boxes with short numbers
_CLOSE = Fraction(1, 2**7)  # ends that are so near to each other, relative to the upper one, are near enough
_SHARES = 16  # of the time for the first cubes
_FIRST = Fraction(1)


@dataclass(eq=False)
class Bracket:
    """Two ends of a distance in the maximum norm.

    Attributes:
        network, targets, domain, start: the question.
        low: no input that reaches a target is in the open cube of this radius, or nearer in any other norm.
        point: an input that does, if one was found.
        high: its distance in the maximum norm.
        cubes: how many were decided.
    """

    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron
    start: ExactVector
    low: Fraction = Fraction(0)
    point: ExactVector | None = None
    high: Fraction | None = None
    cubes: int = 0

    def narrow(self, limit: Limit) -> None:
        """Decide cubes as long as there is time, or until both ends are close."""
        whole = limit.left
        share, undecided = whole / _SHARES, self.high
        while limit.left > 0:
            above = undecided if undecided is not None else self.high
            if above is not None and above - self.low <= _CLOSE * above:
                is_close = self.high is not None and self.high - self.low <= _CLOSE * self.high
                if is_close or share >= whole:
                    return
                share, undecided = 3 * share, self.high  # the cubes that were too hard, with more time
                continue
            radius = _short(2 * self.low or _FIRST if above is None else (self.low + above) / 2)
            if not self._is_decided(radius, min(share, limit.left)):
                undecided = radius
            elif undecided is not None and self.high is not None:
                undecided = min(undecided, self.high)

    def _is_decided(self, radius: Fraction, seconds: float) -> bool:
        """Look into a cube for so long, and move an end if that decides."""
        if seconds <= 0:
            return False
        cube = Polyhedron.box([v - radius for v in self.start], [v + radius for v in self.start])
        verdict = verify(self.network, list(self.targets), seconds, domain=self.domain & cube, progress=False)
        if verdict.status == "holds":
            self.low = radius
        elif verdict.point is not None:
            self.offer(verdict.point)
        self.cubes += verdict.status != "undecided"
        return verdict.status != "undecided"

    def offer(self, point: ExactVector) -> None:
        """Take an input that reaches a target, if it is nearer."""
        far = max((abs(a - b) for a, b in zip(point, self.start, strict=True)), default=Fraction(0))
        if self.high is None or far < self.high:
            self.point, self.high = point, far


def _short(value: Fraction) -> Fraction:
    """A number near this one with few digits, no smaller than half of it."""
    places = _BITS - value.numerator.bit_length() + value.denominator.bit_length()
    scale = Fraction(2) ** places
    return Fraction(round(value * scale)) / scale
