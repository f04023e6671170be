"""The laboratory's files are scripts, no package: tests find them where the laboratory does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "pruning"))
