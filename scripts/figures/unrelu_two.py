"""The animation unrelu-two: un-ReLU, two coordinates at a time.

./scripts/run python scripts/figures/unrelu_two.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("unrelu-two")
