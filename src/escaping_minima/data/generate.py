"""Tiny invented data sets in the official formats, for tests alone.

They can be learnt: every class has a pattern of its own, below noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from escaping_minima.data.encode import encode_cifar, encode_idx, encode_lines
from escaping_minima.data.registry import DataSet

Bytes = NDArray[np.uint8]

_SEED = 20_240_601
_TRAIN, _TEST = 240, 120
_NOISE = 70
_COARSE_CLASSES = 20

# Words that tell nothing about the class of a text, and those of two-word phrases that do.
_FILLERS = ("the", "day", "was", "long", "and", "then", "we", "went", "home", "again")
_TWEET_CLASSES = ("anger", "joy", "optimism", "sadness")
_EMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity",
    "desire", "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear",
    "gratitude", "grief", "joy", "love", "nervousness", "optimism", "pride", "realization",
    "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip


def generate(data_set: DataSet) -> dict[str, bytes]:
    """Generate a tiny set: 240 + 120 images, some dozens of texts, or the tokens of those texts.

    Parameters
    ----------
    data_set : DataSet
        Whose formats, names of files and classes to take.

    Returns
    -------
    dict
        Bytes by official name, unpacked; the same on every machine.
    """
    makers: dict[str, Callable[[DataSet], dict[str, bytes]]] = {
        "mnist": _mnist,
        "fashion-mnist": _mnist,
        "cifar-10": _cifar_10,
        "cifar-100": _cifar_100,
        "goemotions": _goemotions,
        "tweeteval-emotion": _tweeteval,
        "bert-vocabulary": _vocabulary,
    }
    return makers[data_set.name](data_set)


def _draws(data_set: DataSet) -> np.random.Generator:
    # the name makes sets of one format differ
    return np.random.Generator(np.random.Philox([_SEED, *data_set.name.encode()]))


def _images(data_set: DataSet, shape: tuple[int, ...]) -> tuple[Bytes, Bytes]:
    draws = _draws(data_set)
    count = len(data_set.classes)
    # patches of 4x4 pixels, so that a convolution has something to find
    coarse = draws.integers(40, 216, size=(count, *shape[:-2], shape[-2] // 4, shape[-1] // 4))
    patterns = coarse.repeat(4, axis=-2).repeat(4, axis=-1)
    labels = np.arange(_TRAIN + _TEST) % count
    # whole numbers throughout: no platform's last digit can move a byte
    noise = draws.integers(-_NOISE, _NOISE + 1, size=(len(labels), *shape))
    images = np.clip(patterns[labels] + noise, 0, 255)
    return images.astype(np.uint8), labels.astype(np.uint8)


def _mnist(data_set: DataSet) -> dict[str, bytes]:
    images, labels = _images(data_set, (28, 28))
    return {
        "train-images-idx3-ubyte": encode_idx(images[:_TRAIN]),
        "train-labels-idx1-ubyte": encode_idx(labels[:_TRAIN]),
        "t10k-images-idx3-ubyte": encode_idx(images[_TRAIN:]),
        "t10k-labels-idx1-ubyte": encode_idx(labels[_TRAIN:]),
    }


def _cifar_10(data_set: DataSet) -> dict[str, bytes]:
    images, labels = _images(data_set, (3, 32, 32))
    rows = labels[:, None]
    return {
        "cifar-10-batches-bin/data_batch_1.bin": encode_cifar(rows[:_TRAIN], images[:_TRAIN]),
        "cifar-10-batches-bin/test_batch.bin": encode_cifar(rows[_TRAIN:], images[_TRAIN:]),
    }


def _cifar_100(data_set: DataSet) -> dict[str, bytes]:
    images, labels = _images(data_set, (3, 32, 32))
    rows = np.stack([labels % _COARSE_CLASSES, labels], axis=1)
    return {
        "cifar-100-binary/train.bin": encode_cifar(rows[:_TRAIN], images[:_TRAIN]),
        "cifar-100-binary/test.bin": encode_cifar(rows[_TRAIN:], images[_TRAIN:]),
    }


def _texts(draws: np.random.Generator, classes: Sequence[str], count: int) -> list[str]:
    texts = []
    for number in range(count):
        words = list(draws.choice(_FILLERS, size=6))
        words[int(draws.integers(6))] = classes[number % len(classes)]
        texts.append(" ".join(words))
    return texts


def _tweeteval(data_set: DataSet) -> dict[str, bytes]:
    draws = _draws(data_set)
    mapping = "\n".join(f"{number}\t{name}" for number, name in enumerate(_TWEET_CLASSES))
    files = {"mapping.txt": mapping.encode()}
    for split, count in (("train", 48), ("val", 12), ("test", 24)):
        labels = [str(number % len(_TWEET_CLASSES)) for number in range(count)]
        files[f"{split}_text.txt"] = encode_lines(_texts(draws, _TWEET_CLASSES, count))
        files[f"{split}_labels.txt"] = encode_lines(labels)
    return files


def _goemotions(data_set: DataSet) -> dict[str, bytes]:
    draws = _draws(data_set)
    files = {"emotions.txt": "\n".join(_EMOTIONS).encode()}
    for split, count in (("train", 84), ("dev", 28), ("test", 28)):
        texts = _texts(draws, _EMOTIONS, count)
        files[f"{split}.tsv"] = encode_lines(
            [_comment(text, number) for number, text in enumerate(texts)]
        )
    return files


def _comment(text: str, number: int) -> str:
    """Every seventh comment has a second emotion, so that one label is not taken for granted."""
    emotions = [number % len(_EMOTIONS)]
    if number % 7 == 0:
        emotions.append((number + 1) % len(_EMOTIONS))
        text = f"{text} {_EMOTIONS[emotions[1]]}"
    return f"{text}\t{','.join(map(str, emotions))}\tg{number:06d}"


def _vocabulary(data_set: DataSet) -> dict[str, bytes]:
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [f"##{letter}" for letter in letters]
    words = sorted({*_FILLERS, *_EMOTIONS, *_TWEET_CLASSES} - set(letters))
    return {"vocab.txt": encode_lines([*special, *letters, *pieces, *words])}
