"""The claim is computed from the ledger, and synthetic evidence never raises it."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import GARDEN

import movement_readiness as mr
from movement_readiness.evidence import LADDER, Evidence, claim, read_ledger
from movement_readiness.exceptions import InstrumentError

INSTRUMENT = mr.load_instrument()
USE = "planning local improvement work"


def entry(requirement: str, *, provenance: str = "field", outcome: str = "supported", day: int = 1, **more) -> Evidence:
    data = {
        "date": dt.date(2026, 1, day),
        "requirement": requirement,
        "provenance": provenance,
        "outcome": outcome,
        "versions": ("0.1.0",),
        "summary": "made for a test",
    }
    if provenance == "field":
        data |= {"n_respondents": 500, "reference": "a test"}
    if requirement in LADDER[-1].requirements:
        data["use"] = USE
    return Evidence(**data | more)


def up_to(step: int) -> list[Evidence]:
    needed = itertools.chain.from_iterable(rung.requirements for rung in LADDER[: step + 1])
    return [entry(name, provenance="document" if name in LADDER[0].requirements else "field") for name in needed]


def test_the_shipped_ledger_says_designed_not_yet_validated():
    found = mr.claim(INSTRUMENT)
    assert found.label == "designed, not yet validated"
    assert found.step == "designed"
    assert not found.index_allowed
    assert found.next_needed == ("expert_panel", "cognitive_interviews")
    assert str(found) in found._repr_html_()


@pytest.mark.parametrize(
    ("step", "label"),
    [
        (0, "designed, not yet validated"),
        (1, "content-supported, not yet validated"),
        (2, "pilot-tested, not yet validated"),
        (3, "initially validated"),
        (4, f"validated for {USE}"),
    ],
)
def test_each_step_needs_all_of_its_requirements_and_those_below(step, label):
    entries = up_to(step)
    assert claim(INSTRUMENT, ledger=entries).label == label
    for left_out in range(len(entries)):
        fewer = entries[:left_out] + entries[left_out + 1 :]
        assert claim(INSTRUMENT, ledger=fewer).label != label


def test_nothing_recorded_claims_nothing():
    assert claim(INSTRUMENT, ledger=[]).label == "no evidence recorded, not validated"
    garden = mr.load_instrument(GARDEN)
    assert mr.claim(garden).step is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            sorted({name for step in LADDER for name in step.requirements} - {"definitions", "content_plan"})
        ),
        max_size=20,
    ),
    st.integers(0, 4),
)
def test_synthetic_evidence_never_changes_the_claim(names, step):
    entries = up_to(step)
    synthetic = [
        entry(name, provenance="synthetic", day=28, use=USE if name in LADDER[-1].requirements else None)
        for name in names
    ]
    assert claim(INSTRUMENT, ledger=entries + synthetic).label == claim(INSTRUMENT, ledger=entries).label


def test_the_latest_finding_decides_and_the_worst_of_one_day():
    entries = up_to(2)
    against = entry("item_statistics", outcome="not supported", day=2)
    assert claim(INSTRUMENT, ledger=[*entries, against]).step == "content_supported"
    assert claim(INSTRUMENT, ledger=[*entries, against, entry("item_statistics", day=3)]).step == "pilot_tested"
    same_day = entry("item_statistics", outcome="unclear", day=1)
    assert claim(INSTRUMENT, ledger=[*entries, same_day]).step == "content_supported"


def test_evidence_on_another_version_does_not_count():
    entries = [found.model_copy(update={"versions": ("0.2.0",)}) for found in up_to(3)]
    assert claim(INSTRUMENT, ledger=entries).step is None


@pytest.mark.parametrize(("low", "allowed"), [(0.79, False), (0.80, True), (0.86, True)])
def test_the_index_needs_the_lower_limit_of_omega_hierarchical(low, allowed):
    omega = entry("omega_hierarchical", estimate=0.9, ci_low=low, ci_high=0.95)
    assert claim(INSTRUMENT, ledger=[omega]).index_allowed is allowed
    synthetic = omega.model_copy(update={"provenance": "synthetic"})
    assert not claim(INSTRUMENT, ledger=[synthetic]).index_allowed


def test_a_faulty_ledger_names_every_fault(tmp_path):
    ledger = tmp_path / "evidence.toml"
    ledger.write_text(
        """format = 1
instrument = "movement-readiness"
[[evidence]]
date = 2026-01-01
requirement = "omega"
provenance = "document"
outcome = "supported"
versions = ["0.1.0"]
summary = "no data"
[[evidence]]
date = 2026-01-01
requirement = "omega"
provenance = "field"
outcome = "proved"
versions = ["0.1.0"]
summary = "who?"
[[evidence]]
date = 2026-01-01
requirement = "retest"
provenance = "field"
outcome = "supported"
versions = ["0.1.0"]
summary = "how many?"
""",
        encoding="utf-8",
    )
    with pytest.raises(InstrumentError) as caught:
        read_ledger(ledger)
    text = str(caught.value)
    assert "evidence 1: omega needs data" in text
    assert "evidence 2 outcome" in text
    assert "evidence 3: a field finding must give n_respondents and a reference" in text
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    "numbers",
    [
        {"estimate": 90.0, "ci_low": 80.0, "ci_high": 95.0},
        {"estimate": 0.1, "ci_low": 0.85, "ci_high": 0.2},
        {"ci_low": 0.85},
    ],
)
def test_an_impossible_coefficient_opens_nothing(numbers):
    with pytest.raises(ValueError, match="ci_low"):
        entry("omega_hierarchical", **numbers)


def test_evidence_is_not_dated_in_the_future():
    with pytest.raises(ValueError, match="lies in the future"):
        entry("omega", date=dt.date.today() + dt.timedelta(days=2))


def test_a_missing_or_broken_ledger_is_one_sentence(tmp_path):
    with pytest.raises(InstrumentError, match="cannot be read"):
        read_ledger(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("format = ", encoding="utf-8")
    with pytest.raises(InstrumentError, match="not valid TOML"):
        read_ledger(broken)


def test_a_ledger_of_another_instrument_is_not_ours(tmp_path):
    ledger = tmp_path / "evidence.toml"
    ledger.write_text('format = 1\ninstrument = "other"\n', encoding="utf-8")
    assert read_ledger(ledger, "movement-readiness") == ()
