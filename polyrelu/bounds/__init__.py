"""Certified bounds of what a network can reach from a set of inputs."""
