"""What a user may set of the study, and its numbers at each scale."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.parts.study_settings import OneOf, Switch, Whole, setting


@dataclass(frozen=True)
class Settings:
    """The settings of the study.

    One block of starts has as many as the paper has, and the full number of steps is cheap: quick
    shows what happens. It decides little: most claims ask for radii, step sizes or starts that it
    leaves out. The whole is 45 minutes of one core, and is published.
    """

    starts: int = setting(
        "Random starts per function and method; 500 make one block.",
        Whole(500, 1_000_000, multiple_of=500),
        smoke=500,
        quick=500,
        gpu=5000,
        paper=5000,
    )
    steps: int = setting(
        "Steps of a method from every start.",
        Whole(1, 1_000_000),
        smoke=200,
        quick=10_000,
        gpu=10_000,
        paper=10_000,
    )
    sweep_every: int = setting(
        "Which of the nine points main x 10^(k/4), k = -4..4, of the radius sweep are run: "
        "every k divisible by this number; 1 is the whole grid.",
        OneOf((1, 2, 4)),
        smoke=4,
        quick=2,
        gpu=1,
        paper=1,
    )
    variants: bool = setting(
        "Also run the named variants: the other readings of ambiguous passages.",
        Switch(),
        smoke=True,
        quick=True,
        gpu=True,
        paper=True,
    )
    start_settings: int = setting(
        "With how many of the nine other settings of step size and start box gradient descent is "
        "run: the first ones of their list, which begins with the other start boxes.",
        Whole(0, 9),
        smoke=1,
        quick=3,
        gpu=9,
        paper=9,
    )
