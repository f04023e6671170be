"""The figure test_hard_1: test picture: a feature next to zero.

./scripts/run python scripts/figures/test_hard_1.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_1")
