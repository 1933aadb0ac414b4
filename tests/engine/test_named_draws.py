"""Networks that would depend on more than their cell and index are refused by name."""

from __future__ import annotations

import pytest
from torch import nn

from escaping_minima.engine.named_draws import require_named_draws
from escaping_minima.problems.networks.bert import build_bert
from escaping_minima.problems.takase_mnist import TakaseMnist


def test_the_networks_of_the_studies_are_decided_by_names():
    require_named_draws(TakaseMnist().network())
    require_named_draws(build_bert(vocabulary=9, layers=2, width=8, heads=2, classes=3))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (nn.Dropout(0.3), r"layer 1 \(Dropout\) draws without a name"),
        (nn.Dropout2d(0.5), r"\(Dropout2d\) draws"),
        (nn.AlphaDropout(), r"\(AlphaDropout\) draws"),
        (nn.RReLU(), r"\(RReLU\) draws"),
        (nn.LSTM(4, 4, num_layers=2, dropout=0.2), r"\(LSTM\) draws"),
        (nn.EmbeddingBag(10, 4), r"\(EmbeddingBag\) starts from weights without a name"),
        (nn.Conv1d(1, 1, 3), r"\(Conv1d\) starts from"),
    ],
)
def test_what_has_no_name_is_refused(layer, words):
    with pytest.raises(TypeError, match=words):
        require_named_draws(nn.Sequential(nn.Linear(4, 4), layer))
