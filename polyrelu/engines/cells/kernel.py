r"""The compiled cell splitter: the algorithm of :mod:`polyrelu.polyhedra.cell` in floats, with every sign certified.

Notation as in :mod:`polyrelu.arithmetic.rounding`: :math:`u = 2^{-53}`, :math:`\gamma_k = k u / (1 - k u)`, a hat for
what is computed. All vectors are homogeneous, of length d + 1. All bounds are evaluated in floats from non-negative
terms, each of which passes fewer roundings than the index of the factor :math:`1 + \gamma` by which the result is
raised [Higham2002]_.

**Scaling.** The network's coordinates are measured in powers of two (:mod:`polyrelu.engines.cells.problem`), which
changes no sign: relu(2^k z) = 2^k relu(z). They are chosen so that in every row of a layer :math:`\sum_k |w_{ik}| +
|b_i| \le 1`. By induction over the layers every form then has :math:`\sum_j |c_j| \le 1`, on every cell, and every
product and sum of what follows is of numbers of modulus at most d + 3 unless it says otherwise. A weight that this
makes subnormal loses digits, at most :math:`2^{-1075}` in absolute terms.

**Forms.** A form c is known as :math:`\hat c` with :math:`\sum_j |c_j - \hat c_j| \le e`; let :math:`s = \sum_j |\hat
c_j|`. In the first layer e = 0 when the weights are floats and lost nothing, else u s, which is more than a lost digit
because s > 1/4. Later, with K active coordinates before it, :math:`c_i = \sum_k w_{ik} c_k + b_i` is computed with K
products and K additions for each j, so

.. math:: e_i = \sum_k |\hat w_{ik}| (e_k (1 + \gamma_1) + \gamma_{K+3} s_k) + \gamma_{K+3} |\hat b_i|,

one product of :math:`|W|` with a vector (one rounding in K + 3 is for weights that were rounded to floats). Cells come
depth first, so a cell mostly agrees with the one before it: where the layer before last is the same and few neurons
changed, :math:`\pm w_{ik} c_k` is added for the K that changed. That is the same sum, which begins with the form in
memory instead of the bias: for :math:`\gamma_{K+3} |\hat b_i|` put :math:`\gamma_{K+3} s_i + e_i` of that form. As soon
as that has added more terms than the sum has, it is computed anew.

**Patches.** A cell and up to 64 neurons of its layer that cut it are a patch. All its parts share its generators: a
generator is a number, and a cell a list of numbers with a mask of facets. An edge has the same two ends in all parts
that have it, and the same neuron cuts it first; so the generator there is made once, and then looked up by the numbers
of the two. Each generator has, for the patch's neurons, a bit for every positive and a bit for every negative
sign (no bit means zero, both mean doubt). The bits that a part's generators have among them say which neurons cut it:
those that have both. When all is cut, a part becomes a patch of its own, for the neurons left over or for the next
layer. So it does, too, when its patch has come to many generators; that keeps memory flat.

**Generators** matter up to a positive factor; each is stored with largest entry at most 1 in modulus, and for some
exact generator g on its ray :math:`|g - \hat g|_\infty \le r`. A generator lies on its tight facets exactly: incidence
is combinatorial and never measured. Tight are the facets, and neurons of the patch, that both ends of its edge lie on,
the neuron that cut the edge, and neurons at which its sign is zero.

**Signs.** :math:`|\mathrm{fl}(\hat c \cdot \hat g) - c \cdot g| \le B = \gamma_{d+1} s + s r + e (1 + r)`. A sign
counts when :math:`|\mathrm{fl}(\hat c \cdot \hat g)| > B`. It is zero when e = r = 0 and each product has a factor
zero. Between the ends of an edge a form has their common sign, or that of one end where it is zero at the other: only
neurons at which the ends have opposite signs, or doubtful ones, are asked about the generator made there. Most forms of
a layer have one sign on all of a cell, and are told without looking at each generator: if the :math:`\hat g` lie in the
box with centre z (entries at most 1) and half-widths h, then :math:`|c \cdot g - \mathrm{fl}(\hat c \cdot z)| \le |\hat
c| \cdot h + B` for all of them, with the largest r in B.

**New generators.** Let an edge from :math:`g_1` (value a > 0, bound A) to :math:`g_2` (value -b < 0, bound B) meet the
hyperplane. With the exact values :math:`a^*, b^*` put :math:`\lambda = a / (a + b)` and :math:`\lambda^* = a^* / (a^* +
b^*)`; the generator there is, up to a factor, :math:`w = \mu (\lambda^* g_2 + (1 - \lambda^*) g_1)`. It becomes
:math:`\hat w = (a \hat g_2 + b \hat g_1) \cdot \mathrm{fl}(1 / N)`, where N is the largest entry of the sum and
:math:`\mu = (a + b) / N`; no entry exceeds 1, because fl(N fl(1 / N)) does not. Since

.. math:: |\lambda^* - \lambda| \le \Lambda = \frac{b}{a + b} \cdot \frac{A}{a - A + b - B}
   + \frac{a}{a + b} \cdot \frac{B}{a - A + b - B},

.. math:: r_w = \mu \left[ \Lambda (|\hat g_2 - \hat g_1|_\infty + r_1 + r_2) + \lambda r_2 + (1 - \lambda) r_1
   + \gamma_3 \right] + \gamma_3 .

The two :math:`\gamma_3` are slack, since :math:`a + b \le s |g_2 - g_1|` makes :math:`\Lambda |g_2 - g_1|` about
:math:`\gamma_{d+1}` or more; other terms are not. An error in the values only moves w along its edge, so short edges do
not magnify it. Chains of this bound still grow, so it is only the first attempt.

**Solving again.** When B does not decide, the generator is computed anew from its d tight facets [Rump2010]_. Let p be
the position of its largest entry, which is kept; the others, y, solve M y = -f_p g_p, where M is the facets' forms
without column p. With R the computed inverse of :math:`\hat M`, one Newton step :math:`y - R \rho` is taken, and for
the result the residuals :math:`\rho_k = f_k \cdot g` satisfy :math:`|\rho_k| \le q_k = |\hat\rho_k| + \gamma_{d+1} s_k
+ e_k` (entries at most 1). Let

.. math:: \alpha = \max_i \sum_j |\widehat{I - R \hat M}|_{ij} + \gamma_{d+2} \Big(1 + \sum_j (|R| |\hat M|)_{ij}\Big)
   + \sum_k |R_{ik}| e_k \ge \|I - R M\|_\infty .

If :math:`\alpha < 1` then M is regular and :math:`\|y^* - y\|_\infty \le \max_i (|R| q)_i / (1 - \alpha)`: the new r.
A generator on more than d facets is solved on d of them that elimination finds independent. What is less accurate than
the generator as it was is thrown away.

This finds a line, and keeps the sign of the largest entry. That is the generator's if it was known within r < 1/2. Else
either g or -g may be the generator; it is the one on the inner side of a facet of the patch, not one of its tight ones,
at which the sign is certified. If there is none, the generator stays as it was.

**Reach.** Before a bounded cell is split by a layer, the values :math:`c \cdot g / g_t` at its vertices bound what
enters the layer's neurons, and interval arithmetic carries these bounds to the target's rows: a sum of K products and
a bias is off by at most :math:`\gamma_{K+2}` times the sum of the terms' moduli, which is raised for its own rounding
and that of the weights. If some row is positive throughout, the cell is discarded with everything below it. Values
beyond :math:`2^{100}` tell nothing; below that the digits that a weight has lost matter less than :math:`2^{-900}`.

**Every magnitude.** What underflows is off by at most :math:`2^{-1074}` in absolute terms, in a product, a quotient or
a lost digit; sums do not underflow. Each bound has a term beyond what these can add up to, with fewer than
:math:`2^{100}` of them: each e (but for exact weights, where nothing was lost) and B the term :math:`2^{-900}`, each r
a :math:`\gamma_k`, alpha a :math:`\gamma_{d+2}`. So zero and subnormal numbers need no argument of their own.

What may overflow is a quotient: 1 / N, A / (a - A + b - B), an entry of R, a value in *Reach*, a coordinate of a point
inside. It ends in an infinity or NaN, and these in doubt: r is infinite where it would be NaN, and where a generator
has an entry that is no number (:func:`_meet`, :func:`improve`); with an infinite r the bound B is infinite or NaN; and
every decision is a comparison that holds, never one that fails: v > B, -v > B, x > A, alpha < 1/2, "finite". Generators
whose r is infinite are solved again like others, and replaced when that succeeds.

These bounds assume rounding to nearest and gradual underflow, which :class:`polyrelu.engines.cells.run.Run` makes sure
of.

All of this is in one file on purpose: numba's cache on disk notices changes in a function's own file only, and a stale
bound would be a wrong one.

A sign that stays undecided is asked of exact arithmetic (:mod:`polyrelu.engines.cells.signs`) when its neuron is about
to cut a cell that has the generator, and not before: most of them never matter. The answer may be zero, and the
generator then lies on the neuron's hyperplane. Only where the target touches a cell without cutting it, or demands
equality, is the cell handed over, and exact arithmetic finishes it.

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
# Values from here on tell nothing of what a cell can reach; see *Reach* above.
FAR = 2.0**100
TINY = 2.0**-1074
_U = 2.0**-53
# The benchmark measures what certification costs on a copy of this file with False here. The package has no such
# switch.
CERTIFIED = True

# What the counters count.
CELLS, CUTS, SIGNS, SOLVES, HANDED_OVER, DISCARDED, PRUNED, STARTED, STOP, SHARE = range(10)

# Columns of bits, one bit for each neuron of a patch: its sign at a generator, or the signs that a cell's generators
# have among them. TIGHT is the first of the columns with one bit for each facet.
POSITIVE, NEGATIVE, TIGHT = range(3)
# Columns of Patches.numbers.
LAYER, NEXT, FIRST, END, FACETS, NEURONS, HEADS, BUCKETS = range(8)
# Columns of Stack.numbers.
PATCH, START, SIZE = range(3)
# Places in what a run keeps between steps: the cell at work, both ends of the stack, how much was found.
HELD, AT_PATCH, AT_SIZE, AT_ROW, ROOT, BOTTOM, TOP, FOUND, PASSED_ON, LEFT, OVERFLOW, QUESTION = range(12)
# Why a run pauses: nothing is left to do; an array is too short; a cell lies ready for another run; the neuron
# at[QUESTION] of the patch has doubtful signs on the cell at work.
DONE, TOO_SHORT, SHARED, IN_QUESTION = range(4)
# What the next step for a cell is.
SPLIT, FINISHED, GONE, TOUCHED, TOO_MANY = range(5)
# With a larger r a generator of a new patch is solved again, because bounds over a whole cell are as bad as its worst.
COARSE = 2.0**-12
# How many generators a patch may come to have before its parts become patches, unless they have half as many, and how
# many buckets it has to look them up.
MOST_SHARED = 1 << 12
MOST_BUCKETS = 1 << 12


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
    """Cells on their way to a run, or from one.

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
    """What a run of the kernel finds: finished cells, and cells handed over.

    ``packed`` (signs of the neurons, eight to a byte, the first highest) and ``facets`` (delimited by ``facet_start``)
    are the finished cells' columns, ``points`` lie inside them. The ``touched`` arrays are the same for cells that the
    target only touches. ``generators`` are the finished cells' if they were asked for, else there are none.
    """

    packed: NDArray[np.uint8]
    facet_start: NDArray[np.int64]
    facets: NDArray[np.int32]
    points: NDArray[np.float64]
    touched_signs: NDArray[np.uint8]
    touched_start: NDArray[np.int64]
    touched_facets: NDArray[np.int32]
    generators: Generators


class Pool(NamedTuple):
    """Generators.

    Attributes:
        vector, radius: the generators and their r.
        solved: whether solving again has been tried.
        bits: the signs of the patch's neurons, and the facets it lies on.
        key: the two ends of the edge on which it was made, in one number.
        chain: the next generator in the same bucket, or -1.
    """

    vector: NDArray[np.float64]
    radius: NDArray[np.float64]
    solved: NDArray[np.bool_]
    bits: NDArray[np.uint64]
    key: NDArray[np.int64]
    chain: NDArray[np.int64]


class Patches(NamedTuple):
    """Cells and the neurons of one layer that cut them, each within the one before; see *Patches* above.

    Attributes:
        numbers: the layer, where in its list the neurons go on that are not in the patch (-1 before there is a list),
            where its generators begin and end, how many facets the whole patch has, how many neurons cut it, and where
            its hash table begins and how many buckets it has.
        signs: those of all sites that are the same on the whole patch, UNDECIDED for the others.
        packed: the neurons' signs, eight to a byte.
        slots: the facet number that a bit means, -2 where it means none; after the facets come the neurons.
        forms: for each bit the form, its s and e, and the sign it has inside.
        listed: for each neuron its place in the layer's list.
        heads: the hash tables: the first generator in each bucket, or -1.
    """

    numbers: NDArray[np.int64]
    signs: NDArray[np.uint8]
    packed: NDArray[np.uint8]
    slots: NDArray[np.int32]
    forms: NDArray[np.float64]
    listed: NDArray[np.int64]
    heads: NDArray[np.int64]


class Stack(NamedTuple):
    """Cells that wait: their patch, and place among the ``ids`` of generators; what bits those have among them.

    The bits from TIGHT on are the cell's facets.
    """

    numbers: NDArray[np.int64]
    bits: NDArray[np.uint64]
    ids: NDArray[np.uint32]


class Cell(NamedTuple):
    """One side of a cut: the generators' numbers, and bits as in a Stack."""

    ids: NDArray[np.uint32]
    bits: NDArray[np.uint64]


class Finished(NamedTuple):
    """The columns of finished cells: packed signs, points inside, facets (delimited by ``start``)."""

    packed: NDArray[np.uint8]
    start: NDArray[np.int64]
    points: NDArray[np.float64]
    facets: NDArray[np.int32]


class Touched(NamedTuple):
    """The cells that the target only touches: the signs of all sites, facets (delimited by ``start``)."""

    signs: NDArray[np.uint8]
    start: NDArray[np.int64]
    facets: NDArray[np.int32]


class Forms(NamedTuple):
    """The forms of all coordinates on the cell at work, their s and e, and for each layer a list of what may cut.

    Attributes:
        forms, sums, errors: the forms as columns, s and e.
        crossing, crossing_count: for each layer the coordinates that the box around the cell leaves in doubt.
        built: what the forms were computed from.
        box, box_sides, least, most, reach: room for bounds on a layer's coordinates.
    """

    forms: NDArray[np.float64]
    sums: NDArray[np.float64]
    errors: NDArray[np.float64]
    crossing: NDArray[np.int64]
    crossing_count: NDArray[np.int64]
    built: Built
    box: NDArray[np.float64]
    box_sides: NDArray[np.int8]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    reach: NDArray[np.float64]


class Scratch(NamedTuple):
    """Room for what one step needs.

    Attributes:
        above, below, on, fresh: generators on either side of a cut, on the hyperplane, and made by it.
        sides: the sides of a cell's generators.
        above_tight, below_tight: a row for each word of bits: on which facets of the cell those generators lie.
        common, counts: facets that two generators share; how many a generator shares with others. order, solution,
        residuals, M, R, T, rows, chosen: for solving again.
    """

    above: NDArray[np.uint32]
    below: NDArray[np.uint32]
    on: NDArray[np.uint32]
    fresh: NDArray[np.uint32]
    sides: NDArray[np.int64]
    above_tight: NDArray[np.uint64]
    below_tight: NDArray[np.uint64]
    common: NDArray[np.uint64]
    counts: NDArray[np.int64]
    order: NDArray[np.int64]
    solution: NDArray[np.float64]
    residuals: NDArray[np.float64]
    M: NDArray[np.float64]
    R: NDArray[np.float64]
    T: NDArray[np.float64]
    rows: NDArray[np.float64]
    chosen: NDArray[np.float64]


class Memory(NamedTuple):
    """All arrays of a run."""

    forms: Forms
    pool: Pool
    patches: Patches
    stack: Stack
    cell: Cell
    scratch: Scratch
    finished: Finished
    touched: Touched
    left: Cells
    kept: Generators


class Lengths(NamedTuple):
    """How long the arrays of a run must be for its next step."""

    pool: int = 0
    stack_ids: int = 0
    cell: int = 0
    stack: int = 0
    patches: int = 0
    heads: int = 0
    finished: int = 0
    finished_facets: int = 0
    touched: int = 0
    touched_facets: int = 0
    left: int = 0
    left_generators: int = 0
    kept: int = 0


# No function here makes arrays, so no references are counted, which takes atomic instructions; numba's type hints leave
# that option out. Division by zero gives infinities and NaN, which decide nothing, instead of an exception.
_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}
# What is called from compiled code only is not made callable from Python, which takes long to compile.
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_compiled: Callable[[_Function], _Function] = njit(**_INNER)
# For what is called so often that handing over its arguments would take longer than what it does.
_inlined: Callable[[_Function], _Function] = njit(forceinline=True, **_INNER)


@_inlined
def _gamma(k: int) -> float:
    return k * _U / (1.0 - k * _U)


@_inlined
def _popcount(x: Any) -> Any:
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_inlined
def _bit(i: int) -> np.uint64:
    return np.uint64(1) << np.uint64(i)


@_inlined
def _lowest(mask: Any) -> Any:
    """The number of the lowest bit of a mask that has one."""
    return _popcount((mask & (~mask + np.uint64(1))) - np.uint64(1))


@_compiled
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
    # Places in a slice count from 0, so a loop over it takes several outputs at once. And four inputs at a time: each
    # output is loaded and stored once for all of them.
    W, own_errors, own_sums = P.weights, errors[a : a + n], sums[a : a + n]
    step = 0
    while step < terms:
        last = min(step + 4, terms)
        if last - step == 4:
            k0, k1, k2, k3 = listed[step], listed[step + 1], listed[step + 2], listed[step + 3]
            w0, w1 = W[w + k0 * n : w + (k0 + 1) * n], W[w + k1 * n : w + (k1 + 1) * n]
            w2, w3 = W[w + k2 * n : w + (k2 + 1) * n], W[w + k3 * n : w + (k3 + 1) * n]
            for j in range(dim):
                c0, c1 = forms[j, before + k0] * factor[step], forms[j, before + k1] * factor[step + 1]
                c2, c3 = forms[j, before + k2] * factor[step + 2], forms[j, before + k3] * factor[step + 3]
                row = forms[j, a : a + n]
                for i in range(n):
                    row[i] += w0[i] * c0 + w1[i] * c1 + w2[i] * c2 + w3[i] * c3
            if CERTIFIED:
                e0 = errors[before + k0] * (1.0 + _gamma(1)) + slip * sums[before + k0]
                e1 = errors[before + k1] * (1.0 + _gamma(1)) + slip * sums[before + k1]
                e2 = errors[before + k2] * (1.0 + _gamma(1)) + slip * sums[before + k2]
                e3 = errors[before + k3] * (1.0 + _gamma(1)) + slip * sums[before + k3]
                for i in range(n):
                    own_errors[i] += abs(w0[i]) * e0 + abs(w1[i]) * e1 + abs(w2[i]) * e2 + abs(w3[i]) * e3
        else:
            for at in range(step, last):
                k0 = listed[at]
                w0 = W[w + k0 * n : w + (k0 + 1) * n]
                for j in range(dim):
                    c0 = forms[j, before + k0] * factor[at]
                    row = forms[j, a : a + n]
                    for i in range(n):
                        row[i] += w0[i] * c0
                if CERTIFIED:
                    e0 = errors[before + k0] * (1.0 + _gamma(1)) + slip * sums[before + k0]
                    for i in range(n):
                        own_errors[i] += abs(w0[i]) * e0
        step = last
    raised, whole = 1.0 + _gamma(2 * terms + 12), 1.0 + _gamma(dim)
    for i in range(n):
        own_errors[i] = own_errors[i] * raised + FLOOR
        own_sums[i] = 0.0
    for j in range(dim):
        row = forms[j, a : a + n]
        for i in range(n):
            own_sums[i] += abs(row[i])
    for i in range(n):
        own_sums[i] *= whole


@_compiled
def sides_of_box(P: Problem, F: Forms, layer: int, begin: int, m: int, vectors: Any, radius: Any) -> None:
    """For each form of a layer the sign that the box around a cell's generators certifies, or 0; see *Signs* above."""
    dim, first, last = P.dim, P.coord_start[layer], P.coord_start[layer + 1]
    n = last - first
    r = 0.0
    for k in range(begin, begin + m):
        if radius[k] > r:
            r = radius[k]  # never NaN; where it is infinite, nothing is decided
    values, reach = F.box[0, :n], F.box[1, :n]
    for i in range(n):
        values[i] = 0.0
        reach[i] = 0.0
    for j in range(dim):
        low, high = vectors[begin, j], vectors[begin, j]
        for k in range(begin + 1, begin + m):
            low = min(low, vectors[k, j])
            high = max(high, vectors[k, j])
        mid = 0.5 * low + 0.5 * high
        half = max(high - mid, mid - low)
        row = F.forms[j, first:last]
        for i in range(n):
            values[i] += row[i] * mid
            reach[i] += abs(row[i]) * half
    sums, errors, sides = F.sums[first:last], F.errors[first:last], F.box_sides[first:last]
    slip, raised = _gamma(dim), 1.0 + _gamma(dim + 8)
    for i in range(n):
        bound = reach[i] * raised
        if CERTIFIED:
            s, e = sums[i], errors[i]
            bound = (reach[i] + slip * s + e + (s + e) * r) * raised + FLOOR
        sides[i] = 1 if values[i] > bound else (-1 if values[i] < -bound else 0)


@_compiled
def cannot_reach_target(P: Problem, F: Forms, depth: int, begin: int, m: int, vectors: Any, radius: Any) -> bool:
    """Whether bounds show that no point of a cell maps into the target; see *Reach* above."""
    dim, t, forms, sums, errors = P.dim, P.dim - 1, F.forms, F.sums, F.errors
    low, high, reach = F.least, F.most, F.reach
    for k in range(begin, begin + m):
        if not vectors[k, t] > 2.0 * radius[k]:
            return False  # a ray, or a vertex too far away to tell
    slip = _gamma(dim + 4)
    for c in range(P.coord_start[depth], P.coord_start[depth + 1]):
        low[c], high[c] = np.inf, -np.inf
        for k in range(begin, begin + m):
            v = 0.0
            for j in range(dim):
                v += forms[j, c] * vectors[k, j]
            B = (slip * sums[c] + errors[c] + (sums[c] + errors[c]) * radius[k]) * (1.0 + _gamma(6)) + FLOOR
            near, far = vectors[k, t] - radius[k], vectors[k, t] + radius[k]
            a, b = v - B, v + B
            a = a / (near if a < 0.0 else far)
            b = b / (near if b > 0.0 else far)
            if not (abs(a) < FAR and abs(b) < FAR):
                return False
            low[c] = min(low[c], a - slip * abs(a) - FLOOR)
            high[c] = max(high[c], b + slip * abs(b) + FLOOR)
    for layer in range(depth + 1, P.target_layer + 1):
        before, first, last = P.coord_start[layer - 1], P.coord_start[layer], P.coord_start[layer + 1]
        n, w, biases = last - first, P.weight_start[layer], P.biases[first:last]
        own_low, own_high, own_reach = low[first:last], high[first:last], reach[first:last]
        slip = _gamma(first - before + 8)
        for i in range(n):
            own_low[i], own_high[i], own_reach[i] = biases[i], biases[i], abs(biases[i])
        for k in range(first - before):
            a, b = low[before + k], high[before + k]
            if P.relu[before + k]:
                a, b = max(a, 0.0), max(b, 0.0)
            if a == 0.0 and b == 0.0:
                continue
            size, row = max(abs(a), abs(b)), P.weights[w + k * n : w + (k + 1) * n]
            for i in range(n):
                x = row[i]
                own_low[i] += x * a if x > 0.0 else x * b
                own_high[i] += x * b if x > 0.0 else x * a
                own_reach[i] += abs(x) * size
        for i in range(n):
            own_low[i] -= slip * own_reach[i] + FLOOR
            own_high[i] += slip * own_reach[i] + FLOOR
            if not (own_low[i] > -FAR and own_high[i] < FAR):
                return False
    for c in range(P.coord_start[P.target_layer], P.coord_start[P.target_layer + 1]):
        if low[c] > 0.0 or (P.equality[c] and high[c] < 0.0):
            return True
    return False


@_compiled
def solve_again(g: Any, count: int, scratch: Scratch) -> float:
    """Improve a generator in place from the facets in ``scratch.rows`` (form, s, e): its r, or infinity.

    See *Solving again* above.
    """
    M, R, rows, y = scratch.M, scratch.R, scratch.rows, scratch.residuals
    dim = g.shape[0]
    d = dim - 1
    if count < d:
        return np.inf
    p = _largest_entry(g)
    if count > d and not _independent_rows_first(count, p, dim, scratch):
        return np.inf
    if not _invert(rows, p, d, M, R):
        return np.inf
    for k in range(d):
        rho = 0.0
        for j in range(dim):
            rho += rows[k, j] * g[j]
        y[k] = rho
    for i in range(d):
        step = 0.0
        for k in range(d):
            step += R[i, k] * y[k]
        g[i if i < p else i + 1] -= step
    # M holds the matrix again from here on.
    for k in range(d):
        for j in range(d):
            M[k, j] = rows[k, j if j < p else j + 1]
    alpha = 0.0
    radius = 0.0
    for k in range(d):
        rho = 0.0
        for j in range(dim):
            rho += rows[k, j] * g[j]
        y[k] = abs(rho) + 2.0 * _gamma(dim + 1) * rows[k, dim] + 2.0 * rows[k, dim + 1] + FLOOR
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
            wrong += abs(R[i, k]) * rows[k, dim + 1]
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


@_inlined
def _largest_entry(g: Any) -> int:
    p = 0
    for j in range(g.shape[0]):
        if abs(g[j]) > abs(g[p]):
            p = j
    return p


@_compiled
def _independent_rows_first(count: int, p: int, dim: int, scratch: Scratch) -> bool:
    """Reorder ``scratch.rows`` so that the first d are independent without column p; False if none are found."""
    d, rows, T, order, chosen = dim - 1, scratch.rows, scratch.T, scratch.order, scratch.chosen
    for k in range(count):
        order[k] = k
        for j in range(d):
            T[k, j] = rows[k, j if j < p else j + 1] / rows[k, dim] if rows[k, dim] > 0.0 else 0.0
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
    for k in range(d):
        for j in range(dim + 2):
            chosen[k, j] = rows[order[k], j]
    for k in range(d):
        for j in range(dim + 2):
            rows[k, j] = chosen[k, j]
    return True


@_compiled
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


@_inlined
def _value(forms: Any, p: int, facet: int, vector: Any, g: int) -> float:
    v = 0.0
    for j in range(vector.shape[1]):
        v += forms[p, facet, j] * vector[g, j]
    return v


@_inlined
def _bound(s: float, e: float, r: float, dim: int) -> float:
    """B of a form with sum s and error e at a generator with radius r; see *Signs* above."""
    return (_gamma(dim) * s + e + (s + e) * r) * (1.0 + _gamma(8)) + FLOOR


@_inlined
def _sign(pool: Pool, patches: Patches, p: int, facet: int, g: int, scratch: Scratch, counters: Any) -> int:
    """The certified sign of one of a patch's forms at a generator: -1, 0, 1 or UNDECIDED.

    A generator where it is in doubt is solved again, once.
    """
    dim, forms = pool.vector.shape[1], patches.forms
    s, e = forms[p, facet, dim], forms[p, facet, dim + 1]
    counters[SIGNS] += 1
    v = _value(forms, p, facet, pool.vector, g)
    B = _bound(s, e, pool.radius[g], dim)
    if CERTIFIED and not abs(v) > B:
        if not pool.solved[g]:
            counters[SOLVES] += 1
            improve(pool, patches, p, g, scratch)
            v = _value(forms, p, facet, pool.vector, g)
            B = _bound(s, e, pool.radius[g], dim)
        if not abs(v) > B:
            if e != 0.0 or pool.radius[g] != 0.0:
                return UNDECIDED
            for j in range(dim):
                if forms[p, facet, j] != 0.0 and pool.vector[g, j] != 0.0:
                    return UNDECIDED
            return 0
    return 1 if v > 0.0 else (-1 if v < 0.0 else 0)


@_inlined
def _tight_rows(bits: Any, forms: Any, rows: Any) -> int:
    """Copy the facets on which a generator lies to ``rows``, and return how many they are."""
    count = 0
    for word in range(bits.shape[0] - TIGHT):
        mask = bits[TIGHT + word]
        while mask:
            facet = word * 64 + _lowest(mask)
            mask &= mask - np.uint64(1)
            for j in range(rows.shape[1]):
                rows[count, j] = forms[facet, j]
            count += 1
    return count


@_compiled
def _directed(patches: Patches, p: int, bits: Any, g: Any, r: float) -> bool:
    """Make a solution g or -g, whichever lies in a patch; False where no facet certifies that one of them does not."""
    dim, forms = g.shape[0], patches.forms
    for facet in range(patches.numbers[p, FACETS]):
        if bits[TIGHT + facet // 64] & _bit(facet % 64):
            continue
        v = 0.0
        for j in range(dim):
            v += forms[p, facet, j] * g[j]
        if abs(v) > _bound(forms[p, facet, dim], forms[p, facet, dim + 1], r, dim):
            if v * forms[p, facet, dim + 2] < 0.0:
                for j in range(dim):
                    g[j] = -g[j]
            return True
    return False


@_compiled
def improve(pool: Pool, patches: Patches, p: int, g: int, scratch: Scratch) -> None:
    """Solve a generator of a patch again from its tight facets, unless that is no more accurate."""
    dim, solution = pool.vector.shape[1], scratch.solution
    pool.solved[g] = True
    known = pool.radius[g] < 0.5  # then its largest entry has the sign that it seems to have
    for j in range(dim):
        solution[j] = pool.vector[g, j]
    r = solve_again(solution, _tight_rows(pool.bits[g], patches.forms[p], scratch.rows), scratch)
    if r < pool.radius[g] and (known or _directed(patches, p, pool.bits[g], solution, r)):
        pool.radius[g] = r
        for j in range(dim):
            pool.vector[g, j] = solution[j]


@_compiled
def _open(
    P: Problem,
    F: Forms,
    pool: Pool,
    patches: Patches,
    q: int,
    depth: int,
    position: int,
    cell: Cell,
    m: int,
    scratch: Scratch,
    counters: Any,
) -> int:
    """Make a cell of patch q a patch of its own, q + 1, and the whole of it: SPLIT, FINISHED, GONE or TOO_MANY.

    Its neurons are the next that cut it: of layer ``depth``, from ``position`` in that layer's list, or from the
    beginning where that is negative; or of the next layer that has any.
    """
    p, dim, words = q + 1, pool.vector.shape[1], cell.bits.shape[0] - TIGHT
    layers, domain_facets = P.coord_start.shape[0] - 1, P.domain_forms.shape[0]
    numbers, signs, slots, forms = patches.numbers, patches.signs, patches.slots, patches.forms
    signs_so_far(patches, q, cell.bits, domain_facets, signs[p])

    numbers[p, FACETS] = facets = _moved_facets(patches, q, p, cell)
    first = numbers[q, END]
    for k in range(m):
        g, copy = cell.ids[k], first + k
        for j in range(dim):
            pool.vector[copy, j] = pool.vector[g, j]
        pool.radius[copy], pool.solved[copy] = pool.radius[g], pool.solved[g]
        _compressed(pool.bits[g], cell.bits, pool.bits[copy])
        if CERTIFIED and not (pool.solved[copy] or pool.radius[copy] <= COARSE):
            counters[SOLVES] += 1
            improve(pool, patches, p, copy, scratch)

    neurons, room, state = 0, min(64, 64 * words - facets), FINISHED
    while depth < layers:
        a, target = P.coord_start[depth], depth == P.target_layer
        if position < 0:
            if not _enter(P, F, pool, depth, first, m, signs[p], counters):
                return GONE
            position = 0
        while position < F.crossing_count[depth]:
            c = F.crossing[a + position]
            site, facet = P.site_of[c], facets + neurons
            if signs[p, site] != UNDECIDED:
                position += 1
                continue
            if neurons == room:
                break
            for j in range(dim):
                forms[p, facet, j] = F.forms[j, c]
            forms[p, facet, dim], forms[p, facet, dim + 1] = F.sums[c], F.errors[c]
            positive, negative, zero, doubt = False, False, False, False
            for k in range(m):
                side = _sign(pool, patches, p, facet, first + k, scratch, counters)
                scratch.sides[k] = side
                positive |= side == 1
                negative |= side == -1
                zero |= side == 0
                doubt |= side == UNDECIDED
            if doubt or (positive and negative) or (target and zero):
                # What only touches a cell matters to targets, and earlier rows may cut that off.
                slots[p, facet] = domain_facets + site
                patches.listed[p, neurons] = position
                for k in range(m):
                    _note_sign(pool.bits[first + k], neurons, facet, scratch.sides[k])
                neurons += 1
            elif target and (positive or P.equality[c]):
                counters[DISCARDED] += 1
                return GONE
            else:
                signs[p, site] = 1 if positive else 0
            position += 1
        if neurons or position < F.crossing_count[depth]:
            state = SPLIT if neurons else TOO_MANY
            break
        depth, position = depth + 1, -1

    start = numbers[q, HEADS] + numbers[q, BUCKETS]
    buckets = 0
    if neurons > 1 and depth != P.target_layer:
        buckets = 16
        while buckets < 2 * m * neurons and buckets < MOST_BUCKETS:
            buckets *= 2
    for k in range(buckets):
        patches.heads[start + k] = -1
    numbers[p, LAYER], numbers[p, NEXT] = depth, position
    numbers[p, FIRST], numbers[p, END] = first, first + m
    numbers[p, NEURONS] = neurons
    numbers[p, HEADS], numbers[p, BUCKETS] = start, buckets
    _whole_patch(pool, numbers[p], cell)
    if depth + 1 >= layers or state == FINISHED:
        for j in range(patches.packed.shape[1]):
            byte = 0
            for k in range(8 * j, min(8 * j + 8, P.neurons)):
                byte |= int(signs[p, k] == 1) << (7 - k % 8)
            patches.packed[p, j] = byte
    return state


@_inlined
def _moved_facets(patches: Patches, q: int, p: int, cell: Cell) -> int:
    """Make the facets of a cell of patch q the first of patch p, and return how many they are."""
    slots, forms, own = patches.slots, patches.forms, patches.numbers[q, FACETS]
    facets = 0
    for old in range(own + patches.numbers[q, NEURONS]):
        if cell.bits[TIGHT + old // 64] & _bit(old % 64):
            slots[p, facets] = slots[q, old]
            for j in range(forms.shape[2]):
                forms[p, facets, j] = forms[q, old, j]
            if old >= own:
                forms[p, facets, forms.shape[2] - 1] = 1.0 if cell.bits[POSITIVE] & _bit(old - own) else -1.0
            facets += 1
    return facets


@_inlined
def _enter(P: Problem, F: Forms, pool: Pool, depth: int, first: int, m: int, signs: Any, counters: Any) -> bool:
    """Compute a layer's forms on a cell with m generators from ``first`` on, and list those that may cut it.

    The box around the cell tells the signs of the others. False if the cell is seen to have no part in the target.
    """
    layers, a, target = P.coord_start.shape[0] - 1, P.coord_start[depth], depth == P.target_layer
    enter_layer(P, depth, signs, F.forms, F.sums, F.errors, F.built)
    if depth < P.target_layer < layers and cannot_reach_target(P, F, depth, first, m, pool.vector, pool.radius):
        counters[PRUNED] += 1
        counters[DISCARDED] += 1
        return False
    sides_of_box(P, F, depth, first, m, pool.vector, pool.radius)
    listed = 0
    for c in range(a, P.coord_start[depth + 1]):
        site, side = P.site_of[c], F.box_sides[c]
        if site < 0 or signs[site] != UNDECIDED:
            continue
        if side == 0:
            F.crossing[a + listed] = c
            listed += 1
            continue
        counters[SIGNS] += 1
        if target and (side > 0 or P.equality[c]):
            counters[DISCARDED] += 1
            return False
        signs[site] = 1 if side > 0 else 0
    F.crossing_count[depth] = listed
    return True


@_inlined
def _compressed(bits: Any, facets: Any, to_bits: Any) -> None:
    """Write down on which of the given facets a generator lies, as the first bits, and no signs."""
    for w in range(bits.shape[0]):
        to_bits[w] = np.uint64(0)
    first, at, collected = 0, 0, np.uint64(0)
    for w in range(TIGHT, bits.shape[0]):
        tight = bits[w] & facets[w]
        while tight:
            lowest = tight & (~tight + np.uint64(1))
            tight ^= lowest
            place = first + _popcount(facets[w] & (lowest - np.uint64(1)))
            if place // 64 != at:
                to_bits[TIGHT + at] = collected
                at, collected = place // 64, np.uint64(0)
            collected |= _bit(place % 64)
        first += _popcount(facets[w])
    to_bits[TIGHT + at] = collected


@_inlined
def _whole_patch(pool: Pool, numbers: Any, cell: Cell) -> None:
    """Make a cell the one that has all generators and facets of a patch that is not cut yet."""
    for w in range(cell.bits.shape[0]):
        cell.bits[w] = np.uint64(0)
    for g in range(numbers[FIRST], numbers[END]):
        cell.ids[g - numbers[FIRST]] = g
        for column in range(TIGHT):
            cell.bits[column] |= pool.bits[g, column]
    for facet in range(numbers[FACETS]):
        cell.bits[TIGHT + facet // 64] |= _bit(facet % 64)


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def signs_so_far(patches: Patches, p: int, bits: Any, domain_facets: int, signs: Any) -> None:
    """The signs of all sites on a cell of a patch that has the given bits."""
    for site in range(signs.shape[0]):
        signs[site] = patches.signs[p, site]
    open_ = bits[POSITIVE] & bits[NEGATIVE]
    for i in range(patches.numbers[p, NEURONS]):
        if not open_ & _bit(i):
            site = patches.slots[p, patches.numbers[p, FACETS] + i] - domain_facets
            signs[site] = 1 if bits[POSITIVE] & _bit(i) else 0


@_inlined
def _cut(
    pool: Pool,
    patches: Patches,
    p: int,
    i: int,
    cell: Cell,
    m: int,
    upper_ids: Any,
    upper_start: int,
    upper_bits: Any,
    scratch: Scratch,
    counters: Any,
) -> tuple[int, int]:
    """Cut a cell of a patch with the patch's neuron i: how many generators there are below and above.

    The cell becomes the part below; the part above is written to ``upper_ids`` from ``upper_start`` on. Both numbers
    are -1, and nothing is done, where the neuron's sign at some generator is in doubt. Both are 0 where the neuron does
    not cut the cell after all, since signs that were in doubt are known by now; then the cell's bits are put right.

    One of the cell's facets stays on a side iff some generator on it is strictly on that side: then the part of the
    facet there has its full dimension, and otherwise it lies in the cutting hyperplane, which is a facet of both sides.
    """
    words, d = cell.bits.shape[0] - TIGHT, pool.vector.shape[1] - 1
    above, below, on = scratch.above, scratch.below, scratch.on
    ids, bits = cell.ids, pool.bits
    facet, mark = patches.numbers[p, FACETS] + i, _bit(i)
    nothing = np.uint64(0)
    simple, ups, downs, ons = True, 0, 0, 0
    plus_above, minus_above, plus_below, minus_below = nothing, nothing, nothing, nothing
    plus_on, minus_on = nothing, nothing
    for k in range(m):
        g = ids[k]
        plus, minus, count = bits[g, POSITIVE], bits[g, NEGATIVE], 0
        for w in range(words):
            tight = bits[g, TIGHT + w] & cell.bits[TIGHT + w]
            # Written to both lists; it stays in the one that becomes longer.
            scratch.above_tight[w, ups] = tight
            scratch.below_tight[w, downs] = tight
            count += _popcount(tight)
        simple &= count == d
        if plus & minus & mark:
            return -1, -1
        if plus & mark:
            above[ups] = g
            ups += 1
            plus_above |= plus
            minus_above |= minus
        elif minus & mark:
            below[downs] = g
            downs += 1
            plus_below |= plus
            minus_below |= minus
        else:
            on[ons] = g
            ons += 1
            plus_on |= plus
            minus_on |= minus

    if ups == 0 or downs == 0:
        cell.bits[POSITIVE] = plus_above | plus_below | plus_on
        cell.bits[NEGATIVE] = minus_above | minus_below | minus_on
        return 0, 0

    added = 0
    for k in range(ups):
        for block in range(0, downs, 64):
            candidates = _sharing(scratch, k, block, min(block + 64, downs), d - 1)
            while candidates:
                q = block + _lowest(candidates)
                candidates &= candidates - np.uint64(1)
                if not simple:
                    for w in range(words):
                        scratch.common[w] = scratch.above_tight[w, k] & scratch.below_tight[w, q]
                    if not _adjacent(bits, ids, m, above[k], below[q], scratch.common):
                        continue
                g = _on_edge(pool, patches, p, i, above[k], below[q], scratch, counters)
                scratch.fresh[added] = g
                added += 1
                plus_on |= bits[g, POSITIVE]
                minus_on |= bits[g, NEGATIVE]

    upper_bits[POSITIVE], upper_bits[NEGATIVE] = plus_above | plus_on, minus_above | minus_on
    cell.bits[POSITIVE], cell.bits[NEGATIVE] = plus_below | plus_on, minus_below | minus_on
    for w in range(words):
        stays_above, stays_below = nothing, nothing
        for k in range(ups):
            stays_above |= scratch.above_tight[w, k]
        for k in range(downs):
            stays_below |= scratch.below_tight[w, k]
        upper_bits[TIGHT + w], cell.bits[TIGHT + w] = stays_above, stays_below
    upper_bits[TIGHT + facet // 64] |= _bit(facet % 64)
    cell.bits[TIGHT + facet // 64] |= _bit(facet % 64)

    for k in range(ups):
        upper_ids[upper_start + k] = above[k]
    for k in range(downs):
        ids[k] = below[k]
    for k in range(ons):
        upper_ids[upper_start + ups + k] = ids[downs + k] = on[k]
    for k in range(added):
        upper_ids[upper_start + ups + ons + k] = ids[downs + ons + k] = scratch.fresh[k]
    return downs + ons + added, ups + ons + added


@_inlined
def _sharing(scratch: Scratch, k: int, start: int, end: int, least: int) -> np.uint64:
    """A mask of the generators ``start`` to ``end`` below, 64 at most, that share enough facets with the k-th above."""
    counts, found = scratch.counts, np.uint64(0)
    for w in range(scratch.above_tight.shape[0]):
        own, others = scratch.above_tight[w, k], scratch.below_tight[w, start:end]
        for q in range(others.shape[0]):
            shared = _popcount(own & others[q])
            counts[q] = shared if w == 0 else counts[q] + shared
    for q in range(end - start):
        found |= np.uint64(counts[q] >= least) << np.uint64(q)
    return found


@_inlined
def _adjacent(bits: Any, ids: Any, m: int, one: int, other: int, common: Any) -> bool:
    """Whether no third generator of a cell is on all facets that two of them have in common."""
    for k in range(m):
        g = ids[k]
        if g != one and g != other:
            within = True
            for w in range(common.shape[0]):
                if common[w] & bits[g, TIGHT + w] != common[w]:
                    within = False
                    break
            if within:
                return False
    return True


@_inlined
def _on_edge(pool: Pool, patches: Patches, p: int, i: int, up: int, down: int, scratch: Scratch, counters: Any) -> int:
    """The generator where the edge from ``up`` to ``down`` meets neuron i of a patch; made if no other cell made it."""
    numbers = patches.numbers[p]
    buckets, head, a, b = numbers[BUCKETS], 0, np.int64(up), np.int64(down)
    key = (a << 31) | b
    if buckets:
        head = numbers[HEADS] + (((a * 0x9E3779B1 + b * 0x85EBCA6B) >> 12) & (buckets - 1))
        g = patches.heads[head]
        while g >= 0:
            if pool.key[g] == key:
                return int(g)
            g = pool.chain[g]
    g = numbers[END]
    numbers[END] = g + 1
    if buckets:
        pool.key[g] = key
        pool.chain[g] = patches.heads[head]
        patches.heads[head] = g
    facet = numbers[FACETS] + i
    pool.solved[g] = False
    pool.radius[g] = _meet(pool.vector, pool.radius, patches.forms[p, facet], up, down, g)

    # Where the ends agree, so does what lies between them; of the neurons before this one they agree on all.
    bits = pool.bits
    for w in range(TIGHT, bits.shape[1]):
        bits[g, w] = bits[up, w] & bits[down, w]
    bits[g, TIGHT + facet // 64] |= _bit(facet % 64)
    plus, minus = bits[up, POSITIVE] | bits[down, POSITIVE], bits[up, NEGATIVE] | bits[down, NEGATIVE]
    unknown = plus & minus & ~_bit(i)
    bits[g, POSITIVE], bits[g, NEGATIVE] = plus & ~minus, minus & ~plus
    while unknown:
        k = _lowest(unknown)
        unknown &= unknown - np.uint64(1)
        facet = numbers[FACETS] + k
        _note_sign(bits[g], k, facet, _sign(pool, patches, p, facet, g, scratch, counters))
    return int(g)


@_inlined
def _meet(vector: Any, radius: Any, form: Any, up: int, down: int, g: int) -> float:
    """Write where the edge from ``up`` to ``down`` meets a hyperplane, and return its r; see *New generators* above."""
    dim = vector.shape[1]
    x, y = 0.0, 0.0
    for j in range(dim):
        x += form[j] * vector[up, j]
        y -= form[j] * vector[down, j]
    A, B = _bound(form[dim], form[dim + 1], radius[up], dim), _bound(form[dim], form[dim + 1], radius[down], dim)
    certain = x > A and y > B
    if CERTIFIED and not certain:
        # An end was solved again, or its sign decided exactly, where floats do not certify it. A point to solve from
        # is all that is wanted, and the better the nearer.
        x, y = max(x, 0.0), max(y, 0.0)
        if not x + y > 0.0:
            x, y = 1.0, 1.0
    largest, length = TINY, 0.0  # opposite ends have no sum
    for j in range(dim):
        here, there = vector[up, j], vector[down, j]
        t = x * there + y * here
        vector[g, j] = t
        largest = max(largest, abs(t))
        length = max(length, abs(there - here))
    scale = 1.0 / largest
    for j in range(dim):
        vector[g, j] *= scale
    if not CERTIFIED:
        return 0.0
    if not certain:
        return np.inf
    # Quotients before products: what is lost of y (A / rest), with both ends' values above FLOOR, is nothing beside the
    # gamma_3 below, while y A may vanish beside total rest.
    total = x + y
    steep, share = 1.0 / ((x - A) + (y - B)), 1.0 / total
    slide = y * (A * steep) + x * (B * steep)
    error = (slide * (length + radius[up] + radius[down]) + (x * radius[down] + y * radius[up])) * share
    r: float = ((error + _gamma(3)) * (total * scale) + _gamma(3)) * (1.0 + _gamma(24))
    return r if r < np.inf else np.inf


@_inlined
def _note_sign(bits: Any, i: int, facet: int, sign: int) -> None:
    """Write down the sign of a patch's neuron i at a generator; of a doubtful sign it has both bits."""
    if sign == 0:
        bits[TIGHT + facet // 64] |= _bit(facet % 64)
    if sign > 0:
        bits[POSITIVE] |= _bit(i)
    if sign == -1 or sign == UNDECIDED:
        bits[NEGATIVE] |= _bit(i)


@_inlined
def _finish(P: Problem, pool: Pool, patches: Patches, p: int, cell: Cell, m: int, finished: Finished, at: Any) -> None:
    """Write down a cell that is through all layers."""
    number, slots, own = at[FOUND], patches.slots, patches.numbers[p, FACETS]
    at[FOUND] += 1
    for j in range(finished.packed.shape[1]):
        finished.packed[number, j] = patches.packed[p, j]
    for i in range(patches.numbers[p, NEURONS]):
        site = slots[p, own + i] - P.domain_forms.shape[0]
        if site < P.neurons and cell.bits[POSITIVE] & _bit(i):
            finished.packed[number, site // 8] |= np.uint8(128 >> site % 8)
    _inner_point(pool, patches, p, cell, m, finished.points[number])
    end = finished.start[number]
    for word in range(cell.bits.shape[0] - TIGHT):
        mask = cell.bits[TIGHT + word]
        while mask:
            facet = slots[p, word * 64 + _lowest(mask)]
            mask &= mask - np.uint64(1)
            if facet >= 0:
                finished.facets[end] = facet
                end += 1
    finished.start[number + 1] = end


@_inlined
def _inner_point(pool: Pool, patches: Patches, p: int, cell: Cell, m: int, point: Any) -> None:
    """A float point strictly inside all facets of a cell, certified like any sign (with r = 0), else NaN."""
    vector, forms, own = pool.vector, patches.forms, patches.numbers[p, FACETS]
    dim = vector.shape[1]
    d = dim - 1
    for j in range(d):
        point[j] = 0.0
    total = 0.0
    for k in range(m):
        g = cell.ids[k]
        total += vector[g, d]
        for j in range(d):
            point[j] += vector[g, j]
    for j in range(d):
        point[j] /= total
    size = 1.0
    for j in range(d):
        size = max(size, abs(point[j]))
    slip, raised = _gamma(dim), size * (1.0 + _gamma(6))
    for word in range(cell.bits.shape[0] - TIGHT):
        mask = cell.bits[TIGHT + word]
        while mask:
            facet = word * 64 + _lowest(mask)
            mask &= mask - np.uint64(1)
            if patches.slots[p, facet] < 0:
                continue
            v = forms[p, facet, d]
            for j in range(d):
                v += forms[p, facet, j] * point[j]
            inside = forms[p, facet, dim + 2]
            if facet >= own:
                inside = 1.0 if cell.bits[POSITIVE] & _bit(facet - own) else -1.0
            beyond = (slip * forms[p, facet, dim] + forms[p, facet, dim + 1]) * raised + FLOOR
            if not (v * inside > beyond and abs(v) < np.inf):
                for j in range(d):
                    point[j] = np.nan
                return


@_compiled
def _keep(
    pool: Pool, patches: Patches, p: int, cell: Cell, m: int, kept: Generators, number: int, scratch: Scratch
) -> None:
    """Write down the generators of a finished cell, as accurate as they get."""
    start = kept.start[number]
    for k in range(m):
        g = cell.ids[k]
        if not pool.solved[g]:
            improve(pool, patches, p, g, scratch)
        for j in range(pool.vector.shape[1]):
            kept.vectors[start + k, j] = pool.vector[g, j]
        kept.radius[start + k] = pool.radius[g]
        for w in range(kept.tight.shape[1]):
            kept.tight[start + k, w] = pool.bits[g, TIGHT + w] & cell.bits[TIGHT + w]
    kept.start[number + 1] = start + m


@_compiled
def _hand_over(P: Problem, patches: Patches, p: int, cell: Cell, touched: Touched, at: Any) -> None:
    """Write down a cell for exact arithmetic."""
    number = at[PASSED_ON]
    at[PASSED_ON] += 1
    signs_so_far(patches, p, cell.bits, P.domain_forms.shape[0], touched.signs[number])
    end = touched.start[number]
    for word in range(cell.bits.shape[0] - TIGHT):
        mask = cell.bits[TIGHT + word]
        while mask:
            touched.facets[end] = patches.slots[p, word * 64 + _lowest(mask)]
            mask &= mask - np.uint64(1)
            end += 1
    touched.start[number + 1] = end


@_compiled
def _leave(
    P: Problem, pool: Pool, patches: Patches, p: int, ids: Any, first: int, bits: Any, m: int, left: Cells, at: Any
) -> None:
    """Write down a cell for another run; it has the m generators from ``ids[first]`` on."""
    number = at[LEFT]
    at[LEFT] += 1
    start = 0 if number == 0 else left.start[number - 1] + left.size[number - 1]
    left.depth[number], left.start[number], left.size[number] = patches.numbers[p, LAYER], start, m
    signs_so_far(patches, p, bits, P.domain_forms.shape[0], left.signs[number])
    for slot in range(left.slots.shape[1]):
        has = bits[TIGHT + slot // 64] & _bit(slot % 64)
        left.slots[number, slot] = patches.slots[p, slot] if has else -2
    for k in range(m):
        g = ids[first + k]
        for j in range(pool.vector.shape[1]):
            left.vectors[start + k, j] = pool.vector[g, j]
        left.radius[start + k], left.solved[start + k] = pool.radius[g], pool.solved[g]
        for w in range(left.tight.shape[1]):
            left.tight[start + k, w] = pool.bits[g, TIGHT + w] & bits[TIGHT + w]


@_compiled
def _load(
    P: Problem, F: Forms, roots: Cells, root: int, pool: Pool, patches: Patches, cell: Cell, at: Any, enter: bool
) -> None:
    """Make a root the cell at work: a patch that no neuron cuts yet. Its layer's forms are computed first."""
    m, start, dim = roots.size[root], roots.start[root], pool.vector.shape[1]
    numbers, domain_facets = patches.numbers, P.domain_forms.shape[0]
    for site in range(roots.signs.shape[1]):
        patches.signs[0, site] = roots.signs[root, site]
    for layer in range(min(roots.depth[root] + 1, P.coord_start.shape[0] - 1) if enter else 0):
        enter_layer(P, layer, roots.signs[root], F.forms, F.sums, F.errors, F.built)
    for k in range(m):
        for j in range(dim):
            pool.vector[k, j] = roots.vectors[start + k, j]
        pool.radius[k], pool.solved[k] = roots.radius[start + k], roots.solved[start + k]
        for w in range(roots.tight.shape[1]):
            pool.bits[k, TIGHT + w] = roots.tight[start + k, w]
        for column in range(TIGHT):
            pool.bits[k, column] = np.uint64(0)
    numbers[0, LAYER], numbers[0, NEXT] = roots.depth[root], -1
    numbers[0, FIRST], numbers[0, END] = 0, m
    numbers[0, FACETS], numbers[0, NEURONS] = roots.slots.shape[1], 0
    numbers[0, HEADS], numbers[0, BUCKETS] = 0, 0
    _whole_patch(pool, numbers[0], cell)
    for slot in range(roots.slots.shape[1]):
        facet = roots.slots[root, slot]
        patches.slots[0, slot] = facet
        if facet < -1:
            cell.bits[TIGHT + slot // 64] ^= _bit(slot % 64)
            continue
        row = patches.forms[0, slot]
        if facet == -1:
            for j in range(dim):
                row[j] = 1.0 if j == dim - 1 else 0.0
            row[dim], row[dim + 1], row[dim + 2] = 1.0, 0.0, 1.0
        elif facet < domain_facets:
            for j in range(dim):
                row[j] = P.domain_forms[facet, j]
            row[dim], row[dim + 1], row[dim + 2] = P.domain_sums[facet], P.domain_errors[facet], -1.0
        else:
            site = facet - domain_facets
            c = P.coord_start[P.site_layer[site]] + P.site_coord[site]
            for j in range(dim):
                row[j] = F.forms[j, c]
            row[dim], row[dim + 1] = F.sums[c], F.errors[c]
            row[dim + 2] = 1.0 if roots.signs[root, site] == 1 else -1.0
    at[HELD], at[AT_PATCH], at[AT_SIZE], at[AT_ROW], at[BOTTOM], at[TOP] = 1, 0, m, 0, 0, -1


@_inlined
def _take(stack: Stack, cell: Cell, at: Any) -> None:
    """Make the topmost cell of the stack the cell at work."""
    top = at[TOP]
    start, m = stack.numbers[top, START], stack.numbers[top, SIZE]
    for k in range(m):
        cell.ids[k] = stack.ids[start + k]
    for w in range(cell.bits.shape[0]):
        cell.bits[w] = stack.bits[top, w]
    at[HELD], at[AT_PATCH], at[AT_SIZE] = 1, stack.numbers[top, PATCH], m
    at[TOP] = top - 1


@_inlined
def _row_of_target(P: Problem, pool: Pool, patches: Patches, cell: Cell, at: Any) -> int:
    """What the next row of the target does to the cell at work: SPLIT, GONE, TOUCHED, or FINISHED if nothing."""
    p, i = at[AT_PATCH], at[AT_ROW]
    site, mark = patches.slots[p, patches.numbers[p, FACETS] + i] - P.domain_forms.shape[0], _bit(i)
    equality = P.equality[P.coord_start[P.target_layer] + P.site_coord[site]]
    positive, negative = cell.bits[POSITIVE] & mark != 0, cell.bits[NEGATIVE] & mark != 0
    if positive and negative:
        return TOUCHED if equality else SPLIT
    for k in range(at[AT_SIZE]):
        g = cell.ids[k]
        if not (pool.bits[g, POSITIVE] | pool.bits[g, NEGATIVE]) & mark:
            return TOUCHED  # it holds with equality somewhere, but cuts nothing off
    return GONE if equality or positive else FINISHED


@_inlined
def _has_room(
    pool: Pool,
    patches: Patches,
    stack: Stack,
    cell: Cell,
    finished: Finished,
    touched: Touched,
    left: Cells,
    kept: Generators,
    at: Any,
    wanted: Any,
    keep: bool,
) -> bool:
    """Whether all arrays are long enough for whatever the next step is; ``wanted`` becomes the lengths for that."""
    p, m, top, facets = at[AT_PATCH], at[AT_SIZE], at[TOP], left.slots.shape[1]
    most = 2 * m + m * m // 4 + 1  # generators after a cut: at most one for each pair
    above = 0 if top < 0 else stack.numbers[top, START] + stack.numbers[top, SIZE]
    before = 0 if at[LEFT] == 0 else left.start[at[LEFT] - 1] + left.size[at[LEFT] - 1]
    oldest = stack.numbers[at[BOTTOM], SIZE] if at[BOTTOM] <= top else 0
    wanted[0] = patches.numbers[p, END] + most
    wanted[1] = above + most
    wanted[2] = most
    wanted[3] = top + 2
    wanted[4] = p + 2
    wanted[5] = patches.numbers[p, HEADS] + patches.numbers[p, BUCKETS] + MOST_BUCKETS
    wanted[6] = at[FOUND] + 2
    wanted[7] = finished.start[at[FOUND]] + facets
    wanted[8] = at[PASSED_ON] + 2
    wanted[9] = touched.start[at[PASSED_ON]] + facets
    wanted[10] = at[LEFT] + 1
    wanted[11] = before + max(m, oldest)
    wanted[12] = kept.start[at[FOUND]] + m if keep else 0
    return bool(
        wanted[0] <= pool.key.shape[0]
        and wanted[1] <= stack.ids.shape[0]
        and wanted[2] <= cell.ids.shape[0]
        and wanted[3] <= stack.numbers.shape[0]
        and wanted[4] <= patches.numbers.shape[0]
        and wanted[5] <= patches.heads.shape[0]
        and wanted[6] <= finished.start.shape[0]
        and wanted[7] <= finished.facets.shape[0]
        and wanted[8] <= touched.start.shape[0]
        and wanted[9] <= touched.facets.shape[0]
        and wanted[10] <= left.depth.shape[0]
        and wanted[11] <= left.radius.shape[0]
        and wanted[12] <= kept.radius.shape[0]
    )


@njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def advance(
    P: Problem,
    roots: Cells,
    chosen: Any,
    memory: Memory,
    at: Any,
    wanted: Any,
    budget: int,
    counters: Any,
    keep: bool,
) -> int:
    """Work until there is a reason to pause: DONE, TOO_SHORT, SHARED or IN_QUESTION.

    Asked to share, a run gives away the cell that waited longest, which stands for the most work, and goes on.
    """
    F, pool, patches, stack, cell = memory.forms, memory.pool, memory.patches, memory.stack, memory.cell
    scratch, finished, touched, left, kept = memory.scratch, memory.finished, memory.touched, memory.left, memory.kept
    numbers, layers = patches.numbers, P.coord_start.shape[0] - 1
    counters[STARTED] = 1
    while not counters[STOP]:
        if not at[HELD]:
            if at[TOP] >= at[BOTTOM]:
                _take(stack, cell, at)
            elif at[ROOT] < chosen.shape[0]:
                _load(P, F, roots, chosen[at[ROOT]], pool, patches, cell, at, counters[CUTS] < budget)
                at[ROOT] += 1
            else:
                break
        if not _has_room(pool, patches, stack, cell, finished, touched, left, kept, at, wanted, keep):
            return TOO_SHORT
        if counters[SHARE] and at[BOTTOM] <= at[TOP]:
            row = stack.numbers[at[BOTTOM]]
            bits = stack.bits[at[BOTTOM]]
            at[BOTTOM] += 1
            _leave(P, pool, patches, row[PATCH], stack.ids, row[START], bits, row[SIZE], left, at)
            return SHARED
        p, m = at[AT_PATCH], at[AT_SIZE]
        depth, position, neurons = numbers[p, LAYER], numbers[p, NEXT], numbers[p, NEURONS]
        in_target = depth == P.target_layer and neurons > 0
        if counters[CUTS] >= budget and not in_target:
            _leave(P, pool, patches, p, cell.ids, 0, cell.bits, m, left, at)
            at[HELD] = 0
            continue

        # What is next: a neuron of the patch that cuts, or the next patch.
        state, i = FINISHED, -1
        if in_target:
            if at[AT_ROW] < neurons:
                state, i = _row_of_target(P, pool, patches, cell, at), at[AT_ROW]
                at[AT_ROW] += 1
                counters[DISCARDED] += state == GONE
                if state == FINISHED:
                    continue
        else:
            still = cell.bits[POSITIVE] & cell.bits[NEGATIVE]
            if still:
                state, i = SPLIT, _lowest(still)
                if numbers[p, END] - numbers[p, FIRST] > max(MOST_SHARED, 2 * m):
                    state, position = FINISHED, patches.listed[p, i]
        if state == SPLIT:
            top = at[TOP] + 1
            start = 0 if top == 0 else stack.numbers[top - 1, START] + stack.numbers[top - 1, SIZE]
            lower, upper = _cut(pool, patches, p, i, cell, m, stack.ids, start, stack.bits[top], scratch, counters)
            if lower > 0:
                counters[CUTS] += 1
                at[AT_SIZE] = lower
                if not in_target:  # targets keep only what is below
                    at[TOP] = top
                    stack.numbers[top, PATCH] = p
                    stack.numbers[top, START], stack.numbers[top, SIZE] = start, upper
                continue
            at[AT_ROW] -= in_target  # this row is looked at once more
            if lower < 0:
                at[QUESTION] = i
                return IN_QUESTION
            continue
        if state == FINISHED:
            if position >= 0 and position >= F.crossing_count[depth]:
                depth, position = depth + 1, -1
            if depth < layers or numbers[p, NEXT] < 0:
                state = _open(P, F, pool, patches, p, depth, position, cell, m, scratch, counters)
                p += 1
                at[AT_PATCH], at[AT_ROW] = p, 0
        if state == SPLIT:
            continue
        at[HELD] = 0
        if state == FINISHED:
            counters[CELLS] += 1
            if keep:
                _keep(pool, patches, p, cell, m, kept, at[FOUND], scratch)
            _finish(P, pool, patches, p, cell, m, finished, at)
        elif state == TOUCHED:
            counters[HANDED_OVER] += 1
            _hand_over(P, patches, p, cell, touched, at)
        elif state == TOO_MANY:
            at[OVERFLOW] = 1
            break
    return DONE
