"""The site is whole, says every verdict, and opens from disk without a network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from escaping_minima.errors import UserError
from escaping_minima.report import player
from escaping_minima.report import site as site_module
from escaping_minima.report.pages import more_pages
from escaping_minima.report.site import build_report
from escaping_minima.steps.report import report


class Page(HTMLParser):
    """Collects anchors, links and files of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.files: list[str] = []
        self.images: list[str | None] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag in ("img", "script", "iframe", "source") and found.get("src"):
            self.files.append(str(found["src"]))
        if tag == "img":
            self.images.append(found.get("alt"))
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.files.append(str(found["href"]))


def pages(site: Path) -> dict[Path, Page]:
    return {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_pages_are_there(site, planted):
    wanted = {
        "index",
        "errors",
        "provenance",
        "optimisers",
        "assumptions",
        "notebooks/overview",
        f"figures/{planted.STUDY}",
    }
    wanted |= {f"claims/{i}" for i in (*planted.VERDICTS, "P01")}
    wanted |= {f"figures/{planted.SECOND}", f"notebooks/{planted.SECOND}"}
    wanted |= {planted.STUDY, planted.SECOND}
    assert wanted <= {str(p.relative_to(site).with_suffix("")) for p in site.rglob("*.html")}
    assert json.loads((site / "verdicts.json").read_text(encoding="utf-8"))["label"] == "quick"


def test_the_page_of_two_studies_shows_both(site):
    text = (site / "optimisers.html").read_text(encoding="utf-8")
    assert "88.9 percent of the others in global minima" in text
    assert "Populations: not part of this run." in text
    assert text.count("not run") > 8


def test_paths_to_play_have_a_page(monkeypatch):
    ledger = {"errors": [], "claims": [], "provenance": [], "label": "quick"}
    assert "player" not in more_pages(ledger, {}, {"one": {}, "two": {}})
    monkeypatch.setattr(player, "has_player", lambda tables: "paths" in tables)
    monkeypatch.setattr(player, "player_page", lambda tables: f"plays {tables['paths']}")
    found = more_pages(ledger, {}, {"one": {}, "two": {"paths": 3}})
    assert found["player"] == (player.TITLE, "plays 3")


def test_every_image_says_what_it_shows(site):
    alternatives = {path.name: page.images for path, page in pages(site).items() if page.images}
    assert alternatives[f"{'overview'}.html"] == ["A picture"]
    assert all(alternative for found in alternatives.values() for alternative in found)


def test_a_figure_comes_with_its_values_and_how_it_is_made(site, planted):
    page = read(site / "figures" / f"{planted.STUDY}.html")
    sweep, other = (
        page.split(f'<section id="stationary-distributions-{name}">')[1].split("</section>")[0]
        for name in ("sweep", "table-1")
    )
    file = re.search(r'href="([^"]+sweep\.csv)"', sweep)
    assert file is not None
    assert read(site / "figures" / file[1]) == planted.DRAWN
    assert "render --notebook notebooks/stationary_distributions.ipynb" in sweep
    assert "-p name=quick -p figures=stationary_distributions</pre>" in sweep
    assert "draw(x &lt; 1 &amp; y),\n    &quot;sweep&quot;)</pre>" in sweep
    assert 'href="../provenance.html#runs-stationary-distributions"' in sweep
    assert ".csv" not in other
    assert "Not listed" in other


def test_claim_page_shows_what_the_verdict_rests_on(site):
    text = (site / "claims" / "I04.html").read_text(encoding="utf-8")
    for words in ("abcdef12", "1,500", "rank 2 of 5", "5 points: a reason", "0.0125", "another"):
        assert words in text
    assert "+3.0 [1.0, 5.0] points; claimed: above 0" in text
    assert "main radius: 2 parts" in text
    assert "radius × 10^(-4/4): 1 part<" in text
    assert "frozen" not in text
    assert 'href="../provenance.html#runs-stationary-distributions"' in text
    assert "snakemake --cores all claim_I04</code>" in text
    assert "weak part &lt;b&gt;&amp;&lt;/b&gt; *stars*" in text


def test_a_claim_that_was_not_tested_does_not_read_like_a_test_that_failed(site):
    text = read(site / "claims" / "I05.html").split("Other reading")[0]
    reason, table = text.index("needs 5,000 starts, has 500"), text.index("<table")
    assert reason < table
    for words in ("largest p", "Holm", "holds at", "decided against", ">reproduced<", "level 0.0"):
        assert words not in text[reason:]
    # what was measured is shown all the same
    assert ">+3.0</td>" in text
    assert "Holm" in read(site / "claims" / "I04.html")


def test_each_study_says_its_own_nouns_and_units(site):
    starts, seeds = (read(site / "claims" / f"{i}.html") for i in ("I04", "P01"))
    assert "starts that would decide" in starts
    assert "all 2 radii" in starts
    assert "measured (points of share)" in starts
    assert "seeds that would decide" in seeds
    assert "0.5 percentage points: a reason" in seeds
    assert "5 seeds, 9 training images" in seeds
    assert "holds at" not in seeds
    # parts that differ in their units name them in each row
    for cell in ("−2,500", "exact", "updates", "[−0.12, 0.74]", "no interval", "below 0"):
        assert f">{cell}</td>" in seeds
    front = read(site / "index.html")
    assert "how many starts or seeds would decide" in front
    assert front.index("Planted 2024") < front.index("Planted 2025")


def test_the_data_of_a_study_are_named(site, planted):
    page = read(site / "provenance.html")
    assert "none needed" in page
    assert "digits; digits, sample of 2,000 images" in page
    versions = []
    for checksum in (planted.CHECKSUM, planted.OTHER_CHECKSUM):
        assert f"<code>{checksum[:12]}</code>" in page
        versions.append(page.index(checksum[:12]))
        assert checksum[:13] not in page
    # each file stands under the name of the data that it is of
    assert versions[0] < page.index("<b>digits, sample of 2,000 images</b>") < versions[1]
    assert "train.gz: accepted under another checksum" in page
    assert "Data: none needed." in read(site / "figures" / f"{planted.STUDY}.html")
    figures = read(site / "figures" / f"{planted.SECOND}.html")
    assert "Data: digits; digits, sample of 2,000 images; train.gz: accepted" in figures


def test_the_cells_of_every_study_are_listed(site):
    page = read(site / "provenance.html")
    headings = re.findall(r'<th scope="col">(.*?)</th>', page)
    assert {"sweep point", "starts", "strategy", "training images"} <= set(headings)
    # a column that is the same in every cell is a sentence
    assert "step size" not in headings
    assert "The same in every cell: function Himmelblau; step size 0.001" in page
    for heading in ("settings", "data", "source hash", "machine"):
        assert heading not in headings


def test_cells_are_said_in_the_words_of_their_study(site):
    page = read(site / "provenance.html")
    for words in ("A → B", "Table 2", "1 Table 2; 1 baseline", ">GD<", ">SAM<", ">decay<"):
        assert words in page


def test_every_internal_link_and_anchor_resolves(site):
    found = pages(site)
    broken = []
    for path, page in found.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            whole = target in found if target.suffix == ".html" else target.exists()
            if not whole or (anchor and anchor not in found[target].ids):
                broken.append((path.name, link))
    assert not broken


def test_every_file_is_local_and_there(site):
    for path, page in pages(site).items():
        for file in page.files:
            parts = urlsplit(file)
            assert not parts.scheme or parts.scheme == "data", (path.name, file)
            assert not parts.netloc, (path.name, file)
            if not parts.scheme:
                assert (path.parent / unquote(parts.path)).exists(), (path.name, file)


def test_nothing_says_where_it_was_made(site, tmp_path_factory):
    base = str(tmp_path_factory.getbasetemp())
    for path in site.rglob("*"):
        if path.suffix in (".html", ".json", ".js"):
            text = path.read_text(encoding="utf-8")
            assert base not in text, path
            assert "/a/path" not in text, path


def test_an_older_site_is_replaced_whole_and_kept_when_the_build_fails(
    planted, tmp_path, monkeypatch, capfd
):
    paths = planted.plant(tmp_path)
    planted.plant_rendered(paths)
    paths.report.mkdir(parents=True)
    (paths.report / "old.html").write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise UserError("report: Sphinx failed: because", 1)

    with monkeypatch.context() as patch:
        patch.setattr(site_module, "_run_sphinx", fail)
        with pytest.raises(UserError, match="because"):
            build_report(paths, [planted.STUDY], "quick")
    assert (paths.report / "old.html").exists()

    front, lines = report(paths, [planted.STUDY], "quick")
    # Sphinx has nothing to warn of
    assert capfd.readouterr() == ("", "")
    assert front == paths.report / "index.html"
    assert not (paths.report / "old.html").exists()
    assert len(lines) >= len(planted.VERDICTS)
    assert not list(paths.base.glob(".report-*"))


@pytest.mark.parametrize("lost", ["notebook", "figures"])
def test_what_is_missing_is_named(planted, tmp_path, lost):
    paths = planted.plant(tmp_path)
    planted.plant_rendered(paths)
    if lost == "notebook":
        paths.notebook("overview").unlink()
    else:
        for figure in paths.figures(planted.STUDY).iterdir():
            figure.unlink()
    with pytest.raises(UserError, match="run 'escaping-minima render' first"):
        build_report(paths, [planted.STUDY], "quick")


@pytest.mark.browser
def test_pages_open_from_disk(site, browser):
    for path in pages(site):
        browser.open(path, 400)
        assert [u for u in browser.requests() if not u.startswith(("file:", "data:"))] == [], path
        assert browser.complaints() == [], path
        unseen = browser.evaluate(
            "[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
        )
        assert unseen == [], path
        for width in (400, 1280):
            browser.resize(width)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.browser
def test_figures_are_seen(site, browser, planted):
    browser.open(site / "figures" / f"{planted.STUDY}.html")
    assert browser.evaluate("document.querySelectorAll('article img').length") == 2
    browser.open(site / "notebooks" / "overview.html")
    assert browser.evaluate("document.querySelectorAll('article img').length") == 1
