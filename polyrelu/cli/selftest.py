"""``polyrelu selftest``."""

from __future__ import annotations

import json

import click

from polyrelu.analysis.selftest import checks, versions
from polyrelu.cli.options import JSON


@click.command("selftest", epilog="Example: polyrelu selftest", short_help="Whether polyrelu works on this machine.")
@JSON
@click.pass_context
def selftest_command(context: click.Context, as_json: bool) -> None:
    """Whether polyrelu works on this machine: its floats, its versions, and a sample asked of every engine.

    Takes seconds, and belongs into a report of a fault. The exit code is 2 where something is wrong.
    """
    known, done = versions(), []
    if not as_json:
        width = max(map(len, known))
        click.echo("\n".join(f"{name:{width}}  {version}" for name, version in known.items()) + "\n")
    for check in checks():
        done.append(check)
        if not as_json:
            click.echo(f"{'ok' if check.ok else 'WRONG':5}  {check.name}: {check.seen}")
    wrong = sum(not check.ok for check in done)
    if as_json:
        click.echo(json.dumps({"versions": known, "ok": not wrong, "checks": [c._asdict() for c in done]}, indent=1))
    else:
        click.echo(f"\n{wrong} of {len(done)} checks failed" if wrong else f"\nAll {len(done)} checks passed")
    context.exit(2 if wrong else 0)
