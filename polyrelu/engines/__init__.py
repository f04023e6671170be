"""Ways to get an answer: each takes a question and gives tiles."""
