"""The figure first-layer-all: all constraints together.

./scripts/run python scripts/figures/first_layer_all.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-all")
