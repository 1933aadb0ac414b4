"""What the scripts of the pages do: sort, filter, keep as CSV, in light and dark, by keyboard."""

from __future__ import annotations

import csv
import io

import pytest

pytestmark = pytest.mark.browser

ROWS = "[...document.querySelectorAll('table.em-ledger > tbody > tr')]"
#: The claims that are seen, in their order.
SEEN = f"{ROWS}.filter(r => r.getClientRects().length).map(r => r.id.slice(6).toUpperCase())"
FIELD = "document.querySelector('form.em-filter').elements"
CLAIMS = ["I01", "I02", "I03", "I04", "I05", "P01"]


def choose(browser, **wanted):
    """Fill in the filter as a person does, and return what is seen then."""
    for name, value in wanted.items():
        browser.evaluate(
            f"{FIELD}.{name}.value = {value!r};"
            f"{FIELD}.{name}.dispatchEvent(new Event('input', {{bubbles: true}}))"
        )
    return browser.evaluate(SEEN)


def press(browser, key, code, text=""):
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text
        )


@pytest.mark.parametrize("width", [390, 1280])
def test_the_ledger_is_filtered(site, browser, planted, width):
    browser.open(site / "index.html", width)
    assert browser.evaluate(SEEN) == CLAIMS
    assert choose(browser, verdict="inconclusive") == ["I04", "P01"]
    assert browser.evaluate(f"{FIELD}[0].form.querySelector('output').value") == "2 of 6"
    assert choose(browser, study=planted.SECOND) == ["P01"]
    assert "verdict=inconclusive" in browser.evaluate("location.search")
    browser.evaluate(f"{FIELD}[0].form.querySelector('button').click()")
    assert browser.evaluate(f"new Promise(done => setTimeout(() => done({SEEN}), 50))") == CLAIMS
    assert choose(browser, firmness="firm") == ["I02"]
    # every word, in any order, whatever its case
    assert choose(browser, firmness="", text="CLAIM  record CHANGED") == ["I02"]
    assert choose(browser, text="nowhere") == []


def test_a_link_can_choose(site, browser):
    browser.open(site / "index.html")
    browser.evaluate("document.querySelector('a.em-count[href*=partly]').click()")
    browser.wait_for("location.search.includes('partly') && document.readyState === 'complete'")
    browser.wait_for(f"{SEEN}.length === 1")
    assert browser.evaluate(SEEN) == ["I02"]
    assert browser.evaluate(f"{FIELD}.verdict.value") == "partly"
    top = browser.evaluate("document.getElementById('the-ledger').getBoundingClientRect().top")
    assert 0 <= top < 450


def test_a_table_is_sorted_by_keyboard(site, browser):
    browser.open(site / "index.html")
    heading = "document.querySelector('table.em-ledger th:nth-child(4)')"
    browser.evaluate(f"{heading}.querySelector('button').focus()")
    orders = []
    for _ in range(3):
        press(browser, "Enter", 13, "\r")
        orders.append((browser.evaluate(f"{heading}.ariaSort"), browser.evaluate(SEEN)))
    # by the order of verdicts, not by their letters; rows that tie stay in their order
    assert orders == [
        ("ascending", ["I01", "I02", "I03", "I04", "P01", "I05"]),
        ("descending", ["I05", "I04", "P01", "I03", "I02", "I01"]),
        ("none", CLAIMS),
    ]


def test_numbers_are_sorted_as_numbers_and_gaps_stand_last(site, browser):
    browser.open(site / "provenance.html")
    browser.evaluate(
        """document.querySelector('article section').insertAdjacentHTML('beforeend',
        `<table class="em-table" id="t"><thead><tr><th>n</th></tr></thead><tbody>${
        ['1,500', '−2', '–', '× 0.5', '< 0.0001', '30 percent'].map(t => `<tr><td>${t}</td></tr>`)
        .join('')}</tbody></table>`);
        document.dispatchEvent(new Event('DOMContentLoaded'))"""
    )
    column = "[...document.querySelectorAll('#t td')].map(c => c.textContent)"
    click = "document.querySelector('#t button').click()"
    browser.evaluate(click)
    rising = ["−2", "< 0.0001", "× 0.5", "30 percent", "1,500"]
    assert browser.evaluate(column) == [*rising, "–"]
    browser.evaluate(click)
    assert browser.evaluate(column) == [*reversed(rising), "–"]


def test_a_phone_has_a_choice_of_orders_instead_of_headings(site, browser):
    browser.open(site / "index.html", 390)
    assert browser.evaluate(
        """(() => { const c = document.querySelector('.em-filter ~ .em-tools select');
        c.value = [...c.options].find(o => o.text.startsWith('this run') && o.text.endsWith('↓'))
        .value; c.dispatchEvent(new Event('change')); return c.getClientRects().length; })()"""
    )
    assert browser.evaluate(SEEN) == ["I05", "I04", "P01", "I03", "I02", "I01"]


def test_a_table_is_kept_as_csv_as_it_is_shown(site, browser):
    browser.open(site / "index.html")
    browser.evaluate(
        """URL.createObjectURL = blob => { globalThis.kept = blob.text(); return '#'; };
        HTMLAnchorElement.prototype.click = function () { globalThis.file = this.download; };"""
    )
    choose(browser, verdict="inconclusive")
    browser.evaluate("document.querySelector('.em-filter ~ .em-tools button').click()")
    assert browser.evaluate("file") == "index-the-ledger.csv"
    head, *rows = csv.reader(io.StringIO(browser.evaluate("kept")))
    assert head[:4] == ["claim", "paper", "ours", "this run"]
    assert [(row[0][:3], row[3]) for row in rows] == [
        ("I04", "inconclusive; open at all 2 radii"),
        ("P01", "inconclusive"),
    ]
    assert "$x$ *matters*" in rows[0][0]
    browser.open(site / "claims" / "P01.html")
    browser.evaluate("URL.createObjectURL = blob => { globalThis.kept = blob.text(); return '#'; }")
    browser.evaluate("document.querySelector('.em-tools button').click()")
    measured = [row["measured"] for row in csv.DictReader(io.StringIO(browser.evaluate("kept")))]
    # a number is one that other programs read
    assert [float(value) for value in measured] == [0.31, -2500.0, 0.1]


@pytest.mark.parametrize(
    ("scheme", "medium", "inverted"),
    [("light", "screen", False), ("dark", "screen", True), ("dark", "print", False)],
)
def test_figures_go_dark_with_the_page_but_not_on_paper(site, browser, scheme, medium, inverted):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", media=medium, features=[feature])
    browser.open(site / "notebooks" / "overview.html")
    found = browser.evaluate("getComputedStyle(document.querySelector('article img')).filter")
    assert ("invert" in found) is inverted
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, paper[4:-1].split(","))) < 60) is inverted
    browser.open(site / "index.html")
    tools = browser.evaluate("document.querySelector('.em-tools').getClientRects().length")
    assert (tools == 0) is (medium == "print")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])


def test_tables_fit_on_paper(site, browser, planted):
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    # A4 with margins of a centimetre, and what is left of it by a browser's own
    for page in ("index", "claims/P01", planted.STUDY):
        browser.open(site / f"{page}.html", 718)
        ends = browser.evaluate(
            "[...document.querySelectorAll('.em-cards, .em-facts, .em-boxes')]"
            ".filter(t => t.getClientRects().length).map(t => t.getBoundingClientRect().right)"
        )
        assert ends, page
        assert max(ends) <= 718, page
    browser.call("Emulation.setEmulatedMedia", media="", features=[])


def test_what_scrolls_can_be_reached_by_keyboard(site, browser):
    for width in (390, 1280):
        browser.open(site / "provenance.html", width)
        unreached = browser.evaluate(
            "[...document.querySelectorAll('.em-scroll')].filter(b => b.scrollWidth > b.clientWidth"
            " && b.tabIndex !== 0).length"
        )
        assert unreached == 0
    assert browser.evaluate("document.querySelectorAll('.em-scroll').length") > 2
