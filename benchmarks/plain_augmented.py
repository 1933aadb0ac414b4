"""Training as users of torchvision write it: transforms of each image, in a DataLoader."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from cifar_contenders import Setup
from plain_cifar import PlainSGD
from torch import Tensor
from torch.utils.data import Dataset

from escaping_minima.plan.cores import count_cores

#: Lets torchvision be imported whatever torch was built for.
IMPORTER = Path(__file__).parents[1] / "tests" / "problems" / "torchvision_models.py"
#: Of the optimiser, as in the engine's runs.
SETTINGS = {"momentum": 0.9, "weight_decay": 5e-4}
#: Processes that load beside a GPU, where there are cores for them.
WORKERS = 8


class AugmentedImages(Dataset):
    """Images that are cropped, mirrored and normalised by transforms of torchvision when asked for.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 3, h, w)
    labels : ndarray of uint8, shape (n,)
    crop : int
        Zeros on each side that an image is cropped from.
    mean, deviation : tuple of float
        One a channel.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        crop: int,
        mean: tuple[float, ...],
        deviation: tuple[float, ...],
    ) -> None:
        transforms = _transforms()
        to_image = transforms.ToPILImage()
        self._images = [to_image(torch.from_numpy(image)) for image in images]
        self._labels = labels.tolist()
        self._change = transforms.Compose(
            [
                transforms.RandomCrop(images.shape[-1], padding=crop),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, deviation),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._change(self._images[index]), self._labels[index]


def _transforms() -> Any:
    spec = importlib.util.spec_from_file_location(IMPORTER.stem, IMPORTER)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return importlib.import_module("torchvision.transforms")


def augmented_loop(setup: Setup) -> PlainSGD:
    """Return the plain loop of SGD on the images of the engine's runs, with its recipe."""
    problem = setup.problem()
    data, pixels = setup.data(problem), problem.pixels()
    how = (pixels.crop, pixels.mean, pixels.deviation)
    images = AugmentedImages(data.train_images, data.train_labels, *how)
    on_gpu = setup.device == "cuda"
    workers = min(WORKERS, count_cores() - 1) if on_gpu else 0
    given = (problem.network(), images, setup.batch, setup.device, on_gpu, workers)
    return PlainSGD(*given, settings=SETTINGS)
