"""The program: its commands, and what becomes of errors."""

from __future__ import annotations

import difflib
import os
import re
import signal
import sys
from contextlib import suppress
from typing import Any

import click

from polyrelu import __version__
from polyrelu.cli.batch import batch_command
from polyrelu.cli.boundary import boundary_command
from polyrelu.cli.certificates import check_command, expand_command
from polyrelu.cli.conversion import convert_command
from polyrelu.cli.counts import count_command
from polyrelu.cli.exit_codes import Exit, table
from polyrelu.cli.networks import info_command
from polyrelu.cli.pictures import demo_command, figures_command
from polyrelu.cli.points import point_command
from polyrelu.cli.run import run_command
from polyrelu.cli.schema import schema_command
from polyrelu.cli.selftest import selftest_command
from polyrelu.cli.slopes import lipschitz_command, margin_command, stats_command
from polyrelu.cli.solver import supports_command
from polyrelu.cli.statements import statement_command
from polyrelu.cli.stopping import Quit, Stops
from polyrelu.cli.tilings import preimage_command, regions_command, zones_command
from polyrelu.cli.values import nearest_command, range_command
from polyrelu.cli.verdicts import verify_command
from polyrelu.errors import PolyreluError
from polyrelu.support import startup


class _Closed(Exception):
    """Whoever reads our output, such as head, has seen enough."""


class _Commands(click.Group):
    """The commands: hears what stops them, and answers a misspelt name with one that is like it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and hear what stops it."""
        with Stops().listening() as heard:
            ctx.obj = heard
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt as error:
                raise heard.outcome() from error
            except BrokenPipeError as error:  # for which click has an exit code of its own
                raise _Closed from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            like = difflib.get_close_matches(args[0], known, n=1)
            hint = f"Did you mean {like[0]!r}?" if like else f"Choose one of {', '.join(known)}."
            raise click.UsageError(f"No such command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


_EPILOG = """\b
Example: polyrelu info model.onnx
         polyrelu preimage model.onnx --output "y0 > 0" --box -1 1
         polyrelu verify model.onnx unsafe.vnnlib
Each command has its own: polyrelu preimage --help
\b
Exit codes:
""" + "\n".join(f"  {line}" for line in table().splitlines())


def _name(context: click.Context, option: click.Parameter, asked: bool) -> None:
    """Say the name, as solvers of the VNN-LIB standard do."""
    del option
    if asked:
        click.echo("polyrelu")
        context.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(__version__, message="%(version)s")
@click.option("--name", is_flag=True, is_eager=True, expose_value=False, callback=_name, help="Show the name and exit.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Which inputs make a ReLU network do this? Exactly, and all of them.

    The network is a file: .onnx, .keras, .nnet, .npz (arrays W0, b0, W1, b1, ...), or .pt with weights alone. Its
    inputs are called x0, x1, ... and its outputs y0, y1, ..., flattened row by row.
    """


for _command in (
    batch_command,
    boundary_command,
    check_command,
    convert_command,
    count_command,
    demo_command,
    expand_command,
    figures_command,
    info_command,
    lipschitz_command,
    margin_command,
    nearest_command,
    point_command,
    preimage_command,
    range_command,
    regions_command,
    run_command,
    schema_command,
    selftest_command,
    statement_command,
    stats_command,
    supports_command,
    verify_command,
    zones_command,
):
    cli.add_command(_command)


_KEYWORD = re.compile(r"\b(drop_final|input_shape|max_dim|output_name)\b=?|\b(limit|normalise)=")


_ADVICE = {
    "parse each part and pass a list of targets": "repeat --output, once for each part",
    "compute the preimage within a box": "give a --box",
    "pass within=, a box to clip to": "give a --box",
}


def _in_flags(message: str) -> str:
    """A message of the library with the command line's words for its keyword arguments."""
    flags = _KEYWORD.sub(lambda m: f"--{(m[1] or m[2]).replace('_', '-')}{' ' * m[0].endswith('=')}", message)
    for library, line in _ADVICE.items():
        flags = flags.replace(library, line)
    return re.sub(r"(--[a-z-]+ )(?=[,;.]|$)", lambda m: m[1].rstrip(), flags)


def main() -> None:
    """Run the command line; every expected error is one line on standard error."""
    startup.listen()  # until a command does, and again after it
    try:
        _exit(cli(prog_name="polyrelu", standalone_mode=False) or Exit.DONE)  # what a command exits with, or None
    except Quit as quitting:
        os._exit(quitting.code)
    except click.ClickException as error:
        error.show()
        _exit(error.exit_code)
    except click.Abort:
        click.echo("polyrelu: interrupted", err=True)
        _exit(Exit.INTERRUPTED)
    except (_Closed, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _exit(Exit.CLOSED)
    except (PolyreluError, OSError) as error:
        if "--debug" in sys.argv[1:]:
            raise
        click.echo(f"polyrelu: {_in_flags(str(error))}", err=True)
        _exit(Exit.ERROR)


def _exit(code: int) -> None:
    """Exit; all is done."""
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    for number in (signal.SIGINT, signal.SIGTERM):  # nothing is left that a signal could stop
        signal.signal(number, signal.SIG_IGN)
    sys.exit(int(code))
