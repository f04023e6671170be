"""The command line: ``polyrelu demo``, ``figures``, ``info``, ``preimage``, ``regions``, ``verify`` and ``zones``.

Results go to standard output, progress and errors to standard error; with ``--json`` standard output is one JSON
document. An error is one line and exit code 2 (``--debug`` shows the traceback). A run that Ctrl-C or ``--timeout``
stops prints and keeps what it has, says so, and exits with 130 or 124. ``verify`` exits with 0 when the property holds,
1 when it is violated, 2 when that is undecided.
"""

from polyrelu.cli.program import cli, main

__all__ = ["cli", "main"]
