r"""Certified volumes and boxes of bounded cells, in floats, compiled.

Notation as in :mod:`polyrelu.engines.cells.kernel`: a cell is known by its generators, floats :math:`\hat g` of length
d + 1, for each of which some exact generator g of the cell has :math:`|g - \hat g|_\infty \le r`, and by the facets on
which each lies, which are exact. All bounds are evaluated in floats from non-negative terms, each of which passes fewer
roundings than the index of the factor :math:`1 + \gamma` by which the result is raised.

**Vertices.** If :math:`\hat g_t > 2 r` then :math:`g_t > 0`, the generator is a vertex x = :math:`(g_j / g_t)_j`, and
with :math:`\hat x_j = \mathrm{fl}(\hat g_j / \hat g_t)`

.. math:: |x_j - \hat x_j| \le \frac{r}{\hat g_t - r} (1 + |\hat g_j / \hat g_t|) + u \frac{|\hat g_j|}{\hat g_t}
   \le e_j := \Big( \frac{r}{\hat g_t - r} (1 + |\hat x_j|) + \gamma_3 |\hat x_j| \Big) (1 + \gamma_{12}) + \tau .

One u pays for the rounding of :math:`\hat x_j \pm e_j`, the ends of the box, or of a difference of vertices, one for
the quotient :math:`r / (\hat g_t - r)` if it underflows: it is multiplied by :math:`1 + |\hat x_j|` only afterwards.
A generator without :math:`\hat g_t > 2 r`, or one whose :math:`\hat g_t` or :math:`e_j` is not finite, is a ray or too
far away to tell: then the cell gets no certificate.

**Triangulation.** The cell is pulled apart at its first vertex :math:`x^0`, its facets that miss it at theirs, and so
on, as in :mod:`polyrelu.polyhedra.volume`; this is combinatorial, hence exact. The volume of the cell is the sum over
the simplices of :math:`|\det(w^1, \dots, w^d)| / d!` with :math:`w^k = x^{v_k} - x^0`. Each :math:`\hat w^k =
\mathrm{fl}(\hat x^{v_k} - \hat x^0)` is off by at most :math:`\epsilon_k`, the sum of the two vertices' largest e, in
each coordinate.

**Determinants.** Let :math:`D_k[S]` be the minor of rows 1 to k and the k columns S, so that

.. math:: D_k[S] = \sum_{j \in S} \pm w^k_j D_{k-1}[S \setminus j], \qquad D_0[\emptyset] = 1 .

The vertices of a simplex are found one after the other, and simplices with the same first vertices share these minors.
If :math:`|D_{k-1} - \hat D_{k-1}| \le X_{k-1}`, then :math:`|w_j D_{k-1} - \hat w_j \hat D_{k-1}| \le |\hat w_j|
X_{k-1} + \epsilon_k (|\hat D_{k-1}| + X_{k-1})`; a sum of k products has every term perturbed by at most
:math:`1 + \gamma_k`; so

.. math:: X_k[S] = \sum_{j \in S} |\hat w_j| (X_{k-1} + \gamma_k |\hat D_{k-1}|)
   + \epsilon_k (|\hat D_{k-1}| + X_{k-1}) .

**Sum.** With V the computed sum of n moduli :math:`|\hat D_d|` and E that of their X, the cell's volume times d! lies
within :math:`E + (n - 1) u V` of V, since a sum is off by at most u times what comes out, and sums of moduli do not
shrink. (n - 1) u V is raised to :math:`\gamma_{n+4} V`. Dividing by d!, a float that is off by at most :math:`1 +
\gamma_d` (and exact up to 18!), rounds d + 4 times altogether.

**Underflow.** Each :math:`e_j`, :math:`X_k` and volume is raised by :math:`\tau = 2^{-1022}`, beyond the at most
:math:`2^{-1075}` that each of its fewer than 8 d products loses. What is lost before a large factor comes is relative
to something no smaller: :math:`\gamma_k |\hat D_{k-1}|` is added to :math:`X_{k-1} \ge \tau` (or has :math:`D_0 = 1`);
differences of floats do not underflow. So cells much smaller than :math:`\tau` have volumes between 0 and about
:math:`\tau`.

**Zero.** r = 0 says that a generator is its floats; its :math:`e_j` are rounding errors alone.

**Overflow, infinity and NaN.** A product or sum that overflows is infinite or NaN, and so is what it is added to or
multiplied by, up to the volume, its lower end (infinity less infinity) or its upper one: a cell gets no certificate for
a volume of which an end is not finite. The ends of a box may be infinite, which encloses; e's are checked.

**Which terms are slack.** A test has a cell for each term of first order which the bounds miss without it. Not for
:math:`\gamma_k` in :math:`X_k`: :math:`\epsilon_k` is :math:`3 u |\hat w|` at least, for vertices that are floats, too,
and pays for it in practice; nor for the second and third u of :math:`\gamma_3`, which :math:`\gamma_k` pays for, and
the last :math:`\tau`, beside those of the :math:`X_d`. The factors :math:`1 + \gamma` on bounds, and
:math:`\epsilon_k X_{k-1}`, are of second order: they close the proof, but no example comes near them.

These functions are called from Python only, with arrays that the kernel returned. So numba's cache on disk, which
notices changes in a function's own file only, cannot go stale here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_U = 2.0**-53
_TINY = 2.0**-1022

_compiled = njit(nogil=True, cache=True, error_model="numpy")


class CellExtents(NamedTuple):
    """Certified volumes and boxes of n cells; NaN where there is no certificate.

    Attributes:
        volume_low, volume_high: the volume of cell i lies between them, n each.
        box_low, box_high: cell i lies between them, (n, d) each.
    """

    volume_low: NDArray[np.float64]
    volume_high: NDArray[np.float64]
    box_low: NDArray[np.float64]
    box_high: NDArray[np.float64]


@_compiled
def _gamma(k: int) -> float:
    return k * _U / (1.0 - k * _U)


@_compiled
def _popcount(x: np.uint64) -> int:
    count = 0
    while x:
        x &= x - np.uint64(1)
        count += 1
    return count


@_compiled
def cell_extents(start: Any, vectors: Any, radius: Any, tight: Any) -> CellExtents:
    """The extents of cells whose generators are rows ``start[i]`` to ``start[i + 1]``; ``tight`` are their facets.

    Cost: for each simplex of the triangulation about 2^d d products, less what simplices share.
    """
    n, d = start.shape[0] - 1, vectors.shape[1] - 1
    most = 1
    for i in range(n):
        most = max(most, start[i + 1] - start[i])
    words, vertex_words = tight.shape[1], (most + 63) // 64
    nan_row, nan_box = np.full(n, np.nan), np.full((n, d), np.nan)
    out = CellExtents(nan_row, nan_row.copy(), nan_box, nan_box.copy())
    points, spread = np.empty((most, d)), np.empty(most)
    facets = np.empty((64 * words, vertex_words), np.uint64)
    # For each face on the way down: itself, its facets that miss its apex, and how many of them are done.
    faces = np.empty((d + 1, vertex_words), np.uint64)
    below = np.empty((d + 1, 64 * words, vertex_words), np.uint64)
    counts, done = np.zeros(d + 1, np.int64), np.zeros(d + 1, np.int64)
    minors, slack = np.zeros((d + 1, 1 << d)), np.zeros((d + 1, 1 << d))
    minors[0, 0] = 1.0
    for i in range(n):
        a, m = start[i], start[i + 1] - start[i]
        if not _vertices(vectors[a : a + m], radius[a : a + m], points, spread, out.box_low[i], out.box_high[i]):
            continue
        facet_count = _facets(tight[a : a + m], facets)
        volume, error, simplices = 0.0, 0.0, 0
        for w in range(vertex_words):
            faces[0, w] = np.uint64(0)
        for k in range(m):
            faces[0, k // 64] |= np.uint64(1) << np.uint64(k % 64)
        level = 0
        counts[0] = -1
        while level >= 0:
            if counts[level] < 0:
                # A face met for the first time: its apex is the next vertex of the simplices below it.
                apex = _first(faces[level])
                if level > 0:
                    _expand(points, spread, apex, level, minors, slack)
                if level == d - 1:
                    # An edge: its other end completes a simplex.
                    other = _second(faces[level])
                    _expand(points, spread, other, d, minors, slack)
                    volume += abs(minors[d, (1 << d) - 1])
                    error += slack[d, (1 << d) - 1]
                    simplices += 1
                    level -= 1
                    continue
                counts[level] = _pull(faces[level], apex, facets, facet_count, d - level, below[level])
                done[level] = 0
            if done[level] == counts[level]:
                level -= 1
                continue
            for w in range(vertex_words):
                faces[level + 1, w] = below[level, done[level], w]
            done[level] += 1
            level += 1
            counts[level] = -1
        low, high = _volume(volume, error, simplices, d)
        if np.isfinite(low) and np.isfinite(high):
            out.volume_low[i] = max(low, 0.0)
            out.volume_high[i] = high
    return out


@_compiled
def _volume(volume: float, error: float, simplices: int, d: int) -> tuple[float, float]:
    """The ends of a volume, from sums over its simplices: of determinants, and of how far they may be off."""
    error = (error + _gamma(simplices + 4) * volume) * (1.0 + _gamma(simplices + 8))
    factorial = 1.0
    for k in range(2, d + 1):
        factorial *= k
    low = (volume - error) * (1.0 - _gamma(2 * d + 8)) / factorial - _TINY
    high = (volume + error) * (1.0 + _gamma(2 * d + 8)) / factorial + _TINY
    return low, high


@_compiled
def _vertices(vectors: Any, radius: Any, points: Any, spread: Any, low: Any, high: Any) -> bool:
    """Write the box, the vertices less the first one, and their epsilons; False if some generator is no vertex."""
    d = vectors.shape[1] - 1
    for k in range(vectors.shape[0]):
        if not (2.0 * radius[k] < vectors[k, d] < np.inf):
            return False
    for k in range(vectors.shape[0]):
        r, t = radius[k], vectors[k, d]
        share = r / (t - r)
        spread[k] = 0.0
        for j in range(d):
            x = vectors[k, j] / t
            e = (share * (1.0 + abs(x)) + _gamma(3) * abs(x)) * (1.0 + _gamma(12)) + _TINY
            if not e < np.inf:
                low[:] = np.nan
                high[:] = np.nan
                return False
            points[k, j] = x
            spread[k] = max(spread[k], e)
            low[j] = x - e if k == 0 else min(low[j], x - e)
            high[j] = x + e if k == 0 else max(high[j], x + e)
    # From here on relative to the first vertex, from which all is pulled apart.
    for k in range(vectors.shape[0] - 1, -1, -1):
        for j in range(d):
            points[k, j] -= points[0, j]
        spread[k] = (spread[k] + spread[0]) * (1.0 + _gamma(4))
    return True


@_compiled
def _facets(tight: Any, facets: Any) -> int:
    """Write for each facet in use the set of the vertices on it, 64 to a word, and return how many facets there are."""
    m = tight.shape[0]
    count = 0
    for bit in range(64 * tight.shape[1]):
        word, mark = bit // 64, np.uint64(1) << np.uint64(bit % 64)
        used = False
        for w in range(facets.shape[1]):
            facets[count, w] = np.uint64(0)
        for k in range(m):
            if tight[k, word] & mark:
                used = True
                facets[count, k // 64] |= np.uint64(1) << np.uint64(k % 64)
        if used:
            count += 1
        if count == facets.shape[0]:
            break
    return count


@_compiled
def _first(face: Any) -> int:
    """The least vertex of a face."""
    for w in range(face.shape[0]):
        if face[w]:
            return 64 * w + _popcount((face[w] & (~face[w] + np.uint64(1))) - np.uint64(1))
    return -1


@_compiled
def _second(face: Any) -> int:
    """The least vertex of a face but one."""
    skipped = False
    for w in range(face.shape[0]):
        rest = face[w]
        if rest and not skipped:
            rest &= rest - np.uint64(1)
            skipped = True
        if rest:
            return 64 * w + _popcount((rest & (~rest + np.uint64(1))) - np.uint64(1))
    return -1


@_compiled
def _pull(face: Any, apex: int, facets: Any, facet_count: int, dim: int, below: Any) -> int:
    """Write the facets of a face of dimension ``dim`` that miss its apex, and return how many there are.

    They are among its proper intersections with facets of the cell, each of which counts once. Those with fewer than
    ``dim`` vertices are none. A smaller face that passes for a facet here has no simplices: on the way down it stays a
    dimension behind, and has one vertex where an edge is wanted.
    """
    words = face.shape[0]
    word, mark = apex // 64, np.uint64(1) << np.uint64(apex % 64)
    count = 0
    for f in range(facet_count):
        if facets[f, word] & mark:
            continue
        vertices = 0
        for w in range(words):
            below[count, w] = face[w] & facets[f, w]
            vertices += _popcount(below[count, w])
        if vertices < dim:
            continue
        new = True
        for earlier in range(count):
            equal = True
            for w in range(words):
                if below[earlier, w] != below[count, w]:
                    equal = False
            if equal:
                new = False
                break
        if new:
            count += 1
    return count


@_compiled
def _expand(points: Any, spread: Any, vertex: int, k: int, minors: Any, slack: Any) -> None:
    """The minors of k rows, the last of which is a vertex, from those of k - 1; see *Determinants* above."""
    d = points.shape[1]
    epsilon, slip, raised = spread[vertex], _gamma(k), 1.0 + _gamma(k + 12)
    for columns in range(1 << d):
        if _popcount(np.uint64(columns)) != k:
            continue
        value, bound, sign = 0.0, 0.0, 1.0
        for j in range(d - 1, -1, -1):
            if columns >> j & 1:
                x = points[vertex, j]
                minor, off = minors[k - 1, columns ^ (1 << j)], slack[k - 1, columns ^ (1 << j)]
                value += sign * x * minor
                bound += abs(x) * (off + slip * abs(minor)) + epsilon * (abs(minor) + off)
                sign = -sign
        minors[k, columns] = value
        slack[k, columns] = bound * raised + _TINY
