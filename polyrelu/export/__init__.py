"""Files out: tilings for other tools, and results as JSON."""
