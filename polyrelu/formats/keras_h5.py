"""Networks as HDF5 files of Keras: what ``model.save("net.h5")`` writes, in Keras 2 and in Keras 3.

The attribute ``model_config`` has the configuration as JSON, in the words of its version, and the group
``model_weights`` one group for each layer, whose attribute ``weight_names`` has the places of its arrays, in order.
Files of ``save_weights`` have no configuration, so nobody knows what network they are of; they are refused.

Source: Keras, ``keras/src/legacy/saving/legacy_h5_format.py`` and the files it writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyrelu.errors import InputError
from polyrelu.formats.keras_reader import Model, Weights, from_memory, opened
from polyrelu.formats.operators import Constant
from polyrelu.formats.packed import read_bytes, refusing
from polyrelu.networks.network import Network
from polyrelu.support.extras import require

_LARGEST_CONFIG = 2**24
_ADVICE = "save the whole model, with model.save('net.keras') in Keras 3, or model.save('net.h5')"


def read_keras_h5(path: Path, drop_final: str | None = None, input_shape: Sequence[int] | None = None) -> Network:
    """The network in an ``.h5`` file of Keras; arguments and errors as for ``.keras`` files.

    Raises:
        InputError: not such a file, or one of weights alone; or as there.
    """
    h5py = require("h5py", f"reading {path}")
    content = read_bytes(path)
    with refusing(path, "model"), from_memory(path), opened(h5py, content, path) as stored:
        config = _configuration(stored, path)
        return Model(path, config, _LayerWeights(h5py, stored, path)).lowered(drop_final, input_shape)


def _configuration(stored: Any, path: Path) -> dict[str, Any]:
    """The configuration, in the words of Keras 3."""
    text = stored.attrs.get("model_config")
    if text is None:
        raise InputError(f"{path}: has no attribute model_config, so it holds weights alone; {_ADVICE}")
    text = text.decode() if isinstance(text, bytes) else text
    if not isinstance(text, str) or len(text) > _LARGEST_CONFIG:
        raise InputError(f"{path}: its model_config is no text of at most {_LARGEST_CONFIG} characters")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged: its configuration cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise InputError(f"{path}: damaged: its configuration is no JSON object")
    version = stored.attrs.get("keras_version", b"")
    version = version.decode() if isinstance(version, bytes) else str(version)
    return config if version.startswith("3.") else _modern(config, path)


def _modern(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """A configuration of Keras 2 in the words of Keras 3."""
    inner = config["config"]
    kind = {"Model": "Functional"}.get(config["class_name"], config["class_name"])
    if isinstance(inner, list):  # the first versions of Sequential
        inner = {"layers": inner}
    layers = [_modern_layer(layer, path) for layer in inner["layers"]]
    made = {**inner, "layers": layers}
    first = layers[0]["config"] if layers else {}
    if kind == "Sequential" and "batch_shape" in first:
        made["build_input_shape"] = first["batch_shape"]
    return {"class_name": kind, "config": made}


def _modern_layer(layer: dict[str, Any], path: Path) -> dict[str, Any]:
    config = dict(layer["config"])
    if "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    if layer["class_name"] == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if config.get("activation") == "hard_sigmoid":
        raise InputError(
            f"{path}: layer {config.get('name')!r}: the activation hard_sigmoid has another slope in Keras 2 than in "
            "Keras 3; load the model in Keras 3 and save it again"
        )
    made = {**layer, "config": config, "registered_name": None}
    if "inbound_nodes" in layer:
        made["inbound_nodes"] = [_modern_node(node, config.get("name"), path) for node in layer["inbound_nodes"]]
    return made


def _modern_node(node: list[Any], name: Any, path: Path) -> dict[str, Any]:
    """One call of a layer: what it reads, as (layer, call, tensor), and further arguments."""
    tensors = []
    for source, call, number, *more in node:
        extra = {key: value for key, value in (more[0] if more else {}).items() if value not in (None, False)}
        if extra:
            raise InputError(
                f"{path}: layer {name!r} is called with more than tensors, which is not understood: {extra}"
            )
        place = {"keras_history": [source, call, number]}
        tensors.append({"class_name": "__keras_tensor__", "config": place})
    return {"args": [tensors], "kwargs": {}}


class _LayerWeights(Weights):
    """The arrays of each layer, at the places that its attribute says."""

    def __post_init__(self) -> None:
        if self._group("model_weights") is None:
            raise InputError(f"{self.path}: has no group model_weights; {_ADVICE}")

    def of(self, name: str, key: str) -> list[Constant]:
        """The arrays of a layer, by its name."""
        own = self._group(f"model_weights/{name}")
        found = []
        for place in [] if own is None else own.attrs.get("weight_names", []):
            *folders, last = (place.decode() if isinstance(place, bytes) else str(place)).split("/")
            group = self._group("/".join(("model_weights", name, *folders)))
            if group is None:
                raise InputError(f"{self.path}: layer {name!r}: there is no weight {place!r}")
            found.append(self._array(group, last, name))
        return found
