"""What happens to answers on a phone: kept over reloads and cuts, sent once, wiped when they have arrived."""

from __future__ import annotations

import json
import re

import pytest
from workshop.form_support import (
    SOON,
    Person,
    Room,
    own_clock,
    running_browser,
    some_answers,
    stands_still,
    violations,
)

from movement_readiness.exceptions import SubmissionError
from movement_readiness.workshop.receipts import receipt_sha256

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


@pytest.fixture
def context(browser):
    found = browser.new_context(viewport={"width": 375, "height": 740}, accept_downloads=True)
    yield found
    found.close()


@pytest.fixture
def room(any_instrument):
    with Room(any_instrument) as found:
        yield found


def join(context, room):
    page = context.new_page()
    page.goto(room.join)
    page.get_by_role("checkbox").wait_for()
    return page, Person(page, room.content)


def answered(context, room, step=0):
    page, me = join(context, room)
    me.begin()
    answers = some_answers(room.content, step)
    me.answer_all(answers)
    return page, me, answers


def kept(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('mr:draft:'))")


def saved_file(page, me, tmp_path):
    with page.expect_download() as started:
        me.press("save_file")
    started.value.save_as(tmp_path / "saved.json")
    return started.value.suggested_filename, json.loads((tmp_path / "saved.json").read_text(encoding="utf-8"))


def test_answers_arrive_as_chosen_and_leave_the_device(context, room):
    page, me, answers = answered(context, room)
    assert len(kept(page)) == 1
    assert not re.search(r"^(0+|null|undefined|false)$", page.locator(".mr-form").inner_text(), re.M)
    me.press("send")
    me.sees("thanks_title")
    (response,) = room.stored.values()
    assert dict(response.answers) == answers
    assert (response.site, response.team, response.session) == ("North", "A3", room.session.session_id)
    assert response.consent_sha256 == room.content["words"][response.language]["consent"]["sha256"]
    code = page.locator(".mr-code").inner_text()
    assert receipt_sha256(code) == response.receipt_sha256
    assert [len(part) for part in code.split("-")] == [4, 4, 4, 4]
    me.sees("thanks_page")  # for a correction
    assert page.get_by_text(me.says("thanks_file")).count() == 0
    assert kept(page) == []
    everything = page.evaluate("JSON.stringify(localStorage)")
    assert code.replace("-", "") not in everything
    assert response.response_id not in everything
    # Neither the ticket nor the device's name, which the store could follow to the response.
    ((device, ticket),) = room.tickets.items()
    assert device not in everything
    assert ticket not in everything
    assert list(page.evaluate("Object.keys(localStorage)")) == [f"mr:sent:{room.session.session_id}"]
    # One phone is one person: nobody takes another place with it.
    assert page.get_by_role("button", name=me.says("next_person")).count() == 0
    # A reload shows the code again in this tab, and no form that would send a second time.
    page.reload()
    me.sees("already_title")
    assert page.get_by_text(me.says("thanks"), exact=True).count() == 1
    assert page.locator(".mr-code").inner_text() == code
    assert page.get_by_role("checkbox").count() == 0
    assert list(room.tickets) == [device]


def test_a_reload_in_mid_form_keeps_every_answer(context, room):
    page, me = join(context, room)
    me.begin()
    answers = some_answers(room.content)
    for items in room.content["screens"]:
        for item in items:
            me.choose(item, answers[item])
            page.reload()
            page.locator(f"[data-item='{item}'] input:checked").wait_for()
        me.press("next")
    page.reload()
    me.press("send")
    me.sees("thanks_title")
    (response,) = room.stored.values()
    assert dict(response.answers) == answers


def test_empty_lines_are_said_and_may_stay(context, room):
    page, me = join(context, room)
    me.begin()
    me.choose(
        room.content["screens"][0][0],
        room.content["scales"][room.content["items"][room.content["screens"][0][0]]]["codes"][0],
    )
    for _ in room.content["screens"]:
        me.press("next")
    items = [item for screen in room.content["screens"] for item in screen]
    me.sees("some_empty", empty=len(items) - 1)
    me.press("see_empty")
    assert page.evaluate("document.activeElement.closest('fieldset').dataset.item") == items[1]
    for _ in room.content["screens"]:
        me.press("next")
    me.press("send")
    me.sees("thanks_title")
    (response,) = room.stored.values()
    assert [response.answers[item] for item in items[1:]] == [room.content["skipped"]] * (len(items) - 1)


def test_nothing_at_all_is_not_sent_and_an_answer_can_be_taken_back(context, room):
    page, me = join(context, room)
    me.begin()
    item = room.content["screens"][0][0]
    me.choose(item, room.content["scales"][room.content["items"][item]]["codes"][0])
    page.locator(f"[data-item='{item}'] .mr-clear").click()
    assert page.locator("input:checked").count() == 0
    for _ in room.content["screens"]:
        me.press("next")
    me.press("send")
    assert page.evaluate("document.activeElement.className") == "mr-errors"
    me.press("error_nothing")
    me.sees("part", part=1, parts=len(room.content["screens"]))
    assert room.stored == {}


def test_a_cut_while_sending_is_said_and_mended_without_a_double(context, room):
    page, me, answers = answered(context, room)
    own_clock(page)
    stands_still(page)
    room.lost = 2  # stored, but the device never hears of it
    me.press("send")
    me.sees("waiting_title")
    me.sees("safe_device")
    me.lives(6, step=1)  # it tries again after 1 and after 2 seconds, and somewhat more
    me.sees("thanks_title")
    assert len(room.stored) == 1
    assert dict(next(iter(room.stored.values())).answers) == answers
    assert sum("PUT" in line for line in room.asked) == 3


def test_a_network_that_goes_away_and_comes_back(context, room, tmp_path):
    page, me, answers = answered(context, room)
    own_clock(page)
    context.set_offline(True)
    me.press("send")
    me.sees("waiting_title")
    page.get_by_role("button", name=me.says("save_file")).wait_for(timeout=SOON)
    assert violations(page) == []
    name, file = saved_file(page, me, tmp_path)
    assert name == f"answers-{file['response_id'][:8]}.json"
    assert file["session"] == room.session.session_id
    assert file["ticket"] in room.tickets.values()
    assert file["rehearsal"] is False
    me.sees("file_warning")
    assert dict(room.response(file).answers) == answers  # what an import takes
    stands_still(page)
    me.hears()
    context.set_offline(False)  # the browser says so: no waiting for the timer, which will never end
    me.sees("thanks_title")
    assert len(room.stored) == 1
    assert next(iter(room.stored)) == file["response_id"]
    me.sees("thanks_file")  # the answers have left the page, and not the downloads
    page.reload()
    me.sees("already_title")
    me.sees("thanks_file")


def test_a_reload_while_sending_goes_on_sending_the_same_response(context, room):
    page, me, answers = answered(context, room)
    room.refusals.extend([(503, "locked", {"Retry-After": "600"})])
    me.press("send")
    me.sees("waiting_title")
    page.reload()
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]


def test_a_busy_server_is_given_the_time_it_asks_for(context, room):
    page, me, _ = answered(context, room)
    own_clock(page)
    stands_still(page)
    room.refusals.extend([(429, "often", {"Retry-After": "40"}), (503, "locked", {"Retry-After": "30"})])
    me.press("send")
    me.sees("waiting_title")
    before = len(room.asked)
    me.lives(39)
    assert len(room.asked) == before
    me.lives(12)  # 40 seconds and at most a quarter more
    assert len(room.asked) == before + 1
    me.lives(18)  # of which at most 11 have passed since the second refusal
    assert len(room.asked) == before + 1
    me.lives(20)
    me.sees("thanks_title")


@pytest.mark.parametrize(
    ("status", "reason", "key"),
    [
        (401, "ticket", "refused_ticket"),
        (403, "ticket", "refused_ticket"),
        (403, "full", "refused_full"),
        (409, "conflict", "refused_conflict"),
        (410, "withdrawn", "refused_withdrawn"),
    ],
)
def test_a_refusal_is_said_in_words_and_never_loops(context, room, tmp_path, status, reason, key):
    page, me, answers = answered(context, room)
    requests = 2 if status == 401 else 1  # a ticket that is not known is asked for once more
    room.refusals.extend([(status, reason, {})] * requests)
    own_clock(page)
    me.press("send")
    me.sees(key)
    assert violations(page) == []
    me.lives(600, step=100)
    page.evaluate("dispatchEvent(new Event('online'))")
    me.hears()
    assert sum("PUT" in line for line in room.asked) == requests
    assert dict(room.response(saved_file(page, me, tmp_path)[1]).answers) == answers
    assert len(kept(page)) == 1


def test_a_server_that_has_forgotten_the_ticket_is_asked_for_it_again(context, room):
    _, me, answers = answered(context, room)
    room.tickets.clear()  # an older copy of the store was put back
    me.press("send")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]
    assert len(room.tickets) == 1


def test_a_forgotten_ticket_in_a_full_room_keeps_the_answers(context, room, tmp_path):
    page, me, answers = answered(context, room)
    (ticket,) = room.tickets.values()
    room.tickets = {f"{number:032x}": str(number) for number in range(room.session.head_count)}
    me.press("send")
    me.sees("refused_full")
    _, file = saved_file(page, me, tmp_path)
    assert file["ticket"] == ticket
    assert dict(room.response(file).answers) == answers


def test_an_answer_that_is_not_accepted_leads_back_to_the_form(context, room):
    _, me, answers = answered(context, room)
    room.refusals.append((422, "submission", {}))
    me.press("send")
    me.sees("refused_invalid", message="A sentence that says why.")
    me.press("back_to_form")
    me.press("send")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]


def test_a_closed_session_keeps_the_draft_and_sends_when_it_opens_again(context, room, tmp_path):
    page, me, answers = answered(context, room)
    room.state = "closed"
    me.press("send")
    me.sees("waiting_title")
    assert dict(room.response(saved_file(page, me, tmp_path)[1]).answers) == answers
    page.reload()
    page.get_by_text("This session is closed. Answers on this device").first.wait_for()
    assert violations(page) == []
    with page.expect_download() as started:
        page.get_by_role("button", name="Save my answers as a file").click()
    assert json.loads(started.value.path().read_text(encoding="utf-8"))["session"] == room.session.session_id
    page.get_by_text("within about a minute after").first.wait_for()
    room.state = "open"
    page.get_by_role("button", name="Try now").click()
    me.sees("thanks_title")
    me.sees("thanks_file")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]


def test_a_server_that_is_gone_at_a_reload(context, room):
    page, me = join(context, room)
    me.begin()
    item = room.content["screens"][0][0]
    me.choose(item, room.content["scales"][room.content["items"][item]]["codes"][1])
    room.down = True
    page.reload()
    page.get_by_text("The session cannot be reached.").first.wait_for(timeout=SOON)
    page.get_by_text("Answers that were not sent are on this device").wait_for()
    assert violations(page) == []
    room.down = False
    page.locator(f"[data-item='{item}'] input:checked").wait_for(timeout=SOON)  # by itself


def test_something_else_that_answers_acknowledges_nothing(context, room):
    # A network's sign-in page answers everything with 200.
    page, me, answers = answered(context, room)
    others = [{"content_type": "text/html", "body": "<h1>Sign in</h1>"}, {"json": {"ok": True}}]
    page.route(
        "**/api/responses/*", lambda route: route.fulfill(status=200, **others.pop(0)) if others else route.continue_()
    )
    own_clock(page)
    stands_still(page)
    me.press("send")
    me.sees("waiting_title")
    me.hears()
    assert (len(others), len(kept(page))) == (1, 1)
    me.press("try_now")
    me.hears()
    me.sees("waiting_title")
    assert (len(others), len(kept(page))) == (0, 1)
    assert room.stored == {}
    me.press("try_now")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]


@pytest.mark.parametrize(
    "blocked",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }});"
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('blocked'); }});",
        "Storage.prototype.setItem = () => { throw new Error('full'); };",
        # Full only later, when there is much to keep.
        "const set = Storage.prototype.setItem; Storage.prototype.setItem = function (k, v) {"
        " if (v.length > 100) throw new Error('full'); set.call(this, k, v); };",
    ],
    ids=["forbidden", "full", "full for the draft"],
)
def test_a_device_that_keeps_nothing_works_and_says_so(context, room, blocked):
    context.add_init_script(blocked)
    _, me = join(context, room)
    me.begin()
    me.sees("not_saved")
    answers = some_answers(room.content)
    me.answer_all(answers)
    room.refusals.append((503, "locked", {"Retry-After": "600"}))
    me.press("send")
    me.sees("safe_page")
    me.press("try_now")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]


def test_a_draft_survives_a_storage_that_has_become_full(context, room):
    page, me, answers = answered(context, room)
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page.reload()
    me.press("send")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [answers]
    assert kept(page) == []


def test_two_tabs_of_one_device_are_one_person(context, room):
    first, me = join(context, room)
    me.begin()
    item = room.content["screens"][0][0]
    code = room.content["scales"][room.content["items"][item]]["codes"][1]
    me.choose(item, code)
    second = context.new_page()
    second.goto(room.join)
    other = Person(second, room.content)
    second.locator(f"[data-item='{item}'] input:checked").wait_for()
    later = room.content["screens"][0][1]
    other.choose(later, room.content["scales"][room.content["items"][later]]["codes"][0])
    first.locator(f"[data-item='{later}'] input:checked").wait_for()  # the first tab follows
    for _ in room.content["screens"]:
        other.press("next")
    other.press("send")
    other.sees("thanks_title")
    sent = [me.says("already_title"), me.says("thanks_title")]  # the first tab may have helped to send
    first.get_by_role("heading", name=re.compile("|".join(sent))).wait_for()
    assert len(room.stored) == 1
    assert len(room.tickets) == 1
    assert kept(first) == []


def test_an_earlier_version_is_neither_sent_nor_thrown_away(context, room, tmp_path):
    page, me = join(context, room)
    me.begin()
    item = room.content["screens"][0][0]
    me.choose(item, room.content["scales"][room.content["items"][item]]["codes"][1])
    page.evaluate(
        """() => { const key = Object.keys(localStorage).find((name) => name.startsWith("mr:draft:"));
          const draft = JSON.parse(localStorage.getItem(key)); draft.instrument.sha256 = "0".repeat(64);
          localStorage.setItem(key.replace(/[^:]*$/, "0".repeat(16)), JSON.stringify(draft)); localStorage.removeItem(key); }"""
    )
    page.reload()
    me.sees("older_draft")
    assert violations(page) == []
    _, file = saved_file(page, me, tmp_path)
    assert list(file["answers"]) == [item]
    with pytest.raises(SubmissionError, match="instrument"):
        room.response(file)
    me.begin()
    assert page.locator("input:checked").count() == 0
    page.reload()
    assert len(kept(page)) == 2
    me.press("back")
    me.press("delete_older")
    assert len(kept(page)) == 1


def test_starting_again_asks_first_and_makes_another_response(context, room):
    page, me, _ = answered(context, room)
    before = page.evaluate("Object.values(localStorage).join()")
    me.press("start_again")
    me.sees("sure_again")
    me.press("start_again")
    page.get_by_role("checkbox").wait_for()
    assert kept(page) == []
    me.begin()
    (draft,) = [json.loads(page.evaluate("(key) => localStorage.getItem(key)", key)) for key in kept(page)]
    assert draft["id"] not in before
    assert draft["answers"] == {}


def test_answers_are_corrected_from_memory_while_the_session_is_open(context, room):
    page, me, _ = answered(context, room)
    me.press("send")
    me.sees("thanks_title")
    code = page.locator(".mr-code").inner_text()
    for step in (1, 2):  # more than once
        me.press("correct")
        assert kept(page) == []
        changed = some_answers(room.content, step)
        me.answer_all(changed)
        me.press("send_correction")
        me.sees("thanks_title")
        (response,) = room.stored.values()
        assert dict(response.answers) == changed
        assert page.locator(".mr-code").inner_text() == code
    assert kept(page) == []


def test_a_correction_after_closing_leaves_what_was_sent(context, room):
    page, me, answers = answered(context, room)
    me.press("send")
    me.sees("thanks_title")
    me.press("correct")
    me.answer_all(some_answers(room.content, 1))
    room.state = "closed"
    code = page.evaluate("sessionStorage.getItem(Object.keys(sessionStorage).find((key) => key.includes('receipt')))")
    me.press("send_correction")
    me.sees("too_late")
    assert violations(page) == []
    assert page.get_by_role("button", name=me.says("save_file")).count() == 0  # an import would refuse it
    assert page.locator(".mr-code").inner_text().replace("-", "") == code
    assert [dict(response.answers) for response in room.stored.values()] == [answers]
    asked = len(room.asked)
    with page.expect_response(lambda answer: answer.status == 423, timeout=SOON):
        me.press("correct")  # the server is asked before anybody writes
    me.sees("too_late")
    assert [line for line in room.asked[asked:] if "amend" in line] == []
    room.state = "open"
    me.press("correct")
    for _ in room.content["screens"]:
        me.press("next")
    me.press("send_correction")
    me.sees("thanks_title")
    assert [dict(response.answers) for response in room.stored.values()] == [some_answers(room.content, 1)]


def test_a_correction_that_cannot_be_sent_offers_no_file(context, room):
    page, me, _ = answered(context, room)
    me.press("send")
    me.press("correct")
    for _ in room.content["screens"]:
        me.press("next")
    own_clock(page)
    stands_still(page)
    room.down = True
    me.press("send_correction")
    me.sees("waiting_title")
    me.lives(60)
    assert page.get_by_role("button", name=me.says("save_file")).count() == 0
    room.down = False
    me.press("try_now")
    me.sees("thanks_title")


def test_the_code_deletes_the_answers_and_says_so(context, room):
    page, me, _ = answered(context, room)
    me.press("send")
    me.sees("thanks_title")
    code = page.locator(".mr-code").inner_text()
    me.press("copy")
    page.get_by_role("link", name=me.says("withdraw_link")).click()
    page.get_by_role("textbox").fill("0000 0000 0000 0000")
    page.keyboard.press("Enter")
    page.get_by_text("No answers with this code were found.").wait_for()
    page.get_by_role("textbox").fill("not a code")
    page.keyboard.press("Enter")
    page.get_by_text("This is not such a code.").wait_for()
    page.get_by_role("textbox").fill(code.lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.get_by_text("Your answers are deleted.").wait_for()
    assert violations(page) == []
    assert room.stored == {}
    for again in (page, context.new_page()):  # in this tab and in another one of the device
        again.goto(room.join)
        again.get_by_role("heading", name="Deleted").wait_for()
        again.get_by_text("Your answers are deleted.").wait_for()
        assert again.locator(".mr-code").count() == 0
        assert again.get_by_role("checkbox").count() == 0
        assert violations(again) == []


def test_the_code_comes_along_to_be_deleted_with_and_never_in_the_address(context, room):
    page, me, _ = answered(context, room)
    me.press("send")
    me.sees("thanks_title")
    code = page.locator(".mr-code").inner_text()
    page.get_by_role("link", name=me.says("withdraw_link")).click()
    field = page.get_by_role("textbox")
    field.wait_for()
    assert field.input_value() == code
    assert page.url == f"{room.url}/withdraw"
    page.reload()
    assert field.input_value() == code  # it stays in sight
    other = context.new_page()
    other.goto(room.join)
    other.get_by_text(me.says("already_title")).first.wait_for()
    page.get_by_role("button", name="Delete my answers").click()
    page.get_by_text("Your answers are deleted.").wait_for()
    other.get_by_role("heading", name="Deleted").wait_for()  # an open page hears of it
    assert room.stored == {}
    everything = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert code.replace("-", "") not in everything.replace("-", "")


def test_somebody_elses_code_does_not_mark_this_device(context, browser, room):
    other = browser.new_context()
    theirs, they, _ = answered(other, room)
    they.press("send")
    they.sees("thanks_title")
    code = theirs.locator(".mr-code").inner_text()
    other.close()
    page, me, _ = answered(context, room, 1)
    me.press("send")
    me.sees("thanks_title")
    mine = page.locator(".mr-code").inner_text()
    assert mine != code
    page.goto(f"{room.url}/withdraw")
    page.get_by_role("textbox").fill(code)
    page.keyboard.press("Enter")
    page.get_by_text("Your answers are deleted.").wait_for()
    page.goto(room.join)
    me.sees("already_title")
    assert page.locator(".mr-code").inner_text() == mine


def test_a_shared_device_brings_the_code_along_once(context, any_instrument):
    with Room(any_instrument, shared_device=True) as room:
        page, me, _ = answered(context, room)
        me.press("send")
        me.sees("thanks_title")
        code = page.locator(".mr-code").inner_text()
        page.get_by_role("link", name=me.says("withdraw_link")).click()
        page.get_by_role("textbox").wait_for()
        assert page.get_by_role("textbox").input_value() == code
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        page.reload()
        assert page.get_by_role("textbox").input_value() == ""


def test_joining_by_typing_the_code(context, room):
    page = context.new_page()
    page.goto(room.url)
    page.get_by_role("button", name="Join").click()
    page.get_by_text("Type the code first.").wait_for()
    page.get_by_role("textbox").fill("zzz999")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="There is no session with this code.").wait_for()
    described = page.get_by_role("textbox").get_attribute("aria-describedby").split()
    assert "There is no session" in page.locator(f"[id='{described[0]}']").inner_text()
    assert page.get_by_role("alert").bounding_box()["y"] < page.get_by_role("textbox").bounding_box()["y"] < 500
    assert page.get_by_role("textbox").input_value() == "ZZZ999"
    assert violations(page) == []
    page.get_by_role("textbox").fill(f" {room.session.spoken_code.lower()} ")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox").wait_for()
    assert len(room.tickets) == 1


def test_a_full_room_says_so_and_lets_people_in_when_there_is_space(context, browser, any_instrument):
    with Room(any_instrument, head_count=1) as room:
        join(context, room)
        other = browser.new_context()
        page = other.new_page()
        page.goto(room.join)
        page.get_by_text("Everyone who was expected has joined already.").first.wait_for()
        room.tickets.clear()
        page.get_by_role("button", name="Try now").click()
        page.get_by_role("checkbox").wait_for()
        other.close()


def shared_room(instrument, **options):
    return Room(instrument, shared_device=True, **options)


def test_a_shared_device_keeps_nothing_between_people(context, any_instrument):
    with shared_room(any_instrument) as room:
        everything = []
        page, me = join(context, room)
        for step in (0, 1):
            me.begin()
            answers = some_answers(room.content, step)
            me.answer_all(answers)
            assert page.evaluate("localStorage.length + sessionStorage.length") == 0
            me.press("send")
            me.sees("thanks_title")
            assert page.evaluate("localStorage.length + sessionStorage.length") == 0
            everything.append(answers)
            assert page.get_by_role("button", name=me.says("correct")).count() == 0
            me.press("next_person")
            page.get_by_role("checkbox").wait_for()
            assert not page.get_by_role("checkbox").is_checked()
        assert [dict(response.answers) for response in room.stored.values()] == everything
        assert len(room.tickets) == 2  # no place for the one who has not begun


def test_a_shared_device_takes_a_place_only_for_those_who_send(context, any_instrument, tmp_path):
    with shared_room(any_instrument, head_count=2) as room:
        page, me = join(context, room)
        for _ in range(3):
            page.reload()
            page.get_by_role("checkbox").wait_for()
        assert room.tickets == {}
        me.begin()
        me.answer_all(some_answers(room.content))
        me.press("send")
        me.sees("thanks_title")
        me.press("next_person")
        # Somebody cannot send, and goes; their place is there for the next one, over a reload too.
        me.begin()
        me.answer_all(some_answers(room.content, 1))
        room.refusals.append((422, "submission", {}))
        me.press("send")
        me.sees("refused_title")
        kept = page.evaluate("Object.entries(sessionStorage).join()")
        assert "answers" not in kept
        me.press("next_person")
        me.sees("sure_again")
        me.press("next_person")
        page.get_by_role("checkbox").wait_for()
        page.reload()
        me.begin()
        assert page.locator("input:checked").count() == 0
        me.answer_all(some_answers(room.content, 2))
        me.press("send")
        me.sees("thanks_title")
        assert len(room.tickets) == len(room.stored) == 2
        me.press("next_person")
        me.begin()
        answers = some_answers(room.content, 3)
        me.answer_all(answers)
        me.press("send")
        me.sees("refused_full")
        assert violations(page) == []
        assert dict(room.response(saved_file(page, me, tmp_path)[1]).answers) == answers
        room.tickets.clear()  # the facilitator makes room
        room.used.clear()
        me.press("try_again")
        me.sees("thanks_title")
        assert dict(list(room.stored.values())[-1].answers) == answers


def test_at_a_shared_device_the_next_person_does_not_wait_for_a_closed_session(context, any_instrument):
    with shared_room(any_instrument) as room:
        page, me, _ = answered(context, room)
        room.state = "closed"
        me.press("send")
        me.sees("waiting_title")
        page.get_by_role("button", name=me.says("save_file")).wait_for()
        me.press("next_person")
        me.sees("sure_again")
        me.press("next_person")
        page.get_by_role("checkbox").wait_for()
        (ticket,) = room.tickets.values()
        room.used[ticket] = "what the first person sent did arrive"
        room.state = "open"
        me.begin()
        assert page.locator("input:checked").count() == 0
        answers = some_answers(room.content, 1)
        me.answer_all(answers)
        me.press("send")
        me.sees("thanks_title")
        assert [dict(response.answers) for response in room.stored.values()] == [answers]
        assert len(room.tickets) == 2


def test_a_shared_device_left_alone_is_cleared_after_a_warning(context, any_instrument):
    with Room(any_instrument, shared_device=True) as room:
        page, me = join(context, room)
        own_clock(page)
        stands_still(page)
        me.begin()
        item = room.content["screens"][0][0]
        me.choose(item, room.content["scales"][room.content["items"][item]]["codes"][0])
        page.clock.run_for(299_000)
        assert page.get_by_text(me.says("idle", seconds=30)).count() == 0
        page.clock.run_for(2_000)
        me.sees("idle", seconds=30)
        page.clock.resume()  # axe-core waits for time to pass
        assert violations(page) == []
        me.press("still_here")
        assert page.locator("input:checked").count() == 1
        page.clock.run_for(301_000)
        me.sees("idle", seconds=30)
        page.clock.run_for(31_000)
        page.get_by_role("checkbox").wait_for()
        me.begin()
        assert page.locator("input:checked").count() == 0


def test_answers_on_their_way_are_never_cleared_from_a_shared_device(context, any_instrument):
    with Room(any_instrument, shared_device=True) as room:
        page, me, answers = answered(context, room)
        room.down = True
        own_clock(page)
        stands_still(page)
        me.press("send")
        me.sees("waiting_title")
        page.clock.run_for(900_000)
        me.hears()
        me.sees("waiting_title")
        room.down = False
        me.lives(80, step=10)  # at most 75 s to the next attempt, which the page's own clock would end after 15 s
        me.sees("thanks_title")
        assert [dict(response.answers) for response in room.stored.values()] == [answers]


def test_the_code_of_ones_own_goes_along_and_may_be_left_empty(context, any_instrument):
    with Room(any_instrument, retest=True) as room:
        page, me, _ = answered(context, room)
        page.get_by_label(me.says("retest_1")).fill(" An ")
        page.get_by_label(me.says("retest_4")).fill("2")
        page.reload()
        assert page.get_by_label(me.says("retest_4")).input_value() == "2"
        me.press("send")
        me.sees("thanks_title")
        (response,) = room.stored.values()
        assert response.retest == ("0:an", None, None, "3:2", None)


@pytest.mark.parametrize("shared", [False, True])
def test_people_read_the_last_day_and_of_the_code_of_their_own_before_they_agree(context, any_instrument, shared):
    with Room(any_instrument, retest=True, shared_device=shared) as room:
        page, me = join(context, room)
        day = room.session.withdraw_until
        until = page.evaluate(
            "([day, language]) => new Date(`${day}T12:00`).toLocaleDateString(language,"
            " { day: 'numeric', month: 'long', year: 'numeric' })",
            [day.isoformat(), room.content["words"][room.content["languages"][0]]["interface_language"]],
        )
        assert str(day.year) in until
        line = page.get_by_text(me.says("code_until", until=until))
        line.wait_for()
        assert line.bounding_box()["y"] < page.get_by_role("checkbox").bounding_box()["y"]
        me.sees("retest_ahead")
    with Room(any_instrument) as room:
        page, me = join(context, room)
        assert page.get_by_text(me.says("retest_ahead")).count() == 0


def test_what_people_are_told_about_the_place(context, any_instrument):
    with Room(any_instrument, rehearsal=True, insecure=True) as room:
        _, me = join(context, room)
        me.sees("rehearsal")
        me.sees("insecure")
        me.begin()
        me.sees("rehearsal")
    with Room(any_instrument) as room:
        page, me = join(context, room)
        assert page.get_by_text(me.says("insecure")).count() == 0
        assert page.get_by_text(me.says("rehearsal")).count() == 0


def test_no_request_leaves_the_server(context, room):
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    _, me, _ = answered(context, room)
    me.press("send")
    me.sees("thanks_title")
    assert [url for url in asked if not url.startswith((room.url, "blob:", "data:"))] == []
