"""The notebooks of the explorers with a real kernel, in Voila and in JupyterLab: every control, no internet."""

from __future__ import annotations

import json
import os
import queue
import shutil
import time
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from jupyter_client.manager import start_new_kernel
from support import ROOT
from workshop.form_support import running_browser, violations
from workshop.test_form_notebook import (
    PATIENCE,
    closed_to_the_world,
    command,
    free_port,
    jupyterlab,
    open_lab,
    port_of,
    server,
)

import movement_readiness as mr

DASHBOARD, RESEARCH = "07_team_dashboard.ipynb", "06_explore_teams_and_sites.ipynb"
VIEWS = """(root) => Array.from(root.querySelectorAll('section'), (part) => {
  const image = part.querySelector('img');
  return part.textContent + (image ? image.src : '');
})"""
# What overlaps, or is wider than the place it has: figures, controls, and views with their tables.
LAID_OUT = """(root) => {
  const box = (part) => part.getBoundingClientRect();
  const name = (part) => `${part.tagName} ${part.textContent.slice(0, 40)}`;
  const places = Array.from(root.querySelectorAll('section'), (part) => [part, box(part), box(part.closest('.widget-vbox'))]);
  const found = places.filter(([, a, around]) => a.right > around.right + 1).map(([part]) => 'wide ' + name(part));
  places.forEach(([one, a], place) => places.slice(place + 1).forEach(([other, b]) => {
    const apart = a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
    if (!apart) found.push(`overlap ${name(one)} / ${name(other)}`);
  }));
  const end = box(root).right + 1;
  root.querySelectorAll('select, input, button, summary, img, .mr-scroll').forEach((part) => {
    if (part.offsetWidth && box(part).right > end) found.push('cut ' + name(part));
  });
  root.querySelectorAll('caption > span').forEach((part) => {
    const around = box(part.closest('.mr-scroll'));
    if (box(part).right > around.right + 1 || box(part).left < around.left - 1) found.push('cut ' + name(part));
  });
  if (root.scrollWidth > root.clientWidth + 1) found.push('the explorer scrolls sideways');
  return found;
}"""
# Half a second without a change: whatever was on its way has been drawn.
QUIET = """(root) => new Promise((done) => {
  let timer;
  const changed = () => { clearTimeout(timer); timer = setTimeout(() => { watcher.disconnect(); done(); }, 500); };
  const watcher = new MutationObserver(changed);
  watcher.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  changed();
})"""
# What the room says, and beside each other the team that is chosen and the one whose profile can be seen.
WATCHED = """(room) => {
  window.said = [];
  window.seen = [];
  new MutationObserver(() => {
    window.said.push(room.querySelector('[role=status]').textContent);
    const shown = room.querySelector('.mr-room-shown');
    const title = shown.querySelector('h3');
    if (!title || !shown.offsetHeight) return;
    const chosen = room.querySelector('select').selectedOptions[0].textContent;
    window.seen.push([chosen.slice(-3), title.textContent.slice(-3)]);
  }).observe(room, { subtree: true, childList: true, characterData: true, attributes: true });
}"""
# What a printer would not see: Voila keeps its page in a box of its own as large as the screen.
NOT_PRINTED = """() => {
  const [wide, high] = [document.documentElement.clientWidth + 1, document.documentElement.scrollHeight + 1];
  const box = (part) => part.getBoundingClientRect();
  const out = (part) => box(part).right > wide || box(part).bottom + window.scrollY > high;
  return Array.from(document.querySelectorAll('.mr-explorer section, .mr-explorer img, .jp-Cell'))
    .filter(out).map((part) => part.textContent.slice(0, 40));
}"""
STATUS = "(root) => root.querySelector('[role=status]').textContent"
PLACE = os.environ.get("MR_SHOTS")


# --- with a kernel alone, by messages


class Kernel:
    """A kernel that runs a notebook, and what it says to a page."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client
        self.models, self.said = {}, []

    def run(self, code):
        self._until_idle(self.client.execute(code))

    def set(self, model, **state):
        """What a page sends when somebody chooses."""
        self._tell(model, {"method": "update", "state": state, "buffer_paths": []})

    def click(self, model):
        self._tell(model, {"method": "custom", "content": {"event": "click"}})

    def _tell(self, model, data):
        message = self.client.session.msg("comm_msg", {"comm_id": model, "data": data})
        self.client.shell_channel.send(message)
        self._until_idle(message["header"]["msg_id"])

    def _until_idle(self, request):
        end = time.monotonic() + 300
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=5)
            except queue.Empty:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            if kind in ("comm_open", "comm_msg"):
                self.said.append(json.dumps(content))
                state = content["data"].get("state", {})
                self.models.setdefault(content["comm_id"], {}).update(state)
            mine = message["parent_header"].get("msg_id") == request
            if mine and kind == "status" and content["execution_state"] == "idle":
                return
        raise AssertionError("the kernel did not answer")

    def html(self):
        return {name: state["value"] for name, state in self.models.items() if state.get("_model_name") == "HTMLModel"}


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=180, cwd=str(tmp_path))
    yield Kernel(manager, client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_each_choice_is_answered_with_released_numbers_and_nobodys_answers(kernel):
    notebook = nbformat.read(ROOT / "notebooks" / DASHBOARD, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kernel.run(cell.source)
    controls = {name: state for name, state in kernel.models.items() if state.get("_model_name") == "DropdownModel"}
    assert len(controls) == 2 * 7 + 1 + 1  # two explorers, one with a control more; and the choice of an own team
    own = next(name for name, state in controls.items() if state["description"] == "Team in the room")
    del controls[own]
    tried = 0
    for name, state in list(controls.items()):
        if len(state["_options_labels"]) < 2:
            continue
        before = kernel.html()
        kernel.set(name, index=0 if state["index"] else 1)
        assert kernel.html() != before, state["description"]
        tried += 1
    assert tried > 10
    kernel.set(own, index=2)
    assert not any("own means from" in markup for markup in kernel.html().values())  # nobody has asked yet
    kernel.run("assert len(log) == 2, log")
    kernel.click(next(name for name, state in kernel.models.items() if state.get("description") == "Show this team"))
    assert any("own means from" in markup for markup in kernel.html().values())
    kernel.run("assert len(log) > 2, log")
    everything = "".join(kernel.said)
    assert "OutputModel" not in everything
    assert '"response_id"' not in everything


@pytest.mark.parametrize("teams", [["A", "B"], [None]], ids=["teams of 10 and more", "no team"])
def test_the_dashboard_takes_any_study_and_shows_no_own_team_unasked(teams, garden, responses_of, monkeypatch):
    """Another instrument, one wave, nobody in a team of five to nine: nothing is asked of the answers."""
    responses = responses_of(garden, {("North", str(team)): 13 for team in teams})
    if teams == [None]:
        responses["team"] = pd.array([None] * len(responses), dtype="str")
    study = SimpleNamespace(responses=responses, roster=None)
    monkeypatch.setattr(mr, "simulate_responses", lambda *_, **__: study)
    monkeypatch.setattr(mr, "load_instrument", lambda: garden)
    found = {}
    for cell in nbformat.read(ROOT / "notebooks" / DASHBOARD, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, DASHBOARD, "exec"), found)  # noqa: S102 (the package's own notebook)
    room = found["room"]
    assert room.explorer is None
    for _, team in room.choice.options[1:2]:
        room.choice.value = team
        assert room.explorer is None
        room.button.click()
        assert room.explorer.selection.team == team[1]
        room.choice.value = ()
        assert room.explorer is None


def test_no_later_cell_changes_an_explorer_that_is_on_the_page():
    cells = [cell.source for cell in nbformat.read(ROOT / "notebooks" / RESEARCH, as_version=4).cells]
    for name in ("site_view", "team_view"):
        made = next(place for place, source in enumerate(cells) if f"{name} = " in source)
        assert not any(f"{name}.controls" in source for source in cells[made + 1 :])


# --- in a browser


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "notebooks"
    place.mkdir()
    for name in (DASHBOARD, RESEARCH):
        shutil.copy(ROOT / "notebooks" / name, place)
    shutil.copytree(ROOT / "notebooks" / "offline", place / "offline")
    return place


def wait_for_another(page, explorer, reading, before):
    """Wait until what is read from an explorer is no longer what it was."""
    page.wait_for_function(
        f"([root, before]) => JSON.stringify(({reading})(root)) !== before",
        arg=[explorer.element_handle(), json.dumps(before, ensure_ascii=False, separators=(",", ":"))],
        timeout=PATIENCE,
    )


def laid_out(page, explorer, width=None):
    """What is not laid out well once the page has this width and nothing moves any more."""
    if width:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("(width) => window.innerWidth === width", arg=width, timeout=PATIENCE)
    explorer.evaluate(QUIET)
    return explorer.evaluate(LAID_OUT)


def through_every_control(page, explorer, least):
    """Change every control that has a choice: by its list, or by an arrow key; the views and the status follow."""
    explorer.locator("select").nth(least - 1).wait_for(timeout=PATIENCE)
    explorer.get_by_role("status").first.wait_for(timeout=PATIENCE)
    explorer.evaluate(QUIET)
    tried = []
    for place in range(explorer.locator("select").count()):
        select = explorer.locator("select").nth(place)
        labels = select.locator("option").all_inner_texts()
        name = explorer.locator(f"label[for='{select.get_attribute('id')}']").inner_text()
        if len(labels) < 2:
            continue
        views, status = explorer.evaluate(VIEWS), explorer.evaluate(STATUS)
        if place % 2:
            select.focus()
            page.keyboard.press("ArrowUp" if select.evaluate("(box) => box.selectedIndex") else "ArrowDown")
        else:
            index = select.evaluate("(box) => box.selectedIndex")
            select.select_option(index=1 if index == 0 else 0)
        wait_for_another(page, explorer, VIEWS, views)
        wait_for_another(page, explorer, STATUS, status)
        tried.append(name)
    assert len(tried) >= least


def in_the_own_room(page, room):
    """By keyboard: passing through shows nothing, the button does; another choice hides it and what comes too late."""
    choice, shown, status = (
        room.locator("select").first,
        room.locator(".mr-room-shown"),
        room.get_by_role("status").first,
    )
    choice.focus()
    assert choice.evaluate("(box) => getComputedStyle(box).outlineStyle") == "solid"
    room.evaluate(WATCHED)
    for team in ("A01", "A02", "A03"):
        page.keyboard.press("ArrowDown")
        status.get_by_text(f"“Show this team” shows {team} of East.").wait_for(timeout=PATIENCE)
    assert shown.locator("section").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    status.get_by_text("A03 of East is shown.").wait_for(timeout=PATIENCE)
    shown.locator("img").first.wait_for(timeout=PATIENCE)
    assert "Working… A03 of East is shown in a moment." in page.evaluate("window.said")
    choice.select_option(index=2)
    assert not shown.is_visible()
    status.get_by_text("“Show this team” shows A02 of East.").wait_for(timeout=PATIENCE)
    room.get_by_role("button", name="Show this team").click()
    choice.select_option(index=1)  # while it is at work
    status.get_by_text("“Show this team” shows A01 of East.").wait_for(timeout=PATIENCE)
    assert shown.locator("section").count() == 0
    room.get_by_role("button", name="Show this team").click()
    status.get_by_text("A01 of East is shown.").wait_for(timeout=PATIENCE)
    shown.locator("img").first.wait_for(timeout=PATIENCE)
    seen = page.evaluate("window.seen")
    assert seen
    assert [place for place in seen if place[0] != place[1]] == []


def files(page, explorer, folder):
    """Save a table and a figure with the keyboard and the links."""
    summary = explorer.locator("section summary").first
    summary.focus()
    page.keyboard.press("Enter")
    found = []
    for link in ("Numbers as CSV", "Figure as SVG", "Figure as PNG"):
        if link == "Figure as SVG":
            button = explorer.locator("button:visible").first
            button.focus()
            page.keyboard.press("Enter")
        with page.expect_download(timeout=PATIENCE) as download:
            explorer.get_by_role("link", name=link).first.click(timeout=PATIENCE)
        place = folder / download.value.suggested_filename
        download.value.save_as(place)
        found.append(place)
    return found


def shot(page, name):
    if PLACE:
        page.screenshot(path=f"{PLACE}/{name}.png", full_page=True)


@pytest.mark.slow
@pytest.mark.browser
def test_the_dashboard_in_voila(browser, folder, tmp_path):
    asked = []
    options = ["--no-browser", f"--port={free_port()}", "--Voila.ip=127.0.0.1", "--template=offline"]
    with server("voila", folder, tmp_path, *options, JUPYTER_PATH=str(folder / "offline")) as started:
        context = closed_to_the_world(browser, asked)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port_of(*started)}/voila/render/{DASHBOARD}", timeout=PATIENCE)
        explorers = page.locator(".mr-explorer")
        explorers.nth(1).locator("img").first.wait_for(timeout=PATIENCE)
        choice = page.get_by_label("Team in the room")
        choice.wait_for(timeout=PATIENCE)
        assert explorers.count() == 2  # no team's own page before it is asked for
        assert choice.locator("option:checked").inner_text().split() == ["no", "team", "yet"]
        in_the_own_room(page, page.locator(".mr-room"))
        explorers.nth(2).locator("section").first.wait_for(timeout=PATIENCE)
        page.get_by_text("designed, not yet validated").nth(3).wait_for(state="attached", timeout=PATIENCE)
        assert page.locator("main, [role=main]").count() == 1
        assert page.locator("pre", has_text="import movement_readiness").count() == 0
        for number, least in enumerate((5, 6, 3)):
            through_every_control(page, explorers.nth(number), least)
        saved = files(page, explorers.nth(0), tmp_path)
        assert [path.suffix for path in saved] == [".csv", ".svg", ".png"]
        assert saved[0].read_text(encoding="utf-8").startswith("level,site,team,wave,form,scale,n,mean")
        assert saved[1].read_bytes().startswith(b"<?xml")
        assert violations(page, ".mr-explorer") == []
        shot(page, "dashboard-1280")
        page.set_viewport_size({"width": 680, "height": 900})  # A4 within its margins
        assert page.evaluate(NOT_PRINTED) != []
        page.emulate_media(media="print")
        assert page.evaluate(NOT_PRINTED) == []
        assert not page.get_by_role("button", name="Show this team").is_visible()
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 1000})
        for number in (0, 1):
            explorers.nth(number).get_by_label("Open all tables").check()
            explorers.nth(number).locator("section details[open]").nth(1).wait_for(timeout=PATIENCE)
        for width in (320, 375, 1280):
            for number in (0, 1):
                assert laid_out(page, explorers.nth(number), width) == [], (number, width)
            shot(page, f"tables-{width}")
        context.close()
    assert asked == []


@pytest.mark.slow
@pytest.mark.browser
def test_the_dashboard_in_jupyterlab(browser, folder, tmp_path):
    asked = []
    with jupyterlab(folder, tmp_path) as port:
        context = closed_to_the_world(browser, asked)
        page = open_lab(context, port, DASHBOARD)
        command(page, "notebook:run-all-cells")
        explorer = page.locator(".mr-explorer").first
        explorer.locator("img").first.wait_for(timeout=PATIENCE)
        explorer.scroll_into_view_if_needed()
        through_every_control(page, explorer, 5)
        files(page, explorer, tmp_path)
        assert violations(page, ".mr-explorer") == []
        explorer.get_by_label("Open all tables").check()
        explorer.locator("section details[open]").nth(1).wait_for(timeout=PATIENCE)
        assert laid_out(page, explorer) == []
        shot(page, "lab")
        # The letters of the notebook's own commands are not taken from a control that has the focus.
        cells = page.evaluate("document.querySelectorAll('.jp-Cell').length")
        explorer.locator("select").first.focus()
        for key in ("d", "d", "x"):
            page.keyboard.press(key)
        assert page.evaluate("document.querySelectorAll('.jp-Cell').length") == cells
        command(page, "docmanager:save")
        page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty", timeout=PATIENCE)
        context.close()
    kept = json.loads((folder / DASHBOARD).read_text(encoding="utf-8"))
    assert "widgets" not in kept["metadata"]
    assert asked == []
