"""The figures of the write-up on latent spaces, each computed from weights; see :mod:`polyrelu.figures.registry`."""
