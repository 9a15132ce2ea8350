"""`ResponseForm` from Python's side: arguments, what it takes, what it tells, what it costs."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys

import jupyter_client
import pandas as pd
import psutil
import pytest
from workshop.form_support import consent_values, some_answers

from movement_readiness.exceptions import ArgumentError, ResponseWithdrawnError, SessionError, StoreError
from movement_readiness.workshop import ResponseForm, ResponseStore
from movement_readiness.workshop.rosters import places_of
from movement_readiness.workshop.sessions import new_session

ID = "0f8fad5b-d9cb-4a9f-a165-70867728950e"


class Heard(ResponseForm):
    """A form whose answers to the page are kept."""

    def send(self, content, buffers=None):
        self.told = content


def submission(form, /, *, step=0, **changes):
    content = form.content
    language = content["languages"][0]
    return {
        "format": 1,
        "response_id": ID,
        "instrument_id": content["instrument"]["id"],
        "instrument_version": content["instrument"]["version"],
        "instrument_sha256": content["instrument"]["sha256"],
        "form": content["form"],
        "language": language,
        "role": None,
        "answers": some_answers(content, step),
        "consent_sha256": content["words"][language]["consent"]["sha256"],
        "receipt": "7K3M9PQR2ABCXY0Z",
        **changes,
    }


def sent(form, /, place=None, **changes):
    message = {"kind": "submit", "n": "a1", "submission": submission(form, **changes), "place": place}
    form._handle_custom_msg(message, [])
    return form.told


def test_a_response_is_checked_and_handed_over_once(any_instrument):
    taken = []
    form = Heard(any_instrument, site="North", team="A3", on_submit=taken.append)
    assert sent(form) == {"n": "a1", "kind": "taken", "status": "stored"}
    assert sent(form)["kind"] == "taken"  # the acknowledgement was lost; nothing is doubled
    (response,) = taken
    assert dict(response.answers) == some_answers(form.content)
    assert (response.site, response.team, response.wave, response.language) == (
        "North",
        "A3",
        "1",
        any_instrument.language,
    )
    assert response.submitted_on == datetime.datetime.now().astimezone().date()
    assert form.n_sent == 1
    assert sent(form, step=1)["status"] == 409
    assert len(taken) == 1
    assert repr(form).endswith("1 response sent>")


def test_it_stores_into_a_store(any_instrument, tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        assert sent(Heard(any_instrument, team="A3", on_submit=store.add))["kind"] == "taken"
        assert (
            sent(Heard(any_instrument, team="A3", on_submit=store.add))["kind"] == "taken"
        )  # after a restart of the kernel
        assert sent(Heard(any_instrument, team="A3", on_submit=store.add), step=1)["status"] == 409
        assert dict(store.get(ID).answers) == some_answers(Heard(any_instrument).content)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ResponseWithdrawnError("It was withdrawn."), 410),
        (SessionError("It is closed.", "closed"), 423),
        (StoreError("It is locked.", "locked"), 503),
        (ArgumentError("It is wrong."), 422),
        (ZeroDivisionError("division by zero"), 422),
    ],
)
def test_a_refusal_reaches_the_page_and_nothing_is_taken(instrument, error, status):
    def refuse(_response):
        raise error

    form = Heard(instrument, on_submit=refuse)
    told = sent(form)
    assert (told["kind"], told["status"]) == ("refused", status)
    assert str(error) in told["message"]
    assert form.n_sent == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": {}},
        {"answers": {"nobody": 1}},
        {"answers": None},
        {"form": "x"},
        {"language": "xx"},
        {"consent_sha256": None},
        {"instrument_sha256": "0"},
        {"response_id": "1"},
        {"receipt": "x"},
        {"role": "king"},
        {"retest": ["a", None, None, None, None]},
        {"more": 1},
    ],
)
def test_what_the_server_would_refuse_is_refused(instrument, changes):
    taken = []
    told = sent(Heard(instrument, on_submit=taken.append), **changes)
    assert (told["kind"], told["status"]) == ("refused", 422)
    assert taken == []


@pytest.mark.parametrize("message", [None, 3, [], {}, {"kind": "other"}])
def test_other_messages_are_let_pass(instrument, message):
    form = Heard(instrument, on_submit=print)
    form._handle_custom_msg(message, [])
    assert not hasattr(form, "told")


def test_the_team_is_chosen_from_a_roster(instrument):
    taken = []
    roster = pd.DataFrame({"site": ["North", "South", "North"], "team": ["A1", "A1", "B2"], "invited": [4, 5, 6]})
    form = Heard(instrument, on_submit=taken.append, roster=roster)
    assert form.host["places"] == [["North", "A1"], ["South", "A1"], ["North", "B2"]]
    for place in (None, -1, 3, True, "0", 1.0):
        assert sent(form, place=place)["status"] == 422
    assert sent(form, place=1)["kind"] == "taken"
    assert (taken[0].site, taken[0].team) == ("South", "A1")
    assert Heard(instrument, site="North", roster=roster).host["places"] == [["North", "A1"], ["North", "B2"]]
    assert Heard(instrument, team="A9", roster=roster).host["places"] is None


def test_rosters_of_every_shape():
    expected = [("North", "A1"), (None, "B2")]
    assert places_of([("North", "A1"), (None, "B2"), ("North", "A1")]) == expected
    assert places_of([{"site": "North", "team": "A1"}, {"team": "B2"}]) == expected
    for wrong in ("A1", [], ["A1"], [("a", "b", "c")], {"team": ["A1"]}, 3, [{"site": "North"}], [("North", "")]):
        with pytest.raises(ArgumentError, match="roster"):
            places_of(wrong)
    with pytest.raises(ArgumentError, match="'West'"):
        places_of([("North", "A1")], "West")


def test_a_session_settles_everything(instrument):
    session = new_session(
        instrument,
        site="North",
        team="A3",
        head_count=5,
        form="short",
        languages=["es", "en"],
        consent=consent_values(instrument),
        rehearsal=True,
        shared_device=True,
        retest=True,
    )
    taken = []
    form = Heard(
        instrument, session=session, on_submit=taken.append, hash_retest=lambda number, text: f"{number}{text}"
    )
    assert form.content["languages"] == ["es", "en"]
    assert (form.host["shared"], form.host["rehearsal"], form.content["retest"]) == (True, True, True)
    assert sent(form, retest=["An", None, None, None, None])["kind"] == "taken"
    response = taken[0]
    assert (response.session, response.rehearsal, response.retest) == (
        session.session_id,
        True,
        ("0an", None, None, None, None),
    )
    assert form.host["until"] == session.withdraw_until.isoformat()
    assert Heard(instrument, session=session).host["until"] is None  # collects nothing, so it gives no code
    with pytest.raises(ArgumentError, match="site: expected nothing beside a session"):
        ResponseForm(instrument, session=session, site="South")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"form": "long"}, "form: expected one of"),
        ({"language": "fr"}, "language: expected one of"),
        ({"languages": ["en", "fr"]}, "languages: expected one of"),
        ({"languages": "en"}, "languages: expected a list"),
        ({"on_submit": 3}, "on_submit: expected a function"),
        ({"team": ""}, "team: expected a name"),
        ({"site": "a\nb\x00"}, "site: expected a name"),
        ({"wave": 1.5}, "wave: expected a name"),
        ({"consent": {"nobody": "x"}}, "consent: expected values"),
        ({"session": "x"}, "session: expected a Session"),
        ({"retest": True, "on_submit": print}, "hash_retest: expected a function"),
        ({"roster": "A1"}, "roster: expected a list"),
    ],
)
def test_bad_arguments_get_one_sentence(instrument, arguments, said):
    with pytest.raises(ArgumentError, match=said) as caught:
        ResponseForm(instrument, **arguments)
    assert "\n" not in str(caught.value)


def test_bad_instruments_and_sessions_of_another_one(instrument, garden):
    with pytest.raises(ArgumentError, match="instrument: expected an Instrument"):
        ResponseForm("movement_readiness.toml")
    with pytest.raises(SessionError, match="consent"):
        ResponseForm(instrument, consent={"organisation": "x"})
    session = new_session(garden, site="North", team="A3", head_count=5)
    with pytest.raises(ArgumentError, match="session: expected one for movement-readiness"):
        ResponseForm(instrument, session=session)


def test_two_places_never_share_a_draft_and_a_saved_file_says_what_is_a_rehearsal(instrument):
    places = [
        {"site": "North", "team": "A:B"},
        {"site": "North:A", "team": "B"},
        {"site": "North", "team": "A:B", "rehearsal": True},
        {"site": "North", "team": "A", "wave": "B"},
        {"site": "North"},
        {"team": "North"},
    ]
    forms = [ResponseForm(instrument, "short", on_submit=print, **place) for place in places]
    assert len({form.host["key"] for form in forms}) == len(places)
    assert [form.host["extra"]["rehearsal"] for form in forms] == [False, False, True, False, False, False]
    assert forms[0].host["key"] == ResponseForm(instrument, "short", on_submit=print, **places[0]).host["key"]


def test_without_on_submit_it_says_so_and_takes_nothing(instrument):
    form = Heard(instrument)
    assert form.host["nowhere"] is True
    assert sent(form)["kind"] == "refused"
    assert form.n_sent == 0


def test_its_state_holds_no_answer(instrument):
    form = Heard(instrument, on_submit=lambda response: None)
    before = json.dumps(form.get_state(), default=str)
    assert sent(form)["kind"] == "taken"
    assert json.dumps(form.get_state(), default=str) == before
    assert ID not in before


def test_where_no_widget_can_run_there_is_the_form_on_paper(any_instrument):
    form = ResponseForm(any_instrument, site="North", on_submit=print)
    data, _ = form._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(form)
    assert all(f'<td class="id">{item}</td>' in data["text/html"] for item in form.content["items"])
    assert "North" in data["text/html"]
    values = consent_values(any_instrument)
    data, _ = ResponseForm(any_instrument, on_submit=print, consent=values)._repr_mimebundle_()
    assert all(text in data["text/html"] for text in values.values())
    assert len(json.dumps(data)) < 50_000
    assert not re.search(r"<script|checked", data["text/html"])


LIGHT = "pandas", "scipy", "matplotlib", "sqlalchemy", "sqlite3", "tornado.web"


def test_the_form_loads_nothing_heavy():
    code = (
        "import sys, movement_readiness as mr; from movement_readiness.workshop import ResponseForm; "
        "form = ResponseForm(mr.load_instrument()); form._repr_mimebundle_(); "
        f"print([name for name in {LIGHT} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.strip() == "[]"


def test_a_kernel_that_shows_the_form_is_small(capsys):
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3", startup_timeout=180)
    try:
        code = (
            "import sys, movement_readiness as mr\nfrom movement_readiness.workshop import ResponseForm\n"
            "form = ResponseForm(mr.load_instrument(), site='North', team='A3', on_submit=print)\ndisplay(form)\n"
            "print([name for name in ('pandas', 'scipy', 'matplotlib') if name in sys.modules])"
        )
        printed = []
        client.execute_interactive(
            code, timeout=180, output_hook=lambda message: printed.append(message["content"].get("text", ""))
        )
        memory = psutil.Process(manager.provisioner.pid).memory_info().rss / 2**20
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    with capsys.disabled():
        sys.stdout.write(f"\nkernel that shows the form: {memory:.1f} MiB\n")
    assert "[]" in "".join(printed)
    assert memory < 90
