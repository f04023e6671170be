"""Whether every link of a built site leads somewhere on it, and whether the site asks anyone else for anything.

    python -m website.links build/site

Exits with 1 and a line for each link that does not, for each place of a page that is linked and not there, and for each
script, font, style or picture that would be fetched from elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
_NOT_FETCHED = {"canonical", "next", "prev", "alternate"}


class _Page(HTMLParser):
    """What a page links to, what it fetches, and the places that it has.

    Attributes:
        links, fetched, places: as found; anchors are without ``#``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names."""
        named = {name: value for name, value in attrs if value}
        self.places |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag in _FETCHED and _FETCHED[tag] in named and named.get("rel") not in _NOT_FETCHED:
            self.fetched.append(named[_FETCHED[tag]])


def faults(site: Path) -> Iterator[str]:
    """What is wrong with the links of a site, a line for each."""
    for path in sorted(site.rglob("*.html")):
        page, here = _page(path), path.relative_to(site)
        yield from (f"{here}: fetches {link}" for link in page.fetched if _is_elsewhere(link))
        if path.name == "404.html":  # a server's, who gives it in the place of any page
            continue
        yield from (f"{here}: {fault}" for link in page.fetched + page.links if (fault := _missing(link, path)))


@cache
def _page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text())
    return page


def _is_elsewhere(link: str) -> bool:
    parts = urlsplit(link)
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def _missing(link: str, path: Path) -> str:
    """Why a link of a page leads nowhere; nothing if it leads somewhere, or to another site."""
    parts = urlsplit(link)
    if _is_elsewhere(link) or parts.scheme:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if parts.path.startswith("/"):
        return f"{link} begins at the root of a server"
    if target.is_dir():
        return f"{link} is a folder, which only a server turns into a page"
    if not target.is_file():
        return f"{link} is not there"
    if parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _page(target).places:
        return f"{link}: there is no such place on that page"
    return ""


def main(site: Path) -> int:
    """Print the faults; 1 if there are any."""
    found = list(faults(site))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{sum(1 for _ in site.rglob('*.html')):,} pages, {len(found)} faults of links")
    return int(bool(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", type=Path, help="the folder of the built site")
    sys.exit(main(parser.parse_args().site))
