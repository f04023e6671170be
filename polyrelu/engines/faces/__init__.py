"""Backwards through the layers, face by face of the positive orthant."""
