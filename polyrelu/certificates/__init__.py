"""Evidence: what judges an answer, and shares nothing with what found it."""
