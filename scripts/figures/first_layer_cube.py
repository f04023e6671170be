"""The figure first-layer-cube: the cube of a-space, cut by the pulled-back half-space.

./scripts/run python scripts/figures/first_layer_cube.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-cube")
