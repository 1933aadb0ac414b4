"""Compare the blocks of two trees bit for bit: tables by column, kept states by tensor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from torch import Tensor

#: What a manifest says of a block's numbers; the rest is about where and when it was made.
FACTS = (
    "outcome",
    "diverged_replicates",
    "parameters",
    "gradient_evaluations",
    "loss_evaluations",
    "rows",
    "data",
)


def differences(old: Path, new: Path) -> list[str]:
    """Return in words where the newer block is not the older one; nothing if they are equal.

    Tables, columns, states and tensors that only the newer block has are additions, not
    differences.

    Parameters
    ----------
    old, new : Path
        The Parquet files of the two blocks; what else a block has lies beside them.
    """
    found = _manifest_differences(_manifest(old), _manifest(new))
    files = _files(new)
    for name, path in _files(old).items():
        if name not in files:
            found.append(f"{name}: lost")
        elif path.suffix == ".pt":
            found += [f"{name}: {words}" for words in state_differences(path, files[name])]
        else:
            found += table_differences(pd.read_parquet(path), pd.read_parquet(files[name]))
    return found


def table_differences(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Return in words in which columns of the older table the newer one differs."""
    if len(old) != len(new):
        return [f"rows: {len(old)} before, {len(new)} now"]
    found = []
    for name in old.columns:
        if name not in new.columns:
            found.append(f"column {name}: lost")
        elif not _same_bits(old[name], new[name]):
            found.append(f"column {name}: {_first_difference(old[name], new[name])}")
    return found


def state_differences(old: Path, new: Path) -> list[str]:
    """Return in words which tensors of the older kept state the newer one has otherwise."""
    import torch

    before, now = (torch.load(p, weights_only=True, map_location="cpu") for p in (old, new))
    found = []
    for name, tensor in before.items():
        if name not in now:
            found.append(f"tensor {name}: lost")
        elif (a := _form(tensor)) != (b := _form(now[name])):
            found.append(f"tensor {name}: {a} before, {b} now")
        elif count := _other_values(tensor, now[name]):
            found.append(f"tensor {name}: {count} of {tensor.numel()} numbers are others")
    return found


def _form(tensor: Tensor) -> str:
    return f"{tensor.dtype} of shape {tuple(tensor.shape)}"


def _other_values(old: Tensor, new: Tensor) -> int:
    """Return how many numbers have other bits: a NaN is itself, and 0 is not -0."""
    import torch

    a, b = (t.reshape(-1, 1).contiguous().view(torch.uint8) for t in (old, new))
    return int((a != b).any(1).sum())


def _same_bits(old: pd.Series, new: pd.Series) -> bool:
    if old.dtype != new.dtype:
        return False
    a, b = old.to_numpy(), new.to_numpy()
    if a.dtype == object:
        return list(a) == list(b)
    return bool(a.tobytes() == b.tobytes())


def _first_difference(old: pd.Series, new: pd.Series) -> str:
    if old.dtype != new.dtype:
        return f"{old.dtype} before, {new.dtype} now"
    for row, (a, b) in enumerate(zip(old.to_numpy(), new.to_numpy(), strict=True)):
        if np.asarray(a).tobytes() != np.asarray(b).tobytes():
            return f"row {row} has {a!r} before, {b!r} now"
    return "other values"


def _files(block: Path) -> dict[str, Path]:
    """Return the tables and the kept states of a block by name."""
    beside = sorted(block.parent.glob(f"{block.stem}*"))
    return {path.name: path for path in beside if path.suffix in (".parquet", ".pt")}


def _manifest(block: Path) -> dict[str, Any]:
    return dict(json.loads(block.with_suffix(".json").read_text(encoding="utf-8")))


def _manifest_differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [
        f"{key}: {old[key]!r} before, {new.get(key, 'nothing')!r} now"
        for key in FACTS
        if key in old and (key not in new or new[key] != old[key])
    ]
