"""What tests of kinds share: a plan on disk, limits of time, a copy outside a checkout."""

from __future__ import annotations

import pytest

from escaping_minima.plan.jobs import plan_to_json
from escaping_minima.provenance import circumstances
from escaping_minima.steps.time_limit import TimeLimit


@pytest.fixture(scope="session")
def write_plan():
    """Return what writes jobs as the plan of a folder, whose runs save whenever they may."""

    def write(folder, *jobs):
        run = {
            "scale": "smoke",
            "results": str(folder / "results"),
            "device": "cpu",
            "checkpoint_seconds": 0,
            "keep_stale": False,
            "data_folder": None,
            "accept_checksums": [],
        }
        folder.mkdir(exist_ok=True)
        path = folder / "plan.json"
        path.write_text(plan_to_json(jobs, run))
        return path

    return write


@pytest.fixture(scope="session")
def few_questions():
    """Return what makes a limit that is over at the question of a number."""

    def limited(count):
        asked = iter(range(10_000))
        limit = TimeLimit(float(count), lambda: float(next(asked)))
        limit._reserve = 0.0
        limit.saved = lambda key, seconds: None
        return limit

    return limited


@pytest.fixture(scope="module")
def no_checkout():
    """Let the package be a copy outside a checkout, whose blocks name no commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(circumstances, "commit", lambda folder: (circumstances.UNKNOWN, True))
        yield
