"""Evidence: what judges an answer, and shares no code with what found it."""
