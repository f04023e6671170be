"""Windows of a latent space, and the features that are active there."""
