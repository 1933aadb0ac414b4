"""What the records make of tables that are as the source says, and of tables that are not."""

from __future__ import annotations

import pytest

from escaping_minima.claims.judge import main_members
from escaping_minima.claims.records import load_records, source_claims
from escaping_minima.claims.source import ALPHA, Source, check_sides, say_part
from escaping_minima.statistics.verdicts import judge_family
from escaping_minima.studies.escape import evidence

RECORDS = load_records("escape")


def judged(tables, families=None):
    index = evidence.Tables.build(tables, RECORDS)
    found = {}
    for family in RECORDS.families:
        if families is None or family.id in families:
            members = main_members(Source(RECORDS, family, evidence, index))
            verdicts = judge_family(members, ALPHA, evidence.BLOCK)
            found |= {m.id: v for m, v in zip(members, verdicts, strict=True)}
    return found


def values(tables, **side):
    return evidence.values(side, RECORDS.families[0], evidence.Tables.build(tables, RECORDS))


def test_every_claim_of_the_source_has_a_record():
    assert [c.id for c in sorted(RECORDS.claims, key=lambda c: c.id)] == list(
        source_claims(RECORDS.source).index
    )


def test_all_readings_can_be_read_and_said():
    for claim in RECORDS.claims:
        source = Source(RECORDS, RECORDS.family(claim.family), evidence, None)
        for reading in claim.readings:
            check_sides(claim, reading, source)
            for part in reading.parts:
                for one in getattr(part, "parts", (part,)):
                    if "arm" in one.left or reading.swept != "arm":
                        assert ":" in say_part(one, claim, source)


@pytest.mark.parametrize(("sense", "word"), [(1, "reproduced"), (-1, "not reproduced")])
def test_each_claim_follows_what_was_planted(planting, sense, word):
    found = judged(planting.planted(sense))
    others = {
        name: (str(v.verdict), v.reason) for name, v in found.items() if str(v.verdict) != word
    }
    assert others == {}
    assert len(found) == len(RECORDS.claims) == 16
