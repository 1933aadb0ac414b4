"""Floors of texts: scores as scikit-learn has them, the classifier written out, one block."""

from __future__ import annotations

import itertools
import json
import math
import re
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import minimize
from sklearn.metrics import f1_score

from escaping_minima.data.load import load_texts
from escaping_minima.errors import UserError
from escaping_minima.kinds.baseline.cell import make_baseline_cell
from escaping_minima.kinds.baseline.floors import Majority, Tfidf
from escaping_minima.kinds.baseline.parts import error, macro_f1, measure_floor
from escaping_minima.kinds.baseline.texts import Split
from escaping_minima.kinds.records import read_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.problems.tasks.targets import SeveralLabels
from escaping_minima.results.blocks import manifest_path
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train

TEXTS = [
    "the joy of a sunny day",
    "joy and joy again",
    "what a sad grey day",
    "sad again, so sad",
    "the grey sea",
    "anger at the sea",
]
ASKED = ["a day of joy", "sad, grey, sad", "unheard words"]


def answers_of(*classes):
    return np.eye(3, dtype=np.uint8)[list(classes)]


def marks(rng, n, classes, share):
    return (rng.random((n, classes)) < share).astype(np.uint8)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_scores_are_those_of_scikit_learn_and_of_networks(share):
    rng = np.random.default_rng(0)
    for _ in range(5):
        answers, right = marks(rng, 50, 7, share), marks(rng, 50, 7, share)
        # a class that nobody gives and nobody has
        answers[:, 2] = right[:, 2] = 0
        expected = f1_score(right, answers, average="macro", zero_division=0)
        assert macro_f1(answers, right) == pytest.approx(expected, rel=1e-12)
        both = torch.tensor(answers).float(), torch.tensor(right).float()
        scores = SeveralLabels().scores(*both)
        assert macro_f1(answers, right) == pytest.approx(float(scores["macro_f1"]), rel=1e-12)
        assert error(answers, right) == pytest.approx(float(scores["error"]), rel=1e-12)


def test_one_class_each_is_judged_alike():
    right, given = [0, 1, 2, 2, 1, 0, 0], [0, 2, 2, 1, 1, 0, 1]
    expected = f1_score(right, given, average="macro", zero_division=0)
    assert macro_f1(answers_of(*given), answers_of(*right)) == pytest.approx(expected)
    assert error(answers_of(*given), answers_of(*right)) == pytest.approx(300 / 7)


def test_the_majority_is_that_of_the_training_split():
    found = Majority().answer(Split(TEXTS, answers_of(0, 1, 1, 1, 2, 0)), [["a", "b"], []], True)
    assert [f.tolist() for f in found] == [[[0, 1, 0], [0, 1, 0]], []]


def test_the_majority_of_sets_of_labels_is_a_set():
    answers = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]], np.uint8)
    (found,) = Majority().answer(Split(TEXTS[:4], answers), [["a"]], False)
    assert found.tolist() == [[1, 1, 0]]


def runs_of_words(text):
    words = re.findall(r"\w\w+", text.lower())
    return words + [" ".join(pair) for pair in itertools.pairwise(words)]


def weighted(texts, known):
    """Return rows of TF-IDF of unit length: counts times ln((1 + n) / (1 + texts with it)) + 1."""
    within = Counter(run for text in known for run in set(runs_of_words(text)))
    order = sorted(within)
    rows = []
    for text in texts:
        counts = Counter(runs_of_words(text))
        row = [counts[r] * (math.log((1 + len(known)) / (1 + within[r])) + 1) for r in order]
        length = math.sqrt(sum(v * v for v in row)) or 1.0
        rows.append([v / length for v in row])
    return np.array(rows)


def written_out(answers, inverse_penalty, balanced):
    """Minimise |w|^2 / 2 + C sum c log(1 + exp(-y z)), the bias within w; return probabilities."""
    known = np.column_stack([weighted(TEXTS, TEXTS), np.ones(len(TEXTS))])
    asked = np.column_stack([weighted(ASKED, TEXTS), np.ones(len(ASKED))])
    columns = []
    for answer in answers.T:
        signs, sides = 2.0 * answer - 1, np.bincount(answer, minlength=2)
        each = len(answer) / (2 * sides[answer]) if balanced else np.ones(len(answer))

        def loss(w, signs=signs, each=each):
            return w @ w / 2 + inverse_penalty * each @ np.logaddexp(0, -signs * (known @ w))

        w = minimize(loss, np.zeros(known.shape[1]), tol=1e-10).x
        columns.append(1 / (1 + np.exp(-asked @ w)))
    return np.stack(columns, 1)


@pytest.mark.parametrize(("inverse_penalty", "balanced"), [(1.0, True), (20.0, False)])
def test_tfidf_is_what_it_is_when_written_out(monkeypatch, inverse_penalty, balanced):
    answers = answers_of(0, 0, 1, 1, 1, 2)
    seen = []
    monkeypatch.setattr(Tfidf, "_decide", lambda self, p, one: seen.append(p))
    Tfidf(2, inverse_penalty, balanced).answer(Split(TEXTS, answers), [ASKED], True)
    expected = written_out(answers, inverse_penalty, balanced)
    np.testing.assert_allclose(seen[0], expected, atol=2e-3)
    # far apart, so that the tolerance of the solvers does not decide
    assert np.ptp(expected, 0).min() > 0.05


def test_one_class_is_the_most_probable_and_labels_are_those_above_the_threshold():
    answers = answers_of(0, 0, 1, 1, 1, 2)
    split = Split(TEXTS, answers)
    probable = written_out(answers, 20.0, True)
    (one,) = Tfidf(inverse_penalty=20.0).answer(split, [ASKED], True)
    assert one.tolist() == answers_of(*probable.argmax(1)).tolist()
    (several,) = Tfidf(inverse_penalty=20.0, threshold=0.45).answer(split, [ASKED], False)
    assert several.tolist() == (probable > 0.45).astype(int).tolist()


def test_a_class_that_no_training_text_has_is_never_given():
    answers = answers_of(0, 0, 1, 1, 0, 1)
    found = Tfidf().answer(Split(TEXTS, answers), [TEXTS], False)[0]
    assert found[:, 2].tolist() == [0] * 6
    assert found[:, :2].sum() == 6


def run_blocks(folder, *cells):
    settings = {"scale": "smoke", "results": str(folder / "results"), "device": "cpu"}
    settings |= {"checkpoint_seconds": 1e9, "keep_stale": False}
    settings |= {"data_folder": None, "accept_checksums": []}
    planned = tuple(PlannedBlocks(cell, 1, {"role": "floor"}, "s1") for cell in cells)
    plan = folder / "plan.json"
    plan.write_text(plan_to_json([Job("study", "floor", planned, "floor")], settings))
    train(plan, "study_floor")
    paths = ResultPaths(folder / "results", "smoke")
    return [paths.block("study", cell.id, 0) for cell in cells]


def test_the_floors_of_all_tweets(tmp_path):
    """The official splits lie in the repository; the spec expects about 0.6 of TF-IDF."""
    cells = [
        make_baseline_cell("tweeteval-emotion", f, data="sample") for f in ("majority", "tfidf")
    ]
    paths = run_blocks(tmp_path, *cells)
    majority, tfidf = (pd.read_parquet(path).iloc[0] for path in paths)
    data = load_texts("tweeteval-emotion", "sample")
    most = np.full(len(data.test_labels), np.bincount(data.train_labels).argmax())
    expected = f1_score(data.test_labels, most, average="macro", zero_division=0)
    assert majority["test_macro_f1"] == pytest.approx(expected)
    assert majority["test_error"] == pytest.approx(100 * (data.test_labels != most).mean())
    assert 0.58 < tfidf["test_macro_f1"] < 0.63
    assert 0.57 < tfidf["validation_macro_f1"] < 0.63
    assert tfidf["test_error"] < majority["test_error"] - 15
    manifest = json.loads(manifest_path(paths[1]).read_text())
    assert manifest["data"] == data.checksums
    assert manifest["rows"] == 1
    again = measure_floor(cells[1], data)
    assert {name: [value] for name, value in tfidf.items()} == again


def test_a_few_comments_with_several_labels_each():
    cell = make_baseline_cell("goemotions", "tfidf", 400, 90, 80, "sample")
    found = measure_floor(cell, load_texts("goemotions", "sample"))
    (score,) = found["test_macro_f1"]
    # 28 labels of which 400 comments do not show all, and more than the one of the majority
    other = make_baseline_cell("goemotions", "majority", 400, 90, 80, "sample")
    (least,) = measure_floor(other, load_texts("goemotions", "sample"))["test_macro_f1"]
    assert 2 * least < score < 0.5
    # errors are of 90 and of 80 texts
    assert found["test_error"][0] * 90 % 100 == pytest.approx(0, abs=1e-6)
    assert found["validation_error"][0] * 80 % 100 == pytest.approx(0, abs=1e-6)


def test_a_cell_is_named_by_its_texts_and_its_floor():
    cell = make_baseline_cell("goemotions", "tfidf", 400, 90)
    assert read_cell(json.loads(json.dumps(cell.record()))) == cell
    assert cell.record()["kind"] == "baseline"
    assert cell.data_set == "goemotions"
    others = [
        make_baseline_cell("goemotions", "majority", 400, 90),
        make_baseline_cell("goemotions", "tfidf", 401, 90),
        make_baseline_cell("goemotions", "tfidf", 400, 90, settings={"balanced": False}),
    ]
    assert len({cell.id, *(other.id for other in others)}) == 4
    assert "escaping_minima.data.formats.goemotions" in cell.modules()
    assert make_baseline_cell("goemotions", "tfidf", data="sample").data_set == ""


@pytest.mark.parametrize(
    ("floor", "words", "message"),
    [
        ("median", {}, "floor: found 'median'; allowed: majority, tfidf"),
        ("tfidf", {"settings": {"ngram": 0}}, "ngram is 0"),
        ("tfidf", {"settings": {"depth": 1}}, "depth"),
        ("tfidf", {"train_texts": -1}, "train_texts is -1"),
        ("majority", {"data": "half"}, "data is 'half'"),
    ],
)
def test_what_cannot_be_is_said(floor, words, message):
    with pytest.raises(UserError, match=message):
        make_baseline_cell("goemotions", floor, **words)


def test_more_texts_than_there_are(tmp_path):
    cell = make_baseline_cell("tweeteval-emotion", "majority", 5000, data="sample")
    with pytest.raises(UserError, match="train_texts: found 5000; allowed: at most 3257 of sample"):
        run_blocks(tmp_path, cell)


def test_without_scikit_learn_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(UserError, match="pip install scikit-learn"):
        Tfidf().answer(Split(TEXTS, answers_of(0, 0, 1, 1, 1, 2)), [ASKED], True)
