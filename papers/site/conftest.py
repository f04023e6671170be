"""The site's pages are run as pages, with their commands and pictures: tests/website, marked ``site``."""

collect_ignore_glob = ["*.md"]
