"""The figure library-superposition: six half-plane pairs, one by one and superposed.

./scripts/run python scripts/figures/library_superposition.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-superposition")
