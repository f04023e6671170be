r"""The surfaces of zones in space as glTF 2.0 scenes, for browsers and 3-D programs: ``.gltf`` and ``.glb``.

A scene has a node, a mesh and a translucent material for each zone that has an inside, named ``zone0, zone1, ...``; all
of them share one list of positions. What glTF cannot hold is given up: positions are rounded to float32 (relative error
:math:`2^{-24}`), and polygons become triangles, fans from a corner. There are no normals, so viewers shade each facet
flat, as it is. The root node turns the third input upwards, where glTF has its second axis.

Format: Khronos Group, glTF 2.0 Specification, 2021 (ISO/IEC 12113:2022).
"""

from __future__ import annotations

import base64
import json
import math
import struct
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import nearest_floats
from polyrelu.errors import InputError
from polyrelu.export.meshes import Mesh, mesh
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

_FLOAT, _UNSIGNED_INT = 5126, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_OPACITY = 0.6
_THIRD_AXIS_UP = [-math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)]  # a quarter turn about the first axis
_MAGIC, _JSON_CHUNK, _BINARY_CHUNK = b"glTF", b"JSON", b"BIN\0"


def gltf_text(tiling: Tiling) -> str:
    """The zones as a ``.gltf`` document with its numbers inside; errors and cost as for :func:`glb_bytes`."""
    document, numbers = _scene(tiling)
    if numbers:
        encoded = base64.b64encode(numbers).decode("ascii")
        document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{encoded}"
    return json.dumps(document, indent=1) + "\n"


def glb_bytes(tiling: Tiling) -> bytes:
    """The zones as a binary ``.glb`` container.

    Raises:
        DimensionError, UnboundedError: as for :func:`polyrelu.export.meshes.mesh`.
        InputError: a coordinate is beyond the largest float32.

    Cost: that of :func:`polyrelu.export.meshes.mesh`.
    """
    document, numbers = _scene(tiling)
    chunks = [(_JSON_CHUNK, json.dumps(document, separators=(",", ":")).encode("ascii"), b" ")]
    if numbers:
        chunks.append((_BINARY_CHUNK, numbers, b"\0"))
    body = b""
    for kind, content, filler in chunks:
        padded = content + filler * (-len(content) % 4)
        body += struct.pack("<I", len(padded)) + kind + padded
    return _MAGIC + struct.pack("<II", 2, 12 + len(body)) + body


def _scene(tiling: Tiling) -> tuple[dict[str, Any], bytes]:
    """The document, whose buffer is not yet placed, and the buffer."""
    made = mesh(tiling)
    document: dict[str, Any] = {
        "asset": {
            "version": "2.0",
            "generator": "polyrelu",
            "extras": {"zones": len(made.faces), "flat_tiles_left_out": made.flat, "complete": tiling.complete},
        },
        "scene": 0,
        "scenes": [{"name": repr(tiling)}],
    }
    solid = [k for k, faces in enumerate(made.faces) if faces]
    if not solid:  # glTF has no empty lists
        return document, b""
    positions = _positions(made)
    buffers = [(positions, _ARRAY_BUFFER, {"componentType": _FLOAT, "type": "VEC3", "count": len(positions)})]
    buffers[0][2].update(min=positions.min(axis=0).tolist(), max=positions.max(axis=0).tolist())
    for k in solid:
        corners = np.array([i for face in made.faces[k] for i in _fan(face)], dtype="<u4")
        accessor = {"componentType": _UNSIGNED_INT, "type": "SCALAR", "count": len(corners)}
        buffers.append((corners, _ELEMENT_ARRAY_BUFFER, accessor))
    views, start = [], 0
    for array, target, _ in buffers:
        views.append({"buffer": 0, "byteOffset": start, "byteLength": array.nbytes, "target": target})
        start += array.nbytes
    document["scenes"][0]["nodes"] = [0]
    root = {"name": "zones", "rotation": _THIRD_AXIS_UP, "children": list(range(1, len(solid) + 1))}
    return document | {
        "nodes": [root, *({"name": f"zone{k}", "mesh": n} for n, k in enumerate(solid))],
        "meshes": [
            {
                "name": f"zone{k}",
                "primitives": [{"attributes": {"POSITION": 0}, "indices": n + 1, "material": n, "mode": 4}],
            }
            for n, k in enumerate(solid)
        ],
        "materials": [_material(k) for k in solid],
        "accessors": [{"bufferView": n, **accessor} for n, (_, _, accessor) in enumerate(buffers)],
        "bufferViews": views,
        "buffers": [{"byteLength": start}],
    }, b"".join(array.tobytes() for array, _, _ in buffers)


def _positions(made: Mesh) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        positions = nearest_floats(v for vertex in made.vertices for v in vertex).reshape(-1, 3).astype("<f4")
    if not np.isfinite(positions).all():
        raise InputError("export: a coordinate is beyond the largest float32, which glTF holds; export .obj or .ply")
    return positions


def _fan(face: tuple[int, ...]) -> list[int]:
    """The triangles of a convex polygon, one after another, with its sense of rotation."""
    return [i for a, b in pairwise(face[1:]) for i in (face[0], a, b)]


def _material(zone: int) -> dict[str, Any]:
    """A translucent, matt colour; glTF wants linear light where hexadecimal colours are sRGB."""
    text = colour(zone)
    shades = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in shades]
    return {
        "name": f"zone{zone}",
        "pbrMetallicRoughness": {
            "baseColorFactor": [*linear, _OPACITY],
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
        "alphaMode": "BLEND",
        "doubleSided": True,
    }
