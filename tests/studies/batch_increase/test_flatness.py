"""Flatness in tables and figures, and the paper's two sketches as a computed example."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.report.style import figure_bytes
from escaping_minima.studies.batch_increase import flat_example, flatness_figures
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.flatness_sources import place_of, probed
from escaping_minima.studies.batch_increase.flatness_tables import of_block, slices_of_block

STRATEGIES = ("fixed_10", "fixed_55", "fixed_100", "linear_100")
MEASURES = ("loss", "trace", "sharpness", "relative_flatness", "eigenvalue_1", "eigenvalue_2")
#: What each measure is times, with the weights times a quarter.
CHANGES = {"trace": 8.0, "sharpness": 30.0, "eigenvalue_1": 16.0, "eigenvalue_2": 16.0}


def value(strategy, seed, image_set, measure):
    return (
        (1 + STRATEGIES.index(strategy)) * (1 + 0.1 * seed) * (1 + 0.05 * image_set)
    ) * 10.0 ** -MEASURES.index(measure)


def flatness_rows(strategy, seed):
    for image_set, rescaled in ((1, 1.0), (2, 1.0), (1, 0.25)):
        changes = CHANGES if rescaled != 1 else {}
        measured = {m: value(strategy, seed, image_set, m) * changes.get(m, 1) for m in MEASURES}
        yield {"image_set": image_set, "rescaled": rescaled, "output_change": 3e-7} | measured


def slice_rows(strategy, seed):
    for alpha in (-1.0, 0.0, 1.0):
        yield {"direction": 0, "alpha": alpha, "loss": value(strategy, seed, 1, "loss") + alpha**2}


def planted(state=8, images=2000, role="sample_ladder"):
    """Return collected tables of probes at the states of two seeds."""
    cells, tables = [], {"flatness.parquet": [], "slices.parquet": []}
    for name, rows_of in zip(tables, (flatness_rows, slice_rows), strict=True):
        for strategy in STRATEGIES:
            cell = f"{name}_{strategy}_{state}_{images}"
            words = f"MNIST, {images} images"
            cells.append({"cell": cell, "images": images, "data_words": words})
            for seed in (0, 1):
                same = {"cell": cell, "seed": seed, "strategy": strategy, "epochs": state}
                same |= {"state": state, "target_role": role}
                tables[name] += [same | row for row in rows_of(strategy, seed)]
    return {k: pd.DataFrame(v) for k, v in tables.items()} | {"cells.csv": pd.DataFrame(cells)}


def both(one, other):
    return {name: pd.concat([one[name], other[name]], ignore_index=True) for name in one}


@pytest.fixture(scope="module")
def sources():
    return Sources(planted(), None)


def test_tables_keep_what_was_measured():
    measured = pd.DataFrame([*flatness_rows("fixed_10", 0)]).assign(products=17.0)
    found = of_block(SimpleNamespace(table=measured))
    assert list(found) == list(measured)
    np.testing.assert_allclose(found.astype(float), measured.astype(float), rtol=1e-6)
    assert found["rescaled"].tolist() == [1.0, 1.0, 0.25]
    assert {str(found[n].dtype) for n in ("trace", "loss")} == {"float32"}
    lines = pd.DataFrame([*slice_rows("fixed_10", 0)]).assign(alpha=[-0.3, 0.1, 0.7])
    found = slices_of_block(SimpleNamespace(table=lines))
    # a step is looked up by its value
    assert found["alpha"].tolist() == [-0.3, 0.1, 0.7]
    np.testing.assert_allclose(found["loss"], lines["loss"], rtol=1e-6)


def test_the_largest_runs_are_drawn():
    """Most images first, then most epochs; and published ones only where there are no others."""
    small, long, large = planted(), planted(state=75), planted(5, 60_000, "main")
    found = probed(Sources(both(small, long), None), "flatness.parquet")
    assert set(found.table["state"]) == {75}
    found = probed(Sources(both(both(small, large), long), None), "flatness.parquet")
    assert set(found.table["target_role"]) == {"main"}
    assert found.data_words == "MNIST, 60000 images"
    assert not found.published
    empty = {"cells.csv": small["cells.csv"]}
    assert probed(Sources(empty, small), "slices.parquet").published
    assert probed(Sources(empty, None), "slices.parquet") is None


def test_strategies_stand_in_their_places(sources):
    found = probed(sources, "flatness.parquet")
    assert found.strategies == list(STRATEGIES)
    assert found.conditions == [100]
    assert [place_of(s) for s in STRATEGIES] == ["N1", "mean", "N2", "linear"]
    assert [place_of(s) for s in ("fixed_255", "fixed_500", "linear_500")] == [
        "mean",
        "N2",
        "linear",
    ]
    few = planted()
    few["flatness.parquet"] = few["flatness.parquet"].query("strategy != 'fixed_55'")
    assert probed(Sources(few, None), "flatness.parquet").conditions == []


def test_flatness_is_drawn_seed_by_seed_with_its_mean(sources):
    figure = flatness_figures.flatness(sources)
    panel = next(a for a in figure.axes if a.get_ylabel().startswith("trace"))
    for place, strategy in enumerate(STRATEGIES):
        per_seed = [np.mean([value(strategy, seed, i, "trace") for i in (1, 2)]) for seed in (0, 1)]
        drawn = {tuple(np.ravel(x.get_ydata())) for x in panel.lines}
        assert any(np.allclose(d, per_seed) for d in drawn if len(d) == 2), strategy
        mean = [x for x in panel.lines if x.get_marker() == "o"][place]
        assert np.ravel(mean.get_ydata())[0] == pytest.approx(np.mean(per_seed))
    ends = [s[:, 1] for c in panel.collections for s in c.get_segments()]
    assert any(np.allclose(e, [value("fixed_55", 1, i, "trace") for i in (1, 2)]) for e in ends)
    ranks = figure.axes[-1]
    line = next(x for x in ranks.lines if x.get_label() == "linear 10→100")
    expected = [
        np.mean([value("linear_100", s, i, m) for s in (0, 1) for i in (1, 2)])
        for m in ("eigenvalue_1", "eigenvalue_2")
    ]
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_rescaling_shows_ratios_and_what_does_not_change(sources):
    figure = flatness_figures.rescaling(sources)
    left, right = figure.axes
    words = [t.get_text().replace("\n", " ") for t in left.get_xticklabels()]
    for name, ratio in (("largest eigenvalue", 16), ("relative flatness, last layer", 1)):
        place = words.index(name)
        marks = [x for x in left.lines if list(x.get_xdata()) == [place] * 8]
        np.testing.assert_allclose(marks[0].get_ydata(), ratio, rtol=1e-9)
    found = [sorted(x.get_ydata()) for x in right.lines]
    as_found = [value("linear_100", s, 1, "eigenvalue_1") for s in (0, 1)]
    assert any(np.allclose(f, as_found) for f in found if len(f) == 2)
    assert any(np.allclose(f, 16 * np.array(as_found)) for f in found if len(f) == 2)
    assert "3e-07" in figure.get_suptitle()


def test_slices_are_geometric_means_of_seeds(sources):
    figure = flatness_figures.loss_slices(sources)
    (panel,) = figure.axes
    line = next(x for x in panel.lines if x.get_label() == "N2")
    ends = [value("fixed_100", s, 1, "loss") + 1 for s in (0, 1)]
    middle = [value("fixed_100", s, 1, "loss") for s in (0, 1)]
    expected = [np.prod(x) ** 0.5 for x in (ends, middle, ends)]
    np.testing.assert_allclose(line.get_ydata(), expected)


@pytest.mark.parametrize("name", ["flatness", "rescaling", "loss_slices"])
def test_figures_without_measurements_say_so(name):
    tables = planted()
    empty = {"cells.csv": tables["cells.csv"]}
    figure = getattr(flatness_figures, name)(Sources(empty, None))
    assert "Not part of this run" in figure.get_suptitle()
    published = getattr(flatness_figures, name)(Sources(empty, tables))
    assert "NOT THIS RUN" in published.get_suptitle()


def test_rescaling_without_the_control_is_absent():
    tables = planted()
    table = tables["flatness.parquet"]
    tables["flatness.parquet"] = table[table["rescaled"] == 1]
    assert "Not part" in flatness_figures.rescaling(Sources(tables, None)).get_suptitle()


def test_the_example_is_what_the_sketches_say():
    """Both wells are as deep; the test loss rises with the curvature; the other weight swaps them.

    The chain rule says what curvature by v is; here the loss is differentiated by v itself.
    """
    found = flat_example.minima()
    flat, sharp = found.loc["flat"], found.loc["sharp"]
    assert flat["training"] == pytest.approx(sharp["training"], abs=1e-3)
    assert sharp["test"] > 10 * flat["test"]
    assert flat["curvature"] == pytest.approx(1 / flat_example.WIDTHS["flat"] ** 2, rel=1e-3)
    assert sharp["curvature"] == pytest.approx(1 / flat_example.WIDTHS["sharp"] ** 2, rel=1e-2)
    assert flat["other_curvature"] > 10 * sharp["other_curvature"]
    line = flat_example.curves()
    assert (np.diff(line["v"]) > 0).all()
    for row in (flat, sharp):
        v = row["v"] + np.array([-0.02, 0.0, 0.02])
        losses = np.interp(v, line["v"], line["training"])
        assert np.diff(losses, 2)[0] / 0.02**2 == pytest.approx(row["other_curvature"], rel=0.05)
    moved = flat_example.training_loss(line["w"] - flat_example.SHIFT)
    np.testing.assert_allclose(line["test"], moved)


@pytest.mark.parametrize(("name", "panels"), [("figure_1", 1), ("figure_2", 2)])
def test_sketches_draw_the_example(sources, name, panels):
    figure = getattr(flatness_figures, name)(sources)
    assert len(figure.axes) == panels
    line = flat_example.curves()
    for axes, weight in zip(figure.axes, ("w", "v"), strict=False):
        for label in ("training", "test"):
            drawn = next(x for x in axes.lines if x.get_label() == label)
            np.testing.assert_array_equal(drawn.get_xdata(), line[weight])
            np.testing.assert_array_equal(drawn.get_ydata(), line[label])
        words = [t.get_text() for t in axes.texts]
        curvature = flat_example.minima().loc[
            "sharp", {"w": "curvature"}.get(weight, "other_curvature")
        ]
        assert f"curvature {curvature:.3g}" in words[1]
    assert figure_bytes(figure)[0] == "svg"
