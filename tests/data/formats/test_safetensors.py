"""Tensors as the library of the format writes them, and files that are none."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load, save

from escaping_minima.data.formats.safetensors import decode, decode_tensors

TYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")


def test_tensors_are_those_that_the_library_reads():
    draws = np.random.default_rng(1)
    tensors = {f"a.{kind}": draws.integers(0, 2, (3, 2, 5)).astype(kind) for kind in TYPES}
    tensors |= {"empty": np.zeros((0, 4), np.float32), "scalar": np.array(2.5, np.float32)}
    tensors["drawn"] = draws.normal(size=(4, 7)).astype(np.float32)
    data = save(tensors, metadata={"format": "pt"})
    found, expected = decode_tensors(data, "f"), load(data)
    assert found.keys() == expected.keys() == tensors.keys()
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(found[name], values)
        assert not found[name].flags.writeable


def test_the_file_is_named(complain):
    data = save({"w": np.ones(2, np.float32)})
    assert decode({"model.safetensors": data}, (), "here").tensors["w"].tolist() == [1.0, 1.0]
    assert complain(decode, {"model.safetensors": b""}, (), "here") == (
        "here: model.safetensors: has no header of safetensors"
    )


def pack(header, numbers=b"12345678"):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


@pytest.mark.parametrize(
    "data",
    [b"123", b"<html>a page</html>", pack(b"{"), pack([1]), pack(b"\xff{}"), pack(b"[" * 100_000)],
)
def test_a_file_without_a_header_is_none(complain, data):
    assert complain(decode_tensors, data, "f") == "f: has no header of safetensors"


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {},
        GOOD | {"dtype": "BF16"},
        GOOD | {"dtype": None},
        GOOD | {"shape": [3]},
        GOOD | {"shape": [-1]},
        GOOD | {"shape": 2},
        GOOD | {"shape": [10**30]},
        GOOD | {"data_offsets": [0, 9]},
        GOOD | {"data_offsets": [4, 12]},
        GOOD | {"data_offsets": [8, 0]},
        GOOD | {"data_offsets": [-8, 0]},
        GOOD | {"shape": [1], "data_offsets": [-8, -4]},
        GOOD | {"data_offsets": [0, 7]},
        GOOD | {"data_offsets": [0]},
        GOOD | {"data_offsets": ["0", "8"]},
    ],
)
def test_what_is_no_tensor_is_named(complain, entry):
    assert decode_tensors(pack({"w": GOOD}), "f")["w"].shape == (2,)
    line = complain(decode_tensors, pack({"w": entry}), "f")
    assert line.startswith("f: w: no tensor of safetensors; allowed: a type of F64, F32, ")
