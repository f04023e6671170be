r"""The compiled cell splitter: the algorithm of :mod:`polyrelu.cells.twin` in floats, with every sign certified.

Notation as in :mod:`polyrelu.floats`: :math:`u = 2^{-53}`, :math:`\gamma_k = k u / (1 - k u)`, a hat for what is
computed. All vectors are homogeneous, of length d + 1. All bounds are evaluated in floats from non-negative terms,
each of which passes fewer roundings than the index of the factor :math:`1 + \gamma` by which the result is raised
[Higham2002]_.

**Forms.** A form c is known as :math:`\hat c` with :math:`\sum_j |c_j - \hat c_j| \le e`; let
:math:`s = \sum_j |\hat c_j|`. In the first layer e = 0 when the weights are floats, else u s. Later, with K active
coordinates before it, :math:`c_i = \sum_k w_{ik} c_k + b_i` is computed with K products and K additions for each j, so

.. math:: e_i = \sum_k |\hat w_{ik}| (e_k (1 + \gamma_1) + \gamma_{K+3} s_k) + \gamma_{K+3} |\hat b_i|,

one product of :math:`|W|` with a vector (one rounding in K + 3 is for weights that were rounded to floats). Cells come
depth first, so a cell mostly agrees with the one before it: where the layer before last is the same and few neurons
changed, :math:`\pm w_{ik} c_k` is added for the K that changed. That is the same sum, which begins with the form in
memory instead of the bias: for :math:`\gamma_{K+3} |\hat b_i|` put :math:`\gamma_{K+3} s_i + e_i` of that form. As soon
as that has added more terms than the sum has, it is computed anew.

**Generators** matter up to a positive factor; each is stored with largest entry at most 1 in modulus, and for some
exact generator g on its ray :math:`|g - \hat g|_\infty \le r`.

**Signs.** :math:`|\mathrm{fl}(\hat c \cdot \hat g) - c \cdot g| \le B = \gamma_{d+1} s + s r + e (1 + r)`. A sign
counts when :math:`|\mathrm{fl}(\hat c \cdot \hat g)| > B`. It is zero when e = r = 0 and each product has a factor
zero. Most forms of a layer have one sign on all of a cell, and are told without looking at each generator: if the
:math:`\hat g` lie in the box with centre z (entries at most 1) and half-widths h, then
:math:`|c \cdot g - \mathrm{fl}(\hat c \cdot z)| \le |\hat c| \cdot h + B` for all of them, with the largest r in B.

**New generators.** Let an edge from :math:`g_1` (value a > 0, bound A) to :math:`g_2` (value -b < 0, bound B) meet the
hyperplane. With the exact values :math:`a^*, b^*` put :math:`\lambda = a / (a + b)` and :math:`\lambda^* = a^* / (a^* +
b^*)`; the generator there is, up to a factor, :math:`w = \mu (\lambda^* g_2 + (1 - \lambda^*) g_1)`, and
:math:`\hat w = (a \hat g_2 + b \hat g_1) / N` where N is the largest computed entry and :math:`\mu = (a + b) / N`.
Since

.. math:: |\lambda^* - \lambda| \le \Lambda = \frac{b A + a B}{(a + b) (a - A + b - B)},

.. math:: r_w = \mu \left[ \Lambda (|\hat g_2 - \hat g_1|_\infty + r_1 + r_2) + \lambda r_2 + (1 - \lambda) r_1
   + \gamma_3 \right] + \gamma_2 .

An error in the values only moves w along its edge, so short edges do not magnify it. Chains of this bound still grow,
so it is only the first attempt.

**Solving again.** When B does not decide, the generator is computed anew from its d tight facets [Rump2010]_. Let p
be the position of its largest entry, which is kept; the others, y, solve M y = -f_p g_p, where M is the facets' forms
without column p. With R the computed inverse of :math:`\hat M`, one Newton step :math:`y - R \rho` is taken, and for
the result the residuals :math:`\rho_k = f_k \cdot g` satisfy
:math:`|\rho_k| \le q_k = |\hat\rho_k| + \gamma_{d+1} s_k + e_k` (entries at most 1). Let

.. math:: \alpha = \max_i \sum_j |\widehat{I - R \hat M}|_{ij} + \gamma_{d+2} \Big(1 + \sum_j (|R| |\hat M|)_{ij}\Big)
   + \sum_k |R_{ik}| e_k \ge \|I - R M\|_\infty .

If :math:`\alpha < 1` then M is regular and :math:`\|y^* - y\|_\infty \le \max_i (|R| q)_i / (1 - \alpha)`: the new r.
A generator on more than d facets is solved on d of them that elimination finds independent; it lies on all of them
exactly, because incidence is combinatorial and never measured.

**Reach.** Before a bounded cell is split by a layer, the values :math:`c \cdot g / g_t` at its vertices bound what
enters the layer's neurons, and interval arithmetic carries these bounds to the target's rows: a sum of K products and
a bias is off by at most :math:`\gamma_{K+2}` times the sum of the terms' moduli, which is raised for its own rounding
and that of the weights. If some row is positive throughout, the cell is discarded with everything below it.

**Underflow.** Weights are refused unless zero or between :math:`2^{-300}` and :math:`2^{300}` in modulus, and each e
and B is raised by :math:`2^{-900}` a layer, beyond what underflowing products can add up to. Overflow gives
infinities or NaN, for which no comparison holds, so nothing is decided.

All of this is in one file on purpose: numba's cache on disk notices changes in a function's own file only, and a stale
bound would be a wrong one.

A sign that stays undecided hands its cell over to exact arithmetic, and nothing about it is kept.

.. [Rump2010] S. M. Rump, Verification methods: rigorous results using floating-point arithmetic, Acta Numerica 19,
2010,
   doi:10.1017/S096249291000005X (section 10, after Krawczyk).
.. [Higham2002] N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

_Function = TypeVar("_Function", bound=Callable[..., Any])

UNDECIDED = 2
FLOOR = 2.0**-900
_U = 2.0**-53
# The benchmark measures what certification costs on a copy of this file with False here. The package has no such
# switch.
CERTIFIED = True

# What the counters count.
CELLS, CUTS, SIGNS, SOLVES, DOUBTS, DISCARDED, PRUNED, STARTED, STOP = range(9)


class Problem(NamedTuple):
    """A network, its target and the facets of its domain, as arrays.

    Layers are numbered from 0, the target's rows are one more layer at the end; *sites* are the forms that cells are
    cut with: the ReLU neurons of all layers in their order, then the target's rows.

    Attributes:
        weights: all layers' transposed weights, flat; layer l starts at ``weight_start[l]`` and is (inputs, outputs).
        biases: all biases, flat; layer l has ``coord_start[l]:coord_start[l + 1]``.
        weight_error: relative error of a weight: 0 when the floats are the numbers, else u.
        relu: for each coordinate whether it passes through a ReLU, laid out as the biases are.
        site_of: for each coordinate its site, or -1.
        site_layer, site_coord: for each site its layer and its coordinate in it.
        neurons: how many of the sites are neurons; they come first.
        target_layer: the number of the target's layer (the number of layers where there is no target).
        equality: for each coordinate, whether it is a target row that demands equality.
        domain_forms, domain_sums, domain_errors: the domain's facets, (facets, d + 1), their s and e.
        dim: d + 1.
    """

    weights: NDArray[np.float64]
    weight_start: NDArray[np.int64]
    biases: NDArray[np.float64]
    coord_start: NDArray[np.int64]
    weight_error: NDArray[np.float64]
    relu: NDArray[np.bool_]
    site_of: NDArray[np.int64]
    site_layer: NDArray[np.int64]
    site_coord: NDArray[np.int64]
    neurons: int
    target_layer: int
    equality: NDArray[np.bool_]
    domain_forms: NDArray[np.float64]
    domain_sums: NDArray[np.float64]
    domain_errors: NDArray[np.float64]
    dim: int


class Cells(NamedTuple):
    """Cells on a stack, or on their way to one.

    Attributes:
        depth: the layer that is to be split next.
        signs: for each site 0, 1 or UNDECIDED.
        slots: for each cell the facet numbers that its bits mean, -2 where a bit is not in use.
        start, size: cell i's generators are ``vectors[start[i]:start[i] + size[i]]``.
        vectors, radius: the generators and their r.
        solved: whether r comes from solving again.
        tight: bit masks over the slots, 64 to a word.
    """

    depth: NDArray[np.int64]
    signs: NDArray[np.uint8]
    slots: NDArray[np.int32]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    vectors: NDArray[np.float64]
    radius: NDArray[np.float64]
    solved: NDArray[np.bool_]
    tight: NDArray[np.uint64]


class Built(NamedTuple):
    """What the forms in memory were computed from, so that the next cell's are changed where it differs.

    Attributes:
        active: for each coordinate, whether the forms of the layer after it count it in.
        version: for each layer, how often its forms have changed; -1 before they exist.
        seen: the version of the layer before that a layer's forms were computed from.
        steps: how many coordinates have been put in or taken out since the forms were last computed anew.
        listed, factor: room for the coordinates to put in (1) or take out (-1).
    """

    active: NDArray[np.bool_]
    version: NDArray[np.int64]
    seen: NDArray[np.int64]
    steps: NDArray[np.int64]
    listed: NDArray[np.int64]
    factor: NDArray[np.float64]


class Generators(NamedTuple):
    """The generators of finished cells, in the order of the cells.

    Attributes:
        start: cell i's generators are rows ``start[i]`` to ``start[i + 1]``.
        vectors, radius: the generators and their r.
        tight: bit masks over the facets, 64 to a word; a bit means the same facet within one cell only.
    """

    start: NDArray[np.int64]
    vectors: NDArray[np.float64]
    radius: NDArray[np.float64]
    tight: NDArray[np.uint64]


class Found(NamedTuple):
    """What a run of the kernel leaves: finished cells, cells handed over, and cells for other workers.

    ``packed`` (signs of the neurons, eight to a byte, the first highest) and ``facets`` (delimited by ``facet_start``)
    are the finished cells' columns, ``points`` lie inside
    them. The ``doubt`` arrays are the same for the cells with a doubtful sign. ``frontier`` holds whole cells.
    ``generators`` are the finished cells' if they were asked for, else there are none.
    """

    packed: NDArray[np.uint8]
    facet_start: NDArray[np.int64]
    facets: NDArray[np.int32]
    points: NDArray[np.float64]
    doubt_depth: NDArray[np.int64]
    doubt_signs: NDArray[np.uint8]
    doubt_start: NDArray[np.int64]
    doubt_facets: NDArray[np.int32]
    frontier: Cells
    generators: Generators
    overflow: bool


# Division by zero gives infinities and NaN, which decide nothing, instead of an exception.
_compiled = njit(nogil=True, cache=True, error_model="numpy")
# For functions that make no arrays of their own: no references are counted, which takes atomic instructions. The option
# is one of numba's that its type hints leave out.
_LEAN: dict[str, Any] = {"_nrt": False}
_compiled_lean: Callable[[_Function], _Function] = njit(nogil=True, cache=True, error_model="numpy", **_LEAN)


@_compiled_lean
def _gamma(k: int) -> float:
    return k * _U / (1.0 - k * _U)


@_compiled_lean
def _popcount(x: np.uint64) -> int:
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_compiled
def _built(coords: int, layers: int) -> Built:
    zeros = np.zeros(layers + 1, np.int64)
    return Built(np.zeros(coords, np.bool_), zeros - 1, zeros - 2, zeros, np.empty(coords, np.int64), np.empty(coords))


@_compiled_lean
def enter_layer(P: Problem, layer: int, signs: Any, forms: Any, sums: Any, errors: Any, built: Built) -> None:
    """The forms that enter a layer on a cell whose earlier sites have the given signs; see *Forms* above."""
    dim, a, w = P.dim, P.coord_start[layer], P.weight_start[layer]
    n = P.coord_start[layer + 1] - a
    if layer == 0:
        if built.version[0] >= 0:
            return  # they are the same on every cell
        built.version[0] = 0
        for i in range(n):
            total = 0.0
            for j in range(dim - 1):
                forms[j, a + i] = P.weights[w + j * n + i]
                total += abs(forms[j, a + i])
            forms[dim - 1, a + i] = P.biases[a + i]
            total += abs(P.biases[a + i])
            sums[a + i] = total * (1.0 + _gamma(dim))
            errors[a + i] = P.weight_error[0] * sums[a + i]
        return
    before = P.coord_start[layer - 1]
    # Which coordinates became active (+1) or silent (-1) since the forms in memory were computed.
    listed, factor, terms, all_active = built.listed, built.factor, 0, 0
    for k in range(a - before):
        now = not P.relu[before + k] or signs[P.site_of[before + k]] == 1
        all_active += now
        if now != built.active[before + k]:
            listed[terms] = k
            factor[terms] = 1.0 if now else -1.0
            terms += 1
    anew = built.seen[layer] != built.version[layer - 1] or 2 * (built.steps[layer] + terms) > all_active
    if anew:
        terms = 0
    for k in range(a - before):
        now = not P.relu[before + k] or signs[P.site_of[before + k]] == 1
        built.active[before + k] = now
        if anew and now:
            listed[terms] = k
            factor[terms] = 1.0
            terms += 1
    built.seen[layer] = built.version[layer - 1]
    built.steps[layer] = 0 if anew else built.steps[layer] + terms
    if not anew and terms == 0:
        return
    built.version[layer] += 1
    slip = _gamma(terms + 3)
    for i in range(n):
        if anew:
            for j in range(dim - 1):
                forms[j, a + i] = 0.0
            forms[dim - 1, a + i] = P.biases[a + i]
            errors[a + i] = slip * abs(P.biases[a + i])
        else:
            errors[a + i] += slip * sums[a + i]
    W = P.weights
    step = 0
    # Four inputs at a time: each output is loaded and stored once for all of them.
    while step + 4 <= terms:
        k0, k1, k2, k3 = listed[step], listed[step + 1], listed[step + 2], listed[step + 3]
        r0, r1, r2, r3 = w + k0 * n, w + k1 * n, w + k2 * n, w + k3 * n
        for j in range(dim):
            c0, c1, c2, c3 = (
                forms[j, before + k0] * factor[step],
                forms[j, before + k1] * factor[step + 1],
                forms[j, before + k2] * factor[step + 2],
                forms[j, before + k3] * factor[step + 3],
            )
            for i in range(n):
                forms[j, a + i] += W[r0 + i] * c0 + W[r1 + i] * c1 + W[r2 + i] * c2 + W[r3 + i] * c3
        if CERTIFIED:
            e0, e1, e2, e3 = (
                errors[before + k0] * (1.0 + _gamma(1)) + slip * sums[before + k0],
                errors[before + k1] * (1.0 + _gamma(1)) + slip * sums[before + k1],
                errors[before + k2] * (1.0 + _gamma(1)) + slip * sums[before + k2],
                errors[before + k3] * (1.0 + _gamma(1)) + slip * sums[before + k3],
            )
            for i in range(n):
                errors[a + i] += abs(W[r0 + i]) * e0 + abs(W[r1 + i]) * e1 + abs(W[r2 + i]) * e2 + abs(W[r3 + i]) * e3
        step += 4
    while step < terms:
        k = listed[step]
        row = w + k * n
        for j in range(dim):
            c0 = forms[j, before + k] * factor[step]
            for i in range(n):
                forms[j, a + i] += W[row + i] * c0
        if CERTIFIED:
            e0 = errors[before + k] * (1.0 + _gamma(1)) + slip * sums[before + k]
            for i in range(n):
                errors[a + i] += abs(W[row + i]) * e0
        step += 1
    raised, whole = 1.0 + _gamma(2 * terms + 12), 1.0 + _gamma(dim)
    for i in range(n):
        errors[a + i] = errors[a + i] * raised + FLOOR
        sums[a + i] = 0.0
    for j in range(dim):
        for i in range(n):
            sums[a + i] += abs(forms[j, a + i])
    for i in range(n):
        sums[a + i] *= whole


@_compiled_lean
def sides_of_box(
    P: Problem, layer: int, m: int, vectors: Any, radius: Any, forms: Any, sums: Any, errors: Any, box: Any, sides: Any
) -> None:
    """For each form of a layer the sign that the box around a cell's generators certifies, or 0; see *Signs* above."""
    dim, first, last = P.dim, P.coord_start[layer], P.coord_start[layer + 1]
    n = last - first
    r = 0.0
    for k in range(m):
        if not radius[k] <= r:
            r = radius[k]  # NaN and infinity win, and then nothing is decided
    values, reach = box[0], box[1]
    for i in range(n):
        values[i] = 0.0
        reach[i] = 0.0
    for j in range(dim):
        low, high = vectors[0, j], vectors[0, j]
        for k in range(1, m):
            low = min(low, vectors[k, j])
            high = max(high, vectors[k, j])
        mid = 0.5 * low + 0.5 * high
        half = max(high - mid, mid - low)
        for i in range(n):
            values[i] += forms[j, first + i] * mid
            reach[i] += abs(forms[j, first + i]) * half
    slip, raised = _gamma(dim), 1.0 + _gamma(dim + 8)
    for i in range(n):
        bound = reach[i] * raised
        if CERTIFIED:
            s, e = sums[first + i], errors[first + i]
            bound = (reach[i] + slip * s + e + (s + e) * r) * raised + FLOOR
        sides[first + i] = 1 if values[i] > bound else (-1 if values[i] < -bound else 0)


@_compiled_lean
def cannot_reach_target(
    P: Problem,
    depth: int,
    m: int,
    vectors: Any,
    radius: Any,
    forms: Any,
    sums: Any,
    errors: Any,
    low: Any,
    high: Any,
    reach: Any,
) -> bool:
    """Whether bounds show that no point of a cell maps into the target; see *Reach* above."""
    dim, t = P.dim, P.dim - 1
    for k in range(m):
        if not vectors[k, t] > 2.0 * radius[k]:
            return False  # a ray, or a vertex too far away to tell
    slip = _gamma(dim + 4)
    for c in range(P.coord_start[depth], P.coord_start[depth + 1]):
        low[c], high[c] = np.inf, -np.inf
        for k in range(m):
            v = 0.0
            for j in range(dim):
                v += forms[j, c] * vectors[k, j]
            B = (slip * sums[c] + errors[c] + (sums[c] + errors[c]) * radius[k]) * (1.0 + _gamma(6)) + FLOOR
            if not (np.isfinite(v) and np.isfinite(B)):
                return False
            near, far = vectors[k, t] - radius[k], vectors[k, t] + radius[k]
            a, b = v - B, v + B
            a = a / (near if a < 0.0 else far)
            b = b / (near if b > 0.0 else far)
            low[c] = min(low[c], a - slip * abs(a))
            high[c] = max(high[c], b + slip * abs(b))
    for layer in range(depth + 1, P.target_layer + 1):
        before, first, last = P.coord_start[layer - 1], P.coord_start[layer], P.coord_start[layer + 1]
        n, w = last - first, P.weight_start[layer]
        slip = _gamma(first - before + 8)
        for i in range(n):
            low[first + i], high[first + i] = P.biases[first + i], P.biases[first + i]
            reach[first + i] = abs(P.biases[first + i])
        for k in range(first - before):
            a, b = low[before + k], high[before + k]
            if P.relu[before + k]:
                a, b = max(a, 0.0), max(b, 0.0)
            if a == 0.0 and b == 0.0:
                continue
            size = max(abs(a), abs(b))
            for i in range(n):
                x = P.weights[w + k * n + i]
                low[first + i] += x * a if x > 0.0 else x * b
                high[first + i] += x * b if x > 0.0 else x * a
                reach[first + i] += abs(x) * size
        for i in range(n):
            low[first + i] -= slip * reach[first + i] + FLOOR
            high[first + i] += slip * reach[first + i] + FLOOR
            if not (np.isfinite(low[first + i]) and np.isfinite(high[first + i])):
                return False
    for c in range(P.coord_start[P.target_layer], P.coord_start[P.target_layer + 1]):
        if low[c] > 0.0 or (P.equality[c] and high[c] < 0.0):
            return True
    return False


@_compiled
def solve_again(
    P: Problem, g: Any, tight: Any, slots: Any, forms: Any, sums: Any, errors: Any, M: Any, R: Any, aux: Any
) -> float:
    """Improve a generator in place from its tight facets and return its r, or infinity; see *Solving again* above."""
    dim = P.dim
    d = dim - 1
    p = 0
    for j in range(dim):
        if abs(g[j]) > abs(g[p]):
            p = j
    # Facets' forms as rows of aux; their s and e in its last two columns.
    count = 0
    for word in range(tight.shape[0]):
        mask = tight[word]
        while mask:
            low = mask & (~mask + np.uint64(1))
            bit = _popcount(low - np.uint64(1))
            mask ^= low
            if count == aux.shape[0]:
                return np.inf
            facet = slots[word * 64 + bit]
            if facet == -1:
                for j in range(d):
                    aux[count, j] = 0.0
                aux[count, d] = 1.0
                aux[count, dim] = 1.0
                aux[count, dim + 1] = 0.0
            elif facet < P.domain_forms.shape[0]:
                for j in range(dim):
                    aux[count, j] = P.domain_forms[facet, j]
                aux[count, dim] = P.domain_sums[facet]
                aux[count, dim + 1] = P.domain_errors[facet]
            else:
                site = facet - P.domain_forms.shape[0]
                c = P.coord_start[P.site_layer[site]] + P.site_coord[site]
                for j in range(dim):
                    aux[count, j] = forms[j, c]
                aux[count, dim] = sums[c]
                aux[count, dim + 1] = errors[c]
            count += 1
    if count < d:
        return np.inf
    if count > d and not _independent_rows_first(aux, count, p, dim, M):
        return np.inf
    if not _invert(aux, p, d, M, R):
        return np.inf
    y = M[2 * d]
    for k in range(d):
        rho = 0.0
        for j in range(dim):
            rho += aux[k, j] * g[j]
        y[k] = rho
    for i in range(d):
        step = 0.0
        for k in range(d):
            step += R[i, k] * y[k]
        g[i if i < p else i + 1] -= step
    # M holds the matrix again from here on.
    for k in range(d):
        for j in range(d):
            M[k, j] = aux[k, j if j < p else j + 1]
    alpha = 0.0
    radius = 0.0
    for k in range(d):
        rho = 0.0
        for j in range(dim):
            rho += aux[k, j] * g[j]
        y[k] = abs(rho) + 2.0 * _gamma(dim + 1) * aux[k, dim] + 2.0 * aux[k, dim + 1] + FLOOR
    for i in range(d):
        off, size, wrong, reach = 0.0, 0.0, 0.0, 0.0
        for j in range(d):
            t, m = 0.0, 0.0
            for k in range(d):
                t += R[i, k] * M[k, j]
                m += abs(R[i, k]) * abs(M[k, j])
            off += abs((1.0 if i == j else 0.0) - t)
            size += m
        for k in range(d):
            wrong += abs(R[i, k]) * aux[k, dim + 1]
            reach += abs(R[i, k]) * y[k]
        here = (off + _gamma(d + 2) * (1.0 + size) + wrong) * (1.0 + _gamma(2 * d + 8))
        if not (here < 0.5 and np.isfinite(reach)):
            return np.inf  # a comparison that NaN fails, where max would overlook it
        alpha = max(alpha, here)
        radius = max(radius, reach)
    radius = radius * (1.0 + _gamma(2 * dim + 12)) / (1.0 - alpha)
    largest = 0.0
    for j in range(dim):
        largest = max(largest, abs(g[j]))
    if not largest < 2.0:
        return np.inf
    for j in range(dim):
        g[j] /= largest
    return (radius / largest + _gamma(2)) * (1.0 + _gamma(4))


@_compiled
def solve_all_again(
    P: Problem,
    m: int,
    vectors: Any,
    radius: Any,
    solved: Any,
    tight: Any,
    slots: Any,
    forms: Any,
    sums: Any,
    errors: Any,
    M: Any,
    R: Any,
    aux: Any,
) -> None:
    """Solve a cell's generators again that have not been, and keep those that this makes more accurate."""
    g = np.empty(P.dim)
    for k in range(m):
        if not solved[k]:
            for j in range(P.dim):
                g[j] = vectors[k, j]
            r = solve_again(P, g, tight[k], slots, forms, sums, errors, M, R, aux)
            if r < radius[k]:
                radius[k] = r
                for j in range(P.dim):
                    vectors[k, j] = g[j]


@_compiled
def _independent_rows_first(aux: Any, count: int, p: int, dim: int, M: Any) -> bool:
    """Reorder the rows of aux so that the first d are independent without column p; False if none are found."""
    d = dim - 1
    T = np.empty((count, d))
    order = np.arange(count)
    for k in range(count):
        for j in range(d):
            T[k, j] = aux[k, j if j < p else j + 1] / aux[k, dim] if aux[k, dim] > 0.0 else 0.0
    for step in range(d):
        row, column, best = -1, -1, 0.0
        for k in range(step, count):
            for j in range(step, d):
                if abs(T[k, j]) > best:
                    row, column, best = k, j, abs(T[k, j])
        if row < 0:
            return False
        for j in range(d):
            T[step, j], T[row, j] = T[row, j], T[step, j]
        order[step], order[row] = order[row], order[step]
        for k in range(count):
            T[k, step], T[k, column] = T[k, column], T[k, step]
        for k in range(step + 1, count):
            factor = T[k, step] / T[step, step]
            for j in range(step, d):
                T[k, j] -= factor * T[step, j]
    chosen = np.empty((d, dim + 2))
    for k in range(d):
        for j in range(dim + 2):
            chosen[k, j] = aux[order[k], j]
    for k in range(d):
        for j in range(dim + 2):
            aux[k, j] = chosen[k, j]
    return True


@_compiled_lean
def _invert(aux: Any, p: int, d: int, M: Any, R: Any) -> bool:
    """R = the inverse of the first d rows of aux without column p, by Gauss-Jordan elimination; False if singular."""
    for k in range(d):
        for j in range(d):
            M[k, j] = aux[k, j if j < p else j + 1]
            R[k, j] = 1.0 if k == j else 0.0
    for step in range(d):
        row = step
        for k in range(step + 1, d):
            if abs(M[k, step]) > abs(M[row, step]):
                row = k
        pivot = M[row, step]
        if pivot == 0.0 or not np.isfinite(pivot):
            return False
        if row != step:
            for j in range(d):
                M[step, j], M[row, j] = M[row, j], M[step, j]
                R[step, j], R[row, j] = R[row, j], R[step, j]
        for j in range(d):
            M[step, j] /= pivot
            R[step, j] /= pivot
        for k in range(d):
            factor = M[k, step]
            if k != step and factor != 0.0:
                for j in range(d):
                    M[k, j] -= factor * M[step, j]
                    R[k, j] -= factor * R[step, j]
    return True


@_compiled
def _longer(array: Any) -> Any:
    """A copy of a vector with twice the room."""
    bigger = np.empty(2 * array.shape[0], array.dtype)
    for i in range(array.shape[0]):
        bigger[i] = array[i]
    return bigger


@_compiled
def _taller(array: Any) -> Any:
    """A copy of a matrix with twice the rows."""
    bigger = np.empty((2 * array.shape[0], array.shape[1]), array.dtype)
    for i in range(array.shape[0]):
        for j in range(array.shape[1]):
            bigger[i, j] = array[i, j]
    return bigger


@_compiled_lean
def _copy(source: Any, target: Any) -> None:
    for i in range(source.shape[0]):
        target[i] = source[i]


@_compiled_lean
def _move(
    vector: Any,
    radius: Any,
    solved: Any,
    tight: Any,
    first: int,
    count: int,
    to_vector: Any,
    to_radius: Any,
    to_solved: Any,
    to_tight: Any,
    at: int,
) -> None:
    """Copy ``count`` generators from one set of arrays, from ``first`` on, to another, from ``at`` on."""
    for k in range(count):
        for j in range(vector.shape[1]):
            to_vector[at + k, j] = vector[first + k, j]
        to_radius[at + k] = radius[first + k]
        to_solved[at + k] = solved[first + k]
        for w in range(tight.shape[1]):
            to_tight[at + k, w] = tight[first + k, w]


@_compiled
def run(
    P: Problem, roots: Cells, first: int, last: int, stop_level: int, budget: int, counters: Any, keep: bool
) -> Found:
    """Split the roots ``first`` to ``last`` depth first and return what that finds.

    Cells with at least ``stop_level`` cuts behind them are put on the frontier, and all that is left is once
    ``budget`` cuts are made. ``counters`` is shared with the caller: counts go up as the work goes on, and a nonzero
    ``counters[STOP]`` ends it early. With ``keep`` the generators of the finished cells are solved again, which makes
    them as accurate as they get, and returned. ``overflow`` in the result means that some cell had more facets than the
    masks have bits; nothing else in it counts then.
    """
    dim, d = P.dim, P.dim - 1
    sites = roots.signs.shape[1]
    words = roots.tight.shape[1]
    slots_count = 64 * words
    layers = P.coord_start.shape[0] - 1
    coords = P.biases.shape[0]
    domain_facets = P.domain_forms.shape[0]

    forms = np.zeros((dim, coords))
    sums = np.zeros(coords)
    errors = np.zeros(coords)
    crossing = np.empty(coords, np.int64)  # laid out as coordinates are; each layer's own list
    crossing_count = np.zeros(layers + 1, np.int64)
    built = _built(coords, layers)
    box, box_sides = np.empty((2, coords)), np.empty(coords, np.int8)
    least, most, reach = np.empty(coords), np.empty(coords), np.empty(coords)

    # The stack: cells in arrays, their generators one after the other in a pool.
    depth_limit = sites + layers + 8
    s_depth = np.empty(depth_limit, np.int64)
    s_next = np.empty(depth_limit, np.int64)
    s_level = np.empty(depth_limit, np.int64)
    s_start = np.empty(depth_limit, np.int64)
    s_count = np.empty(depth_limit, np.int64)
    s_signs = np.empty((depth_limit, sites), np.uint8)
    s_slots = np.empty((depth_limit, slots_count), np.int32)
    pool = 4096
    g_vector = np.empty((pool, dim))
    g_radius = np.empty(pool)
    g_solved = np.empty(pool, np.bool_)
    g_tight = np.empty((pool, words), np.uint64)

    # The cell at work, and its values at the form that is looked at.
    room = 1024
    c_vector = np.empty((room, dim))
    c_radius = np.empty(room)
    c_solved = np.empty(room, np.bool_)
    c_tight = np.empty((room, words), np.uint64)
    b_vector = np.empty((room, dim))
    b_radius = np.empty(room)
    b_solved = np.empty(room, np.bool_)
    b_tight = np.empty((room, words), np.uint64)
    value = np.empty(room)
    bound = np.empty(room)
    side = np.empty(room, np.int8)
    up, down = np.empty(room, np.int64), np.empty(room, np.int64)
    n_vector = np.empty((room, dim))
    n_radius = np.empty(room)
    n_tight = np.empty((room, words), np.uint64)
    signs = np.empty(sites, np.uint8)
    slots = np.empty(slots_count, np.int32)
    kept = np.empty(words, np.uint64)
    common = np.empty(words, np.uint64)
    form = np.empty(dim)
    M = np.empty((2 * dim + 2, dim))
    R = np.empty((dim, dim))
    aux = np.empty((slots_count, dim + 2))

    # What is found.
    o_packed = np.empty((1024, (P.neurons + 7) // 8), np.uint8)
    o_start = np.zeros(1025, np.int64)
    o_facets = np.empty(8192, np.int32)
    o_points = np.empty((1024, d))
    o_cells = 0
    h_depth = np.empty(64, np.int64)
    h_signs = np.empty((64, sites), np.uint8)
    h_start = np.zeros(65, np.int64)
    h_facets = np.empty(1024, np.int32)
    h_cells = 0
    f_depth = np.empty(64, np.int64)
    f_signs = np.empty((64, sites), np.uint8)
    f_slots = np.empty((64, slots_count), np.int32)
    f_start = np.empty(64, np.int64)
    f_size = np.empty(64, np.int64)
    f_cells = 0
    f_vector = np.empty((1024, dim))
    f_radius = np.empty(1024)
    f_solved = np.empty(1024, np.bool_)
    f_tight = np.empty((1024, words), np.uint64)
    f_total = 0
    k_start = np.zeros(1025, np.int64)
    k_vector = np.empty((1024, dim))
    k_radius = np.empty(1024)
    k_solved = np.empty(1024, np.bool_)
    k_tight = np.empty((1024, words), np.uint64)
    overflow = False
    counters[STARTED] = 1
    slip, raised = _gamma(dim), 1.0 + _gamma(6)

    for root in range(first, last):
        if overflow or counters[STOP]:
            break
        # Load the root; the forms of the layers before it are those its signs say.
        for layer in range(roots.depth[root] if counters[CUTS] < budget else 0):
            enter_layer(P, layer, roots.signs[root], forms, sums, errors, built)
        top = 0
        while roots.size[root] > g_radius.shape[0]:
            g_vector, g_radius = _taller(g_vector), _longer(g_radius)
            g_solved, g_tight = _longer(g_solved), _taller(g_tight)
        s_depth[0] = roots.depth[root]
        s_next[0] = -1
        s_level[0] = 0
        s_start[0] = 0
        s_count[0] = roots.size[root]
        _copy(roots.signs[root], s_signs[0])
        _copy(roots.slots[root], s_slots[0])
        a, b = roots.start[root], roots.size[root]
        _move(roots.vectors, roots.radius, roots.solved, roots.tight, a, b, g_vector, g_radius, g_solved, g_tight, 0)

        holding = False
        depth, position, level, m = 0, -1, 0, 0
        while holding or top >= 0:
            if counters[STOP] or overflow:
                break
            if not holding:
                # Take the topmost cell off the stack.
                depth, position, level, m = s_depth[top], s_next[top], s_level[top], s_count[top]
                while m > c_radius.shape[0]:
                    c_vector, c_radius = _taller(c_vector), _longer(c_radius)
                    c_solved, c_tight = _longer(c_solved), _taller(c_tight)
                _move(g_vector, g_radius, g_solved, g_tight, s_start[top], m, c_vector, c_radius, c_solved, c_tight, 0)
                _copy(s_signs[top], signs)
                _copy(s_slots[top], slots)
                top -= 1
            holding = False
            while m > value.shape[0]:
                value, bound, side = _longer(value), _longer(bound), _longer(side)
                up, down = _longer(up), _longer(down)

            if level >= stop_level or counters[CUTS] >= budget:
                if f_cells >= f_depth.shape[0]:
                    f_depth, f_start, f_size = _longer(f_depth), _longer(f_start), _longer(f_size)
                    f_signs, f_slots = _taller(f_signs), _taller(f_slots)
                while f_total + m > f_radius.shape[0]:
                    f_vector, f_radius = _taller(f_vector), _longer(f_radius)
                    f_solved, f_tight = _longer(f_solved), _taller(f_tight)
                f_depth[f_cells] = depth
                f_start[f_cells] = f_total
                f_size[f_cells] = m
                _copy(signs, f_signs[f_cells])
                _copy(slots, f_slots[f_cells])
                _move(c_vector, c_radius, c_solved, c_tight, 0, m, f_vector, f_radius, f_solved, f_tight, f_total)
                f_total += m
                f_cells += 1
                continue

            # Walk through the forms until one cuts the cell, it is finished, discarded, or in doubt.
            state = 0  # 1 cut, 2 finished, 3 discarded, 4 doubt
            cut_site = -1
            while state == 0:
                if depth == layers:
                    state = 2
                    break
                first_coord, end_coord = P.coord_start[depth], P.coord_start[depth + 1]
                entering = position < 0
                if entering:
                    enter_layer(P, depth, signs, forms, sums, errors, built)
                    if depth < P.target_layer < layers and cannot_reach_target(
                        P, depth, m, c_vector, c_radius, forms, sums, errors, least, most, reach
                    ):
                        counters[PRUNED] += 1
                        state = 3
                        break
                    crossing_count[depth] = 0
                    position = 0
                    sides_of_box(P, depth, m, c_vector, c_radius, forms, sums, errors, box, box_sides)
                total = end_coord - first_coord if entering else crossing_count[depth]
                while position < total:
                    c = first_coord + position if entering else crossing[first_coord + position]
                    position += 1
                    site = P.site_of[c]
                    if site < 0 or signs[site] != UNDECIDED:
                        continue
                    positive, negative, doubt = False, False, False
                    if entering and box_sides[c] != 0:
                        counters[SIGNS] += 1
                        positive, negative = box_sides[c] > 0, box_sides[c] < 0
                    else:
                        for j in range(dim):
                            form[j] = forms[j, c]
                        s, e = sums[c], errors[c]
                        fixed = (slip * s + e) * raised + FLOOR
                        slope = (s + e) * raised
                        for k in range(m):
                            counters[SIGNS] += 1
                            v = 0.0
                            for j in range(dim):
                                v += form[j] * c_vector[k, j]
                            B = fixed + slope * c_radius[k]
                            if CERTIFIED and not abs(v) > B:
                                if not c_solved[k]:
                                    c_solved[k] = True
                                    counters[SOLVES] += 1
                                    r = solve_again(P, c_vector[k], c_tight[k], slots, forms, sums, errors, M, R, aux)
                                    c_radius[k] = r
                                    v = 0.0
                                    for j in range(dim):
                                        v += form[j] * c_vector[k, j]
                                    B = fixed + slope * r
                                if not abs(v) > B:
                                    zero = e == 0.0 and c_radius[k] == 0.0
                                    for j in range(dim):
                                        if form[j] != 0.0 and c_vector[k, j] != 0.0:
                                            zero = False
                                    if not zero:
                                        doubt = True
                                        break
                                    v, B = 0.0, 0.0
                            value[k] = v
                            bound[k] = B
                            side[k] = 1 if v > 0.0 else (-1 if v < 0.0 else 0)
                            if v > 0.0:
                                positive = True
                            elif v < 0.0:
                                negative = True
                            if entering and positive and negative:
                                break  # it crosses; the values are wanted when it cuts
                    target = depth == P.target_layer
                    if doubt:
                        state = 4
                        break
                    if positive and negative:
                        if target and P.equality[c]:
                            state = 4
                            break
                        if entering:
                            crossing[first_coord + crossing_count[depth]] = c
                            crossing_count[depth] += 1
                            continue
                        state, cut_site = 1, site
                        break
                    if target:
                        # A row that holds with equality somewhere, but cuts nothing off, is for exact arithmetic.
                        some_zero = False
                        if not (entering and box_sides[c] != 0):
                            for k in range(m):
                                if side[k] == 0:
                                    some_zero = True
                        if some_zero or P.equality[c] or not negative:
                            state = 4 if some_zero else 3
                            break
                        signs[site] = 0
                    else:
                        signs[site] = 1 if positive else 0
                if state == 0:
                    if entering and crossing_count[depth] > 0:
                        position = 0  # now through the list of crossing forms, to cut
                        continue
                    depth += 1
                    position = -1

            if state == 3:
                counters[DISCARDED] += 1
                continue
            if state == 4:
                counters[DOUBTS] += 1
                if h_cells + 1 >= h_depth.shape[0]:
                    h_depth, h_start, h_signs = _longer(h_depth), _longer(h_start), _taller(h_signs)
                h_depth[h_cells] = depth
                _copy(signs, h_signs[h_cells])
                at = h_start[h_cells]
                while at + slots_count > h_facets.shape[0]:
                    h_facets = _longer(h_facets)
                for j in range(slots_count):
                    if slots[j] >= -1:
                        h_facets[at] = slots[j]
                        at += 1
                h_cells += 1
                h_start[h_cells] = at
                continue
            if state == 2:
                counters[CELLS] += 1
                if o_cells + 1 >= o_packed.shape[0]:
                    o_start, o_packed, o_points = _longer(o_start), _taller(o_packed), _taller(o_points)
                for j in range(o_packed.shape[1]):
                    byte = 0
                    for k in range(8 * j, min(8 * j + 8, P.neurons)):
                        byte |= int(signs[k]) << (7 - k % 8)
                    o_packed[o_cells, j] = byte
                inner_point(P, m, c_vector, slots, signs, forms, sums, errors, form, o_points[o_cells])
                at = o_start[o_cells]
                while at + slots_count > o_facets.shape[0]:
                    o_facets = _longer(o_facets)
                for j in range(slots_count):
                    if slots[j] >= 0:
                        o_facets[at] = slots[j]
                        at += 1
                o_cells += 1
                o_start[o_cells] = at
                if keep:
                    solve_all_again(P, m, c_vector, c_radius, c_solved, c_tight, slots, forms, sums, errors, M, R, aux)
                    if o_cells >= k_start.shape[0]:
                        k_start = _longer(k_start)
                    at = k_start[o_cells - 1]
                    while at + m > k_radius.shape[0]:
                        k_vector, k_radius = _taller(k_vector), _longer(k_radius)
                        k_solved, k_tight = _longer(k_solved), _taller(k_tight)
                    _move(c_vector, c_radius, c_solved, c_tight, 0, m, k_vector, k_radius, k_solved, k_tight, at)
                    k_start[o_cells] = at + m
                continue

            # Cut: new generators where edges cross.
            counters[CUTS] += 1
            simple = True
            ups, downs = 0, 0
            for k in range(m):
                bits = 0
                for w in range(words):
                    bits += _popcount(c_tight[k, w])
                if bits != d or side[k] == 0:
                    simple = False
                if side[k] > 0:
                    up[ups] = k
                    ups += 1
                elif side[k] < 0:
                    down[downs] = k
                    downs += 1
            added = -1
            while added < 0:
                added = _where_edges_cross(
                    c_vector,
                    c_radius,
                    c_tight,
                    value,
                    bound,
                    m,
                    up[:ups],
                    down[:downs],
                    simple,
                    common,
                    n_vector,
                    n_radius,
                    n_tight,
                )
                if added < 0:
                    n_vector, n_radius, n_tight = _taller(n_vector), _longer(n_radius), _taller(n_tight)

            free = -1
            for j in range(slots_count):
                if slots[j] == -2:
                    free = j
                    break
            if free < 0:
                overflow = True
                break
            word, mark = free // 64, np.uint64(1) << np.uint64(free % 64)

            position = -1 if level + 1 >= stop_level else position
            level += 1
            # The positive side goes on the stack; targets do not keep it.
            if depth != P.target_layer:
                top += 1
                start = 0 if top == 0 else s_start[top - 1] + s_count[top - 1]
                while start + m + added > g_radius.shape[0]:
                    g_vector, g_radius = _taller(g_vector), _longer(g_radius)
                    g_solved, g_tight = _longer(g_solved), _taller(g_tight)
                at = _one_side(
                    c_vector,
                    c_radius,
                    c_solved,
                    c_tight,
                    side,
                    m,
                    1,
                    n_vector,
                    n_radius,
                    n_tight,
                    added,
                    word,
                    mark,
                    g_vector,
                    g_radius,
                    g_solved,
                    g_tight,
                    start,
                    kept,
                )
                s_depth[top], s_next[top], s_level[top] = depth, position, level
                s_start[top], s_count[top] = start, at - start
                _copy(signs, s_signs[top])
                s_signs[top, cut_site] = 1
                for j in range(slots_count):
                    s_slots[top, j] = slots[j] if (kept[j // 64] >> np.uint64(j % 64)) & np.uint64(1) else -2
                s_slots[top, free] = domain_facets + cut_site
            # The negative side is the next cell at work.
            while m + added > b_radius.shape[0]:
                b_vector, b_radius = _taller(b_vector), _longer(b_radius)
                b_solved, b_tight = _longer(b_solved), _taller(b_tight)
            m = _one_side(
                c_vector,
                c_radius,
                c_solved,
                c_tight,
                side,
                m,
                -1,
                n_vector,
                n_radius,
                n_tight,
                added,
                word,
                mark,
                b_vector,
                b_radius,
                b_solved,
                b_tight,
                0,
                kept,
            )
            c_vector, b_vector = b_vector, c_vector
            c_radius, b_radius = b_radius, c_radius
            c_solved, b_solved = b_solved, c_solved
            c_tight, b_tight = b_tight, c_tight
            signs[cut_site] = 0
            for j in range(slots_count):
                if not (kept[j // 64] >> np.uint64(j % 64)) & np.uint64(1):
                    slots[j] = -2
            slots[free] = domain_facets + cut_site
            holding = True

    frontier = Cells(
        f_depth[:f_cells],
        f_signs[:f_cells],
        f_slots[:f_cells],
        f_start[:f_cells],
        f_size[:f_cells],
        f_vector[:f_total],
        f_radius[:f_total],
        f_solved[:f_total],
        f_tight[:f_total],
    )
    kept_cells = o_cells if keep else 0
    total = k_start[kept_cells]
    generators = Generators(k_start[: kept_cells + 1], k_vector[:total], k_radius[:total], k_tight[:total])
    return Found(
        o_packed[:o_cells],
        o_start[: o_cells + 1],
        o_facets[: o_start[o_cells]],
        o_points[:o_cells],
        h_depth[:h_cells],
        h_signs[:h_cells],
        h_start[: h_cells + 1],
        h_facets[: h_start[h_cells]],
        frontier,
        generators,
        overflow,
    )


@_compiled_lean
def _where_edges_cross(
    vector: Any,
    radius: Any,
    tight: Any,
    value: Any,
    bound: Any,
    m: int,
    up: Any,
    down: Any,
    simple: bool,
    common: Any,
    n_vector: Any,
    n_radius: Any,
    n_tight: Any,
) -> int:
    """Write the generators where edges between ``up`` and ``down`` meet the hyperplane; see *New generators* above.

    In a ``simple`` cell two generators with d - 1 common facets are adjacent. Returns how many there are, or -1 if they
    are more than fit.
    """
    dim, words = vector.shape[1], tight.shape[1]
    raised_far = 1.0 + _gamma(24)
    added = 0
    for above in range(up.shape[0]):
        k = up[above]
        tight_k = tight[k, 0]
        for below in range(down.shape[0]):
            q = down[below]
            bits = _popcount(tight_k & tight[q, 0])
            for w in range(1, words):
                bits += _popcount(tight[k, w] & tight[q, w])
            if bits < dim - 2:
                continue
            for w in range(words):
                common[w] = tight[k, w] & tight[q, w]
            if not simple:
                adjacent = True
                for other in range(m):
                    if other != k and other != q:
                        within = True
                        for w in range(words):
                            if common[w] & tight[other, w] != common[w]:
                                within = False
                                break
                        if within:
                            adjacent = False
                            break
                if not adjacent:
                    continue
            if added >= n_radius.shape[0]:
                return -1
            x, y = value[k], -value[q]
            largest = 0.0
            for j in range(dim):
                t = x * vector[q, j] + y * vector[k, j]
                n_vector[added, j] = t
                largest = max(largest, abs(t))
            for j in range(dim):
                n_vector[added, j] /= largest
            for w in range(words):
                n_tight[added, w] = common[w]
            if not CERTIFIED:
                n_radius[added] = 0.0
                added += 1
                continue
            length = 0.0
            for j in range(dim):
                length = max(length, abs(vector[q, j] - vector[k, j]))
            total, A, B = x + y, bound[k], bound[q]
            slide = (y * A + x * B) / (total * ((x - A) + (y - B)))
            error = slide * (length + radius[k] + radius[q]) + (x * radius[q] + y * radius[k]) / total
            n_radius[added] = ((error + _gamma(3)) * (total / largest) + _gamma(2)) * raised_far
            added += 1
    return added


@_compiled_lean
def _one_side(
    vector: Any,
    radius: Any,
    solved: Any,
    tight: Any,
    side: Any,
    m: int,
    sign: int,
    n_vector: Any,
    n_radius: Any,
    n_tight: Any,
    added: int,
    word: int,
    mark: np.uint64,
    to_vector: Any,
    to_radius: Any,
    to_solved: Any,
    to_tight: Any,
    start: int,
    kept: Any,
) -> int:
    """Write the generators of one side of a cut cell, from ``start`` on, and return where they end.

    ``kept`` becomes the mask of the facets that the side has. One of the cell's facets stays iff some generator on it
    is strictly on this side: then the part of the facet there has its full dimension, and otherwise it lies in the
    cutting hyperplane, whose own facet is ``mark`` in ``word``.
    """
    words = tight.shape[1]
    for w in range(words):
        kept[w] = np.uint64(0)
    for k in range(m):
        if side[k] * sign > 0:
            for w in range(words):
                kept[w] |= tight[k, w]
    at = start
    for k in range(m):
        if side[k] * sign >= 0:
            for j in range(vector.shape[1]):
                to_vector[at, j] = vector[k, j]
            to_radius[at] = radius[k]
            to_solved[at] = solved[k]
            for w in range(words):
                to_tight[at, w] = tight[k, w] & kept[w]
            if side[k] == 0:
                to_tight[at, word] |= mark
            at += 1
    for k in range(added):
        for j in range(vector.shape[1]):
            to_vector[at, j] = n_vector[k, j]
        to_radius[at] = n_radius[k]
        to_solved[at] = False
        for w in range(words):
            to_tight[at, w] = n_tight[k, w] & kept[w]
        to_tight[at, word] |= mark
        at += 1
    return at


@_compiled_lean
def inner_point(
    P: Problem, m: int, vectors: Any, slots: Any, signs: Any, forms: Any, sums: Any, errors: Any, form: Any, point: Any
) -> None:
    """A float point strictly inside all facets of a cell, certified like any sign (with r = 0), else NaN."""
    d = P.dim - 1
    for j in range(d):
        point[j] = 0.0
    vertices = 0
    for k in range(m):
        if vectors[k, d] > 0.0:
            vertices += 1
            for j in range(d):
                point[j] += vectors[k, j] / vectors[k, d]
    for j in range(d):
        point[j] /= vertices
    for k in range(m):
        if not vectors[k, d] > 0.0:
            for j in range(d):
                point[j] += vectors[k, j]
    size = 1.0
    for j in range(d):
        size = max(size, abs(point[j]))
    for slot in range(slots.shape[0]):
        facet = slots[slot]
        if facet < 0:
            continue
        s, e, inside = 0.0, 0.0, -1.0
        if facet < P.domain_forms.shape[0]:
            for j in range(P.dim):
                form[j] = P.domain_forms[facet, j]
            s, e = P.domain_sums[facet], P.domain_errors[facet]
        else:
            site = facet - P.domain_forms.shape[0]
            c = P.coord_start[P.site_layer[site]] + P.site_coord[site]
            for j in range(P.dim):
                form[j] = forms[j, c]
            s, e = sums[c], errors[c]
            if signs[site] == 1:
                inside = 1.0
        v = form[d]
        for j in range(d):
            v += form[j] * point[j]
        B = (_gamma(P.dim) * s + e) * size * (1.0 + _gamma(6)) + FLOOR
        if not v * inside > B:
            for j in range(d):
                point[j] = np.nan
            return
