"""``python -m polyrelu``."""

from polyrelu.cli import main

main()
