"""Every kind of bad input earns one exact line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SCALE = "allowed: smoke, quick, gpu, paper"
LEAVE_SCALE = 'change it, or leave it out for the default, "quick"'
ON = "(on and yes are read as true)"
DEVICE = 'allowed: auto, cpu, cuda; change it, or leave it out for the default, "auto"'
LEAVE_RESULTS = 'change it, or leave it out for the default, "results"'
FOLDER = "allowed: the path of a folder, without { } < > and no ~ or - first"
STUDIES = (
    "allowed: a list of one or more of stationary_distributions, batch_increase, sgd_sa, "
    "populations, modality, escape, each once; change it, or leave it out for the default, "
    '["stationary_distributions", "batch_increase", "sgd_sa", "populations", "modality", "escape"]'
)
SECONDS = "allowed: a number above 0; change it, or leave it out for the default, 30"
DATA_FOLDER = (
    "allowed: the path of a folder (no { } < >, no ~ or - first) or null; "
    "change it, or leave it out for the default, null"
)
MIRROR = "the path of a folder or a URL (no comma, no ~)"
CHECKSUM = "a SHA-256 in 64 digits of 0-9 and a-f"
LIST = "allowed: a list, possibly empty, each item"
EMPTY = "change it, or leave it out for the default, []"
STALE = "allowed: true, false or null; change it, or leave it out for the default, null"
TOP = (
    "(allowed here: scale, source, results, studies, device, rerun_stale, checkpoint_seconds, "
    "runs_side_by_side, "
    "data_folder, mirrors, accept_checksums, stationary_distributions, batch_increase, sgd_sa, "
    "populations, modality, escape)"
)
WITHIN = "(allowed here: starts, steps, sweep_every, variants, start_settings)"
OPEN = "change it, or leave it out for the number of the scale"
STARTS = f"allowed: a multiple of 500 from 500 to 1000000 or null; {OPEN}"
STEPS = f"allowed: a whole number from 1 to 1000000 or null; {OPEN}"
SWEEP = f"allowed: 1, 2, 4 or null; {OPEN}"
VARIANTS = f"allowed: true, false or null; {OPEN}"
START_SETTINGS = f"allowed: a whole number from 0 to 9 or null; {OPEN}"
SYNTAX = "check indentation, colons and quotes there"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("scale: quik", f'scale: found "quik"; {SCALE}; did you mean quick?'),
        ("scale: SMOKE", f'scale: found "SMOKE"; {SCALE}; did you mean smoke?'),
        ("scale: large", f'scale: found "large"; {SCALE}; {LEAVE_SCALE}'),
        ("scale:", f"scale: found null; {SCALE}; {LEAVE_SCALE}"),
        ("scale: [smoke]", f'scale: found ["smoke"]; {SCALE}; {LEAVE_SCALE}'),
        ("device: off", f'device: found "off"; {DEVICE}'),
        ("results:", f"results: found null; {FOLDER}; {LEAVE_RESULTS}"),
        ("results: [a]", f'results: found ["a"]; {FOLDER}; {LEAVE_RESULTS}'),
        (
            "results: ~/runs",
            f'results: found "~/runs"; {FOLDER}; '
            'change it, or leave it out for the default, "results"',
        ),
        (
            "results: 'run{x}'",
            f'results: found "run{{x}}"; {FOLDER}; '
            'change it, or leave it out for the default, "results"',
        ),
        ("studies: []", f"studies: found []; {STUDIES}"),
        ("studies:", f"studies: found null; {STUDIES}"),
        ("studies: {a: 1}", f'studies: found {{"a": "1"}}; {STUDIES}'),
        (
            "studies: [stationary_distributions, stationary_distributions]",
            f'studies: found ["stationary_distributions", "stationary_distributions"]; {STUDIES}',
        ),
        (
            "studies: [stationary_distribution]",
            'studies[0]: found "stationary_distribution"; allowed: stationary_distributions, '
            "batch_increase, sgd_sa, populations, modality, escape; did you mean "
            "stationary_distributions?",
        ),
        ("rerun_stale: 1", f"rerun_stale: found 1; {STALE}"),
        ("rerun_stale: maybe", f'rerun_stale: found "maybe"; {STALE}'),
        ("checkpoint_seconds: 0", f"checkpoint_seconds: found 0; {SECONDS}"),
        ("checkpoint_seconds: .inf", f'checkpoint_seconds: found ".inf"; {SECONDS}'),
        ("checkpoint_seconds: .nan", f'checkpoint_seconds: found ".nan"; {SECONDS}'),
        ("checkpoint_seconds: inf", f"checkpoint_seconds: found Infinity; {SECONDS}"),
        ("checkpoint_seconds: 1:30", f'checkpoint_seconds: found "1:30"; {SECONDS}'),
        ("checkpoint_seconds: [30]", f'checkpoint_seconds: found ["30"]; {SECONDS}'),
        ("checkpoint_seconds:", f"checkpoint_seconds: found null; {SECONDS}"),
        ("data_folder: ~/data", f'data_folder: found "~/data"; {DATA_FOLDER}'),
        ("data_folder: ''", f'data_folder: found ""; {DATA_FOLDER}'),
        ("data_folder: [data]", f'data_folder: found ["data"]; {DATA_FOLDER}'),
        ("mirrors:", f"mirrors: found null; {LIST} {MIRROR}; {EMPTY}"),
        ("mirrors: [[a]]", f'mirrors[0]: found ["a"]; allowed: {MIRROR}; {EMPTY}'),
        ("mirrors: [a, 'b,c']", f'mirrors[1]: found "b,c"; allowed: {MIRROR}; {EMPTY}'),
        (
            "accept_checksums: [ABC]",
            f'accept_checksums[0]: found "ABC"; allowed: {CHECKSUM}; {EMPTY}',
        ),
        (
            "stationary_distributions: 5",
            "stationary_distributions: found 5; allowed: a section with the keys starts, steps, "
            "sweep_every, variants, start_settings; write its keys below it, indented",
        ),
        ("start: 5", f"start: unknown key; did you mean stationary_distributions.starts? {TOP}"),
        ("Scale: quick", f"Scale: unknown key; did you mean scale? {TOP}"),
        ("zzz: 1", f"zzz: unknown key; delete it {TOP}"),
        (
            "stationary_distributions.starts: 500",
            "stationary_distributions.starts: unknown key; "
            "write starts indented below stationary_distributions",
        ),
        ("on: 2", f"on: unknown key; delete it {TOP}"),
        ("~: 2", f"null: this key is no text; rename or delete it {TOP}"),
        ("- scale", "found a list; allowed: keys with values, such as scale: quick"),
        ("quick", "found a single value; allowed: keys with values, such as scale: quick"),
    ],
)
def test_top_level(complaint: Callable[..., str], text: str, line: str) -> None:
    assert complaint(text) == f"config.yaml: {line}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("starts: 750", f"starts: found 750; {STARTS}"),
        ("starts: '750'", f"starts: found 750; {STARTS}"),
        ("starts: 0", f"starts: found 0; {STARTS}"),
        ("starts: -500", f"starts: found -500; {STARTS}"),
        ("starts: 1000500", f"starts: found 1000500; {STARTS}"),
        ("starts: 500.5", f"starts: found 500.5; {STARTS}"),
        ("starts: [500]", f'starts: found ["500"]; {STARTS}'),
        ("starts: many", f'starts: found "many"; {STARTS}'),
        ("starts: yes", f"starts: found true {ON}; {STARTS}"),
        ("steps: 12:30", f'steps: found "12:30"; {STEPS}'),
        ("steps: 0x10", f'steps: found "0x10"; {STEPS}'),
        ("steps: 0", f"steps: found 0; {STEPS}"),
        ("steps: 1e7", f"steps: found 10000000; {STEPS}"),
        ("sweep_every: 3", f"sweep_every: found 3; {SWEEP}"),
        ("sweep_every: true", f"sweep_every: found true {ON}; {SWEEP}"),
        ("variants: 1", f"variants: found 1; {VARIANTS}"),
        ("start_settings: 10", f"start_settings: found 10; {START_SETTINGS}"),
        (
            "start: 500",
            f"start: unknown key; did you mean stationary_distributions.starts? {WITHIN}",
        ),
        ("scale: quick", f"scale: unknown key; did you mean scale? {WITHIN}"),
        ("~: 2", f"null: this key is no text; rename or delete it {WITHIN}"),
    ],
)
def test_study_section(complaint: Callable[..., str], text: str, line: str) -> None:
    expected = f"config.yaml: stationary_distributions.{line}"
    assert complaint(f"stationary_distributions:\n  {text}") == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "scale: quick\n# again\nscale: smoke",
            "config.yaml, line 3: scale: given twice, first on line 1; allowed: once; "
            "delete one of the two",
        ),
        (
            "stationary_distributions:\n  starts: 500\n  'starts': 1000",
            "config.yaml, line 3: stationary_distributions.starts: given twice, "
            "first on line 2; allowed: once; delete one of the two",
        ),
        (
            "scale: quick\n  device: cpu",
            f"config.yaml, line 2: not valid YAML (mapping values are not allowed here); {SYNTAX}",
        ),
        (
            "scale: quick\n\tdevice: cpu",
            "config.yaml, line 2: not valid YAML (found character '\\t' that cannot start any "
            f"token); {SYNTAX}",
        ),
        (
            "studies: [a",
            "config.yaml, line 1: not valid YAML (expected ',' or ']', but got '<stream end>'); "
            f"{SYNTAX}",
        ),
        (
            "a: 1\n---\nb: 2",
            f"config.yaml, line 2: not valid YAML (but found another document); {SYNTAX}",
        ),
        (
            "? [a]\n: 1",
            f"config.yaml, line 1: not valid YAML (found unhashable key); {SYNTAX}",
        ),
        (
            "scale: \x00",
            f"config.yaml: not valid YAML (special characters are not allowed); {SYNTAX}",
        ),
        (
            "results: !!timestamp 2024-13-01",
            "config.yaml: cannot be read as YAML (month must be in 1..12); put text in quotes",
        ),
        (b"\xff\xfe", "config.yaml: not UTF-8 text; save it as UTF-8"),
    ],
)
def test_unreadable_yaml(complaint: Callable[..., str], text: str | bytes, line: str) -> None:
    assert complaint(text) == line


def test_no_code_is_run(complaint: Callable[..., str]) -> None:
    assert "could not determine a constructor" in complaint(
        "scale: !!python/object/apply:os.getcwd []"
    )


def test_an_alias_to_itself_ends(complaint: Callable[..., str]) -> None:
    assert complaint("a: &x [*x]").startswith("config.yaml: a: unknown key; delete it")


def test_deep_nesting_ends(complaint: Callable[..., str]) -> None:
    assert complaint("[" * 600).startswith("config.yaml: cannot be read as YAML (maximum")


def test_long_values_are_cut(complaint: Callable[..., str]) -> None:
    line = complaint(f"scale: {'x' * 500}")
    assert f'found "{"x" * 56}...; ' in line


def test_several_errors_are_counted(complaint: Callable[..., str]) -> None:
    line = complaint("scale: quik\ndevice: gpu\nfoo: 1")
    assert line == (f'config.yaml: scale: found "quik"; {SCALE}; did you mean quick? (and 2 more)')
