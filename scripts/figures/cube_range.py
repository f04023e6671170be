"""The figure cube-range: the same, with the range of the layer drawn through.

./scripts/run python scripts/figures/cube_range.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("cube-range")
