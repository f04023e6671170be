"""Evidence for an answer: certificates as polyrelu/certificates/FORMAT.md has them, written and expanded."""
