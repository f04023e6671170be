"""The command line: ``polyrelu demo``, ``figures``, ``info``, ``preimage``, ``regions``, ``verify`` and ``zones``.

Results go to standard output, progress and errors to standard error; with ``--json`` standard output is one JSON
document, which is written as it is made. An error is one line (``--debug`` shows the traceback). A run that Ctrl-C,
SIGTERM or ``--timeout`` stops prints and keeps what it has, and says so. :mod:`polyrelu.cli.exit_codes` has the exit
codes.
"""

from polyrelu.cli.program import cli, main

__all__ = ["cli", "main"]
