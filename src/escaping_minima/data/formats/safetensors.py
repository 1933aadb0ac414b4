"""safetensors: eight bytes that say how long the header is, a header in JSON, the numbers.

The header says of every tensor its type, its shape and where its bytes begin and end, counted from
the end of the header. Source: the format's description, github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escaping_minima.errors import UserError

Tensor = NDArray[np.generic]

#: The types of the format that NumPy has too.
_TYPES = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "|b1"},
    **{"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1"},
    **{"U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1"},
}
#: Bytes that say how long the header is.
_LENGTH = 8


@dataclass(frozen=True, eq=False)
class Tensors:
    """The weights of a network.

    Attributes
    ----------
    tensors : dict
        Read-only arrays by name.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name; entered where they are verified.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    """

    tensors: dict[str, Tensor]
    checksums: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> Tensors:
    """Decode the weights of a model.

    Parameters
    ----------
    contents : mapping
        One file, by official name.
    classes : tuple of str
        Not needed: weights have none.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If the file is corrupt; exit code 1.
    """
    ((name, data),) = contents.items()
    return Tensors(decode_tensors(data, f"{place}: {name}"))


def decode_tensors(data: bytes, name: str) -> dict[str, Tensor]:
    """Decode tensors by name, without a copy.

    Raises
    ------
    UserError
        If the header or a tensor is not as the format has it; exit code 1.
    """
    begin = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    try:
        header = json.loads(data[_LENGTH:begin])
        tensors = {n: e for n, e in header.items() if n != "__metadata__"}
    except (ValueError, AttributeError, RecursionError):
        raise UserError(f"{name}: has no header of safetensors", exit_code=1) from None
    numbers = memoryview(data)[begin:]
    return {n: _decode_tensor(entry, numbers, f"{name}: {n}") for n, entry in tensors.items()}


def _decode_tensor(entry: Any, numbers: memoryview, name: str) -> Tensor:
    try:
        begin, end = entry["data_offsets"]
        if not 0 <= begin <= end <= len(numbers):
            raise ValueError("outside")
        values = np.frombuffer(numbers[begin:end], _TYPES[entry["dtype"]])
        shape = [int(size) for size in entry["shape"]]
        if math.prod(shape) != len(values):
            raise ValueError("of another size")
        return values.reshape(shape)
    except (ValueError, TypeError, LookupError, OverflowError):
        raise UserError(
            f"{name}: no tensor of safetensors; allowed: a type of {', '.join(_TYPES)}, its shape, "
            "and where its bytes lie in the file",
            exit_code=1,
        ) from None
