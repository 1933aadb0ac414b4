"""Collected tables with planted runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from escaping_minima.claims.judge import judge_study
from escaping_minima.claims.records import load_records


@pytest.fixture(scope="session")
def planting() -> ModuleType:
    """Return the module that plants runs."""
    path = Path(__file__).with_name("planting.py")
    spec = importlib.util.spec_from_file_location("sgd_sa_planting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def judge():
    """Return a function that judges some claims with their families, all by default."""
    families = {claim.id: claim.family for claim in load_records("sgd_sa").claims}

    def judged(tables, *claims):
        chosen = sorted({families[claim] for claim in claims}) or None
        return {claim["id"]: claim for claim in judge_study("sgd_sa", tables, chosen)}

    return judged


@pytest.fixture(scope="session")
def right(planting, judge):
    """Return the verdicts of a world in which the paper is right."""
    return judge(planting.planted())
