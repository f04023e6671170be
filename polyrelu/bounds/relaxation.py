r"""Two lines around ReLU on an interval, in floats, and true to the last digit.

On :math:`l \le z \le u` with :math:`l < 0 < u` ReLU is convex, so it lies above each :math:`\alpha z`, :math:`0 \le
\alpha \le 1`, and below a line that is above it at both ends:

.. math:: \alpha z \le \max(z, 0) \le \lambda z + t, \qquad t \ge -\lambda l, \quad t \ge (1 - \lambda) u.

Every float :math:`\lambda` between 0 and 1 will do, with t rounded upwards; the best is near :math:`u / (u - l)` (G.
Singh, T. Gehr, M. Püschel and M. Vechev, An abstract domain for certifying neural networks, POPL 2019,
doi:10.1145/3290354). Of the lower lines, :math:`\alpha` = 0 or 1 is taken, whichever leaves the smaller triangle,
unless slopes are given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray


class Lines(NamedTuple):
    """``below * z <= relu(z) <= above * z + offset`` for all z of an interval; arrays of one shape.

    Attributes:
        below, above: slopes from 0 to 1.
        offset: never negative; infinite or NaN where the interval's ends are.
    """

    below: FloatArray
    above: FloatArray
    offset: FloatArray


def relu_lines(low: FloatArray, high: FloatArray, mask: NDArray[np.bool_], slopes: FloatArray | None = None) -> Lines:
    """Lines around ReLU where ``mask`` is true, and around the identity where it is not.

    ``low`` and ``high`` are the ends of k intervals for each of n coordinates, (k, n), and ``mask`` says of each
    coordinate whether it passes through a ReLU, (n,). ``slopes``, from 0 to 1, are those of the lines below where a
    sign is in doubt. Whoever calls has asked whether floats are sound.
    """
    with np.errstate(all="ignore"):
        open_ = mask & (low < 0) & (high > 0)
        line = ~mask | (low >= 0)
        slope = np.where(open_, high / (high - low), 0.0)
        falls = np.nextafter(-slope * low, np.inf)
        rises = np.nextafter(np.nextafter(1.0 - slope, np.inf) * high, np.inf)
        offset = np.where(open_, np.maximum(falls, rises), np.where(line | (high <= 0), 0.0, np.nan))
        below = (line | (open_ & (high >= -low))).astype(np.float64)
        if slopes is not None:
            below = np.where(open_, slopes, below)
        return Lines(below, np.where(line, 1.0, slope), offset)
