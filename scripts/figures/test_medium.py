"""The figure test_medium: test picture: uneven features, a dent.

./scripts/run python scripts/figures/test_medium.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_medium")
