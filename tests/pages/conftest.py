import pytest

from tests.browser import browser

__all__ = ["browser"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What takes the browser is marked so, and left out unless it is asked for."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
