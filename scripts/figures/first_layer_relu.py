"""The figure first-layer-relu: the same with the constraints of the ReLU.

./scripts/run python scripts/figures/first_layer_relu.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-relu")
