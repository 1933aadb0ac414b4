"""Names become words."""

from __future__ import annotations

import pytest

from escaping_minima.report.markdown import figure_anchor, title_of
from escaping_minima.report.site import CAPTIONS, caption


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("section_4_5", "Section 4.5"),
        ("sgd_sa", "SGD-SA"),
        ("ssa_variants", "SSA variants"),
        ("figure_4_vgg16", "Figure 4 VGG16"),
        ("table_1", "Table 1"),
        ("batch_increase", "Batch increase"),
        ("figure_10_left", "Figure 10 left"),
        ("sgd_control", "SGD control"),
    ],
)
def test_names_in_words(name, words):
    assert title_of(name) == words


def test_two_studies_can_both_have_a_figure_1(tmp_path, monkeypatch):
    assert figure_anchor("batch_increase", "figure_1") == "batch-increase-figure-1"
    studies = ("one", "two")
    for study in studies:
        (tmp_path / study).mkdir()
        (tmp_path / study / "figure_1.rst").write_text(f"Figure 1\n of {study}.\n")
    monkeypatch.setattr("escaping_minima.report.site.CAPTIONS", tmp_path)
    assert [caption(study, "figure_1") for study in studies] == [
        "Figure 1 of one.",
        "Figure 1 of two.",
    ]
    assert len({figure_anchor(study, "figure_1") for study in studies}) == 2
    assert caption("one", "figure_2") == ""


def test_every_caption_lies_with_its_study():
    whole = {"figure.rst", "ledger.rst", "workflow.rst"}
    assert {path.name for path in CAPTIONS.glob("*.rst")} == whole
