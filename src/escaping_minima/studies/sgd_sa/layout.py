"""The cells of each part of the study, as the settings have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import make_method, part_record
from escaping_minima.schedules.batch_sizes import batch_bounds
from escaping_minima.studies.sgd_sa import names

if TYPE_CHECKING:
    from escaping_minima.kinds.cell import Cell
    from escaping_minima.kinds.training.cell import TrainingCell
    from escaping_minima.studies.sgd_sa.settings import Settings

Slot = Mapping[str, Any]

#: H of the paper.
RATES: tuple[float, ...] = vars(make_method("sgd_sa", {}))["rates"]

CIFAR, FASHION = "cifar-10", "fashion-mnist"
#: Images that each version of the data has, by data set: training and test.
IMAGES = {
    "generated": {CIFAR: (240, 120), FASHION: (240, 120)},
    "sample": {CIFAR: (2_000, 500), FASHION: (1_000, 500)},
    "full": {CIFAR: (50_000, 10_000), FASHION: (60_000, 10_000)},
}
#: Minibatches on which the released code evaluates the training set after each epoch.
EVALUATED = 10
#: Of the paper: epochs, minibatch, and what the temperatures are multiplied by in each epoch.
PAPER_EPOCHS, PAPER_BATCH = 100, 512
COOLING = {"sgd_sa": 0.8, "ssa": 0.97}
#: Rates of Scheduled-SGD: at the start, and the shares of the epochs after which it has a tenth.
SCHEDULED_RATE, MILESTONES = 0.1, (0.3, 0.7)
#: Rate of the SGD that SSA is compared with.
FASHION_RATE = 0.001
#: Rates above this one are the unusually large ones.
LARGE = 0.1
#: The share of the moves of an epoch below which the released SSA shortens its steps.
DROP_BELOW = 0.6
#: The share of the training set that is held out where seeds are chosen.
HELD_OUT = 10
#: The small runs: the first images of CIFAR-10 and a narrow network, at every scale alike.
SMALL = {"data": "full", "data_set": CIFAR, "train_images": 5_000, "test_images": 10_000}
SMALL_DIVISOR, SMALL_EVALUATED = 8, 2_000
#: As many minibatches in an epoch as the paper has, to within two.
SMALL_BATCH = 50
#: Sources of randomness of a run, by purpose of its draws.
SOURCES = {"weights": "weights", "order": "order", "dropout": "dropout", "rate": "rates"}
TESTED = {"acceptance": "acceptance"}
#: Shares of the epochs after which states are kept to compare directions at.
KEPT = (0.0, 0.1, 0.3, 1.0)
#: Minibatches at each of them, and directions of each.
DIRECTIONS = {"batches": 20}

_LOSSES: Slot = {"name": "losses", "settings": {}}


@dataclass(frozen=True)
class Item:
    """A cell with what the study calls it."""

    cell: Cell
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A method with its schedules.

    Attributes
    ----------
    run : str
        What the study calls it.
    method : str
    settings : Mapping
        Of the method, without its temperature.
    rate, temperature : Mapping or None
        Parts of ``schedules``.
    reshuffle : bool
    """

    run: str
    method: str
    settings: Mapping[str, Any]
    rate: Slot | None = None
    temperature: Slot | None = None
    reshuffle: bool = True


def moves_of(settings: Mapping[str, Any]) -> int:
    """Return how many different moves a method of these settings has."""
    return len(settings.get("rates", RATES))


class Layout:
    """Makes the cells of a study of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._epochs = settings.epochs
        self._batch = settings.batch_size

    def main(self, network: str) -> list[Item]:
        """Return Table 1 and Figures 3 and 4: both methods."""
        return [self._item("main", network, rule) for rule in (self._scheduled(), self._annealed())]

    def telling_controls(self, network: str = "vgg16") -> list[Item]:
        """Return the controls that tell most: no test, and the largest rate alone."""
        rules = [
            self._annealed("accept_off", accept=False),
            self._single(names.SINGLE_RATES[0], tested=False),
            self._single(names.SINGLE_RATES[0], tested=True),
        ]
        return [self._item("control", network, rule) for rule in rules]

    def controls(self, network: str = "vgg16") -> list[Item]:
        """Return the other controls, and the other readings of SGD-SA."""
        small = tuple(rate for rate in RATES if rate <= LARGE)
        rules = [self._annealed("no_large_rates", rates=small)]
        for rate in names.SINGLE_RATES[1:]:
            rules += [self._single(rate, tested=False), self._single(rate, tested=True)]
        rules.append(self._scheduled("scheduled_from_largest", max(RATES)))
        return [self._item("control", network, rule) for rule in [*rules, *self._readings()]]

    def _readings(self) -> list[Rule]:
        each = self._annealed("cooled_each_minibatch", cooling=self._alpha_each("sgd_sa", CIFAR))
        return [
            self._annealed("mean_loss_unit", unit="mean", temperature=1.0),
            self._annealed("statistics_rolled_back", roll_back=True),
            replace(each, temperature=None),
            replace(self._annealed("as_printed", losses="training"), reshuffle=False),
        ]

    def fashion(self) -> list[Item]:
        """Return Figures 1 and 2: SSA, its variants, and SGD, on Fashion-MNIST."""
        each = self._random("ssa_cooled_each_minibatch", cooling=self._alpha_each("ssa", FASHION))
        sgd = Rule("sgd", "gd", {"learning_rate": FASHION_RATE})
        rules = [
            self._random(),
            sgd,
            self._random("ssa_shortened", drop_below=DROP_BELOW),
            self._random("ssa_refreshed", refresh=True),
            replace(each, temperature=None),
        ]
        error = self._random("ssa_error", drop_below=DROP_BELOW)
        more = {"data_set": FASHION}
        items = [self._item("fashion", "vgg16", rule, more) for rule in rules]
        return [*items, self._item("fashion", "vgg16", error, more | {"objective": "error"})]

    def small(self) -> list[Item]:
        """Return the small runs; they are the paper's but for network, images and minibatch."""
        paper = Layout(replace(self._settings, epochs=PAPER_EPOCHS, batch_size=SMALL_BATCH))
        rules = [paper._scheduled(), paper._annealed(), paper._annealed("accept_off", accept=False)]
        problem = {**SMALL, "divisor": SMALL_DIVISOR, "evaluated_images": SMALL_EVALUATED}
        return [paper._make("small", "vgg16", rule, problem, "float32") for rule in rules]

    def sources(self, network: str) -> list[Item]:
        """Return runs in which one source of randomness alone varies."""
        items = []
        for rule in (self._scheduled(), self._annealed()):
            annealed = rule.method == "sgd_sa"
            sources = {**SOURCES, **TESTED} if annealed else dict(list(SOURCES.items())[:3])
            for purpose, source in sources.items():
                seeds = {other: 0 for other in (*sources, "evaluated") if other != purpose}
                items.append(
                    self._item("sources", network, rule, seeds=seeds, variant=f"vary_{source}")
                )
        return items

    def states(self) -> list[Item]:
        """Return a run that keeps states."""
        kept = tuple(self._kept())
        rule = self._annealed()
        return [self._item("directions", "vgg16", rule, keep_epochs=kept, variant="states")]

    def _kept(self) -> list[int]:
        return sorted({round(share * self._epochs) for share in KEPT})

    def probes(self) -> list[Item]:
        """Return what is measured at each of the states that are kept."""
        (run,) = self.states()
        settings = {**DIRECTIONS, "batch": self._batch, "rates": RATES}
        return [
            Item(
                make_probe_cell(run.cell, f"epoch{epoch}", "directions", settings),
                {**run.labels, "variant": f"epoch{epoch}"},
            )
            for epoch in self._kept()
        ]

    def selection(self, network: str) -> list[Item]:
        """Return the main runs with a part of the training set held out."""
        held_out = IMAGES[self._settings.data][CIFAR][0] // HELD_OUT
        more = {"validation_images": held_out}
        rules = (self._scheduled(), self._annealed())
        return [self._item("selection", network, rule, more) for rule in rules]

    def numerics(self) -> list[Item]:
        """Return the main runs of VGG16 in float32."""
        rules = (self._scheduled(), self._annealed())
        problem = self._problem("vgg16", {})
        return [self._make("numerics", "vgg16", rule, problem, "float32") for rule in rules]

    def _alpha(self, method: str) -> float:
        """Return the factor of an epoch with which a temperature falls as far as in the paper."""
        return float(COOLING[method] ** (PAPER_EPOCHS / self._epochs))

    def _alpha_each(self, method: str, data_set: str) -> float:
        """Return the same of a minibatch, where the paper's temperature falls with each."""
        present = len(batch_bounds(IMAGES[self._settings.data][data_set][0], self._batch))
        paper = len(batch_bounds(IMAGES["full"][data_set][0], PAPER_BATCH))
        return float(self._alpha(method) ** (paper / present))

    def _cooling(self, method: str) -> Slot:
        return part_record("schedules", "cooling", {"alpha": self._alpha(method)}).record()

    def _scheduled(self, run: str = "scheduled_sgd", rate: float = SCHEDULED_RATE) -> Rule:
        borders = tuple(1 + round(share * self._epochs) for share in MILESTONES)
        steps = part_record("schedules", "steps", {"epochs": borders, "by": 0.1}).record()
        return Rule(run, "gd", {"learning_rate": rate}, rate=steps)

    def _temperature(self) -> float:
        """Return T0 = 1 of the paper's minibatch for the present one: the same in the mean loss."""
        return PAPER_BATCH / self._batch

    def _annealed(self, run: str = "sgd_sa", **settings: Any) -> Rule:
        own = {"temperature": self._temperature(), **settings}
        cooled = self._cooling("sgd_sa") if own.get("accept", True) else None
        return Rule(run, "sgd_sa", own, temperature=cooled)

    def _random(self, run: str = "ssa", **settings: Any) -> Rule:
        own = {"temperature": self._temperature(), **settings}
        return Rule(run, "ssa", own, temperature=self._cooling("ssa"))

    def _single(self, rate: float, tested: bool) -> Rule:
        name = names.single_rate(rate, tested)
        if tested:
            return self._annealed(name, rates=(rate,))
        return Rule(name, "gd", {"learning_rate": rate})

    def _problem(self, network: str, more: Mapping[str, Any]) -> dict[str, Any]:
        settings, data_set = self._settings, more.get("data_set", CIFAR)
        train, test = IMAGES[settings.data][data_set]
        return {
            "data": settings.data,
            "data_set": data_set,
            "train_images": train,
            "test_images": test,
            "divisor": getattr(settings, f"{network}_divisor"),
            # a small set has fewer images than ten minibatches, a tenth of them held out
            "evaluated_images": min(EVALUATED * self._batch, train - train // HELD_OUT),
            **more,
        }

    def _item(
        self,
        role: str,
        network: str,
        rule: Rule,
        more: Mapping[str, Any] | None = None,
        variant: str = "",
        **further: Any,
    ) -> Item:
        problem = self._problem(network, more or {})
        precision = self._settings.precision
        return self._make(role, network, rule, problem, precision, variant, **further)

    def _make(
        self,
        role: str,
        network: str,
        rule: Rule,
        problem: Mapping[str, Any],
        precision: str,
        variant: str = "",
        **further: Any,
    ) -> Item:
        cell: TrainingCell = make_training_cell(
            network,
            rule.method,
            self._epochs,
            {"first": self._batch, "last": self._batch, "line": "epochs"},
            problem,
            rule.settings,
            rate=rule.rate,
            temperature=rule.temperature,
            observers=_observers(rule),
            precision=precision,
            reshuffle=rule.reshuffle,
            **further,
        )
        labels = {"role": role, "network": network, "run": rule.run, "variant": variant}
        return Item(cell, labels)


def _observers(rule: Rule) -> tuple[Slot, ...]:
    if rule.method == "gd":
        return (_LOSSES,)
    moves = moves_of(rule.settings) if rule.method == "sgd_sa" else 1
    return (_LOSSES, part_record("observers", "annealing", {"moves": moves}).record())
