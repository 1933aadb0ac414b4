"""The pretrained encoders that a problem may name, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """An encoder.

    Attributes
    ----------
    data_set : str
        What its weights are called among the data sets.
    layers, width, heads : int
    """

    data_set: str
    layers: int
    width: int
    heads: int


#: By the name that a problem gives it. As in the ``config.json`` beside the published weights of
#: google-bert/bert-base-uncased and sentence-transformers/all-MiniLM-L6-v2.
ENCODERS: Mapping[str, Shape] = {
    "minilm": Shape("all-minilm-l6-v2", 6, 384, 12),
    "bert-base-uncased": Shape("bert-base-uncased", 12, 768, 12),
}
