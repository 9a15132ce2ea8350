"""The form for everyone: widths, text sizes, keyboard, screen readers, right to left, hostile wording."""

from __future__ import annotations

import copy

import pytest
from support import ROOT
from workshop.form_support import SOON, Person, Room, running_browser, some_answers, too_wide, violations

import movement_readiness as mr

pytestmark = pytest.mark.browser
BALCONY = ROOT / "tests" / "data" / "balcony" / "balcony.toml"
SIZES = {
    "320 px": (320, 640, 1),
    "375 px": (375, 740, 1),
    "1280 px": (1280, 900, 1),
    "1280 px, text 200 %": (1280, 900, 2),
}


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


@pytest.fixture(scope="module")
def balcony():
    return mr.load_instrument(BALCONY)


def tab(browser, width=375, height=740, **options):
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda told: page.problems.append(told.text) if "Content Security" in told.text else None)
    return page


def larger(page, factor):
    # What a browser's text size does: the root's font size, which every length of the form follows.
    if factor != 1:
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => {"
            f"document.documentElement.style.setProperty('font-size', '{factor}00%')}})"
        )


def check(page, where):
    assert violations(page) == [], where
    assert too_wide(page) <= 0, where
    # Nothing is cut off, and everything that is pressed is large enough for a thumb.
    small = page.evaluate(
        """() => Array.from(document.querySelectorAll('.mr-option, .mr-form button:not(.mr-clear), .mr-form select'))
          .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 43.5).map((node) => node.outerHTML)"""
    )
    assert small == [], where
    cut = page.evaluate(
        """() => Array.from(document.querySelectorAll('.mr-form p, .mr-form legend, .mr-option span, .mr-form button'))
          .filter((node) => node.offsetParent && !node.closest('.mr-unseen') && !node.matches('.mr-unseen')
            && (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline'))
          .map((node) => node.outerHTML)"""
    )
    assert cut == [], where


EVERY = [
    pytest.param(name, size, marks=pytest.mark.slow if name == "instrument" and size[0] == "3" else ())
    for name in ("garden", "instrument")
    for size in SIZES
]


@pytest.mark.parametrize(("name", "size"), EVERY)
def test_every_screen_at_every_size(browser, request, name, size):
    any_instrument = request.getfixturevalue(name)
    width, height, factor = SIZES[size]
    with Room(any_instrument, languages=any_instrument.languages, retest=True, insecure=True, rehearsal=True) as room:
        page = tab(browser, width, height)
        larger(page, factor)
        page.goto(room.url)
        page.get_by_role("textbox").wait_for()
        check(page, "join")
        page.goto(f"{room.url}/withdraw")
        page.get_by_role("textbox").wait_for()
        check(page, "withdraw")
        page.goto(room.join)
        me = Person(page, room.content)
        me.press("start")
        me.sees("error_consent")
        check(page, "consent with an error")
        me.begin()
        for number, items in enumerate(room.content["screens"], 1):
            me.sees("part", part=number, parts=len(room.content["screens"]))
            me.choose(items[0], room.content["scales"][room.content["items"][items[0]]]["codes"][0])
            check(page, f"items {number}")
            me.press("next")
        check(page, "last")
        room.refusals.extend((503, "locked", {"Retry-After": seconds}) for seconds in ("1", "1", "600"))
        me.press("send")
        me.sees("waiting_title")
        page.get_by_role("button", name=me.says("save_file")).wait_for(timeout=SOON)
        check(page, "not sent yet")
        me.press("try_now")
        me.sees("thanks_title")
        check(page, "thanks")
        assert page.problems == []
        page.context.close()


def test_browser_zoom_of_200_and_400_per_cent_needs_no_sideways_scrolling(browser, instrument):
    with Room(instrument) as room:
        for width, zoom in ((640, 2), (320, 4)):  # 1280 px wide, zoomed
            page = tab(browser, width, 400, device_scale_factor=zoom)
            page.goto(room.join)
            me = Person(page, room.content)
            me.begin()
            check(page, zoom)
            page.context.close()


def test_nothing_is_chosen_in_advance_and_names_are_of_one_form_alone(browser, any_instrument):
    with Room(any_instrument) as room:
        page = tab(browser)
        page.goto(room.join)
        me = Person(page, room.content)
        assert not page.get_by_role("checkbox").is_checked()
        me.begin()
        radios = page.evaluate(
            "Array.from(document.querySelectorAll('input[type=radio]')).map((r) => [r.name, r.checked])"
        )
        assert not any(checked for _, checked in radios)
        assert len({name for name, _ in radios}) == len(room.content["screens"][0])
        page.context.close()


def test_options_stand_side_by_side_only_where_there_is_room(browser, instrument):
    with Room(instrument) as room:
        for width, factor, beside in ((375, 1, False), (1280, 1, True), (700, 2, False)):
            page = tab(browser, width, 900)
            larger(page, factor)
            page.goto(room.join)
            Person(page, room.content).begin()
            tops = page.evaluate(
                "Array.from(document.querySelectorAll('.mr-item:first-of-type .mr-option')).map((n) => n.offsetTop)"
            )
            assert (len(set(tops[:5])) == 1) is beside, (width, factor)
            page.context.close()


def test_the_missing_code_stands_apart_and_last(browser, instrument):
    with Room(instrument) as room:
        for width in (375, 1280):
            page = tab(browser, width, 900)
            page.goto(room.join)
            Person(page, room.content).begin()
            boxes = page.evaluate(
                """() => Array.from(document.querySelectorAll('.mr-item:first-of-type .mr-option'))
                  .map((n) => { const r = n.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })"""
            )
            (a, b), (y, z) = boxes[:2], boxes[-2:]
            gap = (b[0] - a[2], z[0] - y[2]) if width == 1280 else (b[1] - a[3], z[1] - y[3])
            assert gap[1] > 1.5 * gap[0]
            assert page.locator(".mr-option").nth(5).inner_text() == "Can't say"
            page.context.close()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def focused(page):
    return page.evaluate(
        "[document.activeElement.type || document.activeElement.tagName, document.activeElement.textContent]"
    )


def tab_to(page, text, most=12):
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == text:
            return
    raise AssertionError(f"{text!r} is not reached with the Tab key")


@pytest.mark.parametrize("form", ["short", "full"])
def test_the_whole_form_with_the_keyboard_alone(browser, instrument, form):
    with Room(instrument, form=form) as room:
        page = tab(browser, 1280, 900)
        page.goto(room.join)
        me = Person(page, room.content)
        page.get_by_role("checkbox").wait_for()
        while focused(page)[0] != "checkbox":
            press(page, "Tab")
        press(page, "Space")
        tab_to(page, me.says("start"))
        press(page, "Enter")
        expected = {}
        for number, items in enumerate(room.content["screens"], 1):
            assert focused(page) == ["H2", me.says("part", part=number, parts=len(room.content["screens"]))]
            press(page, "Tab")  # what the words mean
            for place, item in enumerate(items):
                codes = room.content["scales"][room.content["items"][item]]
                every = codes["codes"] + codes["missing"]
                steps = (place + number) % len(every)
                press(page, "Tab")  # one stop an item
                press(page, "Space", *["ArrowDown"] * steps)
                expected[item] = every[steps]
                assert page.evaluate("document.activeElement.closest('fieldset').dataset.item") == item
            if number == 1:  # an answer is taken back, and the arrow keys stay inside their item
                press(page, "Delete")
                assert page.evaluate("document.activeElement.closest('fieldset').querySelector(':checked')") is None
                press(page, "Space", "ArrowUp", "ArrowDown", *["ArrowRight"] * len(every))
                expected[items[-1]] = every[0]
                assert page.evaluate("document.activeElement.closest('fieldset').dataset.item") == items[-1]
            tab_to(page, me.says("next"), 2)
            press(page, "Enter")
        assert focused(page) == ["H2", me.says("last")]
        tab_to(page, me.says("send"))
        press(page, "Space")
        me.sees("thanks_title")
        assert focused(page) == ["H2", me.says("thanks_title")]
        (response,) = room.stored.values()
        assert dict(response.answers) == expected
        page.context.close()


def test_a_screen_reader_hears_item_stem_and_options_in_order(browser, instrument):
    with Room(instrument) as room:
        page = tab(browser)
        page.goto(room.join)
        Person(page, room.content).begin()
        words, first = room.content["words"]["en"], room.content["screens"][0]
        heard = page.get_by_role("main").aria_snapshot()
        places = [heard.index(f'group "{words["items"][item]}"') for item in first]
        assert places == sorted(places)
        one = heard[places[0] : places[1]]
        labels = [*words["options"]["truth"].values(), "Can't say"]
        found = [one.index(f'radio "{label}"') for label in labels]
        assert found == sorted(found)
        group = page.locator(f"fieldset[data-item={first[0]}]")
        described = page.locator(f"[id='{group.get_attribute('aria-describedby')}']")
        assert described.inner_text() == words["stem"]
        assert page.get_by_role("status").count() == 1
        page.context.close()


def test_the_stem_is_read_with_the_lines_it_suits(browser, instrument):
    with Room(instrument, form="study") as room:
        page = tab(browser)
        page.goto(room.join)
        me = Person(page, room.content)
        me.begin()
        seen = {}
        for items in room.content["screens"]:
            for item in items:
                seen[item] = page.locator(f"fieldset[data-item={item}]").get_attribute("aria-describedby")
            me.press("next")
        assert {item for item, stem in seen.items() if stem is None} == {"C1", "C2", "C3", "C4", "C5"}
        page.context.close()


def test_right_to_left(browser, balcony):
    with Room(balcony) as room:
        for width in (320, 375, 1280):
            page = tab(browser, width, 740)
            page.goto(room.join)
            me = Person(page, room.content)
            page.locator("#app > .mr-form[dir=rtl][lang=ar]").wait_for()  # until then the page says "One moment"
            check(page, "consent")
            # The form's own words are English here, and say so.
            start = page.get_by_role("button", name=me.says("start"))
            assert (start.get_attribute("lang"), start.get_attribute("dir")) == ("en", "ltr")
            me.begin()
            check(page, "items")
            box, label = (page.locator(f".mr-option {part}").first.bounding_box() for part in ("input", "span"))
            assert box["x"] > label["x"] or width == 1280
            if width == 1280:
                lefts = page.evaluate(
                    "Array.from(document.querySelectorAll('.mr-item:first-of-type .mr-option')).map((n) => n.offsetLeft)"
                )
                assert lefts == sorted(lefts, reverse=True)
            page.locator("[data-item=b1] input").first.focus()
            press(page, "Space", "ArrowDown", "ArrowDown", "ArrowUp")
            press(page, "Tab", "Space")
            me.press("next")
            check(page, "items 2")
            me.press("next")
            check(page, "last")
            me.press("send")
            me.sees("thanks_title")
            assert dict(list(room.stored.values())[-1].answers) == {"b1": 2, "b2": 1, "b3": -9, "b4": -9}
            page.context.close()


def test_forced_colours_and_less_motion(browser, instrument):
    with Room(instrument) as room:
        page = tab(browser, forced_colors="active", reduced_motion="reduce")
        page.goto(room.join)
        me = Person(page, room.content)
        me.begin()
        me.choose("R1", 3)
        assert violations(page) == []
        chosen, other = (page.locator(f"[data-item=R1] .mr-option{kind}").first for kind in (".mr-on", ":not(.mr-on)"))
        width = "(node) => getComputedStyle(node).borderTopWidth"
        assert chosen.evaluate(width) != other.evaluate(width)
        assert (
            page.get_by_role("button", name=me.says("next")).evaluate("(n) => getComputedStyle(n).transitionDuration")
            == "0s"
        )
        page.context.close()


HOSTILE = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>"


def hostile(part):
    if isinstance(part, dict):
        kept = ("sha256", "direction", "interface_direction", "interface_language", "status", "minutes")
        return {key: value if key in kept else hostile(value) for key, value in part.items()}
    if isinstance(part, list):
        return [hostile(value) for value in part]
    return f"{part}{HOSTILE}" if isinstance(part, str) else part


def test_wording_and_names_that_are_markup_stay_text(browser, any_instrument):
    with Room(any_instrument, languages=any_instrument.languages, retest=True) as room:
        honest = copy.deepcopy(room.content)
        room.content["words"] = hostile(room.content["words"])
        room.told_more = {"site": f"North{HOSTILE}", "team": f"A3{HOSTILE}"}
        page = tab(browser)
        page.goto(room.join)
        page.get_by_role("checkbox").check()
        page.locator("button.mr-main").click()
        for _ in room.content["screens"]:
            page.locator("input[type=radio]").first.check()
            page.locator("button.mr-main").click()
        room.refusals.append((422, "submission", {}))
        page.locator("button.mr-main").click()
        page.get_by_text("A sentence that says why.").first.wait_for()
        assert page.evaluate("window.hit") is None
        assert page.locator(".mr-form img, .mr-form script").count() == 0
        assert HOSTILE in page.locator("h1").inner_text()
        room.content["words"] = honest["words"]
        page.context.close()


def test_two_languages(browser, instrument):
    with Room(instrument, languages=["en", "es"]) as room:
        page = tab(browser)
        page.goto(room.join)
        me = Person(page, room.content)
        page.get_by_label(me.says("language")).select_option("es")
        root = page.locator("#app > .mr-form")
        assert root.get_attribute("lang") == "es"
        page.get_by_text(me.says("draft_translation", "es")).wait_for()
        assert violations(page) == []
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name=me.says("start", "es")).click()
        answers = some_answers(room.content)
        for items in room.content["screens"]:
            for item in items:
                me.choose(item, answers[item])
            page.get_by_role("button", name=me.says("next", "es")).click()
        page.get_by_label(me.says("role", "es")).select_option("nursing")
        page.get_by_role("button", name=me.says("send", "es")).click()
        page.get_by_text(me.says("thanks_title", "es")).wait_for()
        (response,) = room.stored.values()
        assert (response.language, response.role, dict(response.answers)) == ("es", "nursing", answers)
        assert response.consent_sha256 == room.content["words"]["es"]["consent"]["sha256"]
        page.context.close()
