"""Ways to get an answer: each takes a question and returns a source of tiles."""
