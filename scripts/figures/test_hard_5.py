"""The figure test_hard_5: test picture: a needle as thin as a line.

./scripts/run python scripts/figures/test_hard_5.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_5")
