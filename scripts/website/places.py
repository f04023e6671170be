"""Where each file of the repository is on the site, and links between them.

Pages are written so that they also read well where they lie: their links name files of the repository. On the site a
page leads to the page that a file has become: an essay to itself, a picture to its copy, and source to a page that
shows it. What is linked is there, and nothing else is copied, so that the site needs nobody's server.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent.parent
SITE = "papers/site/pages/"
NOTEBOOKS = "papers/notebooks/"
_PICTURES = {".png", ".gif", ".svg", ".jpg", ".webp", ".html", ".pdf"}
_LANGUAGES = {
    ".py": "python", ".pyi": "python", ".h": "cpp", ".cpp": "cpp", ".json": "json", ".toml": "toml", ".cfg": "ini",
    ".sh": "bash", ".yml": "yaml", ".yaml": "yaml", ".cff": "yaml", ".ts": "typescript", ".css": "css",
}  # fmt: skip
_LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])\(([^()\s]+)\)")
_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2[ ]*$", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:", re.IGNORECASE)


class BrokenLink(Exception):
    """A page of the repository names a file that is not there."""


def place_of(path: str) -> str:
    """The path on the site, below its root, of a file or folder of the repository."""
    suffix = PurePosixPath(path).suffix
    if (ROOT / path).is_dir():
        readme = f"{path}/README.md"
        return place_of(readme) if (ROOT / readme).is_file() else f"source/{path.removeprefix('.')}/index.md"
    if path == "README.md":
        return "index.md"
    if path.startswith(SITE):
        return path.removeprefix(SITE)
    if path.startswith(NOTEBOOKS) and suffix == ".ipynb":
        return f"notebooks/{PurePosixPath(path).stem}.md"
    copied = suffix == ".md" or suffix in _PICTURES
    if path.startswith("papers/") and copied:
        return path
    return f"source/{path.removeprefix('.')}{'' if copied else '.md'}"  # what begins with a dot is on no site


def is_page(path: str) -> bool:
    """Whether a file of the repository is copied as a page of words."""
    return path.endswith(".md")


def is_picture(path: str) -> bool:
    """Whether it is copied as it is."""
    return PurePosixPath(path).suffix in _PICTURES


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """A page with what is not code changed."""
    parts, at = [], 0
    for fence in _FENCE.finditer(text):
        parts += [change(text[at : fence.start()]), fence.group()]
        at = fence.end()
    return "".join([*parts, change(text[at:])])


def relink(text: str, path: str, place: str, note: Callable[[str], None], made: Container[str] = ()) -> str:
    """A page of the repository with its links as they are on the site.

    Args:
        text: Markdown.
        path: of the page, in the repository.
        place: of the page, on the site.
        note: told each file that it links to.
        made: links to what is made while the site is built; they are right already.

    Raises:
        BrokenLink: there is no such file.
    """

    def changed(found: re.Match[str]) -> str:
        label, target = found.groups()
        if _ELSEWHERE.match(target) or target.startswith("#"):
            return found.group()
        file, mark, anchor = target.partition("#")
        if file in made:
            return found.group()
        named = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        if not (ROOT / named).exists():
            raise BrokenLink(f"{path}: there is no {target}")
        named = "" if named == "." else named
        note(named)
        return f"{label}({from_to(place, place_of(named))}{mark}{anchor})"

    return outside_fences(text, lambda prose: _LINK.sub(changed, prose))


def from_to(one: str, other: str) -> str:
    """The relative link between two places of the site."""
    return posixpath.relpath(other, posixpath.dirname(one) or ".")


def source_page(path: str) -> str:
    """A page that shows a file or lists a folder of the repository."""
    whole = ROOT / path
    anchor = ""
    if path.endswith(".py"):
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        anchor = f" {{ #{module} }}"
    title = path or "the repository"
    head = f"---\ntitle: {title}\nsearch:\n  exclude: true\nhide: [toc]\n---\n\n# `{title}`{anchor}\n\n"
    if whole.is_dir():
        return head + "\n".join(f"* [`{file.name}`]({file.name})" for file in listed(path)) + "\n"
    text = whole.read_text()
    fence = "`" * max(4, 1 + max(map(len, re.findall("`+", text)), default=0))
    language = _LANGUAGES.get(whole.suffix, "bash" if text.startswith("#!") and "bash" in text[:40] else "text")
    return f'{head}{fence} {{ .{language} linenums="1" }}\n{text.rstrip()}\n{fence}\n'


def listed(path: str) -> Iterator[Path]:
    """The files of a folder that a page lists."""
    for file in sorted((ROOT / path).iterdir()):
        if file.is_file() and not file.name.startswith((".", "_")) and file.suffix not in {".so", ".pyc"}:
            yield file
