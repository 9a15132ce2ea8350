"""The command line as its users meet it: what it prints, what it writes, and what a mistake looks like."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from support import GARDEN

import movement_readiness as mr
from movement_readiness import cli


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOVEMENT_READINESS_STORE", raising=False)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["movement-readiness", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


@pytest.fixture
def answers(run, tmp_path):
    code, _, err = run("simulate", "answers.csv", "--sites", 2, "--teams-per-site", 3, "--seed", 5)
    assert code == 0, err
    return tmp_path / "answers.csv"


def one_line(err: str) -> bool:
    return err.count("\n") == 1 and err.startswith("movement-readiness: ") and "Traceback" not in err


def test_the_demo_writes_a_study_its_scores_and_its_reports(run, tmp_path):
    began = time.monotonic()
    code, out, err = run("demo")
    assert code == 0, err
    assert time.monotonic() - began < 60
    folder = tmp_path / "movement-readiness-demo"
    assert {path.name for path in folder.iterdir()} == {"responses.csv", "roster.csv", "scores.csv", "reports"}
    responses, scores = pd.read_csv(folder / "responses.csv"), pd.read_csv(folder / "scores.csv")
    assert responses["synthetic"].all()
    assert len(responses) == len(scores) == int(re.search(r"(\d+) people", out)[1])
    assert scores["rational"].between(0, 100).mean() > 0.9
    index = folder / "reports" / "index.html"
    assert str(index) in out
    assert "designed, not yet validated" in out
    assert "only where a log is kept (report --release-log)" in out
    assert "What next" in out
    pages = list((folder / "reports" / "teams").glob("*.html"))
    assert len(pages) == 18
    some = [page.read_text(encoding="utf-8") for page in pages]
    assert all("Synthetic data" in text for text in some)
    assert any("shows no numbers of your team alone" in text for text in some)
    assert any("Lines that stand out" in text for text in some)
    assert run("demo")[0] == 0  # again, over its own files


def test_the_same_seed_gives_the_same_files(run, tmp_path):
    assert run("demo", "--out", "one")[0] == 0
    assert run("demo", "--out", "two")[0] == 0
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes(), path.name


def test_score_reads_scores_and_says_what_it_did(run, answers, tmp_path):
    code, out, err = run("score", answers)
    assert code == 0, err
    assert "72 responses scored" in out
    assert "designed, not yet validated" in out
    scores = pd.read_csv(tmp_path / "answers-scores.csv")
    assert len(scores) == 72
    assert {"rational", "rational_n_answered", "programme_pull", "readiness", "claim"} <= set(scores.columns)
    code, _, err = run("score", answers)
    assert code == 2
    assert one_line(err)
    assert "--force" in err
    assert run("score", answers, "--force")[0] == 0


def test_report_makes_a_page_for_every_site_and_team(run, answers, tmp_path):
    (tmp_path / "roster.csv").write_text("site;team;invited\nNorth;A1;15\n", encoding="utf-8-sig")
    teams = pd.read_csv(answers)[["site", "team"]].drop_duplicates()
    teams.assign(invited=15).to_csv(tmp_path / "roster.csv", index=False, sep=";")
    code, out, err = run("report", answers, "--roster", "roster.csv", "--out", "pages")
    assert code == 0, err
    assert "Pages of 2 sites and 6 teams" in out
    assert "12 of the 15 people" in (tmp_path / "pages" / "teams" / "North-A1.html").read_text(encoding="utf-8")


def test_pages_of_a_file_are_compared_with_earlier_ones_where_a_log_is_kept(run, answers, tmp_path):
    """One late answer shows in the difference of two pages, unless the log of the first is at hand."""
    frame = pd.read_csv(answers)
    late = frame[~((frame["site"] == "North") & (frame["team"] == "A1")) | (frame.index != frame.index[0])]
    late.to_csv(tmp_path / "early.csv", index=False)
    means = "What is in place for us now"
    page = tmp_path / "p" / "teams" / "North-A1.html"
    code, out, err = run("report", "early.csv", "--out", "p")
    assert code == 0, err
    assert "No log is kept" in out
    assert "--release-log FILE" in out
    for name, shown in (("early.csv", True), (answers, False), ("early.csv", True)):
        code, out, err = run("report", name, "--out", "p", "--release-log", "shown.jsonl")
        assert code == 0, err
        assert "No log is kept" not in out
        assert (means in page.read_text(encoding="utf-8")) == shown
    assert (tmp_path / "shown.jsonl").stat().st_size > 0
    for wrong, why in ((answers, "a file that a ReleaseLog wrote"), ("none/shown.jsonl", "cannot be written")):
        code, _, err = run("report", answers, "--release-log", wrong)
        assert code == 2
        assert one_line(err)
        assert "--release-log: " in err
        assert "path:" not in err
        assert why in err
    with mr.ResponseStore(tmp_path / "r.sqlite"):
        pass
    code, _, err = run("report", "r.sqlite", "--release-log", "shown.jsonl")
    assert code == 2
    assert "a store keeps a log of its own" in err


def test_another_instrument_goes_all_the_way(run, tmp_path):
    assert run("simulate", "g.xlsx", "--instrument", GARDEN, "--teams-per-site", 3, "--seed", 2)[0] == 0
    assert run("score", "g.xlsx", "--instrument", GARDEN, "--out", "s.csv")[0] == 0
    assert {"gardening", "order", "garden_index"} <= set(pd.read_csv(tmp_path / "s.csv").columns)
    assert run("report", "g.xlsx", "--instrument", GARDEN, "--out", "r", "--language", "en")[0] == 0
    assert "Gardening" in (tmp_path / "r" / "sites" / "North.html").read_text(encoding="utf-8")
    code, out, _ = run("codebook", "--instrument", GARDEN, "--language", "en")
    assert code == 0
    assert "g_chore (reversed)" in out
    assert "Gardening is a nuisance to me." in out


def test_a_file_without_site_and_team_says_how_to_name_its_columns(run, answers, tmp_path):
    frame = pd.read_csv(answers).rename(columns={"site": "Hospital", "team": "Ward"})
    frame.to_csv(tmp_path / "plain.csv", index=False)
    code, _, err = run("report", "plain.csv")
    assert code == 2
    assert one_line(err)
    assert "'Hospital', 'Ward'" in err
    code, out, err = run("report", "plain.csv", "--rename", "Hospital=site", "--rename", "Ward=team", "--out", "p")
    assert code == 0, err
    assert "Pages of 2 sites and 6 teams" in out
    code, _, err = run("score", "plain.csv", "--rename", "Hospital")
    assert code == 2
    assert "--rename: expected HEADER=NAME" in err


def test_pages_of_an_earlier_run_do_not_stay_beside_the_new_ones(run, answers, tmp_path):
    assert run("report", answers, "--out", "p")[0] == 0
    (tmp_path / "p" / "teams" / "mine.html").write_text("not ours", encoding="utf-8")
    frame = pd.read_csv(answers)
    frame.assign(team="Z" + frame["team"]).to_csv(tmp_path / "other.csv", index=False)
    assert run("report", "other.csv", "--out", "p")[0] == 0
    names = {path.name for path in (tmp_path / "p" / "teams").iterdir()}
    assert names == {"mine.html", *(f"{site}-ZA{team}.html" for site in ("North", "South") for team in (1, 2, 3))}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolon.csv", "SITE;Team;Invited\nNörd;A1;15\n".encode("cp1252")),
        ("utf16.csv", "site\tteam\tinvited\nNörd\tA1\t15\n".encode("utf-16")),
    ],
)
def test_rosters_are_read_as_kindly_as_answers(run, answers, tmp_path, name, content):
    pd.read_csv(answers).assign(site="Nörd", team="A1").to_csv(tmp_path / "one.csv", index=False)
    (tmp_path / name).write_bytes(content)
    code, _, err = run("report", "one.csv", "--roster", name, "--out", "p")
    assert code == 0, err
    assert "the list of invited people has only 15" in (tmp_path / "p" / "sites" / "Nörd.html").read_text(
        encoding="utf-8"
    )


def test_scores_are_written_as_the_name_says(run, answers, tmp_path):
    assert run("score", answers, "--out", "s.xlsx")[0] == 0
    assert len(pd.read_excel(tmp_path / "s.xlsx")) == 72
    code, _, err = run("score", answers, "--out", "s.docx")
    assert code == 2
    assert one_line(err)
    assert "expected a name that ends in .csv, .xlsx or .parquet" in err


@pytest.mark.parametrize(("kind", "mark"), [("markdown", "| R1 |"), ("html", "<td>R1</td>"), ("csv", "R1,")])
def test_the_codebook_in_every_format(run, tmp_path, kind, mark):
    code, out, _ = run("codebook", "--format", kind)
    assert code == 0
    assert mark in out
    assert run("codebook", "--format", kind, "--out", "book")[0] == 0
    assert (tmp_path / "book").read_text(encoding="utf-8") == out


def test_notebooks_are_copied_and_what_is_there_is_kept(run, tmp_path):
    code, out, _ = run("notebooks", "copy", "mine")
    assert code == 0
    names = {path.name for path in (tmp_path / "mine").glob("*.ipynb")}
    assert {"01_tour.ipynb", "02_score_your_own_file.ipynb"} <= names
    (tmp_path / "mine" / "01_tour.ipynb").write_text("mine", encoding="utf-8")
    code, out, _ = run("notebooks", "copy", "mine")
    assert "0 files copied" in out
    assert (tmp_path / "mine" / "01_tour.ipynb").read_text(encoding="utf-8") == "mine"


def test_lab_starts_jupyterlab_on_the_copied_notebooks(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(subprocess, "call", lambda command: seen.append(command) or 0)
    code, _, _ = run("lab", "--no-browser")
    assert code == 0
    assert seen[0][1:] == ["-m", "jupyterlab", "--no-browser", "movement-readiness-notebooks"]
    assert (tmp_path / "movement-readiness-notebooks" / "01_tour.ipynb").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["score", "nothing.csv"], "nothing.csv"),
        (["score"], "answers"),
        (["scor", "x.csv"], "scor"),
        (["report", "nothing.csv", "--min-respondents", "2"], "min_respondents: expected a whole number, 3 or more"),
        (["report", "nothing.csv", "--roster", "empty.csv"], "roster: .*empty.csv.*empty"),
        (["report", "nothing.csv", "--roster", "no.csv"], "roster: expected a CSV or XLSX file; 'no.csv' does not exist"),
        (["simulate", "x.csv", "--icc1", "0.99"], "icc1"),
        (["simulate", "x.doc"], "doc"),
        (["simulate", "x.csv", "--form", "ful"], "form: expected one of .*Did you mean 'full'"),
        (["simulate", "no/x.csv"], "no"),
        (["codebook", "--language", "xx"], "language: expected one of 'en', 'es'"),
        (["codebook", "--format", "pdf"], "pdf"),
        (["codebook", "--instrument", "none.toml"], "none.toml"),
        (["codebook", "--out", "no/book.md"], "no/book.md"),
        (["demo", "--seed", "x"], "--seed.*integer"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments, sentence):
    Path("empty.csv").write_bytes(b"")
    code, _, err = run(*arguments)
    assert code == 2
    assert one_line(err), err
    assert re.search(sentence, err), err


def test_a_faulty_file_lists_its_problems_a_line_each(run, answers, tmp_path):
    text = answers.read_text(encoding="utf-8-sig").splitlines()
    head = text[0].split(",")
    for row, value in ((3, "9"), (5, "perhaps")):
        cells = text[row].split(",")
        cells[head.index("R2")] = value
        text[row] = ",".join(cells)
    answers.write_text("\n".join(text), encoding="utf-8")
    code, _, err = run("score", answers, "--out", "s.csv")
    assert code == 2
    assert "Traceback" not in err
    assert "row 4" in err
    assert "row 6" in err
    assert "--invalid set-missing" in err
    assert not (tmp_path / "s.csv").exists()
    code, out, err = run("score", answers, "--out", "s.csv", "--invalid", "set-missing")
    assert code == 0
    assert len(pd.read_csv(tmp_path / "s.csv")) == 72
    assert "2" in out


def test_a_team_that_the_roster_lacks_gets_no_advice_that_does_not_help(run, answers, tmp_path):
    (tmp_path / "roster.csv").write_text("site,team,invited\nNorth,nobody,9\n", encoding="utf-8")
    code, _, err = run("report", answers, "--roster", "roster.csv")
    assert code == 2
    assert "roster" in err
    assert "set-missing" not in err


def test_every_command_has_help():
    for command in ([], ["demo"], ["score"], ["report"], ["simulate"], ["codebook"], ["lab"], ["notebooks", "copy"]):
        done = subprocess.run(
            [sys.executable, "-m", "movement_readiness", *command, "--help"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0
        assert "Usage" in done.stdout
