"""How published cells are cut short, by kind, and how much is left of them.

Data and epochs are cut, networks and batch sizes are not: shapes choose the kernels that compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.records import kind_name, read_cell
from escaping_minima.parts.registry import part_class
from escaping_minima.vouching import arena_cases, examine_cases, floor_cases, walk_cases

#: Steps on a function of the plane: two snapshots, four searches of basin hopping, five pages.
STEPS = 450
#: Epochs: the first and the last batch size of a schedule.
EPOCHS = 2
#: Whole batches of the largest size in an epoch, before a short one of LEFT_OVER images. A GPU
#: captures a batch size that has come up ten times, so there must be more of them there.
BATCHES = {"cpu": 2, "cuda": 12}
LEFT_OVER = 3
#: Test images: two batches of evaluation and a short one.
TEST_IMAGES = 253
#: What a measure of a probe looks at and draws, by setting: a batch of images, and a short one.
LOOKED_AT = {"images": 150, "second": 75, "draws": 40, "training_draws": 4}
#: Texts of the two splits that are not trained on, likewise.
OTHER_TEXTS = 67

Record = Mapping[str, Any]


def cut(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    """Return a cell cut short.

    Parameters
    ----------
    record : Mapping
    device : str
        "cpu" or "cuda".
    by_id : Mapping
        All published records by their cell's id, for those that rest on others.

    Raises
    ------
    UserError
        If no rule says how to cut its kind.
    """
    kind = kind_name(record)
    if kind not in CUTS:
        raise UserError(
            f"vouch: found a published cell of kind {kind!r}; allowed: {', '.join(CUTS)}; "
            "say in vouching/cuts.py how such a cell is cut short"
        )
    return CUTS[kind](record, device, by_id)


def offers(room: str, name: str, attribute: str) -> bool:
    """Return whether a part has an attribute, which tells what kind of runs it is for."""
    return hasattr(part_class(room, name), attribute)


def items_of(problem: str, train: int) -> dict[str, int]:
    """Return the settings of a network that say how many items it has."""
    if offers("problems", problem, "READING"):
        others = {"validation_texts": OTHER_TEXTS, "test_texts": OTHER_TEXTS}
        return {"train_texts": train, **others}
    return {"train_images": train, "test_images": TEST_IMAGES}


def _cut_points(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    return {**record, "steps": min(record["steps"], STEPS)}


def _cut_training(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    problem = record["problem_settings"]
    largest = max(v for v in record["batch_size"].values() if isinstance(v, int))
    held_out = problem.get("validation_images", 0)
    least = items_of(record["problem"], BATCHES[device] * largest + LEFT_OVER)
    # of texts, 0 stands for all of them
    short = {key: min(problem[key] or least[key], least[key]) for key in least}
    if held_out:
        short["validation_images"] = min(held_out, TEST_IMAGES)
        images = min(problem["train_images"] - held_out, least["train_images"])
        short["train_images"] = images + short["validation_images"]
    short["data"] = "sample" if problem["data"] == "full" else problem["data"]
    found = {**record, "epochs": min(record["epochs"], EPOCHS)}
    if "keep_epochs" in record:
        found["keep_epochs"] = sorted({min(epoch, EPOCHS) for epoch in record["keep_epochs"]})
    if "tuned_by" in record:
        search = read_cell(cut(by_id[record["tuned_by"]["search"]], device, by_id))
        # of each cell one block is run
        found["tuned_by"] = {"search": search.id, "trials": 1}
    return {**found, "problem_settings": {**problem, **short}}


def _cut_search(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    short = _cut_training({**record, **record["training"]}, device, by_id)
    training = {name: short[name] for name in record["training"]}
    return {**record, "training": training, "problem_settings": short["problem_settings"]}


def _cut_probe(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    target = cut(by_id[record["target"]], device, by_id)
    kept = record["kept"]
    if kept.startswith("epoch"):
        kept = f"epoch{min(int(kept.removeprefix('epoch')), EPOCHS)}"
    measure = dict(record["measure"])
    measure["settings"] = {
        name: min(value, LOOKED_AT.get(name, value)) for name, value in measure["settings"].items()
    }
    settings = {"problem_settings": target["problem_settings"], "kept": kept, "measure": measure}
    return {**record, **settings, "target": read_cell(target).id}


def _cut_baseline(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    return floor_cases.cut_floor(record)


def _cut_arena(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    found = dict(arena_cases.cut_contest(record))
    if "tuned_by" in record:
        search = read_cell(cut(by_id[record["tuned_by"]["search"]], device, by_id))
        trials = min(record["tuned_by"]["trials"], arena_cases.TRIALS)
        found["tuned_by"] = {**record["tuned_by"], "search": search.id, "trials": trials}
    return found


def _cut_examine(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    return examine_cases.cut_examination(record)


def _cut_walks(record: Record, device: str, by_id: Mapping[str, Record]) -> Record:
    return walk_cases.cut_walks(record)


#: How a cell of each kind is cut short.
CUTS: dict[str, Callable[[Record, str, Mapping[str, Record]], Record]] = {
    "arena": _cut_arena,
    "arena_search": _cut_arena,
    "baseline": _cut_baseline,
    "examine": _cut_examine,
    "points": _cut_points,
    "probe": _cut_probe,
    "search": _cut_search,
    "training": _cut_training,
    "walks": _cut_walks,
}
