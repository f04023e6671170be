import ast
import itertools
import os
import random
import signal
import sys
import threading
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from polyrelu.errors import MissingExtraError

os.environ["MPLBACKEND"] = "Agg"

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


def pytest_addoption(parser):
    parser.addoption("--bare", action="store_true", help="no extras are installed: leave out what needs one")
    parser.addoption("--shuffle", type=int, metavar="SEED", help="files, and tests in each, in an order by this seed")


def pytest_ignore_collect(collection_path, config):
    """Without extras, files that import one at their head."""
    if config.getoption("--bare") and collection_path.suffix == ".py":
        tree = ast.parse(collection_path.read_text(encoding="utf-8"))
        names = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
        names += [str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)]
        return True if any(find_spec(name.partition(".")[0]) is None for name in names) else None
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from unless_it_asks_for_an_extra(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from unless_it_asks_for_an_extra(item))


def unless_it_asks_for_an_extra(item):
    """Run a part of a test, which is skipped where it asks for an extra and there are none."""
    try:
        return (yield)
    except MissingExtraError as error:
        if item.config.getoption("--bare"):
            pytest.skip(str(error))
        raise


def pytest_collection_modifyitems(config, items):
    """Draw fewer examples, and on request in another order."""
    if not config.getoption("--hypothesis-profile"):
        draw_fewer(items)
    if (seed := config.getoption("--shuffle")) is not None:
        items[:] = shuffled(items, seed)


def draw_fewer(items):
    """With ``--hypothesis-profile thorough`` tests have all their examples."""
    for test in {item.function for item in items if is_hypothesis_test(getattr(item, "function", None))}:
        own = test._hypothesis_internal_use_settings  # where the plugin of hypothesis looks, too
        fewer = max(1, round(SHARE * own.max_examples))
        test._hypothesis_internal_use_settings = settings(own, max_examples=fewer)


def shuffled(items, seed):
    """Files in another order, and the tests in each; those of a file stay together, for what they share is costly."""
    choose = random.Random(seed)
    files = [list(tests) for _, tests in itertools.groupby(items, key=lambda item: item.path)]
    choose.shuffle(files)
    for tests in files:
        choose.shuffle(tests)
    return [item for tests in files for item in tests]


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
