"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting

#: Walks in a block on MNIST.
MNIST_BLOCK = 25


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    On XOR a sample is the paper's number of walks, ten for each weight. Quick has the whole of it
    for at most four hidden units, and looks at the curvature of every tenth point.
    """

    data: str = setting(
        "What networks learn beside XOR: all of MNIST (full, fetched), the sample in the "
        "repository, or generated images, which are for tests alone.",
        OneOf(("generated", "sample", "full")),
        smoke="generated",
        quick="sample",
        gpu="full",
        paper="full",
    )
    micro_steps: int = setting(
        "Points of a walk of micro steps, of at most 1 percent of the range of starts.",
        Whole(2, 100_000),
        smoke=30,
        quick=1000,
        gpu=1000,
        paper=1000,
    )
    macro_steps: int = setting(
        "Points of a walk of macro steps, of at most 10 percent of that range.",
        Whole(2, 100_000),
        smoke=10,
        quick=100,
        gpu=100,
        paper=100,
    )
    xor_width: int = setting(
        "The widest networks on XOR: those of 2, of 2 and 4, or of 2, 4 and 20 units a layer.",
        OneOf((2, 4, 20)),
        smoke=2,
        quick=4,
        gpu=20,
        paper=20,
    )
    xor_depth: int = setting(
        "Hidden layers at most on XOR.",
        Whole(1, 3),
        smoke=2,
        quick=3,
        gpu=3,
        paper=3,
    )
    xor_samples: int = setting(
        "Samples of XOR, of ten walks a weight each, for networks of at most 81 weights; 0 leaves "
        "XOR out.",
        Whole(0, 100),
        smoke=1,
        quick=1,
        gpu=10,
        paper=10,
    )
    xor_large_samples: int = setting(
        "The same for networks of 20 units in two and three layers, of 501 and 921 weights.",
        Whole(0, 100),
        smoke=0,
        quick=0,
        gpu=1,
        paper=10,
    )
    curvature_every: int = setting(
        "Each so many points of a walk on XOR with at most 4 hidden units a layer have their "
        "curvature classified; with 20 the number is fixed, and of the first sample alone.",
        Whole(1, 100_000),
        smoke=5,
        quick=10,
        gpu=1,
        paper=1,
    )
    mnist_width: int = setting(
        "The widest networks on MNIST: those of 10, of 10 and 20, or of 10, 20 and 100 units a "
        "layer.",
        OneOf((10, 20, 100)),
        smoke=10,
        quick=10,
        gpu=100,
        paper=100,
    )
    mnist_depth: int = setting(
        "Hidden layers at most on MNIST.",
        Whole(1, 3),
        smoke=1,
        quick=1,
        gpu=3,
        paper=3,
    )
    mnist_walks: int = setting(
        "Walks of each network and setting on MNIST; 0 leaves MNIST out.",
        Whole(0, 1_000_000, multiple_of=MNIST_BLOCK),
        smoke=25,
        quick=25,
        gpu=300,
        paper=1000,
    )
    control_walks: int = setting(
        "Walks on MNIST of each control: random walks, a second minibatch for the recorded loss, "
        "and long steps from the small range; 0 leaves them out.",
        Whole(0, 1_000_000, multiple_of=MNIST_BLOCK),
        smoke=25,
        quick=0,
        gpu=100,
        paper=300,
    )
    xor_controls: bool = setting(
        "Whether random walks are made on XOR with at most 4 hidden units a layer, a sample of "
        "each.",
        Switch(),
        smoke=True,
        quick=True,
        gpu=True,
        paper=True,
    )
    descent_blocks: int = setting(
        "Blocks of the first sample of XOR, of networks of at most 4 hidden units a layer, from "
        "whose points of low gradient short descents start; ten are the sample.",
        Whole(0, 10),
        smoke=1,
        quick=0,
        gpu=10,
        paper=10,
    )
