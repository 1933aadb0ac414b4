"""Loading: samples, generated sets, fetched sets; verified every time."""

from __future__ import annotations

import hashlib
import json
import lzma
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save

from escaping_minima.data import contents, load, sample_index
from escaping_minima.data.contents import read_contents
from escaping_minima.data.generate import generate
from escaping_minima.data.load import load_encoder, load_images, load_texts, load_vocabulary
from escaping_minima.data.registry import find_data_set, read_registry
from escaping_minima.data.sample_index import SAMPLES
from escaping_minima.errors import UserError
from escaping_minima.provenance.sources import import_closure
from escaping_minima.steps import fetch as fetching

IMAGES = {
    "mnist": (10_000, 2_000, (1, 28, 28), 10),
    "fashion-mnist": (5_000, 1_000, (1, 28, 28), 10),
    "cifar-10": (2_000, 500, (3, 32, 32), 10),
    "cifar-100": (2_000, 500, (3, 32, 32), 100),
}
TEXTS = {"goemotions": (43_410, 5_426, 5_427, 28), "tweeteval-emotion": (3_257, 374, 1_421, 4)}


def complain(function, *arguments, code=1):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    assert caught.value.exit_code == code
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", IMAGES)
def test_samples_of_images_have_equally_many_of_each_class(name):
    train, test, shape, classes = IMAGES[name]
    data = load_images(name, "sample")
    assert data.train_images.shape == (train, *shape)
    assert data.test_images.shape == (test, *shape)
    assert data.train_images.dtype == data.train_labels.dtype == np.uint8
    assert set(np.bincount(data.train_labels, minlength=classes)) == {train // classes}
    assert set(np.bincount(data.test_labels, minlength=classes)) == {test // classes}
    assert len(data.classes) == classes
    assert data.accepted == ()
    assert not data.train_images.flags.writeable


def test_coarse_labels_follow_from_fine_ones():
    data = load_images("cifar-100", "sample")
    fine = np.concatenate([data.train_labels, data.test_labels])
    coarse = np.concatenate([data.train_coarse, data.test_coarse])
    pairs = {(int(f), int(c)) for f, c in zip(fine, coarse, strict=True)}
    assert len(pairs) == 100
    # five kinds in each of twenty groups
    assert set(np.bincount([c for _, c in pairs])) == {5}
    assert load_images("cifar-10", "sample").train_coarse is None


@pytest.mark.parametrize("name", TEXTS)
def test_samples_of_texts_are_the_whole_sets(name):
    *counts, classes = TEXTS[name]
    data = load_texts(name, "sample")
    splits = [
        (data.train_texts, data.train_labels),
        (data.validation_texts, data.validation_labels),
        (data.test_texts, data.test_labels),
    ]
    assert [len(texts) for texts, _ in splits] == [len(labels) for _, labels in splits] == counts
    assert len(data.classes) == classes
    official = {c.name: c.sha256 for f in find_data_set(name).files for c in f.contents}
    assert data.checksums == official


def test_the_labels_of_texts():
    several = load_texts("goemotions", "sample")
    assert several.train_labels.shape == (43_410, 28)
    assert set(several.train_labels.sum(axis=1)) == {1, 2, 3, 4, 5}
    assert several.classes[27] == "neutral"
    single = load_texts("tweeteval-emotion", "sample")
    assert single.train_labels.dtype == np.int64
    assert np.bincount(single.train_labels).tolist() == [1400, 708, 294, 855]
    assert single.classes == ("anger", "joy", "optimism", "sadness")


def test_the_sample_of_the_vocabulary():
    vocabulary = load_vocabulary("sample")
    assert len(vocabulary.tokens) == 30_522
    assert vocabulary.tokens[:2] == ("[PAD]", "[unused0]")
    assert vocabulary.tokens[100:104] == ("[UNK]", "[CLS]", "[SEP]", "[MASK]")
    # characters that split lines elsewhere must not shift the numbers
    assert vocabulary.tokens[1996] == "the"


def test_the_index_lists_every_sample_and_nothing_else():
    index = json.loads((SAMPLES / "index.json").read_text())
    listed = [entry for files in index["data_sets"].values() for entry in files]
    held = {p.relative_to(SAMPLES).as_posix() for p in SAMPLES.rglob("*.xz")}
    assert {entry["file"] for entry in listed} == held
    assert set(index["data_sets"]) == {n for n, d in read_registry().items() if d.has_versions}
    for entry in listed:
        packed = (SAMPLES / entry["file"]).read_bytes()
        assert (len(packed), hashlib.sha256(packed).hexdigest()) == (
            entry["bytes"],
            entry["sha256"],
        )
        assert entry["licence"]
        assert entry["source"]
    assert sum(entry["bytes"] for entry in listed) < 20_000_000


@pytest.mark.parametrize("name", IMAGES)
def test_generated_images_can_be_learnt(name):
    data = load_images(name, "generated")
    assert data.train_images.shape == (240, *IMAGES[name][2])
    assert data.test_images.shape == (120, *IMAGES[name][2])
    assert set(data.test_labels) == set(range(IMAGES[name][3]))
    x, test = (
        images.reshape(len(images), -1) / 255 - 0.5
        for images in (data.train_images, data.test_images)
    )
    # ridge regression on the classes, a linear classifier
    targets = np.eye(len(data.classes))[data.train_labels]
    weights = x.T @ np.linalg.solve(x @ x.T + 10 * np.eye(len(x)), targets)
    assert np.mean((test @ weights).argmax(1) == data.test_labels) > 0.9


def test_generated_sets_are_the_same_every_time_and_differ_from_each_other():
    one, again = (load_images("mnist", "generated") for _ in range(2))
    assert one.checksums == again.checksums
    # pinned: the generated sets are part of what smoke results are compared by
    assert one.checksums["train-images-idx3-ubyte"].startswith("8ddf45d347b3")
    other = load_images("fashion-mnist", "generated")
    assert not set(one.checksums.values()) <= set(other.checksums.values())


@pytest.mark.parametrize("name", TEXTS)
def test_generated_texts(name):
    data = load_texts(name, "generated")
    assert len(data.classes) == TEXTS[name][3]
    known = set(load_vocabulary("generated").tokens)
    assert {word for text in data.train_texts for word in text.split()} <= known
    assert len(data.train_texts) == len(data.train_labels) >= 48
    several = data.test_labels.ndim == 2
    first = data.test_labels.argmax(axis=1) if several else data.test_labels
    # the word that tells the class is there, so that the class can be learnt
    for text, label in zip(data.test_texts, first, strict=True):
        assert data.classes[label] in text.split()


@pytest.fixture
def cache(tmp_path):
    """A cache with a vocabulary of its own, and its path."""
    path = tmp_path / "bert" / "vocab.txt"
    path.parent.mkdir()
    vocabulary = read_contents(find_data_set("bert-vocabulary"), "sample", None)
    path.write_bytes(vocabulary.data["vocab.txt"])
    return path


def test_a_fetched_set_is_loaded(cache, tmp_path, monkeypatch):
    assert len(load_vocabulary("full", tmp_path).tokens) == 30_522
    monkeypatch.setenv("ESCAPING_MINIMA_DATA", str(tmp_path))
    assert load_vocabulary("full") == load_vocabulary("full", tmp_path)


def test_weights_have_no_samples_and_none_are_generated(tmp_path):
    line = complain(load_encoder, "bert-base-uncased", "sample", code=2)
    assert line == "version of bert-base-uncased: found 'sample'; allowed: 'full'"
    assert "allowed: 'full'" in complain(load_encoder, "all-minilm-l6-v2", "generated", code=2)
    assert complain(load_encoder, "mnist", code=2) == (
        "data set of encoder: found 'mnist'; allowed: all-minilm-l6-v2, bert-base-uncased"
    )
    assert complain(load_encoder, "all-minilm-l6-v2", "full", tmp_path) == (
        f"{tmp_path}/all-minilm-l6-v2/model.safetensors: missing; "
        "run: escaping-minima fetch all-minilm-l6-v2"
    )


def test_fetched_weights_are_loaded(tmp_path, monkeypatch):
    path = tmp_path / "all-minilm-l6-v2" / "model.safetensors"
    path.parent.mkdir()
    path.write_bytes(save({"pooler.dense.bias": np.array([1.5, -2.0], np.float32)}))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    encoder = load_encoder("all-minilm-l6-v2", "full", tmp_path, [sha256])
    assert encoder.tensors["pooler.dense.bias"].tolist() == [1.5, -2.0]
    assert encoder.checksums == {"model.safetensors": sha256}
    assert encoder.accepted == ("model.safetensors",)
    assert "altered" in complain(load_encoder, "all-minilm-l6-v2", "full", tmp_path, [])


def test_encoders_are_fetched_by_name_alone_and_checked_with_the_others(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(fetching, "fetch_all", lambda names, *_: asked.extend(names))
    monkeypatch.setattr(fetching, "check", lambda names, *_: asked.extend(names) or [])
    resolved = SimpleNamespace(data_folder=tmp_path, mirrors=(), accept_checksums=())
    fetching.fetch(resolved, [], only_check=False)
    everything = list(read_registry())
    assert asked == everything[:-2]
    fetching.fetch(resolved, ["bert-base-uncased"], only_check=False)
    assert asked.pop() == "bert-base-uncased"
    asked.clear()
    fetching.fetch(resolved, [], only_check=True)
    assert asked == everything


def test_a_missing_file_names_the_command(tmp_path):
    assert complain(load_images, "mnist", "full", tmp_path) == (
        f"{tmp_path}/mnist/train-images-idx3-ubyte.gz: missing; run: escaping-minima fetch mnist"
    )


def test_an_altered_file_is_found_when_it_is_read(cache, tmp_path):
    data = cache.read_bytes()
    cache.write_bytes(data.replace(b"the\n", b"teh\n"))
    line = complain(load_vocabulary, "full", tmp_path)
    assert line.startswith(f"{cache}: altered; its SHA-256 is ")
    assert line.endswith("; run: escaping-minima fetch bert-vocabulary")


def test_an_unreadable_file_is_said(cache, tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert complain(load_vocabulary, "full", tmp_path) == (
        f"{cache}: cannot be read (Permission denied); allow reading it or set 'data_folder' to "
        "another folder"
    )


def test_a_packed_file_cut_short_is_said(tmp_path):
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    path.parent.mkdir()
    path.write_bytes(b"\x1f\x8b\x08")
    line = complain(load_images, "mnist", "full", tmp_path)
    assert line.startswith(f"{path}: damaged or cut short (")
    assert line.endswith("; run: escaping-minima fetch mnist")


def accept(path, sha256, verified="accepted by the user"):
    entry = {"bytes": 1, "sha256": sha256, "source": "", "verified": verified, "date": ""}
    (path.parent / "record.json").write_text(json.dumps({"files": {"vocab.txt": entry}}))


def test_an_accepted_version_is_loaded_and_named(cache, tmp_path):
    cache.write_bytes(b"[UNK]\nother\n")
    sha256 = hashlib.sha256(cache.read_bytes()).hexdigest()
    accept(cache, sha256)
    vocabulary = load_vocabulary("full", tmp_path)
    assert vocabulary.tokens == ("[UNK]", "other")
    assert vocabulary.accepted == ("vocab.txt",)
    assert vocabulary.checksums == {"vocab.txt": sha256}
    accept(cache, sha256, verified="the official file")
    assert "altered" in complain(load_vocabulary, "full", tmp_path)
    accept(cache, "0" * 64)
    assert "altered" in complain(load_vocabulary, "full", tmp_path)


def test_only_what_the_user_accepts_now_is_loaded_where_that_is_known(cache, tmp_path):
    official = cache.read_bytes()
    cache.write_bytes(b"[UNK]\nother\n")
    sha256 = hashlib.sha256(cache.read_bytes()).hexdigest()
    assert load_vocabulary("full", tmp_path, [sha256]).accepted == ("vocab.txt",)
    assert "altered" in complain(load_vocabulary, "full", tmp_path, ["0" * 64])
    accept(cache, sha256)
    assert complain(load_vocabulary, "full", tmp_path, ()) == (
        f"{cache}: no longer accepted; list its SHA-256 {sha256} in accept_checksums, "
        "or run: escaping-minima fetch bert-vocabulary"
    )
    cache.write_bytes(official)
    assert load_vocabulary("full", tmp_path, ()).accepted == ()


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"data_sets": {"mnist": [1]}}'])
def test_an_index_of_samples_that_is_no_more_is_one_line(tmp_path, monkeypatch, text):
    monkeypatch.setattr(sample_index, "SAMPLES", tmp_path)
    monkeypatch.setattr(contents, "read_index", sample_index.read_index.__wrapped__)
    reason = "cannot be read (No such file or directory)"
    if text is not None:
        (tmp_path / "index.json").write_text(text)
        reason = "damaged"
    line = complain(load_images, "mnist", "sample")
    assert line == f"{tmp_path}/index.json: {reason}; install the project again"


def test_a_damaged_sample_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "SAMPLES", tmp_path)
    path = tmp_path / "bert-vocabulary" / "vocab.txt.xz"
    path.parent.mkdir()
    path.write_bytes(lzma.compress(b"[UNK]\n")[:-9])
    line = complain(load_vocabulary, "sample")
    assert line.startswith(f"{path}: damaged or cut short (")
    assert line.endswith("; install the project again")


def test_an_altered_sample_is_found_when_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "SAMPLES", tmp_path)
    assert complain(load_vocabulary, "sample").endswith("missing; install the project again")
    path = tmp_path / "bert-vocabulary" / "vocab.txt.xz"
    path.parent.mkdir()
    path.write_bytes(lzma.compress(b"[UNK]\n"))
    assert complain(load_vocabulary, "sample").startswith(f"{path}: altered; ")


@pytest.mark.parametrize(
    ("load", "name", "file", "position", "byte", "words"),
    [
        (
            load_images,
            "mnist",
            "t10k-labels-idx1-ubyte",
            8,
            10,
            "the label 10 in row 0; allowed: 0 to 9",
        ),
        (
            load_images,
            "cifar-10",
            "cifar-10-batches-bin/test_batch.bin",
            0,
            10,
            "the label 10 in row 0; allowed: 0 to 9",
        ),
        (
            load_images,
            "cifar-100",
            "cifar-100-binary/train.bin",
            1,
            100,
            "the label 100 in row 0; allowed: 0 to 99",
        ),
        (
            load_texts,
            "tweeteval-emotion",
            "val_text.txt",
            0,
            ord("\n"),
            "val_labels.txt: holds 12 labels for 13 texts",
        ),
    ],
)
def test_contents_that_contradict_themselves(monkeypatch, load, name, file, position, byte, words):
    data = bytearray(generate(find_data_set(name))[file])
    data[position] = byte
    changed = generate(find_data_set(name)) | {file: bytes(data)}
    monkeypatch.setattr(contents, "generate", lambda _: changed)
    line = complain(load, name, "generated")
    assert line.startswith(f"generated {name}: ")
    assert words in line


@pytest.mark.parametrize(
    ("load", "arguments", "line"),
    [
        (
            load_images,
            ("goemotions", "sample"),
            "data set of images: found 'goemotions'; "
            "allowed: mnist, fashion-mnist, cifar-10, cifar-100",
        ),
        (
            load_texts,
            ("mnist", "sample"),
            "data set of texts: found 'mnist'; allowed: goemotions, tweeteval-emotion",
        ),
        (
            load_images,
            ("mnist", "half"),
            "version of mnist: found 'half'; allowed: generated, sample, full",
        ),
    ],
)
def test_wrong_requests(load, arguments, line):
    assert complain(load, *arguments, code=2) == line


@pytest.mark.parametrize("found", ["pickle", "image_data"])
def test_an_unknown_format_is_refused(monkeypatch, found):
    entry = replace(find_data_set("mnist"), format=found)
    monkeypatch.setattr(load, "find_data_set", lambda _: entry)
    assert complain(load_images, "mnist", "generated") == (
        f"mnist: format: found '{found}'; "
        "allowed: a module of escaping_minima.data.formats that has decode()"
    )


def closure_of(root, module):
    closure = import_closure([f"escaping_minima.data.{module}"], root / "src" / "escaping_minima")
    return {name.removeprefix("escaping_minima.") for name in closure}


def test_fetching_and_formats_are_not_imported_to_load(root):
    assert closure_of(root, "load") == {"errors"} | {
        f"data.{name}"
        for name in (
            "contents",
            "encode",
            "formats.image_data",
            "formats.text_data",
            "generate",
            "load",
            "places",
            "record",
            "registry",
            "sample_index",
            "unpack",
        )
    }


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("idx", {"image_data"}),
        ("cifar", {"image_data"}),
        ("goemotions", {"lines", "text_data"}),
        ("tweeteval", {"lines", "text_data"}),
        ("wordpiece", {"lines"}),
        ("safetensors", set()),
    ],
)
def test_a_format_rests_on_no_other(root, name, shared):
    expected = {f"data.formats.{module}" for module in shared | {name}}
    assert closure_of(root, f"formats.{name}") == expected | {"errors"}


def test_every_format_in_the_registry_is_one_file(root):
    assert {data_set.format for data_set in read_registry().values()} == {
        path.stem
        for path in (root / "src" / "escaping_minima" / "data" / "formats").glob("*.py")
        if "def decode(" in path.read_text(encoding="utf-8")
    }


def test_loading_needs_neither_the_network_nor_torch():
    code = (
        "import sys; from escaping_minima.data.load import load_images;"
        "load_images('mnist', 'generated');"
        "print(*{'requests', 'torch', 'pydantic', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")
