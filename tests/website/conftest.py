import pytest

from tests.browser import browser
from tests.scripts import conftest  # noqa: F401  scripts are importable

__all__ = ["browser"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What builds the site or runs its pages is marked so, and left out unless it is asked for."""
    for item in items:
        if "website/test_pages" in item.nodeid or "website/test_site" in item.nodeid:
            item.add_marker("site")
