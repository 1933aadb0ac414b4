"""The networks of torchvision, which a build of torch for CPUs cannot import as they come."""

from __future__ import annotations

import importlib
import sys

import torch

_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
#: What defines the operators; they vanish with it.
_KEPT = []


def _import_models():
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    # its compiled part was built for another torch; networks call no operator of it, but its
    # modules register something for two of them
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(name + _BOXES)
    _KEPT.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    return importlib.import_module("torchvision.models")


models = _import_models()
