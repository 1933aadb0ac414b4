"""What a terminal shows of the ledger at the end of a run."""

from __future__ import annotations

from escaping_minima.report.headline import headline
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.summary import summary_lines


def make(planted, tmp_path, **kwargs):
    return build_ledger(
        planted.plant(tmp_path, **kwargs), [planted.STUDY], "quick, with starts=500"
    )


def make_two(planted, tmp_path):
    paths = planted.plant(tmp_path)
    planted.plant_second(paths)
    with planted.second_study():
        return build_ledger(paths, [planted.STUDY, planted.SECOND], "quick")


def test_a_terminal_names_units_where_they_differ(planted, tmp_path):
    ledger = make(planted, tmp_path)
    assert not any("points" in line for line in summary_lines(ledger))
    other = {**ledger["claims"][0], "id": "I99"}
    other["headline"] = headline(planted.means_claim()["readings"][0])
    lines = summary_lines({**ledger, "claims": [*ledger["claims"], other]})
    assert "+0.10 percentage points (no interval) (> 0)" in lines[8]
    assert "+3.0 [1.0, 5.0] points (> 0) " in lines[3]
    assert max(map(len, lines)) <= 100


def test_a_terminal_shows_of_several_studies_how_many_claims_have_which_verdict(planted, tmp_path):
    ledger = make_two(planted, tmp_path)
    lines = summary_lines(ledger)
    assert lines[0] == "6 claims judged (quick)"
    assert [line.split() for line in lines[2:5]] == [
        ["Stationary", "distributions", *"11111"],
        ["Planted", "runs", *"00010"],
        ["all", *"11121"],
    ]
    # each number stands under the end of its verdict
    ends = [lines[1].index(v) + len(v) for v in ledger["counts"]]
    assert [lines[4][end - 1] for end in ends] == list("11121")
    assert lines[5:8] == ["reproduced: I01", "partly: I02", "not reproduced: I03"]
    assert not any(line.startswith(("I0", "P0")) for line in lines)
    many = [{**ledger["claims"][0], "id": f"I{n:02}"} for n in range(60)]
    lines = summary_lines({**ledger, "claims": many})
    assert max(map(len, lines)) <= 100
    assert all(any(f"I{n:02}" in line for line in lines) for n in range(60))


def test_summary_fits_a_terminal(planted, tmp_path):
    lines = summary_lines(make(planted, tmp_path, stale=True))
    assert max(map(len, lines)) <= 100
    assert lines[0] == "5 claims judged (quick, with starts=500)"
    assert "1 reproduced" in lines[1]
    assert "what is claimed of it" in lines[2]
    for line, (name, verdict) in zip(lines[3:], planted.VERDICTS.items(), strict=False):
        assert line.startswith(name)
        assert verdict in line
    assert "not tested (needs 5,000 starts, has 500 (lacks 9.8 GPU hours)): I05" in lines
    chance = "any false “reproduced”: at most 5 percent; “not reproduced” likewise"
    assert f"Stationary distributions: {chance}" in lines
    assert "stale: 1 of 2 cells" in lines[-1]
    assert sum("more not tested: belongs to a study" in line for line in lines) == 1


def test_a_reason_that_claims_share_is_said_once(planted, tmp_path):
    ledger = make(planted, tmp_path)
    second = {**ledger["claims"][-1], "id": "I06"}
    lines = summary_lines({**ledger, "claims": [*ledger["claims"], second]})
    assert [line for line in lines if "needs 5,000" in line] == [
        "not tested (needs 5,000 starts, has 500 (lacks 9.8 GPU hours)): I05, I06"
    ]
