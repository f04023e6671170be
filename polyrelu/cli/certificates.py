"""``polyrelu check`` and ``expand``, and the option ``--certify`` of the commands whose answers have certificates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, get_args

import click

from polyrelu.analysis.proof_files import NEAREST, RANGE, check_proof
from polyrelu.analysis.proof_trees import WrongProof
from polyrelu.certificates import checker, fast_checker, tree_checker
from polyrelu.cli.answers import check_answer, is_about_an_answer
from polyrelu.cli.exit_codes import Exit
from polyrelu.cli.options import together
from polyrelu.cli.run import check_directory
from polyrelu.cli.solver import NAMED, files_by_name
from polyrelu.engines.evidence.certify import Evidence, Form, statement_of
from polyrelu.engines.evidence.expander import expand
from polyrelu.engines.evidence.files import lines_of, numbered, question_beside
from polyrelu.engines.evidence.question import ROWS
from polyrelu.engines.evidence.trees import TREE
from polyrelu.errors import InputError
from polyrelu.networks.statement import Statement
from polyrelu.support.files import check_place, write_whole
from polyrelu.tilings.tiling import Tiling

CERTIFY = together(
    click.option(
        "--certify",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a certificate of the answer, for polyrelu check, by a second run; compressed if FILE ends in .gz.",
    ),
    click.option("--rows-only", is_flag=True, help="A small certificate, of which polyrelu expand makes a whole one."),
    click.option(
        "--form",
        type=click.Choice(get_args(Form)),
        default="auto",
        show_default=True,
        help="Of the certificate: cells by their vertices, or a tree of splits and bounds, for many inputs; auto takes "
        "a tree where cells get too large.",
    ),
)


class Certificates(NamedTuple):
    """The options above, as click passes them on."""

    path: Path | None
    rows_only: bool
    form: Form = "auto"

    def check(
        self, reads: Iterable[Path | None], writes: Iterable[Path | None] = (), *, is_stated: bool = True
    ) -> None:
        """Refuse files that could not be written, before anything is computed.

        Args:
            reads: the files that the question is in.
            writes: other files that the command writes.
            is_stated: whether the statement is written beside the certificate.

        Raises:
            click.UsageError: there is no file for rows or a form, a directory is missing, a file has two meanings, or
                a tree is to have rows.
            WriteError: the file could not be written.
        """
        if self.path is None:
            for name in ["--rows-only"] * self.rows_only + ["--form"] * (self.form != "auto"):
                raise click.UsageError(f"{name} is about the certificate; give --certify FILE, too.")
            return
        if self.form == "tree" and self.rows_only:
            raise click.UsageError("--rows-only is about the vertices of cells, and trees have none.")
        if not self.path.parent.is_dir():
            raise click.UsageError(f"--certify {self.path}: there is no directory {self.path.parent}.")
        others = {path.resolve() for path in (*reads, *writes) if path is not None}
        question = question_beside(self.path)
        if self.path.resolve() in others:
            raise click.UsageError(f"--certify {self.path}: is the file of something else; choose another name.")
        if is_stated and question.resolve() in others:
            raise click.UsageError(
                f"--certify {self.path}: the statement beside it, {question}, is the file of something else; choose "
                "another name."
            )
        check_place(self.path)

    def write(
        self, tiling: Tiling, number: int, said: Statement | None, workers: int, max_dim: int | None
    ) -> list[Path]:
        """Write the certificate of an answer, if it is asked for, and the statement unless it came from a file.

        Returns:
            The files.
        """
        if self.path is None:
            return []
        place = numbered(self.path, number)
        statement = statement_of(tiling) if said is None else said
        evidence = Evidence(statement, max_dim, self.form, is_known=tiling.method == "branch")
        evidence.write(place, self.rows_only, workers)
        if said is not None:
            return [place]
        question = question_beside(place)
        evidence.statement.save(question)
        return [place, question]


NO_CERTIFICATE = Certificates(None, False)

_CHECK_EXAMPLES = """\b
Example: polyrelu preimage --statement question.txt --certify answer.cert.gz
         polyrelu check question.txt answer.cert.gz
The same without polyrelu: python3 -I -S checker.py question.txt answer.cert.gz
Of a tree: python3 -I -S tree_checker.py question.txt answer.tree.gz
A run on disk: polyrelu check big/
Other tools' counterexamples: polyrelu check model.onnx unsafe.vnnlib answer.txt
"""

_EVIDENCE = click.Path(dir_okay=False, path_type=Path)


@click.command("check", epilog=_CHECK_EXAMPLES, short_help="Check a certificate.")
@click.argument("question", type=click.Path(path_type=Path))
@click.argument("evidence", nargs=-1, type=_EVIDENCE)
@click.option(
    "--fast", is_flag=True, help="Use the compiled checker, on two threads, which also reads rows; not for trees."
)
@NAMED
@click.pass_context
def check_command(
    context: click.Context, question: Path, evidence: tuple[Path, ...], fast: bool, named: tuple[str, ...]
) -> None:
    """Check EVIDENCE, the parts of a certificate, a tree or a point, against QUESTION, a statement.

    So are proofs of "nearest" and "range" checked, by the package itself, in exact arithmetic.

    Or check the counterexample in a file of another tool, in the form of VNN-COMP or of the VNN-LIB standard: give
    MODEL, PROPERTY and the file; or PROPERTY, the file and --network for each network. The network is evaluated at the
    point, in exact arithmetic and, where it is installed, by onnxruntime.

    The checker is a program that needs nothing but Python: one file, and for trees a second one beside it. It runs in a
    process of its own. The last line says VERIFIED and what is proved, or REJECTED and why; the exit code is 0 or 1.

    Of a directory in which polyrelu run works it is checked that its tasks make up the whole, that its parts are as the
    journal has them, and that each tile has a point that says so; and by certificates, where polyrelu run --certify has
    written them, that no tile is missing.
    """
    if question.is_dir() and not evidence:
        context.exit(check_directory(question))
    if not evidence:
        raise click.UsageError("Missing argument 'EVIDENCE...'.")
    for path in (question, *evidence):
        _require_file(path, "check")
    networks = files_by_name(named)
    if is_about_an_answer((question, *evidence), networks):
        context.exit(check_answer((question, *evidence), networks))
    if len(evidence) == 1 and any(_begins(evidence[0], head) for head in (NEAREST, RANGE)):
        context.exit(_checked_proof(question, evidence[0]))
    has_tree = any(_begins(path, TREE) for path in evidence)
    if has_tree and len(evidence) > 1:
        raise click.UsageError(f"{evidence[0]}: trees are in one file; pass it alone.")
    if fast and not has_tree:
        context.exit(_checked_fast(question, evidence))
    for path in evidence:
        if _begins(path, ROWS):
            raise click.UsageError(
                f"{path}: has rows for vertices; make coordinates of them with polyrelu expand, or give --fast."
            )
    program = tree_checker if has_tree else checker
    command = [sys.executable, "-I", "-S", str(program.__file__), *map(_as_argument, (question, *evidence))]
    context.exit(subprocess.run(command, check=False).returncode)


def _checked_fast(question: Path, evidence: Iterable[Path]) -> int:
    """The exit code of the compiled checker, once it has said what it found."""
    try:
        click.echo(f"VERIFIED {fast_checker.check_fast(question, *evidence)}")
    except checker.Rejected as reason:
        click.echo(f"REJECTED: {reason}", err=True)
        return Exit.VIOLATED
    return Exit.DONE


def _checked_proof(question: Path, proof: Path) -> int:
    """The exit code of a proof about a nearest input or a range, once it is said what it proves."""
    try:
        click.echo(f"VERIFIED {check_proof(question, proof)}")
    except WrongProof as reason:
        click.echo(f"REJECTED: {reason}", err=True)
        return Exit.VIOLATED
    return Exit.DONE


def _require_file(path: Path, where: str) -> None:
    if not path.is_file():
        raise InputError(f"{where}: there is no file {path}")


def _as_argument(path: Path) -> str:
    return str(path.absolute())


def _begins(path: Path, head: str) -> bool:
    """Whether a file begins like evidence of a kind; what cannot be read is left to the checker."""
    with suppress(InputError):
        return next(lines_of(path, "check"), b"").startswith(head.encode())
    return False


_EXPAND_EXAMPLES = """\b
Example: polyrelu preimage --statement question.txt --certify answer.rows.gz --rows-only
         polyrelu expand question.txt answer.rows.gz -o answer.cert.gz
"""


@click.command("expand", epilog=_EXPAND_EXAMPLES, short_help="Make a certificate of a small one.")
@click.argument("question", type=_EVIDENCE)
@click.argument("rows", type=_EVIDENCE)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The file to write; compressed if it ends in .gz.",
)
@click.option("--fast", is_flag=True, help="Use the compiled checker's arithmetic.")
def expand_command(question: Path, rows: Path, out: Path, fast: bool) -> None:
    """Make the certificate with coordinates of ROWS, a certificate of QUESTION that --rows-only has made.

    Nobody needs to trust this: polyrelu check checks the result.
    """
    if out.resolve() in (question.resolve(), rows.resolve()):
        raise click.UsageError(f"--out {out}: is a file that is read; choose another name.")
    check_place(out)
    if fast:
        _expand_fast(question, rows, out)
    else:
        expand(Statement.load(question), rows, out)
    click.echo(str(out))


def _expand_fast(question: Path, rows: Path, out: Path) -> None:
    for path in (question, rows):
        _require_file(path, "expand")
    try:
        write_whole(out, lambda new: fast_checker.expand(question, rows, new))
    except checker.Rejected as reason:
        raise InputError(f"expand: {rows}: {reason}") from reason
