"""``python -m polyrelu``."""

from polyrelu.cli import main

if __name__ == "__main__":  # not in the processes that a batch starts, which import it, too
    main()
