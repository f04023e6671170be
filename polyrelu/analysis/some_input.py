"""Is a preimage empty? Points are tried before anything is split, and bounds before cells."""

from __future__ import annotations

from polyrelu.analysis.verify import verify
from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets


def some_input(
    network: Network,
    target: Target,
    domain: Domain | None = None,
    *,
    workers: int = 1,
    max_dim: int | None = None,
    timeout: float | None = None,
) -> ExactVector | None:
    """An input that reaches a target, exactly; None if there is none, which is then proven: the preimage is empty.

    Args:
        network: R^d -> R^m.
        target: as for :func:`polyrelu.engines.preimage.preimage`.
        domain: as for :func:`polyrelu.engines.preimage.preimage`.
        workers: how many threads split cells.
        max_dim: as for :func:`polyrelu.verify`.
        timeout: seconds after which to give up.

    Raises:
        DimensionError: target or domain live in the wrong space.
        InputError: the time limit is not positive.
        BudgetExceeded: cells would get too large, and there is no time limit.
        Interrupted: time was up.

    Cost: milliseconds where samples, corners or a few steps along gradients find one, or bounds exclude all, also where
    equations make the preimage flat; otherwise as for :func:`polyrelu.verify`. Nothing is listed: one tile ends the
    search.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
    >>> pr.some_input(net, "y0 <= 0", ([-2], [3])), pr.some_input(net, "y0 < 0")
    ((Fraction(0, 1),), None)
    """
    targets, inputs = given_targets(target, network, "some_input"), given_domain(domain, network, "some_input")
    found = verify(network, list(targets), timeout, domain=inputs, workers=workers, max_dim=max_dim)
    if found.status == "undecided":
        raise Interrupted(f"some_input: stopped after {timeout} seconds; it is not known whether there is one", found)
    return found.point
