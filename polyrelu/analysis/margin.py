"""How little and how much a class wins by over a domain, exactly, and where."""

from __future__ import annotations

from polyrelu.analysis.output_range import MOST_PARTS, OutputRange, output_range
from polyrelu.networks.margins import margin_network
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain
from polyrelu.support.arguments import instance


def margin(
    network: Network,
    k: int,
    domain: Domain | None = None,
    *,
    limit: int = MOST_PARTS,
    timeout: float | None = None,
    progress: bool | None = None,
) -> OutputRange:
    r"""The exact range of the margin :math:`y_k - \max_{j \ne k} y_j` of a class over a domain.

    Where the minimum is positive, class k wins everywhere; where the maximum is negative, nowhere.

    Args:
        network: R^d -> R^m, at least two outputs.
        k: the class.
        domain: as for :func:`polyrelu.engines.preimage.preimage`.
        limit: the most parts to divide the inputs into.
        timeout: seconds after which to stop; what is known then is returned, with ``complete`` False.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        The range of the one output of :func:`polyrelu.networks.margins.margin_network`, with its proof, as for
        :func:`polyrelu.analysis.output_range.output_range`, whose errors and cost these are.

    Raises:
        InputError: there is no such class, or no other.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, 0])])  # x0, x1 and their sum
        >>> found = pr.margin(net, 2, ([-1, -1], [1, 1]))
        >>> found.minimum.value, found.maximum.value, found.maximum.point
        (Fraction(-1, 1), Fraction(1, 1), (Fraction(1, 1), Fraction(1, 1)))
    """
    instance(network, Network, "margin: network", "pass a Network; load_network reads files")
    return output_range(margin_network(network, k), domain, limit=limit, timeout=timeout, progress=progress)
