"""The animation first-layer-phase-2: un-ReLU of the first layer, phase 2: two zeroed coordinates.

./scripts/run python scripts/figures/first_layer_phase_2.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("first-layer-phase-2")
