"""The participants' page against the real server and store: join, cut, send, correct, withdraw, close."""

from __future__ import annotations

import pytest
from workshop.form_support import Person, running_browser, some_answers, violations
from workshop.server_support import Server, add_session

from movement_readiness.workshop.content import form_content
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
        me.sees("thanks_title", timeout=20000)
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
        # A second person on the same device, who is still writing when the session is closed.
        me.press("next_person")
        me.begin()
        me.answer_all(answers)
        beside.close_session(session.session_id)
        me.press("send")
        me.sees("waiting_title")
        page.reload()
        page.get_by_text("This session is closed. Answers on this device").first.wait_for()
        beside.reopen_session(session.session_id)
        page.get_by_role("button", name="Try now").click()
        me.sees("thanks_title", timeout=20000)
        assert beside.count(session.session_id).sent == 2
        page.goto(f"{server.address}/withdraw")
        page.get_by_role("textbox").fill(code)
        page.keyboard.press("Enter")
        page.get_by_text("Your answers are deleted.").wait_for()
        assert beside.status(response_id) == "withdrawn"
        assert problems == []
        context.close()
