"""Parts that later studies will bring, small: none of them needs a line in a shared file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import nn

from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.draws.starts import draw_torch_default
from escaping_minima.methods.protocol import descend
from escaping_minima.problems.tasks.images import ImageTask
from escaping_minima.problems.tasks.pixels import Pixels
from escaping_minima.problems.tasks.placed import place_images
from escaping_minima.problems.tasks.targets import OneClass, SeveralLabels


@dataclass(frozen=True)
class Fashion:
    """A small convolution, dropout of 0.3 on 100 units, PyTorch's default start."""

    DATA_SET: ClassVar[str] = "fashion-mnist"
    CHANNELS: ClassVar[int] = 1

    data: str = "sample"
    train_images: int = 40
    test_images: int = 30
    validation: int = 0
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    pad: int = 0
    crop: int = 0
    flip: bool = False
    dropout: float = 0.3
    width: int = 100

    def select(self, data):
        return replace(
            data,
            train_images=data.train_images[: self.train_images],
            train_labels=data.train_labels[: self.train_images],
            test_images=data.test_images[: self.test_images],
            test_labels=data.test_labels[: self.test_images],
        )

    def place(self, data, device):
        return place_images(data, device)

    def pixels(self):
        return Pixels(255.0, self.mean, self.deviation, self.pad, self.crop, self.flip)

    def task(self, placed, streams):
        return ImageTask(placed.splits(self.validation), self.pixels(), OneClass(), streams)

    def network(self):
        return nn.Sequential(
            nn.Conv2d(self.CHANNELS, 4, 5, stride=3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(5),
            nn.Flatten(),
            nn.Linear(100, self.width),
            NamedDropout(self.dropout),
            nn.ReLU(),
            nn.Linear(self.width, 10),
        )

    def start(self, network, streams):
        draw_torch_default(network, streams)


@dataclass(frozen=True)
class Cifar(Fashion):
    """The same on colour images."""

    DATA_SET: ClassVar[str] = "cifar-10"
    CHANNELS: ClassVar[int] = 3


def several(labels):
    """Return labels (n, 10) that apply together: a class, and the class after it if it is even."""
    return torch.stack(
        [((labels == k) | ((labels + 1 == k) & (labels % 2 == 0))).float() for k in range(10)], 1
    )


@dataclass(frozen=True)
class Labels(Fashion):
    """Several labels an item: a sigmoid each, macro-F1."""

    threshold: float = 0.2

    def task(self, placed, streams):
        splits = {
            name: (images, several(labels))
            for name, (images, labels) in placed.splits(self.validation).items()
        }
        return ImageTask(splits, self.pixels(), SeveralLabels(self.threshold), streams)


@dataclass(frozen=True)
class Annealing:
    """A descent step with a kick, kept if the inference loss falls or by chance if it does not."""

    learning_rate: float = 0.05
    temperature: float = 1.0
    kick: float = 1e-3

    def start(self, w):
        return {
            "g": w.clone(),
            "before": w.new_zeros((len(w), 1)),
            "after": w.new_zeros((len(w), 1)),
            "kept_w": w.clone(),
            "accepted": w.new_zeros((len(w), 1)),
            "rejected": w.new_zeros((len(w), 1)),
        }

    def step(self, w, state, objective, noise):
        before, after = state["before"], state["after"]
        objective.value(w, before, inference=True)
        objective.remember_statistics()
        state["kept_w"].copy_(w)
        objective.gradient(w, state["g"])
        # one of four sizes of a kick, and its direction
        w.add_(noise.normal("kick") * (self.kick * noise.choice("size", 4)))
        descend(w, state["g"], self.learning_rate, state)
        objective.value(w, after, inference=True)
        chance = noise.uniform("acceptance").to(w.dtype)
        accepted = chance < ((before - after) / self.temperature).exp()
        w.copy_(w.where(accepted, state["kept_w"]))
        objective.roll_back_statistics(accepted.logical_not())
        state["accepted"].add_(accepted)
        state["rejected"].add_(accepted.logical_not())

    def finish(self, w, state, objective):
        pass


@dataclass(frozen=True)
class Recorder:
    """Draws of every form, each by a purpose of its own, and notes the last ones."""

    learning_rate: float = 0.05
    order: tuple[str, ...] = ("a", "b", "c", "d", "e")

    def start(self, w):
        return {"g": w.clone()} | {name: w.new_zeros((1, 1)) for name in "abcde"}

    def step(self, w, state, objective, noise):
        draw = {
            "a": lambda: noise.normal("a")[:, :1],
            "b": lambda: noise.uniform("b"),
            "c": lambda: noise.uniform_each("c")[:, :1],
            "d": lambda: noise.choice("d", 1000),
            "e": lambda: noise()[:, :1],
        }
        for name in self.order:
            state[name].copy_(draw[name]())
        objective.gradient(w, state["g"])
        descend(w, state["g"], self.learning_rate, state)

    def finish(self, w, state, objective):
        pass


@dataclass(frozen=True)
class Wells:
    """(w^2 - 1)^2 summed over five coordinates."""

    BLOCK: ClassVar[int] = 6

    lower: tuple[float, ...] = (-2.0,) * 5
    upper: tuple[float, ...] = (2.0,) * 5

    def values(self, w):
        return (w**2 - 1).square().sum(1, keepdim=True)

    def gradients(self, w):
        return 4 * w * (w**2 - 1)


#: By room and name.
PARTS = {
    ("problems", "toy_fashion"): Fashion,
    ("problems", "toy_cifar"): Cifar,
    ("problems", "toy_labels"): Labels,
    ("problems", "toy_wells"): Wells,
    ("methods", "toy_annealing"): Annealing,
    ("methods", "toy_recorder"): Recorder,
}
