"""Pictures of pages that are not run where the site is built, since that takes a package which is large.

Such a page says in its head what it needs. What it prints stands in the page anyway; what it draws is kept in
``papers/site/drawn``, with a digest of the examples that drew it, so that a page whose examples have changed since is
an error; ``scripts/draw_pages.py`` draws them again. Tests with a mark of the package's name run the page, and hold the
pictures that it draws against those kept.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from website.places import ROOT, SITE
from website.running import Differs, Ran, blocks, needs, run_page, show

_DRAWN = ROOT / "papers" / "site" / "drawn"
_DIGEST = "examples.sha256"


def ran_elsewhere(text: str, name: str) -> Ran:
    """A page as readers see it, with the pictures that it has drawn elsewhere.

    Args:
        text: Markdown.
        name: of the page on the site, such as ``start/torch.md``.

    Raises:
        Differs: they are those of other examples, or there are none.
    """
    folder = _folder(name)
    kept = folder / _DIGEST
    if not kept.is_file() or kept.read_text().strip() != _digest(text):
        raise Differs(
            f"{name}: its pictures are not those of its examples; where there is {needs(text)}, draw them again: "
            "python scripts/draw_pages.py"
        )
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path != kept}
    return Ran(show(text, name, set(files)), files)


def pages() -> dict[str, str]:
    """The pages that need a package, by their names: their texts."""
    texts = {str(path.relative_to(ROOT / SITE)): path.read_text() for path in sorted((ROOT / SITE).rglob("*.md"))}
    return {name: text for name, text in texts.items() if needs(text)}


def _folder(name: str) -> Path:
    return _DRAWN / Path(name).with_suffix("")


def _digest(text: str) -> str:
    return hashlib.sha256("".join(blocks(text)).encode()).hexdigest()


def draw(text: str, name: str) -> None:
    """Run a page, and keep what it draws.

    Raises:
        Differs: something else comes out than the page says.
    """
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in run_page(text, name).files.items():
        (folder / file).write_bytes(content)
    (folder / _DIGEST).write_text(_digest(text) + "\n")
