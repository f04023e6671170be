"""What a part of a search is divided by: the input that moves its bound the most, or the neuron that costs the most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.lifted_programs import Lifted
from polyrelu.analysis.proof_trees import Part
from polyrelu.analysis.relaxed_rows import Rows, Split
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.bounds.linear import Enclosure


def can_be_cut(part: Part) -> NDArray[np.bool_]:
    """Along which inputs a part has floats between its ends."""
    middles = 0.5 * part.low + 0.5 * part.high
    return np.asarray((part.low < middles) & (middles < part.high))


def steepest(part: Part, slopes: FloatArray) -> int:
    """The input that moves a bound with these slopes the most on a part, of those that can be cut."""
    width = part.high - part.low
    moves = np.nan_to_num(np.abs(slopes) * width) + 2.0**-20 * width
    return int(np.argmax(np.where(can_be_cut(part), moves, -1.0)))


def costliest(doubtful: Sequence[NDArray[np.bool_]], lifted: Lifted) -> Split:
    """The neuron in doubt whose lines cost the bound the most."""
    scores = [np.where(own, losses, -1.0) for own, losses in zip(doubtful, lifted.losses, strict=True)]
    depth = max(range(len(scores)), key=lambda k: float(scores[k].max(initial=-1.0)))
    return Split(depth, int(np.argmax(scores[depth])), True)


def hardest(
    known: Sequence[Enclosure], doubtful: Sequence[NDArray[np.bool_]], rows: Rows, weights: FloatArray
) -> Split:
    """The neuron in doubt whose lines lose the most: the height of their triangle times its weight in the bound."""
    best, place = -1.0, (0, 0)
    for depth, own in enumerate(doubtful):
        if not own.any():
            continue
        low, high, at = known[depth].low[0], known[depth].high[0], rows.at[depth]
        height = np.where(own, np.nan_to_num(-low * (high / (high - low)), nan=1.0), 0.0)
        score = np.nan_to_num(np.abs(weights[: len(at)] @ at) * height) + 2.0**-60 * np.minimum(height, 1.0)
        score = np.where(own, score, -1.0)
        if score.max() > best:
            best, place = float(score.max()), (depth, int(np.argmax(score)))
    return Split(*place, True)


def with_signs(known: tuple[Enclosure, ...], splits: Sequence[Split]) -> tuple[Enclosure, ...]:
    """What is known where some neurons have signs."""
    found = [Enclosure(own.low.copy(), own.high.copy()) for own in known]
    for depth, neuron, is_active in splits:
        low, high = found[depth]
        if is_active:
            low[0, neuron] = max(low[0, neuron], 0.0)
        else:
            high[0, neuron] = min(high[0, neuron], 0.0)
    return tuple(found)
