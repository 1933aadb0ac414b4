"""Published weights of encoders, brought into our networks by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from escaping_minima.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.problems.networks.bert import BertClassifier, FrozenBert

#: What published weights are called, by what ours are.
_OUTSIDE = {
    "embeddings.words": "embeddings.word_embeddings",
    "embeddings.positions": "embeddings.position_embeddings",
    "embeddings.types": "embeddings.token_type_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
    "pooler": "pooler.dense",
}
_INSIDE = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "mixed_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "outer_norm": "output.LayerNorm",
}
#: What norms were called before, and in the published bert-base-uncased still are.
_FORMER = {"gamma": "weight", "beta": "bias"}
_LASTS = ("weight", "bias")
#: What stands beside an encoder: heads of what it was pretrained for, and numbers 0, 1, 2, ...
_BESIDE = re.compile(r"cls\..*|embeddings\.position_ids")


def load_pretrained(
    module: FrozenBert | BertClassifier, tensors: Mapping[str, NDArray[np.generic]], place: str
) -> None:
    """Give a network the weights of a pretrained encoder; the head stays as it is.

    Parameters
    ----------
    module : FrozenBert or BertClassifier
        Filled in place: with the layers of the encoder that it holds, by their number.
    tensors : Mapping of str to ndarray
        By published name, with or without "bert." before it.
    place : str
        Where they came from, for messages.

    Raises
    ------
    UserError
        If a weight is missing, has another shape or another type, or is not one of such an
        encoder; exit code 1. The network may be filled in part then.
    """
    published = {_modern(name): values for name, values in tensors.items()}
    _refuse_others(published, module.depth, place)
    names = dict(_names(module))
    own = dict(module.named_parameters())
    for name, theirs in names.items():
        if theirs not in published:
            raise UserError(f"{place}: has no weights {theirs}", exit_code=1)
        values, shape = published[theirs], tuple(own[name].shape)
        if values.shape != shape or not np.issubdtype(values.dtype, np.floating):
            raise UserError(
                f"{place}: {theirs} is {values.dtype} of shape {values.shape}; allowed: floats of "
                f"shape {shape}",
                exit_code=1,
            )
        own[name].data.copy_(torch.tensor(values))


def _modern(name: str) -> str:
    stem, _, last = name.removeprefix("bert.").rpartition(".")
    return f"{stem}.{_FORMER.get(last, last)}"


def _names(module: FrozenBert | BertClassifier) -> Iterator[tuple[str, str]]:
    """Yield the names of all parameters but the head's, ours and the published."""
    for name, _ in module.named_parameters():
        stem, _, last = name.rpartition(".")
        if stem in _OUTSIDE:
            yield name, f"{_OUTSIDE[stem]}.{last}"
        elif stem != "head":
            _, number, part = stem.split(".")
            layer = module.first_layer + int(number)
            yield name, f"encoder.layer.{layer}.{_INSIDE[part]}.{last}"


def _refuse_others(published: Iterable[str], depth: int, place: str) -> None:
    """Refuse weights that our encoder has not: without them it would say something else."""
    inside = (f"encoder.layer.{n}.{stem}" for n in range(depth) for stem in _INSIDE.values())
    known = {f"{stem}.{last}" for stem in (*_OUTSIDE.values(), *inside) for last in _LASTS}
    for name in sorted(published):
        if name not in known and not _BESIDE.fullmatch(name):
            raise UserError(
                f"{place}: has weights {name}; allowed: those of an encoder of {depth} layers",
                exit_code=1,
            )
