import matplotlib
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

# Exact arithmetic has no bad luck with rounding, only slow examples: no deadline, and the failing seed is printed.
settings.register_profile(
    "default", deadline=None, print_blob=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile("default")
