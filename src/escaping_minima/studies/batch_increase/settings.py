"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    At quick nothing is fetched, so there are no main runs: these need all of MNIST. At gpu the
    main runs are the longest rung of a ladder of horizons, each a whole schedule of its own, and
    the runs of section 4.5 have its epochs.
    """

    data: str = setting(
        "What the main runs train on: all of MNIST (full, fetched), the sample of 10,000 "
        "images in the repository, or generated images, which are for tests alone.",
        OneOf(("generated", "sample", "full")),
        smoke="generated",
        quick="full",
        gpu="full",
        paper="full",
    )
    seeds: int = setting(
        "Main runs of each of the seven strategies; 0 leaves the main runs out.",
        Whole(0, 1000),
        smoke=2,
        quick=0,
        gpu=5,
        paper=10,
    )
    epochs: int = setting(
        "Epochs of the main runs, those of Figures 6 to 8.",
        Whole(1, 100_000),
        smoke=2,
        quick=3000,
        gpu=500,
        paper=3000,
    )
    mesh_epochs: int = setting(
        "Epochs of the runs of section 4.5, which end earlier; 0, or as many as epochs, leaves "
        "them out.",
        Whole(0, 100_000),
        smoke=1,
        quick=0,
        gpu=1000,
        paper=1000,
    )
    controls: bool = setting(
        "Repeat the main runs with plain SGD and with other readings of the paper.",
        Switch(),
        smoke=True,
        quick=False,
        gpu=False,
        paper=True,
    )
    sample_seeds: int = setting(
        "Runs of the four strategies with N2 = 100 on 2,000 images of the sample, 8 epochs; 0 "
        "leaves them out.",
        Whole(0, 1000),
        smoke=0,
        quick=2,
        gpu=10,
        paper=10,
    )
    sample_controls: bool = setting(
        "Repeat the sample runs with plain SGD and with other readings of the paper.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=True,
        paper=True,
    )
    ladder_seeds: int = setting(
        "Runs of each of the seven strategies on what the main runs train on, at each horizon of "
        "5, 15, 50, 150 and 500 epochs up to ladder_longest; 0 leaves them out.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=5,
        paper=5,
    )
    ladder_longest: int = setting(
        "The longest horizon of these runs, in epochs.",
        Whole(0, 100_000),
        smoke=0,
        quick=0,
        gpu=150,
        paper=500,
    )
    sample_ladder_seeds: int = setting(
        "Runs on 2,000 images of the sample at each horizon of 4, 8, 25 and 75 epochs up to "
        "sample_ladder_longest, which record more than the sample runs; 0 leaves them out.",
        Whole(0, 1000),
        smoke=0,
        quick=1,
        gpu=5,
        paper=5,
    )
    sample_ladder_longest: int = setting(
        "The longest horizon of these runs, in epochs.",
        Whole(0, 100_000),
        smoke=0,
        quick=4,
        gpu=75,
        paper=75,
    )
    sample_500: bool = setting(
        "Run these for N2 = 500 too.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=True,
        paper=True,
    )
    order_seeds: int = setting(
        "Runs with the batch sizes of the increase in random and in decreasing order, at the "
        "horizons of the main runs and of their ladder, no more than these have; 0 leaves them "
        "out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=5,
        paper=5,
    )
    sample_order_seeds: int = setting(
        "The same on the sample, at the horizons of its ladder.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=5,
        paper=5,
    )
    short_batches: bool = setting(
        "Repeat the increase of main runs and ladder, from 150 epochs on, without the last batch "
        "of an epoch where it is short.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=True,
        paper=True,
    )
    spread_seeds: int = setting(
        "Runs of each increase, at the longest horizon on MNIST and on the sample, at whose kept "
        "states minibatch losses are compared with the loss of all images; 0 leaves this out.",
        Whole(0, 1000),
        smoke=1,
        quick=1,
        gpu=5,
        paper=5,
    )
    spread_draws: int = setting(
        "Minibatches of each size there that pass in training mode, with replacement and without; "
        "0 leaves that mode out.",
        Whole(0, 100_000),
        smoke=2,
        quick=20,
        gpu=1000,
        paper=1000,
    )
    noise_seeds: int = setting(
        "Main runs of each strategy, and runs of their ladder of more than 15 epochs, at ten of "
        "whose states minibatches as large as there are compared with all images; 0 leaves this "
        "out.",
        Whole(0, 1000),
        smoke=1,
        quick=0,
        gpu=5,
        paper=5,
    )
    noise_draws: int = setting(
        "Minibatches at each of these states.",
        Whole(2, 10_000),
        smoke=2,
        quick=60,
        gpu=60,
        paper=60,
    )
    flatness_seeds: int = setting(
        "Runs of each strategy, at the longest horizon on MNIST and on the sample, at whose last "
        "state the flatness of the loss is measured; 0 leaves this out.",
        Whole(0, 1000),
        smoke=0,
        quick=0,
        gpu=5,
        paper=5,
    )
    flatness_everywhere: bool = setting(
        "Measure it at every horizon of the ladders, not at the longest alone.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=True,
        paper=True,
    )
    annealing_blocks: int = setting(
        "Blocks of 500 starts of simulated annealing on a curve and on the functions of the plane; "
        "0 leaves it out.",
        Whole(0, 1000),
        smoke=1,
        quick=1,
        gpu=2,
        paper=10,
    )
    annealing_controls: bool = setting(
        "Repeat it faster, slower and at its coldest temperature alone.",
        Switch(),
        smoke=False,
        quick=False,
        gpu=True,
        paper=True,
    )
