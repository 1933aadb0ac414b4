"""Whole schedules of other lengths, the sizes in other orders, and probes of states they keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.studies.batch_increase.items import (
    NOTHING,
    Item,
    Runs,
    Watch,
    adagrad,
    kept_epochs,
)
from escaping_minima.studies.batch_increase.probed import say_target
from escaping_minima.studies.batch_increase.strategies import (
    SAMPLE,
    Strategy,
    other_orders,
)

#: Horizons of the ladders, by what their runs train on: epochs of a whole schedule. The least on
#: the sample is for a first run, which has 8 epochs with nothing further recorded.
SAMPLE_RUNGS = (4, 8, 25, 75)
RUNGS = {
    "generated": (2,),
    "sample": (5, 15, 50, 150, 500),
    "full": (5, 15, 50, 150, 500),
}
#: Horizons from which on short last batches are looked at on MNIST: a shorter schedule has few.
SHORT_BATCHES_FROM = 150
#: Horizons up to which runs on MNIST compare minibatches with all images, as all of the sample do:
#: a pass over 60,000 images for each update that is looked at. Longer ones keep states, at which
#: batches are drawn (`noise_probes`).
DEVIATIONS_UP_TO = 15
#: Longest runs that record coordinates: those of section 4.5, which alone the claims on meshes are
#: about. A table has a megabyte, and 3,000 epochs of all main runs would take two.
MESH_UP_TO = 1000
#: Parts of a run that noise is measured in, each at a state in its middle.
NOISE_PARTS = 10
#: Main runs that were published before more was recorded, with the images that they train on: they
#: record what they did then, so that they stay the same cells.
PUBLISHED_MAIN = frozenset({("full", 5)})
#: What is measured around the last state, by role.
LAST_PROBES = {"flatness": "flatness", "slice": "loss_slice"}


def up_to(longest: int, rungs: Sequence[int]) -> list[int]:
    """Return the rungs of a ladder that are no longer than the longest asked for."""
    return [epochs for epochs in rungs if epochs <= longest]


def is_watched(problem: Mapping[str, Any], epochs: int) -> bool:
    """Return whether main runs record coordinates and keep states: those published early do not."""
    return (problem["data"], epochs) not in PUBLISHED_MAIN


def rung(
    chosen: Iterable[Strategy], problem: Mapping[str, Any], epochs: int, role: str
) -> list[Runs]:
    """Return a rung of a ladder: runs that record coordinates and keep states.

    Parameters
    ----------
    chosen : iterable of Strategy
    problem : Mapping
        Settings of the problem.
    epochs : int
    role : str
    """
    compared = epochs <= DEVIATIONS_UP_TO or problem == SAMPLE
    kept = kept_epochs if compared else _kept_for_noise
    return [
        adagrad(s, problem, epochs, role, watch=Watch(True, compared, kept(s, epochs)))
        for s in chosen
    ]


def main_runs(chosen: Iterable[Strategy], problem: Mapping[str, Any], epochs: int) -> list[Runs]:
    """Return the main runs, which record less where they were published so."""
    is_plain = not is_watched(problem, epochs)
    return [
        adagrad(s, problem, epochs, "main", watch=NOTHING if is_plain else _of_main(s, epochs))
        for s in chosen
    ]


def _of_main(strategy: Strategy, epochs: int) -> Watch:
    return Watch(mesh=epochs <= MESH_UP_TO, keep=_kept_for_noise(strategy, epochs))


def _kept_for_noise(strategy: Strategy, epochs: int) -> tuple[int, ...]:
    return tuple(sorted({*kept_epochs(strategy, epochs), *noise_states(epochs)}))


def noise_states(epochs: int) -> list[int]:
    """Return the epochs behind which noise is measured: the next one is in the middle of a part."""
    middles = (epochs * (2 * k + 1) // (2 * NOISE_PARTS) for k in range(NOISE_PARTS))
    return list(dict.fromkeys(middles))


def section_4_5(chosen: Iterable[Strategy], problem: Mapping[str, Any], epochs: int) -> list[Runs]:
    """Return the runs of section 4.5, which record coordinates."""
    watch = Watch(mesh=True)
    return [adagrad(s, problem, epochs, "section_4_5", watch=watch) for s in chosen]


def orders(
    chosen: Iterable[Strategy], problem: Mapping[str, Any], epochs: int, role: str
) -> list[Runs]:
    """Return the sizes of some increases in other orders.

    Parameters
    ----------
    chosen : iterable of Strategy
        What runs beside them: only sizes of these increases are taken.
    problem : Mapping
        Settings of the problem.
    epochs : int
    role : str
    """
    increases = {s.last for s in chosen if not s.is_fixed}
    return [adagrad(s, problem, epochs, role) for s in other_orders() if s.last in increases]


def spread_probes(targets: Iterable[Runs], draws: int) -> list[Item]:
    """Return how minibatch losses spread at every state that increases have kept.

    Parameters
    ----------
    targets : iterable of Runs
        Of one horizon.
    draws : int
        Minibatches of each size that are passed in training mode.
    """
    settings = {"training_draws": draws}
    return [
        _probe("spread", target, state, "batch_spread", settings)
        for target in targets
        if target.cell.keep_epochs and not target.strategy.is_fixed
        for state in kept_epochs(target.strategy, target.cell.epochs)
    ]


def noise_probes(targets: Iterable[Runs], draws: int) -> list[Item]:
    """Return what tells along runs how far the losses of their batches lie from that of all images.

    At states that runs have kept, batches of the size that the next epoch has are drawn as it draws
    them. Runs that compared their own batches are left out, and states at which a batch is all
    images.

    Parameters
    ----------
    targets : iterable of Runs
        Of one horizon.
    draws : int
        Batches at each state.
    """
    return [
        _probe("noise", target, state, "batch_spread", noise_settings(size, draws))
        for target in targets
        if target.cell.keep_epochs and not target.is_compared
        for state in noise_states(target.cell.epochs)
        if (size := target.strategy.sizes().size(state + 1, target.cell.epochs))
        < target.cell.problem_settings["train_images"]
    ]


def noise_settings(size: int, draws: int) -> dict[str, Any]:
    """Return how batches of a size are drawn at a state: no more than are passed and kept."""
    return {"sizes": (size,), **dict.fromkeys(("draws", "training_draws", "shown"), draws)}


def last_probes(targets: Iterable[Runs], role: str) -> list[Item]:
    """Return what is measured around the last state of each strategy.

    Parameters
    ----------
    targets : iterable of Runs
        Of one horizon.
    role : str
        One of LAST_PROBES.
    """
    measure = LAST_PROBES[role]
    kept = [target for target in targets if target.cell.keep_epochs]
    return [_probe(role, target, target.cell.keep_epochs[-1], measure) for target in kept]


def _probe(
    role: str,
    target: Runs,
    state: int,
    measure: str,
    settings: Mapping[str, Any] | None = None,
) -> Item:
    cell = make_probe_cell(target.cell, f"epoch{state}", measure, settings)
    of_target = target.labels["role"]
    labels = {
        "role": role,
        "strategy": target.labels["strategy"],
        # what tells probes of a role apart in tables
        "variant": say_target(of_target, state),
        "target_role": of_target,
        "epochs": target.cell.epochs,
        "state": state,
    }
    return Item(cell, labels)
