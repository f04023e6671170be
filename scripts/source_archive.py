"""How setuptools makes a source distribution, named in pyproject.toml: with all that a checkout has.

Who gets one can run the tests, draw the papers' figures and bundle the pages again. Links of the README are made
absolute, since on an index of packages there are no files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (".ci", ".github", "papers", "polyrelu", "scripts", "tests")
FILES = (".gitignore", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml", "setup.cfg")
MADE = {"__pycache__", "node_modules", ".hypothesis"}
"""Folders of what is made anew."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


class SourceArchive(sdist):
    """The command ``sdist``."""

    def make_distribution(self) -> None:
        """Add what a checkout has, and make the archive."""
        self.filelist.extend([path.relative_to(ROOT).as_posix() for path in sources()])
        super().make_distribution()

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the files, and write those anew that have links."""
        super().make_release_tree(base_dir, files)
        address = str(self.distribution.metadata.project_urls["Source"])
        for name in ("README.md", "PKG-INFO"):
            page = Path(base_dir, name)
            text = absolute(page.read_text(encoding="utf-8"), address)
            page.unlink()  # it may be a second name of the checkout's own
            page.write_text(text, encoding="utf-8")


def sources(root: Path = ROOT) -> Iterator[Path]:
    """The files of a checkout that are not made from others."""
    yield from (root / name for name in FILES if (root / name).is_file())
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            is_made = MADE.intersection(path.relative_to(root).parts) or path.suffix in {".so", ".pyc"}
            if path.is_file() and not is_made:
                yield path


def absolute(text: str, address: str) -> str:
    """A page of Markdown whose links, those in code apart, lead to the repository at an address."""

    def at(link: re.Match[str]) -> str:
        mark, words, path = link.groups()
        return f"{mark}[{words}]({address}/{'raw' if mark else 'blob'}/main/{path})"

    parts = text.split("```")
    parts[::2] = [_LINK.sub(at, prose) for prose in parts[::2]]
    return "```".join(parts)
