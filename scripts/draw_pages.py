"""Draws again what pages show that are not run where the site is built, where there is what they need: PyTorch."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from website.drawn import draw, pages
from website.running import needs


def main() -> None:
    """Draw the pictures of all such pages that can be run here."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for name, text in pages().items():
        package = needs(text)
        if package and find_spec(package):
            draw(text, name)
            print(f"{name}: drawn")
        else:
            print(f"{name}: there is no {package}")


if __name__ == "__main__":
    main()
