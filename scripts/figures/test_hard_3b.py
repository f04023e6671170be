"""The figure test_hard_3b: test picture: the kink, a little later in training.

./scripts/run python scripts/figures/test_hard_3b.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_3b")
