import os
import signal
import sys
import threading

import matplotlib
import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

matplotlib.use("Agg")

# Hundreds of tests start a Python of their own, and it need not compile again what another has compiled.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Exact arithmetic has no bad luck with rounding, only slow examples: no deadline, and the failing seed is printed.
settings.register_profile(
    "default", deadline=None, print_blob=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile("default")

SHARE = 0.4
"""How many of the examples that a test asks for the default run draws; other runs, and another day, draw others."""

SECONDS = 60


def pytest_collection_modifyitems(config, items):
    """With ``--hypothesis-profile thorough`` tests have all their examples."""
    if config.getoption("--hypothesis-profile"):
        return
    for test in {item.function for item in items if is_hypothesis_test(getattr(item, "function", None))}:
        own = test._hypothesis_internal_use_settings  # where the plugin of hypothesis looks, too
        fewer = max(1, round(SHARE * own.max_examples))
        test._hypothesis_internal_use_settings = settings(own, max_examples=fewer)


@pytest.fixture
def in_time():
    """What hangs is a failure of its own test."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise TimeoutError(f"no answer in {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
