"""Whether what the proved program printed is the question that was asked: python3 same.py QUESTION PRINTED.

Both texts are brought into one form: numbers as fractions in lowest terms, masks of ReLUs as bits, y0 as what the last
layer returns, conditions turned round so that they say < or <=, with each name once and in order.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

KEYWORDS = ("polyrelu-statement", "inputs", "domain", "layer", "target")
SIDES = {"<": (1, "<"), "<=": (1, "<="), "==": (1, "=="), ">": (-1, "<"), ">=": (-1, "<=")}


def condition(words: list[str], last: int) -> str:
    """A condition, in the one form."""
    *terms, relation, bound = words
    side, relation = SIDES[relation]
    form: dict[tuple[int, int], Fraction] = {}
    for value, name in zip(terms[::2], terms[1::2], strict=True):
        layer, number = (last if name[0] == "y" else 0, name[1:]) if name[0] in "xy" else name[1:].split(".")
        key = int(layer), int(number)
        form[key] = form.get(key, Fraction(0)) + side * Fraction(value)
    named = [f"{a} h{layer}.{number}" for (layer, number), a in sorted(form.items()) if a]
    return " ".join([*named, relation, str(side * Fraction(bound))])


def one_form(text: str) -> Iterator[str]:
    """The lines of a statement, in the one form."""
    lines = [words for line in text.split("\n") if (words := line.split()) and words[0][0] != "#"]
    last = sum(words[0] == "layer" for words in lines)
    group = ""
    for k, words in enumerate(lines):
        if words[0] not in KEYWORDS:
            numbers = " ".join(str(Fraction(word)) for word in words) if group == "layer" else condition(words, last)
            yield f"  {numbers}"
            continue
        group, rest = words[0], words[1:]
        if group == "layer" and rest[0] in ("relu", "linear"):
            ends = (j for j in range(k + 1, len(lines)) if lines[j][0] in KEYWORDS)
            rest = [("1" if rest[0] == "relu" else "0") * (next(ends, len(lines)) - k - 1)]
        yield " ".join([group, *rest])


def groups(text: str) -> list[list[str]]:
    """Head, domain, layers and targets; a domain without rows is none."""
    found: list[list[str]] = []
    for line in one_form(text):
        if line[0] != " ":
            found.append([])
        found[-1].append(line)
    ordered = [g for g in found if g[0] != "domain"]
    return [*ordered[:2], *(g for g in found if g[0] == "domain" and len(g) > 1), *ordered[2:]]


def same(question: str, printed: str) -> bool:
    """Whether two statements say the same, line by line."""
    return groups(question) == groups(printed)


if __name__ == "__main__":
    asked, printed = (Path(name).read_text(encoding="utf-8") for name in sys.argv[1:3])
    sys.exit(None if same(asked, printed) else "another question was checked")
