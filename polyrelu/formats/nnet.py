r"""Networks as ``.nnet`` text files, the format of the ACAS Xu networks (K. Julian, Stanford 2016).

What stands after ``//`` in a line is a comment. Otherwise there are, as decimals separated by commas and line ends:

1. the number L of weight layers, of inputs d, of outputs m, and the largest width;
2. the L + 1 widths;
3. one number that is no longer used, or a line of any words in its place;
4. d least inputs, 5. d largest inputs;
6. d + 1 means and 7. d + 1 ranges, of each input and, last, of all outputs;
8. for each layer its weights, row by row, then its biases. ReLU follows every layer but the last.

Some files have longer lines 4 to 7, about inputs that the network does not take: of bounds the first d count, of means
and ranges the first d and the last, which is the outputs'. Others have only d means and ranges, so that outputs are as
they are. Both are known by the lengths of these lines.

The file means the network :math:`x \mapsto r_{d} \, N((x - \mu) / r) + \mu_{d}`, where N has the stored weights.
Decimals are what they say: ``0.1`` is 1/10. Programs that evaluate such files clip x to the least and largest inputs
first; a network here does not, so ask about the box between them, see :func:`nnet_box`.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector
from polyrelu.errors import InexactError, InputError
from polyrelu.formats.packed import check_numbers, read_bytes
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron

NORMALISATIONS = ("fold", "ignore")
_LARGEST_FILE = 2**28
_LARGEST_EXPONENT = 400
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE]([+-]?\d{1,9}))?", re.ASCII)
_LONGEST_NUMBER = 200


class _Contents(NamedTuple):
    weights: list[ExactMatrix]
    biases: list[ExactVector]
    lower: ExactVector
    upper: ExactVector
    means: ExactVector
    ranges: ExactVector


def read_nnet(path: Path, normalise: str = "fold") -> Network:
    """The network in a ``.nnet`` file.

    Args:
        path: the file.
        normalise: ``"fold"`` puts the normalisation of inputs and outputs into the first and last layer, exactly, so
            that the network takes and returns the physical quantities; ``"ignore"`` leaves it out.

    Raises:
        InputError: the text breaks the format; the message names the line. Or ``normalise`` is something else.
        InexactError: a number is not a finite decimal.
        BudgetExceeded: more numbers than exact arithmetic has room for.
    """
    if normalise not in NORMALISATIONS:
        raise InputError(f"load_network: normalise is {normalise!r}; choose one of {', '.join(NORMALISATIONS)}")
    found = _read(path)
    weights, biases = list(found.weights), list(found.biases)
    if normalise == "fold":
        *means, mean = found.means
        *ranges, scale = found.ranges
        if not all(ranges):
            raise InputError(f"{path}: the range of input {ranges.index(Fraction(0))} is 0; pass normalise='ignore'")
        shift = [
            sum((w * c / r for w, c, r in zip(row, means, ranges, strict=True)), Fraction(0)) for row in weights[0]
        ]
        weights[0] = tuple(tuple(w / r for w, r in zip(row, ranges, strict=True)) for row in weights[0])
        biases[0] = tuple(b - s for b, s in zip(biases[0], shift, strict=True))
        weights[-1] = tuple(tuple(w * scale for w in row) for row in weights[-1])
        biases[-1] = tuple(b * scale + mean for b in biases[-1])
    last = len(weights) - 1
    return Network(
        Layer.from_rows(rows, offsets, [i < last] * len(rows), len(rows[0]))
        for i, (rows, offsets) in enumerate(zip(weights, biases, strict=True))
    )


def nnet_box(path: str | Path, normalise: str = "fold") -> Polyhedron:
    """The box of inputs between the least and the largest that a ``.nnet`` file names.

    Args:
        path: the file.
        normalise: as for :func:`read_nnet`; with ``"ignore"`` the box is in normalised inputs.

    Raises:
        InputError: as for :func:`read_nnet`.
    """
    if normalise not in NORMALISATIONS:
        raise InputError(f"nnet_box: normalise is {normalise!r}; choose one of {', '.join(NORMALISATIONS)}")
    found = _read(Path(path))
    if normalise == "fold":
        return Polyhedron.box(found.lower, found.upper)
    parts = list(zip(found.lower, found.upper, found.means[:-1], found.ranges[:-1], strict=True))
    return Polyhedron.box([(v - c) / r for v, _, c, r in parts], [(v - c) / r for _, v, c, r in parts])


def _read(path: Path) -> _Contents:
    content = read_bytes(path, _LARGEST_FILE).removeprefix(codecs.BOM_UTF8)
    if b"\0" in content:
        raise InputError(f"{path}: not a .nnet text file: byte {content.index(0)} is 0; save it in UTF-8 if it is text")
    lines = re.split(r"\r\n|\r|\n", content.decode("latin-1"))  # comments may be in any encoding
    numbers = _Numbers(path, lines)
    depth, inputs, outputs, _ = numbers.integers(4, "the numbers of layers, inputs, outputs and the largest width")
    if depth >= len(numbers):
        raise InputError(f"{path}: {depth} layers are declared, more than there are numbers")
    widths = numbers.integers(depth + 1, "the widths")
    if (widths[0], widths[-1]) != (inputs, outputs):
        raise InputError(f"{path}: the widths {_some(widths)} do not begin with {inputs} and end with {outputs}")
    own = sum(m * n + n for m, n in itertools.pairwise(widths))
    needed = 4 * inputs + 2 + own
    check_numbers(needed, path)
    if numbers.skip_flag(needed):
        lower, upper = numbers.take(inputs), numbers.take(inputs)
        means, ranges = numbers.take(inputs + 1), numbers.take(inputs + 1)
    elif numbers.skip_flag_line(inputs, own):
        lower, upper = (numbers.take_line()[:inputs] for _ in range(2))
        means, ranges = (_with_output(numbers.take_line(), inputs, value) for value in (Fraction(0), Fraction(1)))
    else:
        raise InputError(
            f"{path}: line {numbers.latest}: the widths {_some(widths)} need {needed} numbers after the flag after "
            f"them, but {len(numbers) - 1} follow, and the next lines are no bounds, means and ranges of another length"
        )
    weights, biases = [], []
    for before, after in itertools.pairwise(widths):
        weights.append(tuple(numbers.take(before) for _ in range(after)))
        biases.append(numbers.take(after))
    return _Contents(weights, biases, lower, upper, means, ranges)


def _with_output(line: ExactVector, inputs: int, absent: Fraction) -> ExactVector:
    """The inputs' numbers of a line of means or ranges, and the outputs', which may be absent."""
    return (*line[:inputs], line[-1] if len(line) > inputs else absent)


def _some(widths: list[int]) -> str:
    shown = ", ".join(str(width) if width < 10**9 else "..." for width in widths[:10])
    return f"[{shown}{', ...' * (len(widths) > 10)}]"


class _Numbers:
    """The numbers of a file, taken in order."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self._words: list[tuple[int, str]] = []
        for number, line in enumerate(lines, 1):
            numbers, _, _ = line.partition("//")
            self._words += [(number, word) for word in re.split(r"[,\s]+", numbers, flags=re.ASCII) if word]
            check_numbers(len(self._words), path)
        self._next = 0

    def skip_flag(self, needed: int) -> bool:
        """Pass over what follows the widths, as readers do: a number, or a line of any words, or an empty one.

        Returns:
            Whether ``needed`` numbers are left after it.
        """
        line = self._words[self._next][0] if len(self) else 0
        ends = self._words[self._next - 1][0]
        whole = sum(1 for number, _ in self._words[self._next :] if number == line) if line > ends else 1
        skipped = next((count for count in (1, whole) if len(self) - count == needed), None)
        if skipped is None and line > ends + 1 and len(self) == needed:
            skipped = 0
        self._next += skipped or 0
        return skipped is not None

    def skip_flag_line(self, inputs: int, own: int) -> bool:
        """Pass over the line after the widths, where the four after it are about more inputs, or not about outputs.

        Returns:
            Whether they are, and ``own`` numbers are left after them.
        """
        ends = self.latest
        lengths = Counter(number for number, _ in self._words[self._next :])
        lines = sorted(lengths)
        for skipped in range(2):  # the flag's line may be empty
            if lines[:1] == [ends] or len(lines) < skipped + 4 or (not skipped and lines[0] == ends + 1):
                continue
            low, high, means, ranges = (lengths[line] for line in lines[skipped : skipped + 4])
            left = len(self) - low - high - means - ranges - (lengths[lines[0]] if skipped else 0)
            if low == high >= inputs and means == ranges >= inputs and left == own:
                self._next += lengths[lines[0]] if skipped else 0
                return True
        return False

    @property
    def latest(self) -> int:
        """The line of the number that was taken last."""
        return self._words[self._next - 1][0]

    def take_line(self) -> ExactVector:
        """The numbers of the next line."""
        line = self._words[self._next][0]
        return self.take(sum(1 for _ in itertools.takewhile(lambda word: word[0] == line, self._words[self._next :])))

    def __len__(self) -> int:
        return len(self._words) - self._next

    def take(self, count: int) -> ExactVector:
        if count > len(self):
            after = f" after line {self._words[-1][0]}" if self._words else ""
            raise InputError(f"{self.path}: the file ends{after}, where {count} more numbers are expected")
        taken = self._words[self._next : self._next + count]
        self._next += count
        return tuple(self._decimal(*word) for word in taken)

    def integers(self, count: int, what: str) -> list[int]:
        values = self.take(count)
        for (line, word), value in zip(self._words[self._next - count :], values, strict=False):
            if value.denominator != 1 or value < 1:
                raise InputError(f"{self.path}: line {line}: {word} is among {what}; expected a positive integer")
        return [int(v) for v in values]

    def _decimal(self, line: int, word: str) -> Fraction:
        match = _DECIMAL.fullmatch(word) if len(word) <= _LONGEST_NUMBER else None
        if match is None or abs(int(match[3] or 0)) > _LARGEST_EXPONENT:
            raise InexactError(f"{self.path}: line {line}: {word[:40]!r} is not a decimal number with a value in range")
        return Fraction(word)
