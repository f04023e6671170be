"""The figure test_hard_4a: test picture: large negative biases.

./scripts/run python scripts/figures/test_hard_4a.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_hard_4a")
