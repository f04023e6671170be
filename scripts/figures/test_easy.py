"""The figure test_easy: test picture: seven regular features.

./scripts/run python scripts/figures/test_easy.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("test_easy")
