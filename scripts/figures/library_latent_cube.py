"""The figure library-latent-cube: a cube of a latent space cut by three features.

./scripts/run python scripts/figures/library_latent_cube.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-latent-cube")
