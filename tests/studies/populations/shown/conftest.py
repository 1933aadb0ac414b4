"""Collected tables with planted numbers, one set a session."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.results.tables import read_tables, write_tables
from escaping_minima.statistics.mixed_models import MixedFit
from escaping_minima.studies.populations import compared_sets, tables
from escaping_minima.studies.populations.error_rates import error_curve
from escaping_minima.studies.populations.tables import derive

NOT_FITTED = MixedFit(*[math.nan] * 4, "not fitted in this test")


@pytest.fixture(scope="session")
def planted(load_module) -> ModuleType:
    """The module beside this one: other studies have one of the same name."""
    return load_module(Path(__file__).with_name("planted.py"))


@pytest.fixture(scope="session")
def everything(planted):
    """Tables that have runs of every role."""
    return planted.everything()


@pytest.fixture(scope="session")
def quick(planted):
    """Tables as a first run has them."""
    return planted.quick()


@pytest.fixture(scope="session")
def nothing(planted):
    """Tables without a network."""
    return planted.nothing()


@contextmanager
def short_statistics() -> Iterator[None]:
    """Simulate errors at two correlations only, and fit no mixed model: others test these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "error_curve", partial(error_curve, grid=(0.0, 0.8)))
        patch.setattr(compared_sets, "mixed_model", lambda *_: NOT_FITTED)
        yield


@pytest.fixture
def no_long_statistics():
    """See `short_statistics`; of one test, as other folders test them in the same process."""
    with short_statistics():
        yield


@pytest.fixture(scope="session")
def derived(everything, tmp_path_factory):
    """The derived tables of `everything` as they come back from disk."""
    folder = tmp_path_factory.mktemp("derived")
    with short_statistics():
        write_tables(folder, derive(everything, load_records("populations"))[0])
    return read_tables(folder)
