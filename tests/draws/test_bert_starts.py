"""The initial weights of BERT: their law, and by which names they are drawn."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats
from torch import nn

from escaping_minima.draws.bert_starts import draw_bert
from escaping_minima.draws.streams import Streams
from escaping_minima.problems.networks.bert import build_bert


def started(block=0):
    network = build_bert(vocabulary=300, layers=2, width=32, heads=4, classes=5)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 7.0)
    draw_bert(network, Streams("bert", block))
    return network


def test_weights_are_normal_biases_zero_and_norms_the_identity():
    network = started()
    for layer in network.modules():
        if isinstance(layer, nn.LayerNorm):
            assert (layer.weight == 1).all()
            assert (layer.bias == 0).all()
        elif isinstance(layer, nn.Linear):
            assert (layer.bias == 0).all()
    drawn = [m.weight for m in network.modules() if isinstance(m, (nn.Linear, nn.Embedding))]
    assert len(drawn) == 3 + 2 * 6 + 2
    for weight in drawn:
        assert stats.kstest(weight.detach().flatten() / 0.02, "norm").pvalue > 1e-4
    everything = torch.cat([weight.detach().flatten() for weight in drawn]) / 0.02
    assert stats.kstest(everything, "norm").pvalue > 0.01


def test_layers_and_blocks_differ_and_the_same_name_gives_the_same():
    first, again, other = started(), started(), started(block=1)
    for one, same, another in zip(*(n.parameters() for n in (first, again, other)), strict=True):
        assert torch.equal(one, same)
        if one.ndim == 2:
            assert not torch.equal(one, another)
    assert not torch.equal(first.layers[0].query.weight, first.layers[1].query.weight)
    assert not torch.equal(first.layers[0].query.weight, first.layers[0].key.weight)


def test_a_head_alone_can_be_drawn():
    network = started()
    before = {name: p.clone() for name, p in network.named_parameters()}
    draw_bert(network.head, Streams("bert", 3))
    changed = {n for n, p in network.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {"head.weight"}
    drawn = Streams("bert", 3).generator("weights", 0).standard_normal((5, 32), dtype=np.float32)
    np.testing.assert_allclose(network.head.weight.detach(), 0.02 * drawn, rtol=1e-6)
