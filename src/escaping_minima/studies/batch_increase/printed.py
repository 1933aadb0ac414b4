"""The numbers that the paper prints of its runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from escaping_minima.claims.records import REFERENCE, source_claims


@dataclass(frozen=True)
class Printed:
    """What the paper prints of its runs; the rest is curves without numbers.

    Attributes
    ----------
    epochs : int
        Of the runs of section 4.5, whose numbers these are.
    parameters : int
        Weights and biases.
    least, largest : float
        Ends of the interval that held all weights of all strategies.
    overfitting : int
        Epoch from which on it sees overfitting.
    settings : Mapping
        All printed settings, by quantity.
    """

    epochs: int
    parameters: int
    least: float
    largest: float
    overfitting: int
    settings: Mapping[str, str]


@cache
def load_printed(source: str) -> Printed:
    """Load what is printed.

    Parameters
    ----------
    source : str
        A folder of the reference data.
    """
    table = pd.read_csv(REFERENCE / source / "experiment_settings.csv", dtype=str)
    settings = dict(zip(table["quantity"], table["value"], strict=True))
    least, largest = json.loads(settings["observed_weight_range"])
    return Printed(
        epochs=int(settings["epochs_mesh_T"]),
        parameters=int(settings["D"]),
        least=least,
        largest=largest,
        overfitting=int(source_claims(source).loc["T17", "paper_value"].split()[0]),
        settings=settings,
    )
