"""The participants' page against the real server and store: join, cut, send, correct, withdraw, close."""

from __future__ import annotations

import json

import pytest
from workshop.form_support import Person, running_browser, some_answers, violations
from workshop.server_support import Server, add_session

from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.importing import import_files
from movement_readiness.workshop.receipts import receipt_sha256
from movement_readiness.workshop.store import ResponseStore

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


def test_a_whole_visit_on_the_real_server(browser, any_instrument, tmp_path):
    path = {"instrument": str(any_instrument.path)} if any_instrument.path else {}
    store = tmp_path / "responses.sqlite"
    with Server(store, **path) as server, ResponseStore(store) as beside:
        session = add_session(store, any_instrument, head_count=2)
        content = form_content(any_instrument, session.form, languages=session.languages, consent=dict(session.consent))
        problems = []
        context = browser.new_context(viewport={"width": 375, "height": 740})
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda told: problems.append(told.text) if "Content Security" in told.text else None)
        page.goto(server.address)
        page.get_by_role("textbox").fill(session.spoken_code)
        page.keyboard.press("Enter")
        me = Person(page, content)
        page.get_by_role("checkbox").wait_for()
        assert violations(page) == []
        me.begin()
        answers = some_answers(content)
        me.answer_all(answers)
        page.reload()
        context.set_offline(True)
        me.press("send")
        me.sees("waiting_title")
        context.set_offline(False)
        me.sees("thanks_title")
        code = page.locator(".mr-code").inner_text()
        assert beside.count(session.session_id).sent == 1
        (response_id,) = beside.to_frame(any_instrument)["response_id"]
        assert dict(beside.get(response_id).answers) == answers
        assert beside.get(response_id).receipt_sha256 == receipt_sha256(code)
        for step in (1, 2):
            me.press("correct")
            changed = some_answers(content, step)
            me.answer_all(changed)
            me.press("send_correction")
            me.sees("thanks_title")
            assert dict(beside.get(response_id).answers) == changed
        # A second person, who is still writing when the session is closed.
        page = browser.new_context().new_page()
        page.goto(f"{server.address}/j/{session.join_code}")
        me = Person(page, content)
        me.begin()
        me.answer_all(answers)
        beside.close_session(session.session_id)
        me.press("send")
        me.sees("waiting_title")
        page.reload()
        page.get_by_text("This session is closed. Answers on this device").first.wait_for()
        beside.reopen_session(session.session_id)
        page.get_by_role("button", name="Try now").click()
        me.sees("thanks_title")
        assert beside.count(session.session_id).sent == 2
        page.goto(f"{server.address}/withdraw")
        page.get_by_role("textbox").fill(code)
        page.keyboard.press("Enter")
        page.get_by_text("Your answers are deleted.").wait_for()
        assert beside.status(response_id) == "withdrawn"
        page.get_by_text("Numbers that the team has already been shown stay as they are.").first.wait_for()
        assert problems == []
        context.close()
        page.context.close()


def importable(page, me, store, instrument, folder):
    with page.expect_download() as started:
        me.press("save_file")
    started.value.save_as(folder / "answers.json")
    file = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return file, import_files(store, [folder / "answers.json"], instrument)


def test_what_was_not_sent_is_saved_and_imported_from_every_page(browser, any_instrument, tmp_path):
    path = {"instrument": str(any_instrument.path)} if any_instrument.path else {}
    store = tmp_path / "responses.sqlite"
    with Server(store, **path) as server, ResponseStore(store) as beside:
        session = add_session(store, any_instrument, head_count=2, rehearsal=True)
        later = add_session(store, any_instrument, head_count=2, team="B2")
        content = form_content(any_instrument, session.form, languages=session.languages, consent=dict(session.consent))
        context = browser.new_context(viewport={"width": 375, "height": 740}, accept_downloads=True)
        page = context.new_page()
        me = Person(page, content)
        page.goto(f"{server.address}/j/{session.join_code}")
        me.begin()
        answers = some_answers(content)
        me.answer_all(answers)
        beside.close_session(session.session_id)
        page.reload()  # the form is gone, the answers are not
        page.get_by_text("This session is closed. Answers on this device").first.wait_for()
        me.sees("file_warning")
        file, summary = importable(page, me, beside, any_instrument, tmp_path)
        assert (file["site"], file["team"], file["wave"], file["rehearsal"]) == ("North", "A3", "1", True)
        assert (summary.n_added, summary.refused) == (1, ())
        assert dict(beside.get(file["response_id"]).answers) == answers
        # The page of another session says that they are there, and never sends them.
        page.goto(f"{server.address}/j/{later.join_code}")
        me.sees("older_draft")
        assert violations(page) == []
        again, summary = importable(page, me, beside, any_instrument, tmp_path)
        assert again == file
        assert summary.n_unchanged == 1
        me.press("delete_older")
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('mr:draft:'))") == []
        me.begin()
        me.press("back")
        assert page.get_by_text(me.says("older_draft")).count() == 0
        assert beside.count(later.session_id).sent == 0
        context.close()
