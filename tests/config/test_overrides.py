"""Overrides: ``dotted.key=value``, laid over the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escaping_minima.config.load import read_config

SECTION = "stationary_distributions"
FORM = "not of the form KEY=VALUE; write for example scale=smoke"
FILE = f"scale: paper\n{SECTION}:\n  starts: 1000\n  steps: 50\n"


def test_an_override_beats_the_file_and_leaves_the_rest(
    write: Callable[[str], Path],
) -> None:
    config = read_config(write(FILE), ["scale=smoke", f"{SECTION}.starts=2e3"])
    assert config.scale == "smoke"
    assert (config.stationary_distributions.starts, config.stationary_distributions.steps) == (
        2000,
        50,
    )


def test_a_section_is_laid_over_the_section(write: Callable[[str], Path]) -> None:
    config = read_config(write(FILE), [f"{SECTION}={{starts: 500}}", f"{SECTION}.variants=no"])
    assert config.stationary_distributions.model_dump(exclude_none=True) == {
        "starts": 500,
        "steps": 50,
        "variants": False,
    }


def test_the_last_of_two_overrides_wins(write: Callable[[str], Path]) -> None:
    assert read_config(write(FILE), ["scale=smoke", "scale=gpu"]).scale == "gpu"


@pytest.mark.parametrize("folder", ["2024_10", "2024-10-01", "12:30", "010", "1e5", "no", ".5"])
def test_a_folder_is_called_what_was_written(write: Callable[[str], Path], folder: str) -> None:
    assert read_config(write(f"results: {folder}")).results == folder
    assert read_config(write(""), [f"results={folder}", f"mirrors=[{folder}]"]).results == folder


def test_an_empty_value_is_null(write: Callable[[str], Path]) -> None:
    config = read_config(write(FILE), [f"{SECTION}.starts="])
    assert config.stationary_distributions.starts is None


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("smoke", f"override smoke: {FORM}"),
        ("=smoke", f"override =smoke: {FORM}"),
        ("a..b=1", f"override a..b=1: {FORM}"),
        (
            "scale=[",
            "override scale=[, line 1: not valid YAML (expected the node content, but found "
            "'<stream end>'); check indentation, colons and quotes there",
        ),
        (
            "scale=smok",
            'override scale=smok: scale: found "smok"; allowed: smoke, quick, gpu, paper; '
            "did you mean smoke?",
        ),
        (
            "scale.x=1",
            'override scale.x=1: scale: found {"x": "1"}; allowed: smoke, quick, gpu, paper; '
            'change it, or leave it out for the default, "quick"',
        ),
        (
            "starts=500",
            "override starts=500: starts: unknown key; did you mean "
            "stationary_distributions.starts? (allowed here: scale, source, results, studies, "
            "device, rerun_stale, checkpoint_seconds, runs_side_by_side, data_folder, mirrors, "
            "accept_checksums, "
            "stationary_distributions, batch_increase, sgd_sa, populations, modality, escape)",
        ),
        (
            f"{SECTION}.starts=750",
            f"override {SECTION}.starts=750: {SECTION}.starts: found 750; allowed: a multiple of "
            "500 from 500 to 1000000 or null; "
            "change it, or leave it out for the number of the scale",
        ),
    ],
)
def test_a_bad_override_is_named(complaint: Callable[..., str], override: str, line: str) -> None:
    assert complaint(FILE, override) == line


def test_the_file_is_named_for_its_own_errors(complaint: Callable[..., str]) -> None:
    assert complaint("device: gpu", "scale=smoke").startswith("config.yaml: device: ")


@pytest.mark.parametrize(
    "folder",
    ["-x", "~/x", "a{b}", "a<b>", " a", "a ", "a\tb", "a\rb", "a\x00b", "a\x1bb", "a\x7fb"],
)
def test_what_cannot_arrive_whole_is_refused(folder: str, complaint: Callable[..., str]) -> None:
    line = complaint(f"results: {json.dumps(folder)}\n")
    assert "; allowed: the path of a folder, without { } < > and no ~ or - first; " in line


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x85", "\x0b"])
def test_an_override_is_one_line(end: str, complaint: Callable[..., str]) -> None:
    line = complaint("", f"results=a{end}b")
    assert line == "override results=a b: found a line break; allowed: one line; take it out"
