"""``python -m polyrelu.cli``."""

from polyrelu.cli import main

main()
