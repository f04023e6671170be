"""The figure one-layer: the latent space of one layer with five features.

./scripts/run python scripts/figures/one_layer.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("one-layer")
