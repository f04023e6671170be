"""Windows of a latent space: planes and cubes, and the features that are active in them."""
