"""The figure first-layer-range: the same with the range of W and the axial faces.

./scripts/run python scripts/figures/first_layer_range.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-range")
