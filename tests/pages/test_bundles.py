import hashlib
import re
from pathlib import Path

import pytest

import polyrelu

PAGES = Path(polyrelu.__file__).parent / "pages"
BUNDLES = sorted((PAGES / "static").glob("*.js"))


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_bundles_are_those_of_their_sources(bundle):
    """Where this fails, run scripts/build_pages."""
    head = bundle.read_text(encoding="utf8").partition("\n")[0]
    found = re.match(r"/\* polyrelu: (.*) sha256:(\w+);", head)
    assert found is not None
    digest = hashlib.sha256()
    for name in found[1].split():
        digest.update(name.encode() + b"\0" + (PAGES / "front" / name).read_bytes() + b"\0")
    assert digest.hexdigest() == found[2]
