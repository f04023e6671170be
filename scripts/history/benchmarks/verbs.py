"""Eight verbs on ten networks, by the clock on the wall."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polyrelu as pr

from .networks import NETWORKS, box, network

TARGET = "y0 > y1"
_NEWER = ("decision_boundary", "output_range")


def regions(net: Any, domain: Any) -> Any:
    """All linear regions."""
    return pr.linear_regions(net, domain, progress=False)


def preimage(net: Any, domain: Any) -> Any:
    """Where one output is above another."""
    return pr.preimage(net, TARGET, domain, progress=False)


def zones(net: Any, domain: Any) -> Any:
    """What that falls into."""
    return preimage(net, domain).zones()


def volume(net: Any, domain: Any) -> Any:
    """How large it is."""
    return preimage(net, domain).volume()


def decision_boundary(net: Any, domain: Any) -> Any:
    """Where it ends."""
    return pr.decision_boundary(net, 0, 1, domain, progress=False)


def output_range(net: Any, domain: Any) -> Any:
    """The least and the largest value of an output."""
    return pr.output_range(net, domain, 0)


def verify(net: Any, domain: Any) -> Any:
    """Whether an output stays below a bound, which it does."""
    return pr.verify(net, pr.Property.of(net, "y0 >= 1000", domain), progress=False)


def certify(net: Any, domain: Any) -> Any:
    """The preimage, with its certificate."""
    with tempfile.TemporaryDirectory() as place:
        return pr.preimage(net, TARGET, domain, progress=False, certify=Path(place, "answer.cert.gz"))


VERBS = {
    verb.__name__: verb for verb in (regions, preimage, zones, volume, decision_boundary, output_range, verify, certify)
}


class Verbs:
    """Seconds of a call, Python included."""

    params = (list(VERBS), list(NETWORKS))
    param_names = ("verb", "network")
    timeout = 60

    def setup(self, verb: str, name: str) -> None:
        """Make the question; a commit that has no such verb is left out."""
        if verb in _NEWER and not hasattr(pr, verb):
            raise NotImplementedError(verb)
        self.net, self.domain = network(name), box(name)

    def time_call(self, verb: str, name: str) -> None:
        """Ask once."""
        VERBS[verb](self.net, self.domain)
