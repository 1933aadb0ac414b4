"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    At quick nothing is fetched, so there are no main runs: these need all of MNIST. At gpu the
    main runs have the epochs of section 4.5.
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
        gpu=1000,
        paper=3000,
    )
    mesh_epochs: int = setting(
        "Epochs of the runs of section 4.5, which end earlier; 0, or as many as epochs, leaves "
        "them out.",
        Whole(0, 100_000),
        smoke=1,
        quick=0,
        gpu=0,
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
        quick=3,
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
