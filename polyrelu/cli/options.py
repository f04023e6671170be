"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable

import click


def together(*options: Callable[[Callable[..., None]], Callable[..., None]]) -> Callable[..., Callable[..., None]]:
    """Several options as one decorator, in the order in which ``--help`` shows them."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


WORKERS = click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads that split cells."
)
MAX_DIM = click.option(
    "--max-dim",
    type=click.IntRange(0),
    help="The most inputs, constant ones not counted, for the method cells; by default what a cell takes decides.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, exact numbers as text.")
