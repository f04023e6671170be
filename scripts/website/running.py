"""Pages that are run: their examples in Python and on the command line, and the pictures that these draw.

A page is a folder's work: its blocks run one after the other, from top to bottom, in an empty folder that is theirs.

* A block ``python`` with ``>>>`` runs as doctest does, and what it prints must be what the page says.
* A block ``console`` runs lines ``$ command``, and what they print must be what the page says; ``...`` stands for
  anything.
* A comment ``<!-- >>> ... -->`` is run and not shown.

A picture that the page shows and that its own code has drawn is drawn twice, on light paper and on dark paper.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$|^<!--\n(>>> .*?)^-->$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^!\[([^\]]*)\]\(([\w.-]+)\)(\{[^}]*\})?$", re.MULTILINE)
_NEEDS = re.compile(r"\A---\n.*?^needs: (\w+)$.*?^---$", re.MULTILINE | re.DOTALL)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_SECONDS = 300
_PROGRAM = 'polyrelu() { python -m polyrelu "$@"; }\n'  # which need not be installed where pages are made


class Differs(AssertionError):
    """A page says that something else comes out."""


@dataclass
class Ran:
    """A page, run.

    Attributes:
        text: its Markdown, in which examples are shown without prompts and pictures for light and dark paper.
        files: what it drew and shows, by names below the page's own folder.
    """

    text: str
    files: dict[str, bytes] = field(default_factory=dict)


def needs(text: str) -> str | None:
    """The package without which a page cannot run, and is run elsewhere: ``needs: torch`` in its head."""
    found = _NEEDS.match(text)
    return found and found.group(1)


def is_run(text: str) -> bool:
    """Whether there is anything in a page to run."""
    blocks = (found.groups() for found in _BLOCK.finditer(text))
    return any(kind == "console" or ">>> " in (block or hidden) for kind, block, hidden in blocks)


def blocks(text: str) -> list[str]:
    """The examples and commands of a page, hidden ones too, as they are written."""
    return [found.group() for found in _BLOCK.finditer(text)]


def run_page(text: str, name: str) -> Ran:
    """Run a page, and write it as readers see it.

    Args:
        text: Markdown.
        name: of the page on the site, such as ``start/torch.md``.

    Raises:
        Differs: something else comes out.
    """
    shown = {found.group(2) for found in _SHOWN.finditer(text)}
    with _empty_folder() as folder:
        _run_blocks(text, name, dark=False)
        drawn = {path.name: path.read_bytes() for path in folder.iterdir() if path.name in shown}
    drawings = [one for one in drawn if is_drawing(one) and _draws(text, one)]
    if drawings:
        with _empty_folder() as folder:
            _run_blocks(text, name, dark=True)
            dark = {one: (folder / one).read_bytes() for one in drawings}
        drawn |= {on_dark(one): content for one, content in dark.items() if content != drawn[one]}
    return Ran(show(text, name, set(drawn)), drawn)


def _draws(text: str, file: str) -> bool:
    """Whether it is Python that draws a file; commands draw on light paper only."""
    return any(found.group(1) != "console" and file in found.group() for found in _BLOCK.finditer(text))


def is_drawing(name: str) -> bool:
    """Whether a file is a drawing, which is made for two kinds of paper; pages in HTML know both themselves."""
    return PurePosixPath(name).suffix in {".png", ".svg", ".gif"}


def on_dark(name: str) -> str:
    """The name of the same picture on dark paper."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.dark.{suffix}"


def show(text: str, name: str, drawn: set[str]) -> str:
    """A page's Markdown as the site has it.

    Args:
        text: the page as it is written.
        name: of the page.
        drawn: the pictures that its own code has drawn.
    """
    folder = PurePosixPath(name).stem

    def picture(found: re.Match[str]) -> str:
        label, file, attributes = found.group(1), found.group(2), found.group(3) or ""
        if file not in drawn:
            return found.group()
        if file.endswith(".html"):
            return f'<iframe class="shown" src="{folder}/{file}" title="{label}" loading="lazy"></iframe>'
        if on_dark(file) not in drawn:  # a command has drawn it
            return f"![{label}]({folder}/{file}){attributes}"
        light, dark = f"{folder}/{file}#only-light", f"{folder}/{on_dark(file)}#only-dark"
        return f"![{label}]({light}){attributes}\n![{label}]({dark}){attributes}"

    return _BLOCK.sub(_shown_block, _SHOWN.sub(picture, text))


def _shown_block(found: re.Match[str]) -> str:
    kind, block, hidden = found.groups()
    if hidden:
        return ""
    if kind == "console":
        return _console(block)
    return _without_prompts(block) if ">>> " in block else found.group()


def _console(block: str) -> str:
    """Commands as one can copy them, each with what it prints below."""
    parts = []
    for command, said in _commands(block):
        parts += [f"```bash\n{command}\n```", _printed(said)]
    return "\n".join(part for part in parts if part)


def _without_prompts(block: str) -> str:
    """Examples as one can copy them, each with what it prints below."""
    parts: list[str] = []
    code = ""
    for piece in doctest.DocTestParser().parse(block):
        if isinstance(piece, str):
            code += piece if code and not piece.strip() and piece.count("\n") > 0 else ""
            continue
        code += _unpadded(piece.source)
        if piece.want:
            parts += [f"```python\n{code.rstrip()}\n```", _printed(piece.want)]
            code = ""
    if code.strip():
        parts.append(f"```python\n{code.rstrip()}\n```")
    return "\n".join(parts)


def _unpadded(source: str) -> str:
    return re.sub(r"  # doctest:.*$", "", source, flags=re.MULTILINE)


def _printed(said: str) -> str:
    said = said.rstrip().replace("<BLANKLINE>", "")
    return f"``` {{ .text .printed }}\n{said}\n```" if said else ""


def _commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a block, with what it is said to print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        ends = re.search(r"<<'(\w+)'", lines[0])
        last = lines.index(ends[1]) if ends else next(i for i, line in enumerate(lines) if not line.endswith("\\"))
        yield "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :])


def _run_blocks(text: str, name: str, dark: bool) -> None:
    from polyrelu.plotting import style

    scope: dict[str, Any] = {"__name__": "__main__"}
    with style(dark):
        for found in _BLOCK.finditer(text):
            kind, block, hidden = found.groups()
            line = text.count("\n", 0, found.start()) + 2
            if kind == "console":
                _run_commands(block, name, line)
            else:
                _run_examples(hidden or block, scope, name, line)
    matplotlib = sys.modules.get("matplotlib.pyplot")
    if matplotlib:
        matplotlib.close("all")


def _run_examples(block: str, scope: dict[str, Any], name: str, line: int) -> None:
    test = doctest.DocTest(doctest.DocTestParser().get_examples(block, name), scope, name, name, line - 1, block)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=_FLAGS | doctest.REPORT_NDIFF).run(test, out=said.append, clear_globs=False)
    scope.update(test.globs)
    if said:
        raise Differs(f"{name}: {''.join(said)}")


def _run_commands(block: str, name: str, line: int) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for command, said in _commands(block):
        done = subprocess.run(
            ["bash", "-c", _PROGRAM + command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            env={**os.environ, "PATH": path, "COLUMNS": "100"},
            check=False,
        )
        if not doctest.OutputChecker().check_output(said.strip() + "\n", done.stdout.strip() + "\n", _FLAGS):
            raise Differs(f"{name}, line {line}: $ {command}\nexpected:\n{said}\ngot:\n{done.stdout}")


@contextlib.contextmanager
def _empty_folder() -> Iterator[Path]:
    """A new folder, which is where one is until the end."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="polyrelu-page-") as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)
