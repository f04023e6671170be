"""Benchmarks over time, for airspeed velocity: ten networks, eight verbs, and instruction counts."""
