"""What each task is at the settings of a run: problem, sizes, rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.problems.bert import DATA_SETS, SCRATCH
from escaping_minima.problems.networks.bert_shapes import ENCODERS
from escaping_minima.schedules.batch_sizes import batch_bounds
from escaping_minima.studies.populations.names import IMAGE_TASKS, SLUGS, TASKS, TEXT_TASKS
from escaping_minima.studies.populations.settings import BLOCKS

if TYPE_CHECKING:
    from escaping_minima.studies.populations.settings import Settings

#: Images that each version of the data has, to train and to test on; and texts of generated data,
#: to train on, held out and to test on. Of texts the samples have all.
IMAGES = {"generated": (240, 120), "sample": (2_000, 500), "full": (50_000, 10_000)}
GENERATED_TEXTS = {"goemotions": (84, 28, 28), "tweeteval-emotion": (48, 12, 24)}
#: The share of the training images that is held out.
HELD_OUT = 10
#: A part of the texts is held out, and tested on, that is so many times smaller.
FEWER = 3
#: Of a head of attention in a BERT from scratch.
HEAD_WIDTH = 32


@dataclass(frozen=True)
class Task:
    """A task at the settings of a run.

    Attributes
    ----------
    name : str
    problem : str
        A module of ``problems``.
    problem_settings : Mapping
    trajectories : int
    epochs : int
    batch_size : int
    precision : str
    train, validation, test : int
        Items trained on, held out and tested on.
    """

    name: str
    problem: str
    problem_settings: Mapping[str, Any]
    trajectories: int
    epochs: int
    batch_size: int
    precision: str
    train: int
    validation: int
    test: int

    @property
    def is_text(self) -> bool:
        """Whether it reads texts."""
        return self.name in TEXT_TASKS

    @property
    def updates(self) -> int:
        """Updates of an epoch."""
        return len(batch_bounds(self.train, self.batch_size))


def make_tasks(settings: Settings) -> dict[str, Task]:
    """Return each task at some settings, by name."""
    return {
        name: _images(name, settings) if name in IMAGE_TASKS else _texts(name, settings)
        for name in TASKS
    }


def _images(name: str, settings: Settings) -> Task:
    there, test = IMAGES[settings.data]
    given = min(there, settings.train_images)
    held_out = given // HELD_OUT
    problem = {
        "data": settings.data,
        "data_set": name,
        "train_images": given,
        "test_images": test,
        "divisor": settings.divisor,
        "validation_images": held_out,
        "blocks": BLOCKS[settings.blocks],
    }
    return Task(
        name,
        "resnet50",
        problem,
        _trajectories(name, settings),
        settings.epochs,
        settings.batch_size,
        settings.precision,
        given - held_out,
        held_out,
        test,
    )


def _texts(name: str, settings: Settings) -> Task:
    there = GENERATED_TEXTS[name] if settings.data == "generated" else DATA_SETS[name][1]
    most = settings.train_texts
    train, held_out, test = map(min, there, (most, most // FEWER, most // FEWER))
    problem = {
        "data": settings.data,
        "data_set": name,
        "train_texts": train,
        "validation_texts": held_out,
        "test_texts": test,
        "encoder": settings.encoder,
        **_encoder(settings),
    }
    return Task(
        name,
        "bert",
        problem,
        _trajectories(name, settings),
        settings.text_epochs,
        settings.text_batch_size,
        settings.text_precision,
        train,
        held_out,
        test,
    )


def _encoder(settings: Settings) -> dict[str, Any]:
    """Return the shape of an encoder; of a pretrained one, its own and how much is trained."""
    if settings.encoder == SCRATCH:
        heads = settings.width // HEAD_WIDTH
        return {"layers": settings.layers, "width": settings.width, "heads": heads}
    shape = ENCODERS[settings.encoder]
    return {
        "layers": shape.layers,
        "width": shape.width,
        "heads": shape.heads,
        "trained_layers": settings.trained_layers,
    }


def _trajectories(name: str, settings: Settings) -> int:
    count: int = getattr(settings, f"{SLUGS[name]}_trajectories")
    return count
