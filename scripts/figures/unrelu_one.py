"""The animation unrelu-one: un-ReLU, one coordinate at a time.

./scripts/run python scripts/figures/unrelu_one.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("unrelu-one")
