"""What MkDocs asks for while it builds the site: pages that nobody writes, and pages that are run.

All of it happens before MkDocs reads a page. Pages of ``papers/site/pages`` are run; the reference is made of polyrelu;
essays, notebooks and sources come from where they lie, if something links to them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from website import docstrings, notebooks, reference
from website.drawn import ran_elsewhere
from website.kept import kept
from website.places import NOTEBOOKS, ROOT, SITE, BrokenLink, is_page, is_picture, place_of, relink, source_page
from website.running import Differs, is_run, needs, run_page

log = logging.getLogger("mkdocs.hooks.polyrelu")
_PROJECT = {
    "How the code is arranged": "polyrelu/ARCHITECTURE.md",
    "Contributing": "CONTRIBUTING.md",
    "Changes": "CHANGELOG.md",
    "Security": "SECURITY.md",
}
"""Pages about the project, wherever they lie, if they are there."""
_FOLDERS = ("", ".github/", "papers/")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put what is made into the menu."""
    config.nav = _filled(config.nav)
    return config


def _filled(item: Any) -> Any:
    """A part of the menu, in which words in capitals stand for what is made."""
    if isinstance(item, str):
        return _MENU[item]() if item in _MENU else item
    if isinstance(item, dict):
        return {title: _filled(part) for title, part in item.items()}
    parts = [_filled(part) for part in item]
    return [each for part in parts for each in (part if isinstance(part, list) else [part])]


def _essays() -> list[dict[str, str]]:
    """The essays of ``papers``, by their headings; tables without one are read on the pages that they belong to."""
    pages = [page for page in sorted((ROOT / "papers").glob("*/*.md")) if page.read_text().startswith("# ")]
    return [{"All papers": "papers/README.md"}, *({_heading(page): _path(page)} for page in pages)]


def _notebooks() -> list[dict[str, str]]:
    """The notebooks, by their headings."""
    return [{notebooks.heading(path): place_of(_path(path))} for path in sorted((ROOT / NOTEBOOKS).glob("*.ipynb"))]


def _project() -> list[dict[str, str]]:
    return [{title: place_of(path)} for title, path in _project_pages()]


def _project_pages() -> Iterator[tuple[str, str]]:
    for title, name in _PROJECT.items():
        for folder in _FOLDERS:
            if (ROOT / folder / name).is_file():
                yield title, folder + name
                break


def _heading(page: Path) -> str:
    return page.read_text().splitlines()[0].removeprefix("# ")


def _path(file: Path) -> str:
    return str(file.relative_to(ROOT))


_MENU = {
    "REFERENCE": reference.nav,
    "COMMANDS": reference.command_nav,
    "PAPERS": _essays,
    "NOTEBOOKS": _notebooks,
    "PROJECT": _project,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add all that is made, in place of what is written."""
    site = _Site(files, config)
    try:
        site.make()
    except (BrokenLink, Differs) as error:
        raise PluginError(str(error)) from error
    return files


class _Site:
    """The files of the site while they are made.

    Args:
        files: those that MkDocs has found, which are replaced and added to.
        config: of MkDocs.
    """

    def __init__(self, files: Files, config: MkDocsConfig) -> None:
        self._files, self._config = files, config
        self._wanted: list[str] = []
        self._seen: set[str] = set()

    def make(self) -> None:
        """Make all of them."""
        for file in list(self._files.documentation_pages()):
            self._page(SITE + file.src_uri, file.src_uri)
        for place, text in reference.pages():
            self._add_run(text, "", place)
        self._wanted += ["papers/README.md", *(path for _, path in _project_pages())]
        self._wanted += sorted(docstrings.modules_linked() | reference.files())
        self._wanted += [
            _path(file) for file in (*(ROOT / NOTEBOOKS).glob("*.ipynb"), *(ROOT / "papers").glob("*/*.md"))
        ]
        while self._wanted:
            self._copy(self._wanted.pop())

    def _want(self, path: str) -> None:
        self._wanted.append(path)

    def _copy(self, path: str) -> None:
        """Put a file of the repository onto the site."""
        if path in self._seen or path.startswith("papers/site/"):
            return
        self._seen.add(path)
        place = place_of(path)
        if (ROOT / path).is_dir():
            if place.startswith("source/") and place.endswith("/index.md"):
                self._list(path, place)
            else:
                self._want(f"{path}/README.md")
        elif path.endswith(".ipynb"):
            self._notebook(path, place)
        elif is_picture(path):
            self._add(place, (ROOT / path).read_bytes())
        elif is_page(path):
            if path != "README.md":
                self._page(path, place)
        else:
            self._add(place, source_page(path))

    def _list(self, path: str, place: str) -> None:
        self._add(place, relink(source_page(path), f"{path}/index.md", place, self._want))

    def _page(self, path: str, place: str) -> None:
        self._add_run((ROOT / path).read_text(), path, place)

    def _add_run(self, text: str, path: str, place: str) -> None:
        """Add a page, run if it is one that is: those of the site and the reference."""
        made: set[str] = set()
        if (path.startswith(SITE) or not path) and is_run(text):
            text, made = self._run(text, place)
        self._add(place, relink(text, path, place, self._want, made) if path else text)

    def _run(self, text: str, place: str) -> tuple[str, set[str]]:
        """A page that was run, and the links to what it has made."""
        package = needs(text)
        if package and not find_spec(package):
            log.info("%s was run elsewhere: there is no %s", place, package)
            ran = ran_elsewhere(text, place)
        else:
            log.info("running %s", place)
            ran = kept(text + place, partial(run_page, text, place))
        folder = PurePosixPath(place).with_suffix("")
        for name, content in ran.files.items():
            self._add(str(folder / name), content)
        return ran.text, {f"{folder.name}/{name}" for name in ran.files}

    def _notebook(self, path: str, place: str) -> None:
        log.info("running %s", path)
        run = partial(notebooks.rendered, ROOT / path, PurePosixPath(place).stem)
        text, drawn = kept((ROOT / path).read_text(), run)
        for name, content in drawn.items():
            self._add(str(PurePosixPath(place).parent / name), content)
        self._add(place, relink(text, path, place, self._want, drawn))

    def _add(self, place: str, content: str | bytes) -> None:
        known = self._files.get_file_from_path(place)
        if known:
            self._files.remove(known)
        self._files.append(File.generated(self._config, place, content=content))
