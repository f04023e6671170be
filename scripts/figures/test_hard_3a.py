"""The figure test_hard_3a: test picture: a kink.

./scripts/run python scripts/figures/test_hard_3a.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_3a")
