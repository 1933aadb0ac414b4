"""BERT as a problem: its settings, its official texts, its frozen layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from escaping_minima.data.load import load_texts
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import Numerics
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import training_items
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.problems import bert as bert_module
from escaping_minima.problems.bert import DATA_SETS, Bert
from escaping_minima.problems.networks.bert_pretrained import _names
from escaping_minima.problems.networks.bert_shapes import ENCODERS, Shape
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

CPU = torch.device("cpu")
MINILM = {"encoder": "minilm", "layers": 6, "width": 384, "heads": 12}
SIZES = {"first": 16, "last": 16, "line": "epochs"}


@pytest.fixture(scope="module")
def small(load_module):
    return load_module(Path(__file__).with_name("small_bert.py"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": "some"}, "data is 'some'; allowed: generated, sample, full"),
        ({"data_set": "mnist"}, "data_set is 'mnist'; allowed: goemotions, tweeteval-emotion"),
        ({"encoder": "gpt"}, "encoder is 'gpt'; allowed: scratch, minilm, bert-base-uncased"),
        ({"train_texts": 1}, "train_texts is 1; allowed: 2 or more, or 0 for all"),
        ({"train_texts": -2}, "train_texts is -2; allowed: 2 or more, or 0 for all"),
        ({"test_texts": -1}, "test_texts is -1; allowed: 0 or more"),
        ({"layers": 0}, "layers is 0; allowed: 1 or more"),
        ({"length": 2}, "length is 2; allowed: 3 to 512"),
        ({"heads": 3}, "width is 64; allowed: a multiple of heads, 3"),
        ({"dropout": 1.0}, "dropout is 1.0; allowed: 0 or more, below 1"),
        (
            {"trained_layers": 1},
            "trained_layers is 1; allowed: 0, since layers that are drawn must be trained",
        ),
        (MINILM | {"layers": 5}, "layers is 5; allowed: 6, as it has"),
        (MINILM | {"trained_layers": 7}, "trained_layers is 7; allowed: at most 6"),
    ],
)
def test_impossible_settings_are_one_line(settings, message):
    with pytest.raises(UserError) as caught:
        make_problem("bert", settings)
    assert str(caught.value) == f"bert: {message}"


@pytest.mark.parametrize("name", DATA_SETS)
def test_official_sets_are_as_large_and_have_as_many_classes_as_is_said(name):
    data = load_texts(name, "sample")
    texts = (data.train_texts, data.validation_texts, data.test_texts)
    assert (len(data.classes), tuple(map(len, texts))) == DATA_SETS[name]
    several = name in bert_module.SEVERAL
    assert (data.train_labels.ndim == 2) == several


def test_what_a_cell_is_made_of_and_what_it_must_fetch():
    def cell(**more):
        settings = {"data_set": "tweeteval-emotion", **more}
        return make_training_cell("bert", "gd", 3, SIZES, settings)

    modules = set(cell().modules())
    for name in ("problems.bert", "data.formats.tweeteval", "data.formats.tokens"):
        assert f"escaping_minima.{name}" in modules
    texts = ("tweeteval-emotion", "bert-vocabulary")
    assert cell().data_sets == texts
    assert cell(data="sample").data_sets == ()
    assert cell(**MINILM).data_sets == (*texts, "all-minilm-l6-v2")
    # of an encoder there is no sample
    assert cell(data="sample", **MINILM).data_sets == ("all-minilm-l6-v2",)
    assert training_items(Bert(data_set="tweeteval-emotion")) == 3257
    assert training_items(Bert(data_set="tweeteval-emotion", train_texts=40)) == 40
    for more, count in (
        ({}, 3257 + 374 + 1421),
        ({"validation_texts": 5}, 3257 + 5 + 1421),
        ({"train_texts": 40, "test_texts": 7}, 40 + 374 + 7),
    ):
        evaluated = Bert(data_set="tweeteval-emotion", **more).EVALUATED_ITEMS
        assert evaluated == count
    assert cell().cost == pytest.approx(cell(train_texts=1000).cost * 3.257)
    assert cell(**MINILM).cost > 10 * cell(**MINILM, trained_layers=1).cost > cell().cost
    # measured with all of it trained: 0.9 GB
    assert 2_000 == cell().memory_mb < cell(**MINILM).memory_mb < 2_500


def test_fewer_texts_of_each_split(small):
    problem = small.bert(train_texts=20, validation_texts=5, test_texts=0)
    data = small.data_of(problem)
    assert (len(data.train), len(data.validation), len(data.test)) == (20, 5, 24)
    with pytest.raises(UserError) as caught:
        small.data_of(small.bert(validation_texts=13))
    assert str(caught.value) == "validation_texts: found 13; allowed: at most 12 of generated"


def test_a_small_bert_learns(small):
    """Each class has a word of its own among ten that say nothing."""
    problem, streams = small.bert(layers=1, width=16, dropout=0.0), Streams("bert", 0)
    task = problem.task(problem.place(small.data_of(problem), CPU), streams)
    network = problem.network()
    problem.start(network, streams)
    adam = torch.optim.Adam(network.parameters(), lr=3e-3)
    order, bounds = np.arange(48), batch_bounds(48, 8)
    for epoch in range(1, 31):
        arranged = torch.from_numpy(task.arrange(order, bounds, epoch))
        for begin, end in bounds:
            inputs, targets = task.batch(arranged[begin:end])
            adam.zero_grad()
            task.loss(network(inputs), targets).backward()
            adam.step()
    assert task.evaluate(network, "test", Numerics()).scores["macro_f1"].item() > 0.9


class Encoder:
    """Three pretrained layers of width 8, and data that bring them."""

    def __init__(self, small, monkeypatch):
        monkeypatch.setitem(ENCODERS, "minilm", Shape("all-minilm-l6-v2", 3, 8, 2))
        self.small = small
        whole = self.problem().network()
        rng = np.random.default_rng(2)
        own = dict(whole.named_parameters())
        self.tensors = {
            theirs: rng.normal(0, 0.3, own[name].shape).astype(np.float32)
            for name, theirs in _names(whole)
        }
        texts = small.uneven(small.data_of(small.bert()))
        self.data = replace(texts, encoder=self.tensors)

    def problem(self, **more):
        return self.small.bert(encoder="minilm", layers=3, dropout=0.0, **more)

    def used(self, **more):
        """Return a network as a run starts from it, its task and what was placed."""
        problem, streams = self.problem(**more), Streams("bert", 0)
        placed, network = problem.place(self.data, CPU), problem.network()
        problem.start(network, streams)
        problem.start_from(network, placed)
        return network, problem.task(placed, streams), placed


@pytest.fixture
def encoder(small, monkeypatch):
    return Encoder(small, monkeypatch)


@pytest.mark.parametrize("trained", [1, 2])
def test_frozen_layers_change_no_output_and_no_gradient_of_the_others(encoder, trained):
    whole, whole_task, _ = encoder.used()
    upper, task, placed = encoder.used(trained_layers=trained)
    rows = torch.tensor([5, 2, 30, 11])
    (features, mask), targets = task.batch(rows)
    assert features.shape == (*mask.shape, 8)
    assert not features[~mask].any()
    names = {name for name, _ in whole.named_parameters()}
    assert len(list(upper.parameters())) < len(names)
    # the head is drawn alike, however many layers are trained
    assert torch.equal(upper.head.weight, whole.head.weight)
    (tokens, _), _ = whole_task.batch(rows)
    one, other = upper((features, mask)), whole((tokens, mask))
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    gradients = [
        torch.autograd.grad(task.loss(said, targets), [*net.layers[-1].parameters()])
        for said, net in ((one, upper), (other, whole))
    ]
    for own, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-6)
    assert placed.train.values.shape == (len(encoder.data.train.tokens), 8)


def test_a_run_starts_from_the_encoder_with_a_head_of_its_own(encoder, runs):
    """Through the engine, which lays all weights out in one vector."""
    problem = encoder.problem()
    placed = problem.place(encoder.data, CPU)
    starts = []
    for block in (0, 1):
        plan = runs.network_plan(problem, make_method("gd", {}), BatchSizes(**SIZES), 1, "bert")
        with torch.no_grad():
            starts.append(runs.Run(plan, placed, block, CPU).network.module)
    for one, other in zip(*(s.layers.parameters() for s in starts), strict=True):
        assert torch.equal(one, other)
    words = encoder.tensors["embeddings.word_embeddings.weight"]
    np.testing.assert_array_equal(starts[0].embeddings.words.weight.detach().numpy(), words)
    assert not torch.equal(starts[0].head.weight, starts[1].head.weight)
