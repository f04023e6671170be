"""The figure library-superposed-cube: a cube of a latent space with four features at once.

./scripts/run python scripts/figures/library_superposed_cube.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-superposed-cube")
