"""Rules for stored notebooks; that they run, and give what they show, is nbval's work in .ci/run."""

from __future__ import annotations

import json
import re

import pytest
from support import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 50_000  # of one output


def test_the_notebooks_are_there():
    assert [path.name for path in NOTEBOOKS] == [
        "01_tour.ipynb",
        "02_score_your_own_file.ipynb",
        "03_workshop.ipynb",
        "04_explore_the_structure.ipynb",
        "05_confirm_and_calibrate.ipynb",
        "06_explore_teams_and_sites.ipynb",
        "07_team_dashboard.ipynb",
    ]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_it_was_run_once_from_top_to_bottom(notebook):
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_it_stores_outputs_that_are_small_and_no_errors(notebook):
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert len(outputs) > 5  # nbval compares nothing in a notebook without outputs
    for output in outputs:
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr"
        assert len(json.dumps(output)) < MOST_BYTES


def test_it_keeps_no_widget_state_no_address_and_no_path_of_a_machine(notebook):
    assert "widgets" not in notebook["metadata"]
    text = json.dumps(notebook)
    assert not re.search(r"/(home|root|tmp|work|Users)/|[A-Z]:\\\\|0x[0-9a-f]{8,}", text)


def test_it_prints_the_claim_and_says_that_the_data_are_synthetic(notebook):
    outputs = json.dumps([cell.get("outputs") for cell in notebook["cells"]])
    assert "designed, not yet validated" in outputs
    assert "SYNTHETIC" in outputs


def test_everything_random_has_a_seed(notebook):
    source = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert source.count("simulate_responses(") == source.count("seed=SEED")
