"""The real data: fetched from a mirror, verified, decoded, counted, and cut into samples again.

``ESCAPING_MINIMA_MIRROR`` names the mirror; without it these tests are skipped.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from escaping_minima.data.cut_samples import cut_data_set, write_ranges
from escaping_minima.data.fetch import FetchSettings, fetch_all
from escaping_minima.data.load import load_images, load_texts, load_vocabulary
from escaping_minima.data.record import CONTENTS, OFFICIAL, read_record
from escaping_minima.data.registry import find_data_set, read_registry
from escaping_minima.data.sample_index import SAMPLES

MNIST = (
    [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
)
COUNTS = {
    "mnist": MNIST,
    "fashion-mnist": ([6000] * 10, [1000] * 10),
    "cifar-10": ([5000] * 10, [1000] * 10),
    "cifar-100": ([500] * 100, [100] * 100),
}


TEXTS = {"goemotions": [43_410, 5_426, 5_427], "tweeteval-emotion": [3_257, 374, 1_421]}


@pytest.fixture
def folder():
    """Return a folder that does not outlast the test: the data sets are large."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("name", [n for n, d in read_registry().items() if d.has_versions])
def test_a_data_set_from_mirror_to_arrays_and_samples(mirror, toy, folder, name):
    settings = FetchSettings(folder, tuple(m.strip() for m in mirror.split(",")))
    fetch_all([name], settings, toy.Notes())
    record = read_record(folder / find_data_set(name).folder)
    assert set(record) == {file.name for file in find_data_set(name).files}
    assert {entry.verified for entry in record.values()} <= {OFFICIAL, CONTENTS}
    check_counts(name, folder)
    check_samples(name, folder)


def check_counts(name, folder):
    """As many of each class, texts or tokens as are published."""
    if name in COUNTS:
        data = load_images(name, "full", folder)
        labels = (data.train_labels, data.test_labels)
        assert tuple(np.bincount(found).tolist() for found in labels) == COUNTS[name]
        assert (len(data.train_images), len(data.test_images)) == tuple(map(len, labels))
    elif name in TEXTS:
        data = load_texts(name, "full", folder)
        splits = (data.train_texts, data.validation_texts, data.test_texts)
        assert list(map(len, splits)) == TEXTS[name]
    else:
        data = load_vocabulary("full", folder)
        assert len(data.tokens) == 30_522
    assert data.accepted == ()


def check_samples(name, folder):
    """The samples of the project, cut once more."""
    listed = json.loads((SAMPLES / "index.json").read_text())["data_sets"][name]
    cuts = list(cut_data_set(find_data_set(name), folder))
    assert [cut.name for cut in cuts] == [entry["content"] for entry in listed]
    for cut, entry in zip(cuts, listed, strict=True):
        assert hashlib.sha256(cut.data).hexdigest() == entry["content_sha256"]
        assert ("all" if cut.rows is None else write_ranges(cut.rows)) == entry["rows"]
