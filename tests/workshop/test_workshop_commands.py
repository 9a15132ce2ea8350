"""The commands of a workshop as a facilitator types them: what they print, what they write, what a mistake says."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
import uuid
from dataclasses import replace

import pandas as pd
import pytest
from support import GARDEN
from workshop.rooms import filled_phone, opened_session, saved_file

import movement_readiness as mr
from movement_readiness import cli

STORE = "responses.sqlite"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOVEMENT_READINESS_STORE", "")  # serving sets it: so that it is put back for the next test
    monkeypatch.delenv("MOVEMENT_READINESS_STORE")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["movement-readiness", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


@pytest.fixture
def answered(run, instrument, tmp_path):
    """A store with a closed session of twelve, their phones in the order in which they sent."""
    with mr.ResponseStore(tmp_path / STORE) as store:
        session = opened_session(store, instrument, head_count=12)
        phones = [filled_phone(store, instrument, session, seed) for seed in range(12)]
        store.close_session(session.session_id)
    for phone in phones:
        saved_file(tmp_path, phone, session)
    code, out, err = run("import", STORE, ".")
    assert code == 0, err
    assert "12 added, 0 unchanged, 0 refused" in out
    return session, phones


def one_line(err: str) -> bool:
    return err.count("\n") == 1 and err.startswith("movement-readiness: ") and "Traceback" not in err


def test_import_says_what_became_of_each_file_and_exits_2_when_one_was_refused(run, answered, tmp_path):
    code, out, _ = run("import", STORE, *sorted(tmp_path.glob("answers-*.json")))
    assert code == 0
    assert "0 added, 12 unchanged, 0 refused" in out
    (tmp_path / "answers-odd.json").write_text("{}")
    code, out, err = run("import", STORE, tmp_path)
    assert code == 2
    assert "1 refused" in out
    assert "answers-odd.json: expected answers that a form saved; this is some other JSON" in out
    assert "Traceback" not in out + err


def test_import_of_paper_and_of_another_laptops_store(run, answered, instrument, tmp_path):
    form = instrument.forms["short"].items
    (tmp_path / "paper.csv").write_text(f"sheet,{','.join(form)}\n1,{',3' * 11 + ',3'}\n".replace(",,", ","))
    code, out, err = run("import", STORE, "paper.csv", "--site", "North", "--team", "A3", "--wave", 2)
    assert code == 0, out + err
    assert "1 added" in out
    assert run("import", "second.sqlite", STORE, "--new")[1].startswith("second.sqlite: 13 added")
    assert run("import", "second.sqlite", STORE)[1].startswith("second.sqlite: 0 added, 13 unchanged")


def test_exported_answers_read_back_as_the_store_gives_them_in_an_order_that_tells_nothing(
    run, answered, instrument, tmp_path
):
    _, phones = answered
    for name in ("a.csv", "a.xlsx", "a.parquet", "a.sav"):
        code, out, err = run("export", "answers", STORE, name)
        assert code == 0, err
        assert "12 responses" in out
    with mr.ResponseStore(tmp_path / STORE, read_only=True) as store:
        frame = store.to_frame(instrument)
    back = mr.read_responses(tmp_path / "a.csv", instrument)
    pd.testing.assert_frame_equal(back, frame)
    assert list(back["response_id"]) == sorted(phone.response_id for phone in phones)
    by_id = back.set_index("response_id")
    for phone in phones:
        assert by_id.loc[phone.response_id, list(phone.answers)].to_dict() == phone.answers
    code, _, err = run("export", "answers", STORE, "a.csv")
    assert code == 2
    assert one_line(err)
    assert "--force" in err


def test_score_and_report_take_a_store(run, answered, tmp_path):
    code, out, err = run("score", STORE, "--out", "from-store.csv")
    assert code == 0, err
    assert f"{STORE}: 12 responses" in out
    run("export", "answers", STORE, "answers.csv")
    assert run("score", "answers.csv", "--out", "from-file.csv")[0] == 0
    assert (tmp_path / "from-store.csv").read_text() == (tmp_path / "from-file.csv").read_text()
    code, out, err = run("report", STORE, "--out", "pages")
    assert code == 0, err
    assert "12 of the 12 people invited answered" in (tmp_path / "pages" / "teams" / "North-A3.html").read_text(
        encoding="utf-8"
    )


def test_rehearsals_are_exported_apart(run, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / STORE) as store:
        session = opened_session(store, instrument, rehearsal=True)
        saved_file(tmp_path, filled_phone(store, instrument, session, 1), session)
    assert run("import", STORE, ".")[0] == 0
    assert "1 response ->" in run("export", "answers", STORE, "try.csv", "--rehearsal")[1]
    assert mr.read_responses(tmp_path / "try.csv", instrument)["synthetic"].all()
    assert "0 responses" in run("export", "answers", STORE, "real.csv")[1]


def test_withdraw_asks_for_the_code_and_deletes(run, answered, monkeypatch, tmp_path):
    _, phones = answered
    spoken = "-".join(phones[0].receipt[at : at + 4] for at in range(0, 16, 4)).lower()
    monkeypatch.setattr("typer.prompt", lambda text: spoken)
    code, out, err = run("withdraw", STORE)
    assert code == 0, err
    assert "deleted" in out
    assert "Copies made before" in out
    code, out, _ = run("withdraw", STORE, "--receipt", phones[0].receipt)
    assert code == 0
    assert "nothing changed" in out
    assert run("withdraw", STORE, "--response-id", phones[1].response_id)[0] == 0
    with mr.ResponseStore(tmp_path / STORE, read_only=True) as store:
        assert [store.status(phone.response_id) for phone in phones[:3]] == ["withdrawn", "withdrawn", "stored"]


def test_backup_is_a_store_and_never_replaces_a_file(run, answered, instrument, tmp_path):
    code, out, err = run("backup", STORE, "copy.sqlite")
    assert code == 0, err
    assert "holds answers" in out
    with mr.ResponseStore(tmp_path / "copy.sqlite", read_only=True) as copy:
        assert len(copy.to_frame(instrument)) == 12
    code, _, err = run("backup", STORE, "copy.sqlite")
    assert code == 2
    assert one_line(err)


def test_the_paper_form_is_a_page(run, tmp_path):
    consent = ["--consent", "organisation=The Trust", "--consent", "kept_until=May", "--consent", "contact=a=b"]
    code, _, err = run("export", "paper", "form.html", "--form", "short", "--team", "A3", *consent)
    assert (code, err) == (0, "")
    page = (tmp_path / "form.html").read_text(encoding="utf-8")
    assert "The Trust" in page
    assert "a=b" in page
    assert "A3" in page
    assert run("export", "paper", "g.html", "--instrument", GARDEN, "--language", "en")[0] == 0
    code, _, err = run("export", "paper", "blank.html")
    assert code == 0
    assert err == "Without --consent these are left to fill in by hand: organisation, kept_until, contact.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", STORE], "files"),
        (["import", STORE, "nothing.json"], "'nothing.json' does not exist"),
        (["import", "no/such/folder.sqlite", "paper.csv"], "no/such"),
        (["import", STORE, "paper.csv", "--site", ""], "site: expected a name"),
        (["backup", "nothing.sqlite", "b.sqlite"], "nothing.sqlite"),
        (["withdraw", "nothing.sqlite", "--receipt", "7K3M-9PQR-2ABC-XY0Z"], "nothing.sqlite"),
        (["withdraw", STORE, "--receipt", "short"], "receipt: expected a code of 16"),
        (["withdraw", STORE, "--receipt", "7K3M-9PQR-2ABC-XY0Z", "--response-id", "x"], "expected one of them"),
        (["export", "answers", "nothing.sqlite", "a.csv"], "nothing.sqlite"),
        (["export", "answers", "paper.csv", "a.csv"], "paper.csv"),
        (["export", "answers", "oracle://x/y", "a.csv"], "postgresql"),
        (["export", "paper", "form.pdf"], "ends in .html"),
        (["export", "paper", "form.html", "--consent", "organisation"], "--consent: expected NAME=TEXT"),
        (["export", "paper", "form.html", "--form", "ful"], "form: expected one of"),
        (["serve"], "store: expected a file such as responses.sqlite"),
        (["serve", STORE, "--port", "70000"], "--port"),
        (["serve", STORE, "--site", "North"], "--site, --team, --people: expected all three"),
        (["serve", STORE, "--rehearsal"], "--site, --team, --people: expected all three"),
        (["serve", STORE, "--site", "N", "--team", "A", "--people", "0"], "head_count: expected a whole number"),
        (["serve", STORE, "--site", "N", "--team", "A", "--people", "4"], "consent: people must be told"),
        (["serve", STORE, "--site", "N", "--team", "A", "--people", "4", "--withdraw-until", "soon"], "withdraw-until"),
        (["serve", STORE, "--tls", "no.pem", "no.key"], "no.pem"),
        (["serve", STORE, "--host", "300.1.2.3"], "host"),
        (["serve", "paper.csv", "--port", "0"], "paper.csv"),
        (["selftest", "--instrument", "none.toml"], "none.toml"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(run, tmp_path, arguments, sentence):
    (tmp_path / "paper.csv").write_text("R1\n1\n")
    mr.ResponseStore(tmp_path / STORE).close()
    code, out, err = run(*arguments)
    assert code == 2, out
    assert one_line(err), err
    assert sentence in err
    assert not (tmp_path / "nothing.sqlite").exists()


def test_every_command_has_help():
    for command in (["serve"], ["import"], ["backup"], ["withdraw"], ["export", "answers"], ["export", "paper"],
                    ["selftest"]):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "movement_readiness", *command, "--help"],
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_serving_loads_no_pandas(tmp_path):
    """The command line, the server and the store stay light; figures come from another process."""
    code = (
        "import sys, movement_readiness as mr, movement_readiness.cli, movement_readiness.workshop.server; "
        "mr.load_instrument(); mr.ResponseStore(sys.argv[1]).close(); "
        "print(sorted({'pandas', 'scipy', 'matplotlib', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / STORE)], capture_output=True, text=True, timeout=180
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_report_and_score_take_the_address_of_a_store(run, answered, tmp_path, monkeypatch):
    address = f"sqlite:///{tmp_path / STORE}"
    assert run("import", STORE, ".")[0] == 0
    code, out, err = run("report", address, "--out", "pages")
    assert code == 0, out + err
    monkeypatch.setenv("MOVEMENT_READINESS_STORE", address)
    code, out, err = run("score", "--out", "scores.csv")
    assert code == 0, out + err
    assert "12 responses scored" in out
    code, out, err = run("report", "postgresql+psycopg://nobody:secret@127.0.0.1:1/none", "--out", "x")
    assert code == 2
    assert "cannot be reached" in err
    assert "secret" not in out + err


def test_what_is_misspelt_makes_no_store(run, tmp_path):
    (tmp_path / "paper.csv").write_text("R1\n1\n")
    code, _, err = run("import", "mispelt.sqlite", "paper.csv", "--site", "N", "--team", "A")
    assert code == 2
    assert "'mispelt.sqlite' does not exist; pass --new to make it" in err
    assert not (tmp_path / "mispelt.sqlite").exists()


def test_exported_answers_are_their_owners_alone(run, answered, tmp_path):
    assert run("import", STORE, ".")[0] == 0
    (tmp_path / "old.csv").write_text("x")
    (tmp_path / "old.csv").chmod(0o644)
    for name, options in (("new.csv", ()), ("old.csv", ("--force",)), ("new.xlsx", ())):
        code, out, _ = run("export", "answers", STORE, name, *options)
        assert code == 0
        assert "only you can read" in out
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_whoever_holds_the_store_withdraws_by_code_after_the_last_day(run, instrument, tmp_path):
    day = datetime.date.today() - datetime.timedelta(days=1)
    with mr.ResponseStore(tmp_path / STORE) as store:
        late = replace(opened_session(store, instrument), session_id=str(uuid.uuid4()), join_code="ABCDEF")
        session = store.open_session(replace(late, withdraw_until=day))
        phone = filled_phone(store, instrument, session, 1)
        saved_file(tmp_path, phone, session)
    assert run("import", STORE, ".")[0] == 0
    code, out, err = run("withdraw", STORE, "--receipt", phone.receipt)
    assert code == 0, err
    assert "the answers are deleted" in out


# --- the page of a room, as the server asks for it


def revealed(store, session_id, *options):
    return subprocess.run(
        [sys.executable, "-m", "movement_readiness", "reveal-session", *options, session_id],
        capture_output=True,
        env={**os.environ, "MOVEMENT_READINESS_STORE": str(store)},
        timeout=120,
    )


def test_reveal_gives_the_page_as_json(answered, tmp_path):
    session, phones = answered
    done = revealed(tmp_path / STORE, session.session_id)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["n"] == 12
    assert found["shown"] is True
    assert found["response_ids"] == sorted(phone.response_id for phone in phones)
    assert "12 of the 12 people invited answered" in found["html"]
    assert "The pale band" not in found["html"]


def test_reveal_refuses_in_one_sentence(instrument, tmp_path):
    path = tmp_path / STORE
    with mr.ResponseStore(path) as store:
        session = opened_session(store, instrument)
    for arguments, sentence in (
        ((session.session_id,), "Nobody has sent answers yet, so there is nothing to show."),
        (("0b0e5a2c-9d5f-4f55-8a43-0d6a5b8f0f11",), "session"),
        ((session.session_id, "--instrument", str(GARDEN)), "This session was held with movement-readiness"),
    ):
        done = revealed(path, *arguments)
        assert done.returncode == 2
        assert re.fullmatch(rb"[^\n]+\n", done.stderr), done.stderr
        assert sentence.encode() in done.stderr
        assert done.stdout == b""


def test_a_rehearsal_is_revealed_from_its_rehearsed_answers_alone(answered, instrument, run, tmp_path):
    with mr.ResponseStore(tmp_path / STORE) as store:
        tried = opened_session(store, instrument, head_count=6, rehearsal=True)
        phones = [filled_phone(store, instrument, tried, 100 + seed) for seed in range(6)]
        for phone in phones:
            saved_file(tmp_path, phone, tried)
    assert run("import", STORE, ".")[0] == 0
    found = json.loads(revealed(tmp_path / STORE, tried.session_id).stdout)
    assert found["response_ids"] == sorted(phone.response_id for phone in phones)
    assert "Rehearsal." in found["html"]
    assert "simulated" not in found["html"]


def test_a_page_of_a_few_people_says_nothing_and_rooms_that_nobody_joined_do_not_count(run, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / STORE) as store:
        opened_session(store, instrument, head_count=30)  # by mistake
        session = opened_session(store, instrument, head_count=8)
        phones = [filled_phone(store, instrument, session, seed) for seed in range(7)]
        for phone in phones[:4]:
            saved_file(tmp_path, phone, session)
    assert run("import", STORE, ".")[0] == 0
    found = json.loads(revealed(tmp_path / STORE, session.session_id).stdout)
    assert (found["n"], found["shown"]) == (4, False)
    for phone in phones[4:]:
        saved_file(tmp_path, phone, session)
    assert run("import", STORE, ".")[0] == 0
    found = json.loads(revealed(tmp_path / STORE, session.session_id).stdout)
    assert (found["n"], found["shown"]) == (7, True)
    assert "7 of the 8 people invited answered" in found["html"]


@pytest.mark.parametrize("late", [1, 5])
def test_a_report_after_a_reveal_does_not_give_latecomers_away(run, instrument, tmp_path, late):
    with mr.ResponseStore(tmp_path / STORE) as store:
        session = opened_session(store, instrument, head_count=20)
        phones = [filled_phone(store, instrument, session, 70 + seed) for seed in range(12 + late)]
        for phone in phones[:12]:
            saved_file(tmp_path, phone, session)
    assert run("import", STORE, ".")[0] == 0
    found = json.loads(revealed(tmp_path / STORE, session.session_id).stdout)
    with mr.ResponseStore(tmp_path / STORE) as store:
        ids = found["response_ids"]
        store.save_release(session.session_id, found["html"], response_ids=ids, n=found["n"], shown=found["shown"])
    for phone in phones[12:]:
        saved_file(tmp_path, phone, session)
    assert run("import", STORE, ".")[0] == 0
    assert run("report", STORE, "--out", "pages")[0] == 0
    site = (tmp_path / "pages" / "sites" / "North.html").read_text("utf-8")
    assert ("95 % intervals for North" in site) is (late == 5)


def test_a_report_after_a_reveal_counts_the_revealed_team_as_shown(run, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / STORE) as store:
        sessions = [opened_session(store, instrument, team=team, head_count=n) for team, n in (("A3", 12), ("B2", 4))]
        for session, n in zip(sessions, (12, 4), strict=True):
            for seed in range(n):
                saved_file(tmp_path, filled_phone(store, instrument, session, 50 * n + seed), session)
    assert run("import", STORE, ".")[0] == 0
    assert run("report", STORE, "--out", "before")[0] == 0
    found = json.loads(revealed(tmp_path / STORE, sessions[0].session_id).stdout)
    with mr.ResponseStore(tmp_path / STORE) as store:
        assert store.revealed() == []
        store.close_session(sessions[0].session_id)
        ids = found["response_ids"]
        store.save_release(sessions[0].session_id, found["html"], response_ids=ids, n=found["n"])
        assert store.revealed() == [("North", "A3", "1", "full", frozenset(ids), True)]
    assert run("report", STORE, "--out", "after")[0] == 0
    before, after = ((tmp_path / name / "sites" / "North.html").read_text("utf-8") for name in ("before", "after"))
    profile = "95 % intervals for North"
    assert profile in before
    assert profile not in after


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "text.sqlite"],
        ["report", "text.sqlite"],
        ["export", "answers", "text.sqlite", "a.csv"],
        ["backup", "text.sqlite", "b.sqlite"],
        ["withdraw", "text.sqlite", "--receipt", "7K3M-9PQR-2ABC-XY0Z"],
        ["import", "text.sqlite", "."],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_text_by_the_name_of_a_store_is_refused_alike_by_every_command(run, tmp_path, arguments):
    (tmp_path / "text.sqlite").write_text("hello\n")
    (tmp_path / "paper.csv").write_text("R1\n1\n")
    code, _, err = run(*arguments)
    assert code == 2
    assert one_line(err)
    assert "text.sqlite: expected a store of responses; this is a text file." in err


def test_what_holds_a_row_a_person_says_how_to_keep_it_and_counts_are_in_words(run, answered, tmp_path):
    assert "12 responses scored" in run("score", STORE)[1]
    assert "One row a person: keep it as you keep the answers." in run("score", STORE, "--force")[1]
    assert (
        "One row a person: only you can read it; keep it as you keep the store."
        in run("export", "answers", STORE, "a.csv")[1]
    )
    assert "Pages of 1 site and 1 team -> " in run("report", STORE)[1]


def teams_of(store, instrument, folder, **people):
    """A session of each team (people who sent, people in the room), with what was sent as files."""
    found = {}
    for number, (team, (sent, heads)) in enumerate(people.items()):
        found[team] = opened_session(store, instrument, team=team, head_count=heads)
        for seed in range(sent):
            saved_file(folder, filled_phone(store, instrument, found[team], 40 * number + seed), found[team])
    return found


def site_page(run, tmp_path, *options):
    code, out, err = run("report", STORE, "--out", "pages", *options)
    assert code == 0, out + err
    return (tmp_path / "pages" / "sites" / "North.html").read_text("utf-8")


def test_a_report_knows_how_many_were_in_the_rooms(run, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / STORE) as store:
        teams_of(store, instrument, tmp_path, A3=(12, 14), B2=(11, 16))
        opened_session(store, instrument, team="A3", head_count=30)  # nobody joined
        opened_session(store, instrument, team="C1", head_count=9, rehearsal=True)
    assert run("import", STORE, ".")[0] == 0
    assert "23 of the 30 people invited answered (77%)" in site_page(run, tmp_path)
    (tmp_path / "roster.csv").write_text("site,team,invited\nNorth,A3,20\nNorth,B2,20\n")
    assert "23 of the 40 people invited answered" in site_page(run, tmp_path, "--roster", "roster.csv")


@pytest.mark.parametrize("also", ["a team without a session", "more than were in the room", "another form"])
def test_rooms_that_tell_half_the_truth_are_no_roster(run, instrument, tmp_path, also):
    with mr.ResponseStore(tmp_path / STORE) as store:
        teams_of(store, instrument, tmp_path, A3=(12, 12))
    assert run("import", STORE, ".")[0] == 0
    form = instrument.forms["short" if also == "another form" else "full"].items
    sheet = f"{','.join(form)}\n{','.join('3' * len(form))}\n"
    (tmp_path / "paper.csv").write_text(sheet)
    team = "B2" if also == "a team without a session" else "A3"
    assert run("import", STORE, "paper.csv", "--site", "North", "--team", team)[0] == 0
    said = {"a team without a session": "it would tell how many answered in a smaller team"}
    page = site_page(run, tmp_path)
    assert said.get(also, "How many were invited is not known") in page
    assert "people invited answered" not in page
