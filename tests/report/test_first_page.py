"""The first page: each study at a glance, every verdict, and what is left open."""

from __future__ import annotations

import re

from escaping_minima.report.claim_page import claim_page
from escaping_minima.report.front_page import front_page
from escaping_minima.report.ledger import build_ledger
from escaping_minima.results.paths import FROM_PUBLISHED


def test_front_page_shows_claim_values_and_verdicts(site, planted):
    text = (site / "index.html").read_text(encoding="utf-8")
    for name, verdict in planted.VERDICTS.items():
        row = re.search(rf'<tr id="claim-{name.lower()}"[^>]*>.*?</tr>', text, re.DOTALL)
        assert row is not None
        assert f"Claim {name} says that A &lt; B &amp; that $x$ *matters*" in row[0]
        assert "+3.0 [1.0, 5.0] points" in row[0]
        assert "38 and 34 against 12 to 22" in row[0]
        assert f"</span> {verdict}</span>" in row[0]
        # a row is a card on a narrow screen: its cells name their columns, the verdict leads
        assert 'class="em-lead" data-label="this run"' in row[0]
        assert ("needs 5,000 starts, has 500" in row[0]) is (verdict == "not tested")
    assert "were made by older code" in text
    assert 'href="#how-to-read-a-row"' in text


def test_a_study_is_shown_at_a_glance(site, planted):
    front = (site / "index.html").read_text(encoding="utf-8")
    first, second = re.findall(r'<section class="em-box">.*?</section>', front, re.DOTALL)
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", first))
    assert list(facts) == ["source", "scope", "scale", "data", "hardware", "time", "outcome"]
    assert facts["scope"] == "5 claims; 2 cells, 3 blocks"
    assert facts["scale"] == "quick; 500 to 1,000 starts a cell; 200 to 10,000 steps a cell"
    assert (facts["hardware"], facts["time"]) == ("cpu: x86_64, a machine", "4 seconds")
    assert re.sub(r"<[^>]+>", "", facts["outcome"]).split("1") == [
        *(
            "✓ reproduced ",
            " ◐ partly ",
            " ✗ not reproduced ",
            " ? inconclusive ",
            " – not tested ",
        ),
        "",
    ]
    # a count leads to the claims that it counts
    assert "?verdict=not%20tested&amp;study=stationary_distributions#the-ledger" in facts["outcome"]
    assert f'<a href="{planted.SECOND}.html">Planted runs</a>' in second
    page = (site / f"{planted.STUDY}.html").read_text(encoding="utf-8")
    assert 'id="claim-i03"' in page
    assert 'id="claim-p01"' not in page
    assert "index.html?verdict=partly&amp;study=stationary_distributions#the-ledger" in page
    assert "At most 5 percent" not in page
    assert "<em>Chance of any false “reproduced”: at most 5 percent" in page


def test_what_is_open_says_what_it_would_take(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    table = front.split('<section id="what-could-not-be-tested')[1].split("</table>")[0]
    rows = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", table)
    ]
    by_claim = {row[1].split()[0]: row for row in rows if row}
    assert by_claim["I05"][2:] == [
        "not tested",
        "needs 5,000 starts, has 500",
        "a run with 500 starts, 10,000 steps; missing of it: 9.8 GPU hours",
    ]
    # 1,500 starts where a cell has at most 1,000: half as long again as the 3.5 seconds here
    assert by_claim["I04"][4] == (
        "1,500 starts; a cell here has at most 1,000; the whole study with as many: 5 seconds"
    )
    assert by_claim["P02"][3:] == ["has no record yet", "not known"]
    assert "I01" not in by_claim


def test_the_side_bar_folds_the_claims_below_their_study(site, planted):
    front = (site / "index.html").read_text(encoding="utf-8")
    bar = front.split('<div class="sidebar-tree">')[1].split("</div>")[0]
    assert (
        f'<li class="toctree-l1 has-children"><a class="reference internal" href="{planted.STUDY}'
        in bar
    )
    assert 'toctree-l2"><a class="reference internal" href="claims/I01.html">' in bar
    assert 'toctree-l1"><a class="reference internal" href="claims/' not in bar


def test_a_published_run_is_shown_once(planted, tmp_path):
    paths = planted.plant(tmp_path, FROM_PUBLISHED)
    ledger = build_ledger(paths, [planted.STUDY], "published tables")
    front, page = front_page(ledger, ""), claim_page(ledger["claims"][0])
    headings = re.findall(r'<th scope="col">(.*?)</th>', front)
    assert headings[:5] == ["claim", "paper", "ours", "published run", "how near"]
    assert "this run" not in (front + page).lower().split("what the verdicts mean")[0]
    assert "The published run\n" not in page
    assert "No published run yet" not in page
