from itertools import combinations

import numpy as np
import pytest

from polyrelu.support.palette import (
    HATCHES,
    PALETTE,
    colour,
    contrast,
    for_lines,
    hatch,
    luminance,
    mixed,
    toned,
    with_luminance,
)

XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
SIGHT = {  # Machado, Oliveira and Fernandes 2009, severity 1, on linear light
    "everyone": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def lab(shade, sight):
    values = np.array([int(shade[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(SIGHT[sight] @ light, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(first, second):
    """CIEDE2000; G. Sharma, W. Wu and E. N. Dalal, Color Research and Application 30, 2005, doi:10.1002/col.20070."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7))) / 2
    c1, c2 = np.hypot((1 + g) * a1, b1), np.hypot((1 + g) * a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, (1 + g) * a1)) % 360, np.degrees(np.arctan2(b2, (1 + g) * a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + turn / 2) % 360
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(size * np.cos(np.radians(times * hue + shift)) for size, times, shift in waves)
    sl = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    rotation = -turned * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * dc / sc * dh / sh)


def least_distance(colours, sight):
    return min(distance(a, b) for a, b in combinations([lab(shade, sight) for shade in colours], 2))


def test_the_distance_is_that_of_the_published_pairs():
    assert distance((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert distance((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)
    assert distance((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514)) == pytest.approx(0.9082, abs=1e-4)


def test_colours_and_hatches_repeat_after_the_palette():
    assert colour(0) == PALETTE[0] == colour(len(PALETTE))
    assert len(set(PALETTE)) == len(PALETTE) == 24
    assert hatch(1) == HATCHES[1] == hatch(len(HATCHES) + 1)
    assert len(set(HATCHES)) == len(HATCHES) == 24


@pytest.mark.parametrize(
    ("sight", "least", "of_six"), [("everyone", 15, 22), ("protanopia", 8, 12), ("deuteranopia", 8, 12)]
)
def test_any_two_colours_can_be_told_apart(sight, least, of_six):
    assert least_distance(PALETTE, sight) >= least
    assert least_distance(PALETTE[:6], sight) >= of_six
    assert least_distance(["#009E73", "#139B72"], sight) < 3, "which two greens cannot"


@pytest.mark.parametrize("shade", PALETTE)
def test_shades_have_the_contrast_that_they_are_for(shade):
    assert contrast(toned(shade), "#FFFFFF") >= 3
    assert contrast(toned(shade, dark=True), "#15181D") >= 3
    assert luminance(for_lines(shade)) < 0.06
    assert luminance(for_lines(shade, dark=True)) > 0.49


def test_toned_colours_are_still_different():
    for dark in (False, True):
        assert least_distance([toned(shade, dark) for shade in PALETTE], "everyone") >= 10
        assert least_distance([toned(shade, dark) for shade in PALETTE[:12]], "everyone") >= 12


def test_luminance_and_mixtures():
    assert [luminance(shade) for shade in ("#000000", "#FFFFFF")] == [0, pytest.approx(1)]
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert luminance(with_luminance("#0072B2", 0.5)) == pytest.approx(0.5, abs=0.005)
    assert luminance(with_luminance("#E69F00", 0.1)) == pytest.approx(0.1, abs=0.005)
    assert with_luminance("#000000", 0) == "#000000"
    assert mixed("#000000", "#FFFFFF", 0) == "#000000"
    assert mixed("#0072B2", "#E69F00", 1) == "#E69F00"
