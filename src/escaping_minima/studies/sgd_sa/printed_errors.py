"""Where the paper's own text and table do not agree, each with its arithmetic."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.sgd_sa.printed import load_table1

PrintedError = dict[str, str]


def printed_errors() -> list[PrintedError]:
    """Return what cannot be right in text and table together, whatever the runs were.

    The two rows of best seeds are left out: the copy of the table at hand is damaged there.

    Returns
    -------
    list of dict
        Keys "where", "check", "arithmetic" and "finding".
    """
    table = load_table1()
    return [_spread(table), _significantly(table), _best_or_final()]


def _spread(table: pd.DataFrame) -> PrintedError:
    sd = table[table["network"] == "vgg16"].groupby("method")["loss"].std(ddof=1)
    return {
        "where": "section 4, and Table 1, VGG16",
        "check": "the seed changes SGD-SA much more than Scheduled-SGD",
        "arithmetic": (
            f"standard deviation of the printed losses: {sd['sgd_sa']:.6f} of SGD-SA, "
            f"{sd['scheduled_sgd']:.6f} of Scheduled-SGD"
        ),
        "finding": "on VGG16 the losses of Scheduled-SGD differ more; the accuracies do not",
    }


def _significantly(table: pd.DataFrame) -> PrintedError:
    wide = table[table["network"] == "resnet34"].pivot(index="seed", columns="method")["loss"]
    change = 100 * (wide["sgd_sa"] / wide["scheduled_sgd"] - 1)
    least = change.nlargest(2)
    words = " and ".join(f"{-v:.1f} percent in seed {seed}" for seed, v in least.items())
    return {
        "where": "section 4, and Table 1, ResNet34",
        "check": "SGD-SA has significantly lower losses",
        "arithmetic": f"lower by {words}; by {-change.min():.1f} percent in seed {change.idxmin()}",
        "finding": "two of ten seeds are as good as alike, and no test is given",
    }


def _best_or_final() -> PrintedError:
    return {
        "where": "Table 1, its caption, section 4 and Algorithm 2",
        "check": "what the rows of Table 1 are",
        "arithmetic": "caption: best; text: final; Algorithm 2: the weights of the best epoch",
        "finding": "these are three different numbers of a run; all of them are shown here",
    }
