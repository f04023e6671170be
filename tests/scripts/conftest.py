import sys
from pathlib import Path

# Scripts are run by path, which makes their folder importable; the tests of their functions do the same.
sys.path.insert(0, str(Path(__file__).parent.parent.parent / "scripts"))
