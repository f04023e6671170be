"""Write what torch.export says of the modules of tests/formats/torch_zoo.py to tests/formats/exported/, as JSON.

    python scripts/export_modules.py [NAME ...]

Readers are tested on these files where torch is not installed. Needs torch.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "formats" / "exported"
POINTS = 5


def text_of(name: str) -> str:
    """The file of a module: its program, points, its own values there, and how far they may be from the exact ones."""
    import torch

    from polyrelu.formats.torch_modules import program_of
    from tests.formats.float_error import float_error
    from tests.formats.program_text import written
    from tests.formats.torch_zoo import MODULES, module_of

    module, shape = module_of(name), MODULES[name][1]
    program = program_of(module, shape)
    torch.manual_seed(0)
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    points = torch.randn(POINTS, *program.shape[1:]).to(kind)
    with torch.no_grad():
        values = torch.stack([module(point[None]).flatten() for point in points])
    content = {
        "program": written(program),
        "points": points.flatten(1).double().tolist(),
        "values": values.double().tolist(),
        "bounds": float_error(module, points).tolist(),
    }
    return json.dumps(content, separators=(",", ":")) + "\n"


def main() -> None:
    """Write the files that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a module; those that have a file by default")
    names = parser.parse_args().names or [path.stem for path in FOLDER.glob("*.json")]
    for name in names:
        (FOLDER / f"{name}.json").write_text(text_of(name))
        print(name)


if __name__ == "__main__":
    main()
