"""The player carries what its tables say, and shows the moment that was chosen."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from escaping_minima.package import ROOT
from escaping_minima.parts.looks import look_of
from escaping_minima.report.player import (
    GRIDS,
    MARKS,
    PATHS,
    has_player,
    player_document,
    player_html,
    player_page,
)
from escaping_minima.report.player_data import levels, player_data, thinned

SHADES = ROOT / "report" / "static" / "player_drawing.js"


def path(problem, method, start, cost, loss, x, y=np.nan):
    look = look_of(method)
    named = {"problem": problem, "method": method, "title": look.title, "start": start}
    shown = {"colour": look.colour, "marker": look.marker}
    return pd.DataFrame({**named, **shown, "cost": cost, "loss": loss, "x": x, "y": y})


def bowl(problem="bowl", title="A <bowl>", size=5):
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(-2, 2, size), np.linspace(-1, 1, size)))
    return pd.DataFrame({"problem": problem, "title": title, "x": x, "y": y, "value": x**2 + y**2})


def line():
    x = np.linspace(0, 4, 9)
    return pd.DataFrame(
        {"problem": "line", "title": "A line", "x": x, "y": np.nan, "value": (x - 1) ** 2}
    )


PLANTED = pd.concat(
    [
        path("bowl", "gd", 3, [0, 9, 99], [5.0, 2.0, 1.0], [2.0, 1.0, 0.5], [1.0, 1.0, 0.5]),
        path("bowl", "sam", 3, [0, 19, 99], [5.0, 0.5, 0.7], [2.0, 0.5, 0.6], [1.0, 0.5, 0.6]),
        path("bowl", "gd", 8, [0, 999], [4.0, 0.25], [-2.0, -0.5], [0.0, 0.0]),
        path("bowl", "sam", 8, [0, 9], [4.0, np.inf], [-2.0, np.nan], [0.0, 0.0]),
        path("line", "gd", 0, [0, 50], [9.0, 0.0], [4.0, 1.0]),
    ]
)
LANDSCAPES = pd.concat([bowl(), line()])
MINIMA = pd.DataFrame({"problem": ["bowl"], "x": [0.0], "y": [0.0], "kind": ["global minimum"]})


def test_data_are_what_the_tables_say():
    data = player_data(PLANTED, LANDSCAPES, MINIMA)
    assert [m["title"] for m in data["methods"]] == ["GD", "SAM"]
    plane, curve = data["problems"]
    assert (plane["x"], plane["y"], plane["shape"]) == ([-2, 2], [-1, 1], [5, 5])
    assert plane["marks"] == [[0.0, 0.0, "global minimum"]]
    assert [s["start"] for s in plane["starts"]] == [3, 8]
    assert plane["starts"][0]["paths"][1] == {
        "method": 1,
        "diverged": False,
        "cost": [0, 19, 99],
        "loss": [5.0, 0.5, 0.7],
        "x": [2.0, 0.5, 0.6],
        "y": [1.0, 0.5, 0.6],
    }
    # what is lost is cut off, and said
    assert plane["starts"][1]["paths"][1]["diverged"] is True
    assert plane["starts"][1]["paths"][1]["cost"] == [0]
    assert curve["heights"] == [1, 0.25, 0, 0.25, 1, 2.25, 4, 6.25, 9]
    assert "y" not in curve
    assert "y" not in curve["starts"][0]["paths"][0]


def test_shades_rise_with_height_from_the_lowest_row():
    shuffled = bowl().sample(frac=1, random_state=1)
    (plane,) = player_data(PLANTED[PLANTED["problem"] == "bowl"], shuffled)["problems"]
    found = np.frombuffer(base64.b64decode(plane["shades"]), "<u2").reshape(plane["shape"])
    assert (found[2, 2], found[0, 0]) == (0, 65535)
    # along x, at the middle of y: 4, 1, 0, 1, 4
    assert found[2, 0] == found[2, 4] > found[2, 1] > found[2, 2]
    # 2 from the middle in x is higher than 1 in y
    assert found[2, 0] > found[0, 2]


def test_low_ground_is_told_apart_and_level_ground_has_one_shade():
    values = np.array([0.0, 0.01, 0.02, 1.0, 1e6])
    shades = levels(values)
    assert list(np.sort(shades)) == list(shades)
    assert shades[1] > 500
    assert not levels(np.full(4, 3.0)).any()


def test_thinning_keeps_both_ends_and_what_is_early():
    cost = np.arange(10_000.0)
    kept = thinned(cost, 100)
    assert (kept[0], kept[-1]) == (0, 9999)
    assert len(kept) <= 100
    assert (np.diff(kept) > 0).all()
    # early steps are most of a descent, late ones most of a path
    assert (kept < 100).sum() > 20
    assert (kept > 5000).sum() > 20
    assert list(thinned(np.array([0.0, 5.0]), 100)) == [0, 1]
    # a method that has evaluated nothing for long
    assert list(thinned(np.zeros(300), 10)[[0, -1]]) == [0, 299]


def test_tables_that_lack_something_are_refused():
    with pytest.raises(ValueError, match="no column 'marker'"):
        player_data(PLANTED.drop(columns="marker"), LANDSCAPES)
    with pytest.raises(ValueError, match="none to play"):
        player_data(PLANTED[:0], LANDSCAPES)
    with pytest.raises(ValueError, match="line has paths and no grid"):
        player_data(PLANTED, bowl())
    with pytest.raises(ValueError, match="bowl has a grid with holes"):
        player_data(PLANTED, LANDSCAPES[1:])
    with pytest.raises(ValueError, match="'maximum'; allowed: global"):
        player_data(PLANTED, LANDSCAPES, MINIMA.assign(kind="maximum"))


def test_the_page_carries_all_and_nothing_breaks_out_of_it():
    evil = LANDSCAPES.assign(title="</script><b>")
    html = player_html(PLANTED, evil)
    assert "</script><b>" not in html
    (text,) = re.findall(r'<script type="application/json">(.*?)</script>', html)
    assert json.loads(text)["problems"][0]["title"] == "</script><b>"
    # a blank line would end the block in Markdown
    assert not [row for row in html.splitlines() if not row.strip()]
    page = player_page({PATHS: PLANTED, GRIDS: LANDSCAPES, MARKS: MINIMA})
    assert "\n# Paths, step by step\n" in page
    outside = re.findall(
        r"(?:src|href)=|url\(|@import|fetch\(|https?://(?!www\.w3\.org/2000)", page
    )
    assert outside == []


def test_a_study_without_paths_has_no_player():
    assert has_player({PATHS: PLANTED, GRIDS: LANDSCAPES})
    assert not has_player({PATHS: PLANTED[:0], GRIDS: LANDSCAPES})
    assert not has_player({GRIDS: LANDSCAPES})


def test_every_method_has_a_marker_that_the_player_knows():
    known = set(re.findall(r'^    "(.)": ', SHADES.read_text(encoding="utf-8"), re.MULTILINE))
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "methods").glob("*.py"))
    used = {
        marker for text in texts for marker in re.findall(r'^MARKER = "(.*)"$', text, re.MULTILINE)
    }
    assert used
    assert used <= known


@pytest.fixture
def played(browser, tmp_path):
    """Return a browser that has a planted player open, at the width of a desk."""
    file = tmp_path / "player.html"
    file.write_text(player_document(PLANTED, LANDSCAPES, MINIMA), encoding="utf-8")
    browser.open(file)
    yield browser
    browser.call("Emulation.setEmulatedMedia", features=[])


def texts(browser, part):
    return browser.evaluate(
        f"[...document.querySelectorAll('.em-player-{part}')].map(e => e.textContent)"
    )


def losses(browser):
    return browser.evaluate(
        "[...document.querySelectorAll('.em-player-rows tr')].map(r => [...r.cells].slice(1)"
        ".map(c => c.textContent))"
    )


def press(browser, key, part="picture"):
    browser.evaluate(
        f"document.querySelector('.em-player-{part}').dispatchEvent(new KeyboardEvent('keydown', "
        f"{{key: {key!r}, bubbles: true}}))"
    )


@pytest.mark.browser
def test_the_player_shows_the_moment_that_was_chosen(played):
    assert played.complaints() == []
    assert [u for u in played.requests() if not u.startswith("file:")] == []
    assert texts(played, "now") == ["99 of 99 evaluations"]
    assert losses(played) == [["1", "1"], ["0.7", "0.5"]]
    press(played, "Home")
    assert losses(played) == [["5", "5"], ["5", "5"]]
    # half of the bar is the square root of 1 + 99, less 1
    played.evaluate(
        "{const b = document.querySelector('.em-player-bar'); b.value = 500;"
        "b.dispatchEvent(new Event('input'))}"
    )
    assert texts(played, "now") == ["9 of 99 evaluations"]
    assert losses(played) == [["2", "2"], ["5", "5"]]
    press(played, "n")
    assert texts(played, "now") == ["999 of 999 evaluations"]
    assert losses(played) == [["0.25", "0.25"], ["diverged", "4"]]
    press(played, "l")
    assert losses(played) == [["0", "0"]]
    label = played.evaluate("document.querySelector('canvas').getAttribute('aria-label')")
    assert label.startswith("A line, start 1 of 1: (4): paths of 1 methods after 50 of 50")


@pytest.mark.browser
def test_playing_goes_from_the_start_to_the_end_and_still_where_motion_is_not_wanted(played):
    at = "Number(document.querySelector('.em-player-bar').value)"
    wait = "new Promise(done => setTimeout(done, 300))"
    played.evaluate("document.querySelector('.em-player-speed').value = '4'")
    press(played, " ")
    assert texts(played, "play") == ["Pause"]
    played.evaluate(wait)
    assert 0 < played.evaluate(at) < 1000
    press(played, "End")
    assert (played.evaluate(at), texts(played, "play")) == (1000, ["Play"])
    reduced = {"name": "prefers-reduced-motion", "value": "reduce"}
    played.call("Emulation.setEmulatedMedia", features=[reduced])
    press(played, " ")
    played.evaluate(wait)
    assert (played.evaluate(at), texts(played, "play")) == (0, ["Pause"])
    # a picture a second, a tenth of the way each
    played.evaluate("new Promise(done => setTimeout(done, 1000))")
    assert played.evaluate(at) in (100, 200)
    press(played, " ")
    assert texts(played, "play") == ["Play"]


#: The colour of a place on the picture, in shares of its width and height.
PIXEL = (
    "(() => {{const c = document.querySelector('canvas');"
    "return [...c.getContext('2d').getImageData({x} * c.width, {y} * c.height, 1, 1).data]}})()"
)


@pytest.mark.browser
def test_the_picture_follows_the_page_in_width_and_light(played):
    corner = PIXEL.format(x=0.002, y=0.002)
    assert played.evaluate(corner) == [255, 255, 255, 255]
    for width in (390, 1280):
        played.resize(width)
        played.evaluate("new Promise(done => setTimeout(done, 100))")
        assert played.evaluate("document.documentElement.scrollWidth") <= width
        assert played.evaluate("document.querySelector('canvas').clientWidth") > width / 2
    played.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    played.evaluate("new Promise(done => setTimeout(done, 100))")
    assert max(played.evaluate(corner)[:3]) < 40
    # GD is black, and lighter on dark ground
    colours = played.evaluate(
        "[...document.querySelectorAll('.em-player-rows path')].map(p => p.getAttribute('fill'))"
    )
    assert min(map(int, re.findall(r"\d+", colours[0]))) > 100
    played.evaluate("document.body.dataset.theme = 'light'")
    played.evaluate("new Promise(done => setTimeout(done, 100))")
    assert played.evaluate(corner) == [255, 255, 255, 255]
    played.evaluate("document.querySelector('.em-player-none').click()")
    label = played.evaluate("document.querySelector('canvas').getAttribute('aria-label')")
    assert "paths of 0 methods" in label
