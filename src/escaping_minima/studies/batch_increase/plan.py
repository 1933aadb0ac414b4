"""The cells of the study in order of value, and the jobs that run them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import PlannedCell
from escaping_minima.studies.batch_increase import ladder
from escaping_minima.studies.batch_increase.annealing_cells import annealing_items
from escaping_minima.studies.batch_increase.controls import (
    controls,
    sample_controls,
    without_short_batches,
)
from escaping_minima.studies.batch_increase.items import Item, Runs, adagrad
from escaping_minima.studies.batch_increase.settings import Settings
from escaping_minima.studies.batch_increase.strategies import (
    IMAGES,
    SAMPLE,
    SAMPLE_EPOCHS,
    SAMPLE_N2,
    SECTION_4_5,
    all_strategies,
    strategies,
)

#: A DAG of a thousand jobs takes minutes to build, so blocks share jobs: those of a seed, as far as
#: the job takes an hour of a core. In core-seconds, what a job may have of several seeds, as
#: starting one costs seconds; and an hour, which one of probes may have.
JOB_COST = 65.0
HOUR = 3600.0
#: Core-seconds from which on a block is one for a GPU, where two that follow one another take less
#: than an hour: they share a job.
LONG = 6 * HOUR


@dataclass(frozen=True)
class _Part:
    """Some cells that are run seed by seed.

    Attributes
    ----------
    name : str
        That of its jobs.
    group : str
        What families of claims call these.
    items : sequence of Item
    seeds : int
    job_cost : float
        Core-seconds that a job may have of several seeds.
    """

    name: str
    group: str
    items: Sequence[Item]
    seeds: int
    job_cost: float = JOB_COST


def plan_cells(settings: Settings) -> list[PlannedCell]:
    """Lay out every cell of the study, the most telling blocks first.

    Raises
    ------
    UserError
        If nothing would be run.
    """
    parts = [*_sample_parts(settings), *_main_parts(settings)]
    planned = [cell for part in parts for cell in _pack(part)]
    if not planned:
        raise UserError(
            "batch_increase: found 0 for seeds and sample_seeds, and for ladder_seeds and "
            "sample_ladder_seeds or no horizon up to ladder_longest and sample_ladder_longest; "
            "allowed: runs of one of these, since other orders, probes and annealing only stand "
            "beside them; change one, or leave the study out of studies"
        )
    annealing = annealing_items(settings.annealing_blocks, settings.annealing_controls)
    return [*planned, *annealing]


def _sample_parts(settings: Settings) -> list[_Part]:
    """Return what runs on the sample: first what every scale has."""
    small, seeds = strategies(SAMPLE_N2), settings.sample_ladder_seeds
    chosen = all_strategies() if settings.sample_500 else small
    epochs = ladder.up_to(settings.sample_ladder_longest, ladder.SAMPLE_RUNGS)
    rungs = {rung: ladder.rung(chosen, SAMPLE, rung, "sample_ladder") for rung in epochs}
    plain = [adagrad(s, SAMPLE, SAMPLE_EPOCHS, "sample") for s in small]
    orders = {rung: ladder.orders(chosen, SAMPLE, rung, "sample_orders") for rung in epochs}
    order_seeds = min(seeds, settings.sample_order_seeds)
    control_seeds = settings.sample_seeds if settings.sample_controls else 0
    return [
        _Part("sample", "sample", plain, settings.sample_seeds),
        *_rungs("sample_ladder", rungs, seeds),
        *_probes("sample", [(items, seeds) for items in rungs.values()], settings),
        *_rungs("sample_orders", orders, order_seeds),
        _Part("sample_controls", "sample_controls", sample_controls(), control_seeds),
    ]


def _main_parts(settings: Settings) -> list[_Part]:
    """Return what runs on MNIST: short schedules first, then what is only beside them."""
    main, every, seeds = main_problem(settings), all_strategies(), settings.seeds
    epochs = ladder.up_to(settings.ladder_longest, ladder.RUNGS[settings.data])
    rungs = {rung: ladder.rung(every, main, rung, "main_ladder") for rung in epochs}
    whole = ladder.main_runs(every, main, settings.epochs)
    has_section = settings.mesh_epochs not in (0, settings.epochs)
    mesh = strategies(SECTION_4_5) if has_section else ()
    section = ladder.section_4_5(mesh, main, settings.mesh_epochs)
    probed = [(items, settings.ladder_seeds) for items in rungs.values()]
    if ladder.is_watched(main, settings.epochs):
        probed.append((whole, seeds))
    control_seeds = seeds if settings.controls else 0
    return [
        *_rungs("main_ladder", rungs, settings.ladder_seeds),
        _Part("main", "main", whole, seeds),
        _Part("section_4_5", "section_4_5", section, seeds),
        *_probes("main", probed, settings),
        *_main_orders(main, epochs, settings),
        *_short_batches(main, epochs, settings),
        _Part("controls", "controls", controls(main, settings.epochs, "main"), control_seeds),
    ]


def main_problem(settings: Settings) -> dict[str, Any]:
    """Return what the main runs train on."""
    train, test = IMAGES[settings.data]
    return {"data": settings.data, "train_images": train, "test_images": test}


def _main_orders(
    main: Mapping[str, Any], epochs: Sequence[int], settings: Settings
) -> Iterator[_Part]:
    """Yield the sizes in other orders at every horizon that has the increase."""
    increases = dict.fromkeys(epochs, settings.ladder_seeds)
    for rung in _main_epochs(settings):
        increases[rung] = max(settings.seeds, increases.get(rung, 0))
    for rung, seeds in sorted(increases.items()):
        items = ladder.orders(all_strategies(), main, rung, "main_orders")
        count = min(seeds, settings.order_seeds)
        yield _Part(f"main_orders_{rung}", "main_orders", items, count)


def _short_batches(
    main: Mapping[str, Any], epochs: Sequence[int], settings: Settings
) -> Iterator[_Part]:
    """Yield the increases without short last batches, where a schedule has many of them."""
    if not settings.short_batches:
        return
    increases = [s for s in all_strategies() if not s.is_fixed]
    ladders = dict.fromkeys(epochs, ("main_ladder", settings.ladder_seeds))
    whole = dict.fromkeys(_main_epochs(settings), ("main", settings.seeds))
    for rung, (runs, seeds) in (*ladders.items(), *whole.items()):
        if rung >= ladder.SHORT_BATCHES_FROM:
            items = without_short_batches(main, rung, runs, increases)
            yield _Part(f"{runs}_variant_{rung}", f"{runs}_variant", items, seeds)


def _main_epochs(settings: Settings) -> tuple[int, ...]:
    return (settings.epochs,) if settings.seeds else ()


def _rungs(name: str, rungs: Mapping[int, Sequence[Item]], seeds: int) -> Iterator[_Part]:
    for epochs, items in rungs.items():
        yield _Part(f"{name}_{epochs}", name, items, seeds)


def _probes(
    runs: str, horizons: Sequence[tuple[Sequence[Runs], int]], settings: Settings
) -> Iterator[_Part]:
    """Yield probes of the first seeds of runs, given (cells, seeds) of each horizon.

    They are jobs of their own: one that makes a state may not wait for another that reads one.
    """
    there = sorted(
        ((items, seeds) for items, seeds in horizons if seeds),
        key=lambda horizon: horizon[0][0].cell.epochs,
    )
    for items, seeds in there[-1:]:
        spread = ladder.spread_probes(items, settings.spread_draws)
        count = min(seeds, settings.spread_seeds)
        yield _Part(f"spread_{runs}", "spread", spread, count, HOUR)
    for items, seeds in there if settings.noise_seeds else ():
        noise = ladder.noise_probes(items, settings.noise_draws)
        name = f"noise_{runs}_{items[0].cell.epochs}"
        yield _Part(name, "noise", noise, min(seeds, settings.noise_seeds), HOUR)
    for items, seeds in there if settings.flatness_everywhere else there[-1:]:
        for role in ladder.LAST_PROBES:
            probes = ladder.last_probes(items, role)
            name = f"{role}_{runs}_{items[0].cell.epochs}"
            count = min(seeds, settings.flatness_seeds)
            yield _Part(name, role, probes, count, HOUR)


def _pack(part: _Part) -> Iterator[PlannedCell]:
    """Spread blocks over jobs, seed by seed over all its cells."""
    costs = [item.cell.cost for item in part.items]
    # nothing of this depends on how many seeds there are: more of them rename no job
    room = min(max(part.job_cost, sum(costs)), HOUR)
    number, spent = 0, 0.0
    for seed in range(part.seeds):
        for item, cost in zip(part.items, costs, strict=True):
            if spent and spent + cost > (2 * cost if cost > LONG else room):
                number, spent = number + 1, 0.0
            spent += cost
            job = f"{part.name}_{number:03d}"
            yield PlannedCell(item.cell, 1, job, item.labels, first=seed, group=part.group)
