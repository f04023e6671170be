"""Docstrings say ``:func:`polyrelu.x.y``` and ``:math:``; this makes links of the first and MathML of the second.

MathML needs neither scripts nor fonts, so formulas show without a network, and where there are no scripts.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from website.names import WINDOWS, primary, public_names, window_names
from website.places import ROOT

_ROLE = re.compile(r":(mod|class|func|meth|attr|data|exc):`(~?)([^`]+)`", re.DOTALL)
_INLINE = re.compile(r":math:`([^`]+)`", re.DOTALL)
_DISPLAY = re.compile(r"^( *)\.\. math:: *(.*\n(?:\1 +.*\n|\n)*)", re.MULTILINE)
_EXAMPLES = re.compile(r"(?:^>>> .*\n(?:.+\n)*\n?)+", re.MULTILINE)
_COST = re.compile(r"^Cost: ", re.MULTILINE)


def in_markdown(text: str, module: str) -> str:
    """A docstring's text, without roles.

    Args:
        text: of the docstring.
        module: that it stands in, which names without a module are of.
    """
    text = _DISPLAY.sub(lambda found: f"{found.group(1)}{_formula(found.group(2), 'block')}\n\n", text + "\n")
    text = _INLINE.sub(lambda found: _formula(found.group(1), "inline"), text)
    text = _EXAMPLES.sub(lambda found: f"```pycon\n{found.group().rstrip()}\n```\n\n", text)
    text = _COST.sub("**Cost:** ", re.sub(r"^Example:\n", "Examples:\n", text, flags=re.MULTILINE))
    return _ROLE.sub(lambda found: _link(*found.groups(), module), text).rstrip()


def _formula(latex: str, display: str) -> str:
    """A formula; as it is written where there is nothing that makes MathML of it."""
    if find_spec("latex2mathml") is None:
        return f"`{latex.strip()}`"
    from latex2mathml.converter import convert

    return f'<span class="math">{convert(" ".join(latex.split()), display=display)}</span>'


def _link(role: str, short: str, target: str, module: str) -> str:
    """The name as a link to what is known of it, or else as code."""
    target = "".join(target.split())
    said = target.rpartition(".")[2] if short or role != "mod" else target
    is_relative = "." not in target or target[0].isupper()
    for path in (target, f"{module}.{target}") if is_relative else (target,):
        if path in _described():
            return f"[`{said}`][{path}]"
        if place := _module_of(path):
            return f"[`{said}`][{place}]"
    return f"`{said if short else target}`"


@cache
def _described() -> frozenset[str]:
    """The paths of all that has a page, or is on one."""
    windows = (name for module in WINDOWS for name in window_names(module))
    return frozenset(primary((*public_names(), *windows)))


@cache
def _module_of(path: str) -> str | None:
    """The module of polyrelu that a path is, or is in; its source is on the site."""
    while path.startswith("polyrelu."):
        if file_of(path):
            return path
        path = path.rpartition(".")[0]
    return None


def file_of(module: str) -> str | None:
    """The file of a module of polyrelu, below the repository's root."""
    stem = module.replace(".", "/")
    return next((name for name in (f"{stem}.py", f"{stem}/__init__.py") if Path(ROOT, name).is_file()), None)


def modules_linked() -> set[str]:
    """The files of modules that some docstring may link to: all that are named by a role."""
    named = set()
    for file in (ROOT / "polyrelu").rglob("*.py"):
        own = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for found in _ROLE.finditer(file.read_text()):
            target = "".join(found.group(3).split())
            module = _module_of(target) or _module_of(f"{own}.{target}")
            named.add(module and file_of(module))
    return {name for name in named if name}
