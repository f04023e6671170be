"""The figure library-test-pictures: the nine test pictures, from easy to hard.

./scripts/run python scripts/figures/library_test_pictures.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-test-pictures")
