"""Write papers/operators/README.md: what becomes of every operator of the newest ONNX.

    ./scripts/run python scripts/operator_table.py
    ./scripts/run python scripts/operator_table.py --check    # exits with 1 if the page is not up to date

The lists are those that the reader uses, so the page says what it does; tests/formats/test_onnx_table.py holds every
operator that is read to onnxruntime.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from onnx import defs

from polyrelu.formats.onnx_conditions import CONDITIONS
from polyrelu.formats.onnx_operators import CONSTANTS_ONLY, SUPPORTED
from polyrelu.formats.onnx_refusals import REFUSED, why_constants_only

PAGE = Path(__file__).parent.parent / "papers" / "operators" / "README.md"
WIDTH = 120
_BRANCHES = "where the branches meet at the condition"
_ONE = "one factor depends on the input"
_INDICES = "the indices are constants"
NOTES = {
    **dict.fromkeys(CONDITIONS, _BRANCHES),
    **dict.fromkeys(("Conv", "ConvTranspose", "PRelu"), "the weight is constant"),
    **dict.fromkeys(("Einsum", "Gemm", "MatMul", "Mul"), _ONE),
    **dict.fromkeys(("Gather", "GatherElements", "GatherND", "Scatter", "ScatterElements", "ScatterND"), _INDICES),
    **dict.fromkeys(("GlobalLpPool", "LpPool"), "of degree 1"),
    "BatchNormalization": "standard deviations that are irrational are rounded to binary64, with a warning",
    "Cast": "to floats; truth values to anything",
    "Compress": "the condition is constant",
    "Div": "the divisor is constant",
    "If": "the condition is constant",
    "MaxPool": "values, not places",
    "OneHot": _INDICES,
    "Pad": "any mode",
    "Pow": "powers 0 and 1 are exact",
    "Resize": "nearest, linear and cubic",
    "Shrink": "where it is continuous: bias equals lambd",
    "ThresholdedRelu": "where it is continuous: alpha is 0",
    "TopK": "values, not places",
}
SHORT = {
    why_constants_only(name): word
    for name, word in (("Sign", "steps"), ("QuantizeLinear", "steps"), ("ArgMax", "places"), ("Exp", "smooth"))
}

_HEAD = """# Operators of ONNX

What becomes of each of the {count} operators of version {version}, in every version of it since 6. *Exact*: lowered to
affine maps and maxima, in rational numbers. *On constants*: computed where nothing depends on the network's input,
exactly where the value is rational, else as the nearest binary64 number, with a warning; where it does depend on it,
it is refused, because it is *smooth*, and so not piecewise linear, or *steps* from one value to another, as *places* of
entries do: what happens at a step is not a limit of what happens beside it, and regions and certificates rest on
continuity. *No*: the reason why. A last Sigmoid, Tanh, Softmax or LogSoftmax can be left out (`drop_final`), and
`before_final` says what conditions on its outputs mean before it. Functions in a file are read as what they are made
of. `scripts/operator_table.py` writes this page; each operator that is read is held to onnxruntime by
`tests/formats/test_onnx_table.py`.

"""

_TAIL = """
## The test-suite of the VNN-LIB standard

Of the 178 tests of vnnlib-satisfactory 1.0.1, run whole through `polyrelu verify QUERY --network NAME=FILE`, 135 pass,
1 ends in an error, and 42 are left out by the suite, since `polyrelu supports` does not say that it takes them. None
has a wrong answer. The others, and why:

| tests | what they compute | why there is no answer |
|---|---|---|
| mul (1) | x * x | a product of the input with itself is not piecewise linear |
| arithmetic_poly (4) | products of variables, in the property | likewise; refused with line and column |
| div (4) | a quotient of two inputs | likewise; division by constants is exact |
| pow (6) | x^2, x^e, 2^x, x^(-1/2), x^0 | smooth; the last one is constant, and read |
| cast (8) | truth values and whole numbers of the input | it steps: x = 0 becomes 0, and all beside it 1 |
| equal (6) | whether the input is 0 | it steps |
| where (6) | x or 10, by whether x > -1 | it jumps at the condition: the branches do not meet there |
| sigmoid (3) | the sigmoid of x | smooth; with `--drop-final Sigmoid` 1 is decided, 2 have irrational bounds |
| softmax (5) | the softmax of x | smooth; with `--drop-final Softmax` 3 are decided; 1 bound, 1 with two groups |
"""


def rows() -> list[tuple[str, str, str]]:
    """Each operator, how it is read, and under which condition or why not."""
    found = []
    for name in sorted({schema.name for schema in defs.get_all_schemas() if not schema.domain}):
        if name in REFUSED:
            found.append((name, "no", REFUSED[name]))
        elif name in CONSTANTS_ONLY:
            said = filter(None, (SHORT[why_constants_only(name)], NOTES.get(name)))
            found.append((name, "on constants", "; ".join(said)))
        elif name in SUPPORTED:
            found.append((name, "exact", NOTES.get(name, "")))
        else:
            found.append((name, "no", "it is newer than this page"))
    return found


def page() -> str:
    """The page as text."""
    table = rows()
    head = _HEAD.format(count=len(table), version=defs.onnx_opset_version())
    counts = {how: sum(1 for _, own, _ in table if own == how) for how in ("exact", "on constants", "no")}
    said = (
        f"{counts['exact']} are exact, {counts['on constants']} are read on constants, {counts['no']} are refused.\n\n"
    )
    lines = [f"| {name} | {how} | {why} |" for name, how, why in table]
    return (
        head + said + "\n".join(["| operator | read | condition, or why not |", "|---|---|---|", *lines]) + "\n" + _TAIL
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    made = page()
    if parser.parse_args().check:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made:
            sys.exit(f"{PAGE} is not up to date; run scripts/operator_table.py")
        return
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
