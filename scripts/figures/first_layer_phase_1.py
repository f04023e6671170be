"""The animation first-layer-phase-1: un-ReLU of the first layer, phase 1: one zeroed coordinate.

./scripts/run python scripts/figures/first_layer_phase_1.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-phase-1")
