"""``polyrelu schema``: what ``--json`` prints, as a JSON schema."""

from __future__ import annotations

import json

import click

from polyrelu.export.schema import commands, schema

_EXAMPLES = """\b
Example: polyrelu schema preimage
"""


@click.command("schema", epilog=_EXAMPLES, short_help="The JSON schema of what --json prints.")
@click.argument("command", required=False, type=click.Choice(commands()))
def schema_command(command: str | None) -> None:
    """The JSON schema of the document that COMMAND prints with --json; of all commands without one."""
    click.echo(json.dumps(schema(command), indent=1))
