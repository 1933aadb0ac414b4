"""The numbers after the scale is applied."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from escaping_minima.config.load import load_config, resolve
from escaping_minima.config.scales import check_scale, numbers_at, read_scales
from escaping_minima.config.sections import SCALES, STUDIES, Config, ScaleNumbers
from escaping_minima.errors import UserError

NUMBERS = {
    "smoke": (500, 200, 4, True, 1, True),
    "quick": (500, 10_000, 2, True, 3, True),
    "gpu": (5000, 10_000, 1, True, 9, False),
    "paper": (5000, 10_000, 1, True, 9, False),
}


@pytest.mark.parametrize("scale", SCALES)
def test_numbers_of_each_scale(scale: str) -> None:
    resolved = resolve(load_config({"scale": scale}))
    numbers = resolved.stationary_distributions
    assert (
        numbers.starts,
        numbers.steps,
        numbers.sweep_every,
        numbers.variants,
        numbers.start_settings,
        resolved.rerun_stale,
    ) == NUMBERS[scale]
    assert resolved.overridden == ()
    assert resolved.label() == resolved.label("stationary_distributions") == scale


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("rerun", [True, False])
def test_rerun_stale_is_the_users_to_say(scale: str, rerun: bool) -> None:
    assert resolve(load_config({"scale": scale, "rerun_stale": rerun})).rerun_stale is rerun


def test_other_keys_pass_through() -> None:
    raw = {"source": "published", "results": "out", "device": "cpu", "checkpoint_seconds": 5}
    raw |= {"data_folder": "data", "mirrors": ("a", "b"), "accept_checksums": ("0" * 64,)}
    resolved = resolve(load_config(raw))
    assert {key: getattr(resolved, key) for key in raw} == raw
    assert resolved.studies == Config().studies


def test_overridden_numbers_are_named() -> None:
    section = {"starts": 1000, "variants": False, "steps": 10_000}
    resolved = resolve(load_config({"stationary_distributions": section}))
    # The steps are those of the scale, so nothing was changed by writing them down.
    assert resolved.overridden == (
        "stationary_distributions.starts",
        "stationary_distributions.variants",
    )
    assert resolved.stationary_distributions.sweep_every == 2
    assert resolved.label("stationary_distributions") == "quick, with starts=1000, variants=false"
    assert resolved.label() == (
        "quick, with stationary_distributions.starts=1000, stationary_distributions.variants=false"
    )


def test_every_study_has_its_sections() -> None:
    assert set(ScaleNumbers.model_fields) == set(STUDIES)
    settings, numbers = get_type_hints(Config), get_type_hints(ScaleNumbers)
    for study in STUDIES:
        assert list(settings[study].model_fields) == list(numbers[study].model_fields)
        assert all(field.is_required() for field in numbers[study].model_fields.values())
        assert all(field.default is None for field in settings[study].model_fields.values())


def test_all_scales_are_read() -> None:
    assert tuple(read_scales()) == SCALES


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"starts": 501}, "starts: found 501; allowed: a multiple of 500 from 500 to 1000000"),
        ({"steps": None}, "steps: found null; allowed: a whole number from 1 to 1000000"),
        ({"sweep_every": 3}, "sweep_every: found 3; allowed: 1, 2, 4"),
        ({"variants": 1}, "variants: found 1; allowed: true, false"),
    ],
)
def test_a_number_of_a_scale_is_checked_as_a_users(changed: dict[str, object], line: str) -> None:
    numbers = numbers_at("gpu")
    numbers["stationary_distributions"] |= changed
    with pytest.raises(UserError) as caught:
        check_scale("gpu", numbers)
    assert str(caught.value) == (
        f"settings of the studies, gpu: stationary_distributions.{line}; change it"
    )
