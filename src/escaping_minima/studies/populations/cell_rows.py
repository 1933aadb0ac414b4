"""The rows of ``cells.csv``: what each cell is, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from escaping_minima.collect.cell_columns import (
    circumstances,
    data_checksums,
    data_note,
    mean_evaluations,
)
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.studies.populations.names import IMAGE_TASKS, TASK_NAMES

if TYPE_CHECKING:
    from escaping_minima.plan.jobs import PlannedBlocks

#: Blocks of the whole network, and what a trained encoder is called.
_RESNET_50 = [3, 4, 6, 3]
_ENCODERS = {"minilm": "all-MiniLM-L6-v2", "bert-base-uncased": "bert-base-uncased"}
#: Settings of methods that have a column each.
_METHOD_SETTINGS = ("learning_rate", "radius", "gradient_tolerance", "patience")


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row, from the manifests of its blocks.

    Of a tuned cell the settings are those that its search has found; of a search, what is drawn
    has none. What a cell has not is empty.
    """
    cell, labels = planned.cell, planned.labels
    problem = cell.problem_settings
    return {
        "cell": cell.id,
        **{name: labels[name] for name in ("role", "task", "method", "variant")},
        "data_set": problem["data_set"],
        **_of_run(cell, labels["models"], manifests),
        **count_items(problem),
        "precision": _training(cell).get("precision", "float32"),
        "data_version": problem["data"],
        "data_words": _words(problem),
        "data": canonical_json(data_checksums([_of_files(m) for m in manifests])),
        "data_note": data_note(manifests),
        "blocks": len(manifests),
        **mean_evaluations(manifests, len(manifests)),
        **circumstances(planned, manifests),
    }


def _training(cell: Any) -> Mapping[str, Any]:
    """Return the record of how a cell trains; nothing of one that trains no network."""
    if cell.KIND == "baseline":
        return {}
    record: Mapping[str, Any] = cell.training if cell.KIND == "search" else cell.record()
    return record


def _of_run(cell: Any, models: int, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    training = _training(cell)
    modifiers = {m["name"]: m["settings"] for m in training.get("modifiers", [])}
    method = _method_settings(cell, manifests[0])
    return {
        "network": network_name(cell.problem_settings) if training else "",
        "epochs": training.get("epochs", ""),
        "models": models,
        "batch_size": training["batch_size"]["first"] if training else "",
        "learning_rate": method.pop("learning_rate"),
        "momentum": modifiers.get("momentum", {}).get("share", ""),
        "weight_decay": modifiers.get("weight_decay", {}).get("rate", ""),
        **method,
        "parameters": manifests[0].get("parameters", ""),
    }


def _method_settings(cell: Any, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a method that have columns; of a search, those not drawn."""
    drawn = cell.space if cell.KIND == "search" else {}
    own = {k: v for k, v in cell.method_settings.items() if k not in drawn}
    own |= manifest.get("tuned", {}).get("settings", {})
    return {name: own.get(name, "") for name in _METHOD_SETTINGS}


def network_name(problem: Mapping[str, Any]) -> str:
    """Return what a network is, in words.

    Parameters
    ----------
    problem : Mapping
        Settings of ``resnet50`` or ``bert``.
    """
    if "blocks" in problem:
        blocks = list(problem["blocks"])
        count = f"bottleneck ResNet, {sum(blocks)} blocks"
        name = "ResNet-50" if blocks == _RESNET_50 else count
        return name if problem["divisor"] == 1 else f"{name}, 1/{problem['divisor']} of the width"
    if problem["encoder"] == "scratch":
        layers = problem["layers"]
        return f"BERT from scratch, {layers} layer{'s' * (layers > 1)}"
    name, trained = _ENCODERS[problem["encoder"]], problem["trained_layers"]
    if not trained:
        return name
    return f"{name}, top {'layer' if trained == 1 else f'{trained} layers'} trained"


def count_items(problem: Mapping[str, Any]) -> dict[str, int]:
    """Return how many items are trained on, held out and tested on."""
    if problem["data_set"] in IMAGE_TASKS:
        held_out = problem["validation_images"]
        train, test = problem["train_images"] - held_out, problem["test_images"]
    else:
        held_out = problem["validation_texts"]
        train, test = problem["train_texts"], problem["test_texts"]
    return {"train_items": train, "validation_items": held_out, "test_items": test}


def _words(problem: Mapping[str, Any]) -> str:
    is_image = problem["data_set"] in IMAGE_TASKS
    name, what = TASK_NAMES[problem["data_set"]], "images" if is_image else "texts"
    kinds = {
        "generated": f"generated {what}, not {name}",
        "sample": f"{name}, {'its sample' if is_image else 'the whole of it'} in the repository",
        "full": name,
    }
    train, held_out, test = count_items(problem).values()
    return (
        f"{kinds[problem['data']]}: {train:,} training, {held_out:,} held-out and {test:,} test "
        f"{what}"
    )


def _of_files(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a block rests on of data files alone, without the trials of a search."""
    trials = manifest.get("tuned", {})
    data = {k: v for k, v in manifest["data"].items() if not (trials and k.endswith("/trial"))}
    return {**manifest, "data": data}
