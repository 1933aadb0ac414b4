"""Figures of section 4.2 show the numbers of their tables: lines are read back from the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.batch_increase import theory, theory_figures
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.probed import say_target
from escaping_minima.studies.batch_increase.strategies import strategies
from escaping_minima.studies.batch_increase.theory_sources import run_rows, state_rows

NAMES = ("figure_4", "variance_by_size", "normality_by_size", "noise_split")
SIZES, SEEDS, EPOCHS = (10, 55, 100), (0, 1), 8
STATES = (0, 1, 8)


def cell(name, role, strategy, images=300, variant=""):
    words = f"MNIST, {images} images"
    place = {"cell": name, "role": role, "strategy": strategy, "variant": variant}
    return {**place, "epochs": EPOCHS, "images": images, "data_words": words}


def spread_rows(name, strategy, state, seed, rng):
    rows = []
    for size in SIZES:
        for mode in theory.MODES:
            for replacement in (0, 1):
                losses = rng.random(12).astype(np.float32)
                rows.append(
                    {
                        "cell": name,
                        "seed": seed,
                        "strategy": strategy,
                        "state": state,
                        "size": size,
                        "mode": mode,
                        "replacement": replacement,
                        "images": 300,
                        "draws": 50,
                        "full_loss": rng.random(),
                        "variance": rng.random() / size,
                        "kurtosis": 0.0,
                        "skewness": rng.random(),
                        "normal_distance": rng.random(),
                        "expected_variance": rng.random() / size,
                        "expected_skewness": rng.random(),
                        "losses": b"" if replacement else losses.tobytes(),
                    }
                )
    return rows


def deviation_rows(name, seed, rng):
    epoch = np.repeat(np.arange(1, EPOCHS + 1), 4)
    n = len(epoch)
    columns = {
        "batch_size": rng.integers(10, 100, n),
        **{c: rng.random(n) + 0.1 for c in ("full_loss", "sigma")},
        # so that a loss stays above 0
        **{f"{mode}_deviation": rng.random(n) - 0.05 for mode in theory.MODES},
    }
    place = {"cell": name, "seed": seed, "epoch": epoch, "update": np.arange(n) + 1}
    return pd.DataFrame(place | columns)


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    cells, spreads, runs = [], [], []
    for state in STATES:
        for strategy in ("linear_100", "fixed_10"):
            name = f"{strategy} {state}"
            cells.append(cell(name, "spread", strategy, variant=say_target("sample", state)))
            for seed in SEEDS:
                spreads += spread_rows(name, strategy, state, seed, rng)
    for role, images in (("sample", 300), ("small", 200)):
        for strategy in strategies(100):
            name = f"{role} {strategy.name}"
            cells.append(cell(name, role, strategy.name, images))
            runs += [deviation_rows(name, seed, rng) for seed in SEEDS]
    # of more images, but one strategy alone, or another reading
    for more in ({"role": "main"}, {"role": "main_variant", "variant": "other"}):
        made = cell(f"alone {more['role']}", strategy="linear_100", images=900, **more)
        cells.append(made)
        runs.append(deviation_rows(made["cell"], 0, rng))
    return {
        "cells.csv": pd.DataFrame(cells),
        "spreads.parquet": pd.DataFrame(spreads),
        "deviations.parquet": pd.concat(runs, ignore_index=True),
    }


def panel(figure, title):
    (axes,) = (a for a in figure.axes if a.get_title() == title)
    return axes


def lines(axes, label):
    return [x for x in axes.lines if x.get_label() == label]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_becomes_a_file_and_says_whose_runs_it_shows(tables, name):
    draw = getattr(theory_figures, name)
    own, published = draw(Sources(tables, None)), draw(Sources({}, tables))
    assert figure_bytes(own)[0] == "svg"
    assert all(a.get_title() or a.get_xlabel() for a in own.axes)
    assert "NOT THIS RUN" not in own.get_suptitle()
    assert "MNIST, 300 images" in own.get_suptitle()
    assert "NOT THIS RUN" in published.get_suptitle()
    absent = draw(Sources({"cells.csv": tables["cells.csv"]}, None))
    assert not absent.axes
    assert "Not part of this run" in absent.get_suptitle()


def test_what_is_drawn_is_the_largest_that_is_whole(tables):
    runs = run_rows(Sources(tables, None))
    assert set(runs.cells["role"]) == {"sample"}
    assert runs.horizons() == {f"sample {s.name}": EPOCHS for s in strategies(100)}
    states = state_rows(Sources(tables, None))
    assert set(states.table["strategy"]) == {"linear_100"}
    assert set(states.table["state"]) == set(STATES)
    assert states.words() == "2 seeds, 8 epochs; MNIST, 300 images"


def test_along_runs_the_longest_are_drawn_whatever_their_images(tables):
    cells = tables["cells.csv"].copy()
    cells.loc[cells["role"] == "small", "epochs"] += 1
    runs = run_rows(Sources({**tables, "cells.csv": cells}, None))
    assert set(runs.cells["role"]) == {"small"}


def test_losses_of_minibatches_stand_around_that_of_all_images(tables):
    figure = theory_figures.figure_4(Sources(tables, None))
    spreads = tables["spreads.parquet"]
    spreads = spreads[(spreads["cell"] == "linear_100 1") & (spreads["seed"] == 0)]
    for size in SIZES:
        axes = panel(figure, f"(a) weights after epoch 1, N = {size}")
        for mode in theory.MODES:
            row = spreads[(spreads["size"] == size) & (spreads["mode"] == mode)]
            row = row[row["replacement"] == 0].iloc[0]
            (drawn,) = lines(axes, mode)
            np.testing.assert_array_equal(
                drawn.get_ydata(), np.frombuffer(row["losses"], np.float32)
            )
            assert row["full_loss"] in [x.get_ydata()[0] for x in lines(axes, "true")]
    runs = tables["deviations.parquet"]
    run = runs[(runs["cell"] == "sample linear_100") & (runs["seed"] == 0)]
    axes = panel(figure, "(b) along a run, linear 10→100")
    np.testing.assert_allclose(lines(axes, "true")[0].get_ydata(), run["full_loss"])
    np.testing.assert_allclose(lines(axes, "true")[0].get_xdata()[:5], np.arange(5) / 4 + 0.125)
    np.testing.assert_allclose(
        lines(axes, "training")[0].get_ydata(), run["full_loss"] + run["training_deviation"]
    )


def marked(axes, label, mark):
    return [x for x in lines(axes, label) if x.get_marker() == mark]


def test_variances_are_means_over_seeds_with_the_slope_of_their_states(tables):
    figure = theory_figures.variance_by_size(Sources(tables, None))
    spreads = tables["spreads.parquet"]
    for axes, mode in zip(figure.axes, theory.MODES, strict=True):
        assert axes.get_title().startswith(mode)
        part = spreads[spreads["mode"] == mode]
        words = [text.get_text() for text in axes.get_legend().get_texts()]
        for index, state in enumerate(STATES):
            there = part[part["cell"] == f"linear_100 {state}"]
            for way, mark in ((0, "o"), (1, "x")):
                of_way = there[there["replacement"] == way]
                mean = np.exp(np.log(of_way["variance"]).groupby(of_way["size"]).mean())
                drawn = marked(axes, "variance", mark)[index]
                np.testing.assert_allclose(drawn.get_ydata(), mean)
            expected = there[there["replacement"] == 0]
            expected = np.exp(
                np.log(expected["expected_variance"]).groupby(expected["size"]).mean()
            )
            np.testing.assert_allclose(lines(axes, "expected")[index].get_ydata(), expected)
            slope = theory.slopes(there[there["replacement"] == 0])["slope"].mean()
            assert words[index].startswith(f"epoch {state}: slope {slope:.2f}".replace("-", "−"))


def test_skewness_and_distance_are_means_over_seeds_above_the_floor(tables):
    figure = theory_figures.normality_by_size(Sources(tables, None))
    spreads = tables["spreads.parquet"]
    for index, (column, mode) in enumerate(
        [(c, m) for c in ("skewness", "normal_distance") for m in theory.MODES]
    ):
        axes = figure.axes[index]
        there = spreads[(spreads["mode"] == mode) & (spreads["cell"] == "linear_100 8")]
        there = there[there["replacement"] == 0]
        mean = there[column].groupby(there["size"]).mean()
        np.testing.assert_allclose(marked(axes, column, "o")[2].get_ydata(), mean)
        levels = [x.get_ydata()[0] for x in axes.lines if len(set(x.get_ydata())) == 1]
        assert theory.normal_floor(50) in levels or column == "skewness"


def test_parts_of_the_noise_begin_at_nothing(tables):
    figure = theory_figures.noise_split(Sources(tables, None))
    runs = tables["deviations.parquet"]
    horizons = dict.fromkeys(set(runs["cell"]), EPOCHS)
    windows = theory.noise_windows(runs, horizons)
    windows = windows[(windows["cell"] == "sample linear_100") & (windows["mode"] == "training")]
    axes = figure.axes[7]
    assert axes.get_title().startswith("linear")
    for part in ("noise", "sigma", "size", "rest"):
        wide = windows.pivot(index="done", columns="seed", values=part)
        (drawn,) = lines(axes, part)
        np.testing.assert_allclose(drawn.get_ydata(), (wide - wide.iloc[0]).mean(axis=1))
        assert drawn.get_ydata()[0] == 0
        np.testing.assert_allclose(drawn.get_xdata(), [0.125, 0.375, 0.625, 0.875])
