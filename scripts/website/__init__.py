"""Makes of the repository what the site has beside its written pages; ``scripts/build_site`` calls it."""
