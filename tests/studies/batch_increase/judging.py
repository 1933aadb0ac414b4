"""What tests of verdicts share: planted worlds that are judged, and what they look at."""

from __future__ import annotations

from escaping_minima.claims.judge import judge_study
from escaping_minima.claims.records import load_records
from escaping_minima.statistics.judgements import SettingWord

STUDY = "batch_increase"
#: The claims on curves and on the weights' extremes; the others are in `further`.
CLAIMS = [
    *("T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11", "T17", "T20", "T21", "T24"),
]
FAMILIES = {claim.id: claim.family for claim in load_records(STUDY).claims}
#: Claims about levels, which luck can hide, and about times to a level.
LUCKY = ("T04", "T20", "T21")
SWEPT = ("T04", "T05", "T06", "T07", "T08", "T09", "T20")
#: Runs of 3,000 epochs alone and of 1,000, as many as most claims need; T17 needs ten.
LONG = {"mesh_epochs": 0, "seeds": 5}
SHORT = LONG | {"epochs": 1000}
TEN = SHORT | {"seeds": 10}
BOTH = ["N2 = 100", "N2 = 500"]


def judged(tables, *claims):
    """Judge some claims with their families, all by default."""
    families = sorted({FAMILIES[claim] for claim in claims}) or None
    return {claim["id"]: claim for claim in judge_study(STUDY, tables, families)}


def parts(claim, setting=0, reading=0):
    found = claim["readings"][reading]["settings"][setting]["parts"]
    return {part["label"]: part for part in found}


def words(claim, reading=0):
    found = claim["readings"][reading]["settings"]
    return {setting["label"]: SettingWord(setting["word"]) for setting in found}


def verdicts(claim):
    return {reading["name"]: reading["verdict"] for reading in claim["readings"]}


def fixed(name):
    return name.startswith("fixed")


def linear(name):
    return name.startswith("linear")


def of(*names):
    return lambda name: name in names
