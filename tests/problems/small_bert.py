"""A BERT of a few weights on generated texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from escaping_minima.kinds.training.texts import load_text_data
from escaping_minima.problems.bert import Bert

CPU = torch.device("cpu")
TINY = {"data": "generated", "layers": 2, "width": 8, "heads": 2, "length": 12}
#: By data set: texts to train, validate and test on.
GENERATED = {"goemotions": (84, 28, 28), "tweeteval-emotion": (48, 12, 24)}


def bert(data_set="tweeteval-emotion", **more):
    return Bert(data_set=data_set, **TINY | more)


def data_of(problem):
    return problem.select(load_text_data(problem.DATA_SET, "generated", None, None, 12, ""))


def uneven(data, seed=0):
    """Return data whose texts have lengths from 3 to 12, where generated ones are all alike."""
    rng = np.random.default_rng(seed)

    def cut(split):
        begins = [0, *split.ends[:-1]]
        texts = [split.tokens[b:e] for b, e in zip(begins, split.ends, strict=True)]
        texts = [text[: rng.integers(3, len(text) + 1)] for text in texts]
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        return replace(split, tokens=np.concatenate(texts), ends=ends)

    parts = {name: cut(getattr(data, name)) for name in ("train", "validation", "test")}
    return replace(data, **parts)


def text(split, item):
    """Return the tokens of one text, with nothing behind them."""
    begin = split.ends[item - 1] if item else 0
    return torch.from_numpy(split.tokens[begin : split.ends[item]].astype(np.int64))[None]
