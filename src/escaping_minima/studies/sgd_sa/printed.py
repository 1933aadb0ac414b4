"""The numbers that the paper prints of its runs: Table 1."""

from __future__ import annotations

from functools import cache

import pandas as pd

from escaping_minima.claims.records import REFERENCE

#: The folder of the reference data.
SOURCE = "fischetti2019-sgd-sa"
#: Mean cross-entropy over a printed loss: the released code divides the sum of the means of its 20
#: minibatches of test images by 10,000.
LOSS_UNIT = 10_000 / 20
_METHODS = {"Scheduled-SGD": "scheduled_sgd", "SGD-SA": "sgd_sa"}
_NETWORKS = {"VGG16": "vgg16", "ResNet34": "resnet34"}


@cache
def load_table1() -> pd.DataFrame:
    """Load the rows of Table 1 that are of one seed each.

    Its rows of the best seeds are damaged in the text that the numbers come from; they follow from
    these.

    Returns
    -------
    DataFrame
        ``method``, ``seed``, ``network``, ``loss`` (as printed; times LOSS_UNIT the mean
        cross-entropy) and ``accuracy`` (percent).
    """
    table = pd.read_csv(REFERENCE / SOURCE / "table1_validation.csv")
    seeds = table[table["method"].isin(list(_METHODS))]
    keys = ["method", "seed", "network"]
    wide = seeds.assign(value=seeds["value_as_printed"].astype(float)).pivot(
        index=keys, columns="metric", values="value"
    )
    found = wide.reset_index().astype({"seed": int})
    found["method"] = found["method"].map(_METHODS)
    found["network"] = found["network"].map(_NETWORKS)
    names = {"validation_loss": "loss", "validation_accuracy": "accuracy"}
    return found.rename(columns=names).rename_axis(columns=None)[[*keys, *names.values()]]
