"""The figure test_hard_2: test picture: small features beside large ones.

./scripts/run python scripts/figures/test_hard_2.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_2")
