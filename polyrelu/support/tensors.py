"""Tensors of PyTorch as arrays of numpy, without rounding and without importing torch."""

from __future__ import annotations

import sys
from typing import Any

from polyrelu.errors import InputError


def plain(value: Any, where: str = "value") -> Any:
    """A tensor as a numpy array, or a numpy scalar, of the same numbers; anything else as it is.

    Tensors may need a gradient, lie on any device and be of any real type. Types that numpy does not have (bfloat16 and
    the floats of eight bits) become float32, which holds all their numbers; all other types stay what they are.

    Raises:
        InputError: the tensor is sparse, quantised, on no real device or wrapped by a transform of functions.
    """
    torch = sys.modules.get("torch")  # who has a tensor has imported it
    tensor_type = getattr(torch, "Tensor", None)
    if torch is None or tensor_type is None or not isinstance(value, tensor_type):
        return value
    try:
        if value.layout != torch.strided or value.is_quantized:
            raise TypeError(f"its layout is {value.layout}, its type {value.dtype}")
        own = value.detach().cpu().resolve_conj().resolve_neg()
        array = own.float().numpy() if own.dtype in _short_floats(torch) else own.numpy()
        return array if array.ndim else array[()]
    except (RuntimeError, TypeError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{where}: not a plain tensor of numbers ({reason}); pass tensor.to_dense(), tensor.dequantize() or an "
            "array"
        ) from error


def _short_floats(torch: Any) -> set[Any]:
    """The types of floats that fit into float32 and that numpy does not have."""
    names = ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
    return {getattr(torch, name) for name in names if hasattr(torch, name)}
