"""Every factor of every bound, left out or weakened, and an example for which the bound then does not hold.

A weak point is a passage of the kernel's headers, what to put for it, and the seed of an example (examples.Dice) for
its law. The example shows by *error* that the factor is needed: what floats stand for is farther off than the bound
without it. Where it shows so by the *lemma* alone, no example was found that bad, but the proof states the factor, and
the float bound without it is less than what the proof states. SLACK are those that no example needs, with the reason.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.engines.cells.proofs.harness import BOUNDS, FORMS, SOLVING

ERROR, LEMMA = "error", "lemma"


class Spoilt(NamedTuple):
    """A passage, the other, and the example that tells them apart."""

    law: str
    old: str
    new: str
    seed: int = -1
    by: str = ERROR


PARTS = {
    **dict.fromkeys(("signs", "inside", "meeting"), BOUNDS),
    "solving": SOLVING,
    **dict.fromkeys(("forms", "box", "reach"), FORMS),
}

_SIGN = "return (gamma_<T>(dim) * s + e + (s + e) * r) * raised<T>(8) + exactly<T>(FLOOR);"
_INNER = "return (gamma_<T>(dim) * s + e) * (size * raised<T>(6)) + exactly<T>(FLOOR);"
_SLIDE = "const T slide = y * (A * steep) + x * (B * steep);"
_ERROR = "const T error = (slide * (length + r_up + r_down) + (x * r_down + y * r_up)) * share;"
_MEET = "const T r = ((error + gamma_<T>(3)) * (total * scale) + gamma_<T>(3)) * raised<T>(24);"
_Q = "q[k] = modulus(value(f, g, dim)) + two * gamma_<T>(dim + 1) * f[dim] + two * f[dim + 1] + exactly<T>(FLOOR);"
_ALPHA = "const T here = (off + gamma_<T>(d + 2) * (one + size) + wrong) * raised<T>(2 * d + 8);"
_BOX = "h[i] = (h[i] + slip * s[i] + e[i] + (s[i] + e[i]) * r) * up + least;"
_VERTEX = "const T B = (slip * s + e + (s + e) * r) * raised<T>(6) + least;"
_FINISH = "e[i] = exact ? exactly<T>(0.0) : e[i] * up + least;"
_RAYS = "if (!(at(k)[dim - 1] > two * at(k)[dim])) return Aim::UNKNOWN;"
_SHARE = "return error(coord) * raised<T>(1) + slip * sum(coord);"

WEAK: dict[str, Spoilt] = {
    "signs: no gamma": Spoilt("signs", _SIGN, "return (e + (s + e) * r) * raised<T>(8) + exactly<T>(FLOOR);", 6),
    "signs: gamma of one less": Spoilt("signs", _SIGN, _SIGN.replace("gamma_<T>(dim)", "gamma_<T>(dim - 1)"), 0, LEMMA),
    "signs: no e": Spoilt("signs", _SIGN, _SIGN.replace("s + e + (s", "s + (s"), 0),
    "signs: no s r": Spoilt("signs", _SIGN, _SIGN.replace("(s + e) * r", "e * r"), 0),
    "signs: no e r": Spoilt("signs", _SIGN, _SIGN.replace("(s + e) * r", "s * r"), 50),
    "signs: not raised": Spoilt("signs", _SIGN, _SIGN.replace(" * raised<T>(8)", ""), 34),
    "signs: no FLOOR": Spoilt("signs", _SIGN, _SIGN.replace(" + exactly<T>(FLOOR)", ""), 2),
    "inside: no gamma": Spoilt("inside", _INNER, _INNER.replace("gamma_<T>(dim) * s + e", "e"), 1),
    "inside: gamma of one less": Spoilt(
        "inside", _INNER, _INNER.replace("gamma_<T>(dim)", "gamma_<T>(dim - 1)"), 0, LEMMA
    ),
    "inside: no e": Spoilt("inside", _INNER, _INNER.replace("s + e)", "s)"), 1),
    "inside: no size": Spoilt("inside", _INNER, _INNER.replace("(size * raised<T>(6))", "raised<T>(6)"), 1),
    "inside: not raised": Spoilt("inside", _INNER, _INNER.replace("(size * raised<T>(6))", "size"), 18),
    "inside: no FLOOR": Spoilt("inside", _INNER, _INNER.replace(" + exactly<T>(FLOOR)", "")),
    "meeting: an underflow": Spoilt("meeting", _SLIDE, "const T slide = (y * A + x * B) * steep;", 20),
    "meeting: no A": Spoilt("meeting", _SLIDE, "const T slide = x * (B * steep);", 9),
    "meeting: no B": Spoilt("meeting", _SLIDE, "const T slide = y * (A * steep);", 13),
    "meeting: A for B": Spoilt("meeting", _SLIDE, "const T slide = x * (A * steep) + y * (B * steep);", 108),
    "meeting: no length": Spoilt("meeting", _ERROR, _ERROR.replace("length + ", ""), 9),
    "meeting: no r_up of the slide": Spoilt("meeting", _ERROR, _ERROR.replace("length + r_up", "length"), 785),
    "meeting: no r_down of the slide": Spoilt("meeting", _ERROR, _ERROR.replace("r_up + r_down)", "r_up)"), 306),
    "meeting: no r_down": Spoilt("meeting", _ERROR, _ERROR.replace("x * r_down + ", ""), 125),
    "meeting: no r_up": Spoilt("meeting", _ERROR, _ERROR.replace(" + y * r_up", ""), 100),
    "meeting: no gamma_3 of the sum": Spoilt(
        "meeting", _MEET, _MEET.replace("error + gamma_<T>(3)", "error"), 1, LEMMA
    ),
    "meeting: no gamma_3 of the scale": Spoilt(
        "meeting", _MEET, _MEET.replace(" + gamma_<T>(3)) * raised", ") * raised"), 1, LEMMA
    ),
    "meeting: no gamma_3 at all": Spoilt(
        "meeting", _MEET, "const T r = error * (total * scale) * raised<T>(24);", 1, LEMMA
    ),
    "meeting: not raised": Spoilt("meeting", _MEET, _MEET.replace(" * raised<T>(24)", ""), 1, LEMMA),
    "meeting: not scaled": Spoilt("meeting", _MEET, _MEET.replace(" * (total * scale)", ""), 14),
    "meeting: B ignored where ends are told": Spoilt(
        "meeting", "certain = x > A && y > B", "certain = x > A && y > zero", 23
    ),
    "meeting: A ignored where ends are told": Spoilt(
        "meeting", "certain = x > A && y > B", "certain = x > zero && y > B", 7
    ),
    "meeting: no A in the denominator": Spoilt("meeting", "((x - A) + (y - B))", "(x + (y - B))", 569),
    "meeting: no B in the denominator": Spoilt("meeting", "((x - A) + (y - B))", "((x - A) + y)", 306),
    "solving: no residual": Spoilt("solving", _Q, _Q.replace("modulus(value(f, g, dim)) + ", "")),
    "solving: no gamma": Spoilt("solving", _Q, _Q.replace("two * gamma_<T>(dim + 1) * f[dim] + ", "")),
    "solving: no e": Spoilt("solving", _Q, _Q.replace("two * f[dim + 1] + ", ""), 8),
    "solving: half of e": Spoilt("solving", _Q, _Q.replace("two * f[dim + 1]", "exactly<T>(0.5) * f[dim + 1]"), 29),
    "solving: no FLOOR": Spoilt("solving", _Q, _Q.replace(" + exactly<T>(FLOOR)", "")),
    "solving: no I - R M": Spoilt("solving", _ALPHA, _ALPHA.replace("(off + ", "(")),
    "solving: no gamma in alpha": Spoilt("solving", _ALPHA, _ALPHA.replace("gamma_<T>(d + 2) * (one + size) + ", "")),
    "solving: no e in alpha": Spoilt("solving", _ALPHA, _ALPHA.replace(" + wrong", "")),
    "solving: no gamma of the scale": Spoilt("solving", "(r / largest + gamma_<T>(2)) * raised<T>(4)", "r / largest"),
    "solving: alpha not divided by": Spoilt(
        "solving", "raised<T>(2 * dim + 12) / (one - alpha)", "raised<T>(2 * dim + 12)"
    ),
    "solving: any alpha": Spoilt("solving", "here < exactly<T>(0.5) && ", "here < infinity && ", 2),
    "forms: no error of first weights": Spoilt(
        "forms", "P.weight_error[0] * sums_[std::size_t(i)]", "exactly<T>(0.0)", 2
    ),
    "forms: sums of the first layer not raised": Spoilt("forms", "total * raised<T>(dim);", "total;", 2, LEMMA),
    "forms: no biases in sums": Spoilt("forms", "total = total + modulus(P.biases[std::size_t(i)]);", "", 2),
    "forms: no gamma of biases": Spoilt("forms", "e[i] = slip * modulus(b[i]);", "e[i] = zero;", 5),
    "forms: no gamma of the sum that changes": Spoilt("forms", "e[i] = e[i] + slip * s[i];", "(void)s;"),
    "forms: errors begin anew": Spoilt("forms", "e[i] = e[i] + slip * s[i];", "e[i] = slip * s[i];", 89),
    "forms: no errors from before": Spoilt("forms", _SHARE, "return slip * sum(coord);", 56),
    "forms: no gamma": Spoilt("forms", _SHARE, "return error(coord) * raised<T>(1);", 2),
    "forms: gamma of one less": Spoilt(
        "forms", "slip = gamma_<T>(terms + 3), zero", "slip = gamma_<T>(terms + 2), zero", 2, LEMMA
    ),
    "forms: e not raised": Spoilt("forms", _FINISH, _FINISH.replace("e[i] * up", "e[i]"), 2, LEMMA),
    "forms: no FLOOR": Spoilt("forms", _FINISH, _FINISH.replace(" + least", ""), 40),
    "forms: sums not raised": Spoilt("forms", "s[i] = s[i] * whole;", "(void)whole;", 2, LEMMA),
    "forms: exact where it is not": Spoilt(
        "forms", "const bool exact = P.on_grid[l] ||", "const bool exact = true ||", 2
    ),
    "forms: biases that were rounded": Spoilt("forms", "!(P.weight_error[l] > exactly<T>(0.0))", "true", 5),
    "box: no half-widths": Spoilt("box", _BOX, _BOX.replace("(h[i] + slip", "(slip"), 0),
    "box: no gamma": Spoilt("box", _BOX, _BOX.replace("slip * s[i] + ", ""), 17),
    "box: no e": Spoilt("box", _BOX, _BOX.replace("s[i] + e[i] + (", "s[i] + ("), 1),
    "box: no s r": Spoilt("box", _BOX, _BOX.replace("(s[i] + e[i]) * r", "e[i] * r"), 1),
    "box: no e r": Spoilt("box", _BOX, _BOX.replace("(s[i] + e[i]) * r", "s[i] * r"), 50),
    "box: not raised": Spoilt("box", _BOX, _BOX.replace(" * up", ""), 0, LEMMA),
    "box: no FLOOR": Spoilt("box", _BOX, _BOX.replace(" + least", "")),
    "box: one side of the centre": Spoilt("box", "larger(high[j] - mid, mid - low[j])", "high[j] - mid", 7, LEMMA),
    "box: the other side": Spoilt("box", "larger(high[j] - mid, mid - low[j])", "mid - low[j]", 7, LEMMA),
    "reach: rays": Spoilt(
        "reach",
        _RAYS,
        "if (!(at(k)[dim - 1] > zero)) return Aim::UNKNOWN;",
        4,
    ),
    "reach: no gamma": Spoilt("reach", _VERTEX, _VERTEX.replace("slip * s + ", ""), 103),
    "reach: no e": Spoilt("reach", _VERTEX, _VERTEX.replace("s + e + (", "s + ("), 6),
    "reach: no s r": Spoilt("reach", _VERTEX, _VERTEX.replace("(s + e) * r", "e * r"), 6),
    "reach: no e r": Spoilt("reach", _VERTEX, _VERTEX.replace("(s + e) * r", "s * r"), 101),
    "reach: not raised": Spoilt("reach", _VERTEX, _VERTEX.replace(" * raised<T>(6)", "")),
    "reach: no FLOOR": Spoilt("reach", _VERTEX, _VERTEX.replace(" + least", "")),
    "reach: no near": Spoilt("reach", "near = t - r", "near = t", 3),
    "reach: no far": Spoilt("reach", "far = t + r", "far = t", 1),
    "reach: the quotient below": Spoilt("reach", "a = a - slip * modulus(a) - least;", ""),
    "reach: the quotient above": Spoilt("reach", "b = b + slip * modulus(b) + least;", ""),
    "reach: no gamma below": Spoilt("reach", "own_low[i] - (slip * size[i] + least)", "own_low[i] - least", 38),
    "reach: no gamma above": Spoilt("reach", "own_high[i] + (slip * size[i] + least)", "own_high[i] + least", 77),
    "reach: no FLOOR below": Spoilt(
        "reach", "own_low[i] - (slip * size[i] + least)", "own_low[i] - slip * size[i]", 283
    ),
    "reach: no FLOOR above": Spoilt(
        "reach", "own_high[i] + (slip * size[i] + least)", "own_high[i] + slip * size[i]", 767
    ),
    "reach: biases have no size": Spoilt("reach", "size[i] = modulus(b[i]);", "size[i] = zero;", 38),
    "reach: weights have no size": Spoilt("reach", "size[i] = size[i] + modulus(w[i]) * most;", ""),
}

# What no example needs.
SLACK = {
    "inside: no FLOOR": "a form without FLOOR in its e has gamma s beyond all underflows, or is a constant",
    "reach: weights have no size": "the layer before is allowed four roundings more than it has, of all its terms",
    "solving: no residual": "the step of Newton has taken it: what is left is rounding, for which there is gamma",
    "solving: no gamma": "it is doubled for entries up to 2, and R amplifies what is doubled more than the error",
    "solving: no FLOOR": "forms small enough for products to underflow beside gamma s have an e of at least FLOOR",
    "solving: no I - R M": "alpha < 1/2, while residuals are doubled",
    "solving: no gamma in alpha": "alpha < 1/2, while residuals are doubled",
    "solving: no e in alpha": "alpha < 1/2, while residuals are doubled",
    "solving: no gamma of the scale": "r has a gamma s of each residual, which is more than the rounding of a quotient",
    "solving: alpha not divided by": "alpha < 1/2, while residuals are doubled",
    "forms: no gamma of the sum that changes": "updates add at most twice the terms of a sum, each with a gamma_{K+3}",
    "box: no FLOOR": "s is 0 or more than 1/4 in examples; only forms that are a tiny constant would need it",
    "reach: not raised": "slip has four roundings more than the value that it is for",
    "reach: no FLOOR": "s is 0 or more than 1/4 in examples; only forms that are a tiny constant would need it",
    "reach: the quotient below": "B has a gamma of dim + 4, four roundings more than the value that it is for",
    "reach: the quotient above": "B has a gamma of dim + 4, four roundings more than the value that it is for",
}
