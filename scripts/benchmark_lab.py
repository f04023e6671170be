"""How many frames a second the explorer has in JupyterLab, from a drag to the paint that answers it.

    python scripts/benchmark_lab.py [--widths 2-10-2-10] [--seconds 10] [--floor 20]

A headless Chromium opens a notebook with the widget, takes the handle of a bias, and moves it in each animation frame,
as a mouse does; the movements are made in the page, since one that comes from outside takes longer than an answer. A
frame is an answer that was painted: a new state of ``data-number``, seen in an animation frame. Printed are frames per
second, the milliseconds from one to the next, what Python took of them, and the milliseconds of processors that a frame
took in the kernel, in Jupyter's server and in the browser, which are nearly the same where other things run besides.
Needs jupyterlab, anywidget, nbformat, playwright and a Chromium; for frames per second nothing else should run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SOURCE = """import numpy as np
import polyrelu as pr
random = np.random.default_rng({seed})
widths = {widths}
layers = [(random.normal(size=(b, a)).round(3), random.normal(size=b).round(3)) for a, b in zip(widths, widths[1:])]
w = pr.explore(pr.Network(layers, relu=[True] * len(layers)))
w"""
WATCH = """([x, y]) => {
    const find = (root) => {
        for (const own of root.querySelectorAll('*')) {
            if (own.matches('.polyrelu[data-number]')) return own;
            const below = own.shadowRoot && find(own.shadowRoot);
            if (below) return below;
        }
        return null;
    };
    const app = find(document), frames = [];
    const handle = () => app.querySelector('.row[data-row="1"] .handle');
    const zigzag = (share) => Math.abs((share % 2) - 1);
    let last = app.dataset.number, step = 0;
    const look = (now) => {
        const [clientX, clientY] = [x + 40 * zigzag(step / 60), y + 10 * zigzag(step / 90)];
        step += 1;
        const mouse = { pointerId: 1, pointerType: 'mouse', isPrimary: true, buttons: 1, bubbles: true };
        handle().dispatchEvent(new PointerEvent('pointermove', { ...mouse, clientX, clientY }));
        const { number, milliseconds } = app.dataset;
        if (number !== last) frames.push([now, Number((last = number)), milliseconds]);
        if (window.isWatching) requestAnimationFrame(look);
    };
    window.isWatching = true;
    window.seenFrames = frames;
    requestAnimationFrame(look);
}"""


class Dragged(NamedTuple):
    """What a drag came to.

    Attributes:
        frames: for each painted answer its time, its number, and the milliseconds that Python took.
        busy: the seconds of processors, by what they worked for.
    """

    frames: list[tuple[float, int, float]]
    busy: Counter[str]


PROGRAMS = {"ipykernel": "kernel", "jupyterlab": "server", "chrom": "browser"}


def busy() -> Counter[str]:
    """The seconds of processors that the programs below this one took so far."""
    import psutil

    spent = Counter[str]()
    for process in psutil.Process().children(recursive=True):
        try:
            command, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:  # which has ended
            continue
        name = next((name for word, name in PROGRAMS.items() if word in command), "")
        spent[name] += times.user + times.system
    return spent


def measured(widths: list[int], seed: int, seconds: float) -> Dragged:
    """A network's explorer in JupyterLab, dragged for a while."""
    import nbformat
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium
    from tests.pages.test_notebook import jupyterlab, show_widget

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cell = nbformat.v4.new_code_cell(SOURCE.format(seed=seed, widths=widths))
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "live.ipynb")
        with jupyterlab(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 1400})
            show_widget(page, address)
            found = dragged(page, seconds)
            browser.close()
    return found


def dragged(page: Any, seconds: float) -> Dragged:
    """Drag the handle of a bias to and fro, and note each answer that is painted."""
    handle = page.locator('.row[data-row="1"] .handle')
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before = busy()
    page.evaluate(WATCH, [x, y])
    page.wait_for_timeout(1000 * seconds)
    page.evaluate("() => { window.isWatching = false; }")
    spent = busy() - before
    page.mouse.up()
    seen = page.evaluate("() => window.seenFrames")
    return Dragged([(now, int(number), float(taken or 0)) for now, number, taken in seen], spent)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", default="2-10-2-10", help="of the network's layers, by default 2-10-2-10")
    parser.add_argument("--seconds", type=float, default=10, help="how long the handle is dragged, by default 10")
    parser.add_argument("--seed", type=int, default=0, help="of the network")
    parser.add_argument("--floor", type=float, default=0, help="fail with fewer frames per second")
    options = parser.parse_args()
    frames, spent = measured(list(map(int, options.widths.split("-"))), options.seed, options.seconds)
    if len(frames) < 2:
        sys.exit("benchmark_lab: no answer was painted")
    times = [now for now, _, _ in frames]
    gaps = sorted(b - a for a, b in pairwise(times))
    pace = 1000 * len(gaps) / (times[-1] - times[0])
    python = statistics.median(taken for _, _, taken in frames)
    print(f"{options.widths}: {pace:.1f} frames/s in JupyterLab; {len(frames)} answers painted")
    tail = gaps[int(0.95 * len(gaps))]
    print(
        f"  from one to the next {statistics.median(gaps):.0f} ms, 95 of 100 at most {tail:.0f} ms, Python's share "
        f"{python:.0f} ms"
    )
    each = ", ".join(f"{name} {1000 * spent[name] / len(frames):.1f}" for name in PROGRAMS.values())
    print(f"  milliseconds of processors for each: {each}")
    sys.exit(pace < options.floor)


if __name__ == "__main__":
    main()
