"""Functions of the kernel's headers by themselves, called from tests."""
