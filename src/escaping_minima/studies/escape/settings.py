"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting

#: Starts whose mean is one value, where a claim is about losses: whole groups make a block.
GROUP = 50


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    A run of the arena costs what its budget says, whatever the method. Quick has a fifth of the
    published budget and one block of starts, and so decides what is far from even.
    """

    budget: int = setting(
        "Evaluations of a run: a loss counts 1, a gradient 3, each times the items that it looks "
        "at. Of a problem with items it is counted in passes over all of them, and a run has a "
        "tenth of it on the scattered sum and a fiftieth on images.",
        Whole(150, 10_000_000),
        smoke=150,
        quick=2000,
        gpu=10_000,
        paper=10_000,
    )
    function_starts: int = setting(
        "Starts in a block on a function.",
        Whole(GROUP, 100_000, multiple_of=GROUP),
        smoke=50,
        quick=200,
        gpu=250,
        paper=250,
    )
    network_starts: int = setting(
        "Starts in a block on a network that learns XOR, or on random waves.",
        Whole(GROUP, 100_000, multiple_of=GROUP),
        smoke=50,
        quick=50,
        gpu=100,
        paper=100,
    )
    blocks: int = setting(
        "Fresh blocks on which settings are judged; none of them has the starts of a search.",
        Whole(1, 1000),
        smoke=1,
        quick=1,
        gpu=10,
        paper=10,
    )
    trials: int = setting(
        "Random settings of a method that a search tries on a problem, on starts of their own.",
        Whole(1, 1000),
        smoke=2,
        quick=16,
        gpu=16,
        paper=16,
    )
    methods: str = setting(
        "Which methods are in the arena: those that claims compare (claimed), or all.",
        OneOf(("claimed", "all")),
        smoke="claimed",
        quick="all",
        gpu="all",
        paper="all",
    )
    width: int = setting(
        "The widest network that learns XOR: those of 2 and 4 units, or also of 8, or also of 16.",
        OneOf((4, 8, 16)),
        smoke=4,
        quick=4,
        gpu=16,
        paper=16,
    )
    depth: int = setting(
        "Hidden layers at most, of 2 units on XOR and on images.",
        Whole(1, 3),
        smoke=2,
        quick=3,
        gpu=3,
        paper=3,
    )
    image_starts: int = setting(
        "Starts of a network that learns images, one block; 0 leaves these networks out.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=20,
        paper=20,
    )
    image_trials: int = setting(
        "Random settings that a search tries on such a network.",
        Whole(1, 1000),
        smoke=2,
        quick=2,
        gpu=8,
        paper=8,
    )
    descents: int = setting(
        "The most descents of one run that are compared with single ones: 2, doubled up to this.",
        OneOf((2, 4, 8, 16, 32)),
        smoke=4,
        quick=32,
        gpu=32,
        paper=32,
    )
    descent_starts: int = setting(
        "Starts in a block of these runs; an equality of shares takes thousands of them.",
        Whole(GROUP, 100_000, multiple_of=GROUP),
        smoke=50,
        quick=250,
        gpu=1000,
        paper=1000,
    )
    functions: int = setting(
        "Random functions of each dimension whose critical points are looked for; 0 leaves them "
        "out.",
        Whole(0, 1000),
        smoke=1,
        quick=3,
        gpu=10,
        paper=10,
    )
    dimension: int = setting(
        "The largest dimension of them: those of 2 and 5, or also of 10, of 20, of 50.",
        OneOf((5, 10, 20, 50)),
        smoke=5,
        quick=10,
        gpu=50,
        paper=50,
    )
    searches: int = setting(
        "Searches for critical points of a function, each from a point of its own.",
        Whole(2, 100_000),
        smoke=20,
        quick=100,
        gpu=200,
        paper=200,
    )
    attractors: int = setting(
        "Descents on XOR between whose ends barriers are measured; 0 leaves them out.",
        Whole(0, 200),
        smoke=3,
        quick=12,
        gpu=20,
        paper=20,
    )
    variants: bool = setting(
        "Also run the named variants: a gradient at the price of a loss, and what a method does "
        "with its strength taken away.",
        Switch(),
        smoke=True,
        quick=False,
        gpu=True,
        paper=True,
    )
    skip_size: str = setting(
        "How networks with skip connections and without are trained: on generated images (tiny), "
        "a few epochs on the samples in the repository (short), longer (sample), or on all of "
        "MNIST and CIFAR-10 (full, fetched).",
        OneOf(("tiny", "short", "sample", "full")),
        smoke="tiny",
        quick="short",
        gpu="sample",
        paper="full",
    )
    skip_seeds: int = setting(
        "Seeds of each of these networks; 0 leaves them out.",
        Whole(0, 1000),
        smoke=1,
        quick=1,
        gpu=5,
        paper=10,
    )
    skip_rates: bool = setting(
        "Also train them at two other learning rates.",
        Switch(),
        smoke=True,
        quick=False,
        gpu=True,
        paper=True,
    )
