"""How runs, networks and measures are called in verdicts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping

from escaping_minima.parts.looks import look_of

#: Networks in words.
NETWORK_NAMES: Mapping[str, str] = {"vgg16": "VGG16", "resnet34": "ResNet34"}
#: Data sets in words.
DATA_SET_NAMES: Mapping[str, str] = {"cifar-10": "CIFAR-10", "fashion-mnist": "Fashion-MNIST"}
#: Methods in words; gradients are those of minibatches.
METHOD_NAMES: Mapping[str, str] = {
    "gd": "SGD",
    **{method: look_of(method).title for method in ("sgd_sa", "ssa")},
}
#: Rates that are tried alone; the paper has no such runs.
SINGLE_RATES = (0.9, 0.5, 0.2, 0.1, 0.05)


def single_rate(rate: float, tested: bool) -> str:
    """Return what a run with one rate is called, with or without the test of Metropolis."""
    return f"rate_{rate:g}_tested" if tested else f"rate_{rate:g}"


def _single_rate_names() -> dict[str, str]:
    words = {False: "alone", True: "with the test"}
    return {
        single_rate(rate, tested): f"rate {rate:g} {words[tested]}"
        for rate in SINGLE_RATES
        for tested in words
    }


#: Runs in words.
RUN_NAMES: Mapping[str, str] = {
    "scheduled_sgd": "Scheduled-SGD",
    "sgd_sa": "SGD-SA",
    "accept_off": "SGD-SA without the test",
    **_single_rate_names(),
    "no_large_rates": "SGD-SA without rates above 0.1",
    "scheduled_from_largest": "Scheduled-SGD from 0.9",
    "mean_loss_unit": "SGD-SA, temperature in units of the mean loss",
    "statistics_rolled_back": "SGD-SA, statistics rolled back",
    "as_printed": "SGD-SA as printed",
    "cooled_each_minibatch": "SGD-SA cooled each minibatch",
    "ssa": "SSA",
    "sgd": "SGD",
    "ssa_shortened": "SSA with shortened steps",
    "ssa_refreshed": "SSA with refreshed statistics",
    "ssa_cooled_each_minibatch": "SSA cooled each minibatch",
    "ssa_error": "SSA on 1 − accuracy",
}
#: Roles of cells in words.
ROLE_NAMES: Mapping[str, str] = {
    "main": "CIFAR-10",
    "control": "controls",
    "fashion": "Fashion-MNIST",
    "small": "small runs",
    "sources": "one source of randomness",
    "directions": "directions",
    "selection": "a tenth held out",
    "numerics": "float32",
}
#: Variants of a role in words; others stand for themselves.
VARIANT_NAMES: Mapping[str, str] = {
    "vary_weights": "initial weights vary",
    "vary_order": "order of the data varies",
    "vary_dropout": "dropout varies",
    "vary_rates": "drawn rates vary",
    "vary_acceptance": "draws of the test vary",
    "states": "states kept",
}


_EARLY = {"early": "in the first tenth of the epochs"}
_LATE = _EARLY | {"late": "in the last tenth of the epochs"}
_LAST = _EARLY | {"last": "in the last tenth of the epochs up to the last that keeps one"}


def _twice(names: Mapping[str, str], times: Mapping[str, str]) -> dict[str, str]:
    """Return measures that are taken at two times."""
    return {
        f"{name}_{when}": said.format(words)
        for name, said in names.items()
        for when, words in times.items()
    }


#: Measures of a run in words.
MEASURE_NAMES: Mapping[str, str] = {
    "diverged": "diverged (1 or 0)",
    "epochs": "epochs",
    "updates": "updates",
    "last_train_loss": "training loss at the end",
    "last_train_accuracy": "training accuracy at the end (percent)",
    "last_test_loss": "test loss at the end",
    "last_test_accuracy": "test accuracy at the end (percent)",
    "best_test_loss": "least test loss",
    "best_test_accuracy": "best test accuracy (percent)",
    "best_epoch": "epoch of the best test accuracy",
    "test_loss_at_best": "test loss at the best test accuracy",
    "gap": "training minus test accuracy at the end (points)",
    "epochs_to_99": "epochs to 99 percent training accuracy (one more than all if never)",
    "train_accuracy_at_40": "training accuracy after 40 percent of the epochs (percent)",
    "early_drops": "falls of test accuracy in the first 30 percent of the epochs",
    "early_drop": "mean fall of test accuracy in the first 30 percent of the epochs (points)",
    "test_loss_at_third": "test loss after a third of the epochs",
    "test_accuracy_at_third": "test accuracy after a third of the epochs (percent)",
    "test_loss_at_three_fifths": "test loss after three fifths of the epochs",
    "test_accuracy_at_three_fifths": "test accuracy after three fifths of the epochs (percent)",
    "chosen_test_accuracy": "test accuracy at the best validation accuracy (percent)",
    "chosen_test_loss": "test loss at the best validation accuracy",
    "chosen_validation_accuracy": "best validation accuracy (percent)",
    **_twice(
        {
            "probability_all": "mean probability of keeping a move {}",
            "probability_worse": "mean probability of keeping a worsening move {}",
            "worse_share": "share of worsening moves {}",
            "mean_worsening": "mean worsening of the minibatch's mean loss {}",
            "large_accepted": "share kept of moves with a rate of 0.5 or more {}",
            "small_accepted": "share kept of moves with a rate below 0.1 {}",
            "effective_rate": "mean rate, 0 for moves not kept, {}",
        },
        _LATE,
    ),
    **_twice(
        {
            "accepted_median": "median accepted worsening of the mean loss {} (log10)",
            "rejected_median": "median rejected worsening of the mean loss {} (log10)",
        },
        _LAST,
    ),
    "improving_share": "share of moves that do not worsen the minibatch's loss",
}
