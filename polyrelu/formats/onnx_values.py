"""The network of an ONNX file with the inputs, outputs and hidden values that a property declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from polyrelu.errors import DimensionError, InputError
from polyrelu.formats.onnx_reader import Interface, read_interface, read_onnx
from polyrelu.formats.packed import plain_suffix, refusing
from polyrelu.formats.vnnlib_tensors import DeclaredNetwork, Tensor
from polyrelu.networks.joint import side_by_side
from polyrelu.networks.network import Network
from polyrelu.support.arguments import file_path


def load_values(path: str | PathLike[str], declared: DeclaredNetwork, **options: Any) -> Network:
    """The network in a file: it takes what is declared, and returns outputs and, after them, hidden values.

    Inputs and outputs are those of the file in its order, or those with the names that are declared.

    Args:
        path: an ONNX file.
        declared: the declaration.
        options: of :func:`~polyrelu.formats.load.load_network`, ``input_shape`` alone.

    Raises:
        InputError: not an ONNX file, or it has other numbers of inputs and outputs, or none of the names.
        DimensionError: an input has another size than is declared.
    """
    file = file_path(path, "load_values")
    if not file.is_file():
        raise InputError(f"joint: there is no file {file}")
    if plain_suffix(file) != ".onnx":
        raise InputError(
            f"joint: {file}: several inputs or outputs, and hidden values, are declared, and these have names in ONNX "
            "files only; pass the network itself, which returns outputs and after them hidden values"
        )
    with refusing(file, "network"):
        interface = read_interface(file)
        outputs = _names(declared.of_kind("output"), interface.outputs, f"{file}: outputs")
        hidden = [str(tensor.onnx_name) for tensor in declared.of_kind("hidden")]
        network = read_onnx(file, output_name=[*outputs, *hidden], **options)
        return _reordered(network, declared, interface, str(file))


def _names(declared: Sequence[Tensor], names: Sequence[str], where: str) -> list[str]:
    """The names in the file of what is declared."""
    if all(tensor.onnx_name is None for tensor in declared):
        if len(declared) != len(names):
            raise InputError(f"{where}: {len(declared)} are declared, but there are {', '.join(names) or 'none'}")
        return list(names)
    return [str(tensor.onnx_name) for tensor in declared]


def _reordered(network: Network, declared: DeclaredNetwork, interface: Interface, where: str) -> Network:
    """The network that takes its inputs in the order of the declaration."""
    names = _names(declared.inputs, tuple(interface.inputs), f"{where}: inputs")
    if sorted(names) != sorted(interface.inputs):
        raise InputError(f"{where}: inputs called {', '.join(names)} are declared; {', '.join(interface.inputs)} exist")
    sizes: Mapping[str, int] = interface.inputs
    begins, begin = {}, 0
    for name, tensor in zip(names, declared.inputs, strict=True):
        if tensor.size != sizes[name]:
            raise DimensionError(
                f"{where}: the input {name!r} has {sizes[name]} numbers, but {tensor} is declared with {tensor.size}"
            )
        begins[name], begin = begin, begin + tensor.size
    wiring = tuple(begins[name] + k for name, size in sizes.items() for k in range(size))
    return side_by_side([network], [wiring])
