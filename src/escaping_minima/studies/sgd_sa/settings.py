"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting

#: Channels of the first layer of both networks are 64 over one of these.
_DIVISORS = OneOf((1, 2, 4, 8, 16, 32))


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    At quick nothing is fetched: narrow networks train on the samples of the repository for a few
    epochs, with a temperature that falls as far in them. At gpu and paper the runs are the paper's.
    """

    data: str = setting(
        "What the runs train on: all of CIFAR-10 and Fashion-MNIST (full, fetched), the samples in "
        "the repository, or generated images, which are for tests alone.",
        OneOf(("generated", "sample", "full")),
        smoke="generated",
        quick="sample",
        gpu="full",
        paper="full",
    )
    epochs: int = setting(
        "Epochs of all runs; rates and temperatures fall at the same shares of them.",
        Whole(1, 10_000),
        smoke=2,
        quick=4,
        gpu=100,
        paper=100,
    )
    batch_size: int = setting(
        "Images of a minibatch.",
        Whole(2, 50_000),
        smoke=32,
        quick=32,
        gpu=512,
        paper=512,
    )
    vgg16_divisor: int = setting(
        "VGG16 has 64, 128, ... channels divided by this; 1 is the paper's network.",
        _DIVISORS,
        smoke=32,
        quick=8,
        gpu=1,
        paper=1,
    )
    resnet34_divisor: int = setting(
        "The same of ResNet34.",
        _DIVISORS,
        smoke=32,
        quick=16,
        gpu=1,
        paper=1,
    )
    precision: str = setting(
        "Of the forward passes on CIFAR-10 and Fashion-MNIST; bfloat16 is slow on a CPU.",
        OneOf(("float32", "bfloat16")),
        smoke="float32",
        quick="float32",
        gpu="bfloat16",
        paper="bfloat16",
    )
    seeds: int = setting(
        "Runs of Scheduled-SGD and of SGD-SA on CIFAR-10 with each network (Table 1, Figures 3 and "
        "4); 0 leaves them out.",
        Whole(0, 1000),
        smoke=2,
        quick=3,
        gpu=10,
        paper=10,
    )
    fashion_seeds: int = setting(
        "Runs of SSA, its variants and SGD on Fashion-MNIST (Figures 1 and 2); 0 leaves them out.",
        Whole(0, 1000),
        smoke=1,
        quick=3,
        gpu=5,
        paper=10,
    )
    control_seeds: int = setting(
        "Runs of each control that the paper lacks: no test, single rates, no large rates, other "
        "readings; 0 leaves them out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=3,
        paper=10,
    )
    source_seeds: int = setting(
        "Runs in which one source of randomness alone varies, for each; 0 leaves them out.",
        Whole(0, 1000),
        smoke=2,
        quick=0,
        gpu=10,
        paper=10,
    )
    selection_seeds: int = setting(
        "Runs that hold out a tenth of the training set, by which the best seed is chosen; 0 "
        "leaves them out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=0,
        paper=10,
    )
    all_networks: bool = setting(
        "Whether controls and sources of randomness are run with ResNet34 as well as VGG16.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=False,
        paper=True,
    )
    small_seeds: int = setting(
        "Runs of a VGG16 of an eighth of the width on the first 5,000 images of CIFAR-10: "
        "Scheduled-SGD, SGD-SA and SGD-SA without its test; 0 leaves them out.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=5,
        paper=10,
    )
