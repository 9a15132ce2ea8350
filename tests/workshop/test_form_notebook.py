"""The form in JupyterLab and in Voila: real servers, a real browser, no internet, nothing left in the notebook."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import nbformat
import pytest
from support import ROOT
from workshop.form_support import Person, running_browser, some_answers, violations

import movement_readiness as mr
from movement_readiness.workshop.content import form_content

pytestmark = pytest.mark.browser
KEY = "only-for-this-test"
PATIENCE = 180_000  # milliseconds: until a server has started, a notebook has run
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
CODE = """\
import json
import movement_readiness as mr
from movement_readiness.workshop import ResponseForm

def keep(response):
    with open("taken.jsonl", "a") as file:
        file.write(json.dumps(response.content) + "\\n")

ResponseForm(mr.load_instrument(), "short", site="North", team="A3", on_submit=keep)"""
AGAIN = 'ResponseForm(mr.load_instrument(), "short", site="North", team="A3", on_submit=keep)'


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    cells = [nbformat.v4.new_code_cell(CODE), nbformat.v4.new_code_cell(AGAIN)]
    place = tmp_path / "notebooks"
    place.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=PYTHON), place / "form.ipynb")
    return place


@pytest.fixture
def person(instrument):
    content = form_content(instrument, "short", languages=("en",))

    def of(page):
        return Person(page, content)

    return of


@contextlib.contextmanager
def server(module, folder, tmp_path, *options, **variables):
    """A server of notebooks on a free port, which is read from the file it writes."""
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("RUNTIME", "CONFIG", "DATA")}
    env = {**os.environ, **places, "JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(tmp_path / "ipython"), **variables}
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process, tmp_path / "server.log"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
        log.close()


def port_of(process, log, pattern=r"http://(?:127\.0\.0\.1|localhost):(\d+)/", seconds=180):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(pattern, log.read_text(encoding="utf-8")):
            return int(found[1])
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder, tmp_path):
    options = [
        "--allow-root",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={free_port()}",
        f"--IdentityProvider.token={KEY}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
    ]
    with server("jupyterlab", folder, tmp_path, *options) as (process, log):
        yield port_of(process, log)


def closed_to_the_world(browser, refused, **options):
    """A window of a browser that reaches this machine alone, and counts what it was asked for besides."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, **options)

    def decide(route):
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost", None):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    context.route(lambda url: not url.startswith(("data:", "blob:")), decide)
    return context


def open_lab(context, port, name="form.ipynb"):
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/lab/tree/{name}?token={KEY}", timeout=PATIENCE)
    page.wait_for_function(
        "() => window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')", timeout=PATIENCE
    )
    select, idle = page.locator(".jp-Dialog .jp-mod-accept"), page.get_by_text("(ipykernel) | Idle")
    select.or_(idle).first.wait_for(timeout=PATIENCE)
    if select.is_visible():
        select.click()  # which kernel
    page.wait_for_function(IDLE, timeout=PATIENCE)
    return page


def command(page, name):
    """Carry out a command of JupyterLab to its end: all cells have run and the focus is where it stays, or it is saved."""
    page.evaluate(
        "(name) => { window.done = false; jupyterapp.commands.execute(name).then(() => { window.done = true; }); }",
        name,
    )
    page.wait_for_function("() => window.done", timeout=PATIENCE)


def taken(folder):
    place = folder / "taken.jsonl"
    return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []


def fill(page, person, answers, place=0):
    form = page.locator(".mr-form").nth(place)
    me = person(form)
    form.get_by_role("checkbox").check()
    me.press("start")
    me.answer_all(answers)
    return me


def test_in_jupyterlab_nothing_of_an_answer_stays_in_the_notebook(browser, folder, tmp_path, person):
    refused = []
    with jupyterlab(folder, tmp_path) as port:
        context = closed_to_the_world(browser, refused)
        page = open_lab(context, port)
        command(page, "notebook:run-all-cells")
        page.locator(".mr-form").nth(1).get_by_role("checkbox").wait_for(timeout=PATIENCE)
        answers = some_answers(person(page).content)
        me = fill(page, person, answers)
        names = page.evaluate("Array.from(document.querySelectorAll('.mr-form input[type=radio]')).map((r) => r.name)")
        # Two forms for one team on one page: neither answers for the other.
        other = fill(page, person, some_answers(me.content, 1), 1)
        assert set(names).isdisjoint(
            page.evaluate("Array.from(document.querySelectorAll('.mr-form input[type=radio]')).map((r) => r.name)")
        )
        me.press("send")
        me.sees("thanks_title")
        other.press("send")
        other.sees("thanks_title")
        assert page.get_by_role("button", name=me.says("next_person")).count() == 0
        found = taken(folder)
        assert [row["answers"] for row in found] == [answers, some_answers(me.content, 1)]
        assert found[0]["response_id"] != found[1]["response_id"]
        code = page.locator(".mr-code").first.inner_text()
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('mr:draft:'))") == []
        command(page, "docmanager:save")
        saved = folder / "form.ipynb"
        page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty", timeout=PATIENCE)
        context.close()
    text = saved.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-view+json" in text
    assert "ResponseForm" in text
    for row in found:
        assert row["response_id"] not in text
    assert code not in text
    assert code.replace("-", "") not in text
    assert not re.search(r'\\?"R1\\?"\s*:\s*-?\d', text)
    assert refused == []


def test_in_jupyterlab_the_keys_are_the_forms_and_axe_finds_nothing(browser, folder, tmp_path, person):
    with jupyterlab(folder, tmp_path) as port:
        context = closed_to_the_world(browser, [])
        page = open_lab(context, port)
        command(page, "notebook:run-all-cells")
        form = page.locator(".mr-form").first
        form.get_by_role("checkbox").check(timeout=PATIENCE)
        person(form).press("start")
        page.screenshot(path=os.environ.get("MR_SHOTS", str(tmp_path)) + "/lab.png")
        assert violations(page, ".mr-form") == []
        # The arrow and Delete keys are the form's here, not the notebook's.
        cells = "document.querySelectorAll('.jp-Cell').length"
        before = page.evaluate(cells)
        form.locator("input[type=radio]").first.focus()
        for key in ("Space", "ArrowDown", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
        assert form.locator("[data-item] input:checked").input_value() == "2"
        assert page.evaluate("document.activeElement.type") == "radio"
        for key in ("Delete", "d", "d", "x"):
            page.keyboard.press(key)
        assert form.locator("[data-item] input:checked").count() == 0
        assert page.evaluate(cells) == before
        context.close()


@pytest.mark.slow
def test_a_kernel_that_restarts_loses_nothing(browser, folder, tmp_path, person):
    with jupyterlab(folder, tmp_path) as port:
        context = closed_to_the_world(browser, [])
        page = open_lab(context, port)
        command(page, "notebook:run-all-cells")
        page.locator(".mr-form").nth(1).get_by_role("checkbox").wait_for(timeout=PATIENCE)
        answers = some_answers(person(page).content)
        me = fill(page, person, answers)
        headers = {"Authorization": f"token {KEY}"}
        (kernel,) = context.request.get(f"http://127.0.0.1:{port}/api/kernels", headers=headers).json()
        address = f"http://127.0.0.1:{port}/api/kernels/{kernel['id']}/restart"
        assert context.request.post(address, headers=headers).ok
        me.press("send")
        me.sees("waiting_title")
        assert me.page.get_by_text(me.says("safe_device")).count() > 0
        assert taken(folder) == []
        page.wait_for_function(IDLE, timeout=PATIENCE)
        command(page, "notebook:run-all-cells")  # the draft is on the device, and goes on by itself
        page.get_by_text(me.says("thanks_title")).first.wait_for(timeout=PATIENCE)
        assert [row["answers"] for row in taken(folder)] == [answers]
        context.close()


def test_in_voila(browser, folder, tmp_path, person):
    for name, code in (("form", CODE), ("plain", "1")):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)], metadata=PYTHON)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    asked = {}
    with server("voila", folder, tmp_path, "--no-browser", f"--port={free_port()}", "--Voila.ip=127.0.0.1") as started:
        address = f"http://127.0.0.1:{port_of(*started)}/voila/render"
        for name in ("plain", "form"):
            asked[name] = []
            context = closed_to_the_world(browser, asked[name])
            page = context.new_page()
            page.goto(f"{address}/{name}.ipynb", timeout=PATIENCE)
            page.wait_for_load_state("networkidle", timeout=PATIENCE)
        page.locator(".mr-form").get_by_role("checkbox").wait_for(timeout=PATIENCE)
        answers = some_answers(mr_content())
        me = fill(page, person, answers)
        page.reload(timeout=PATIENCE)  # another kernel: the draft is on the device
        page.locator(".mr-form").get_by_role("button", name=me.says("send"), exact=True).wait_for(timeout=PATIENCE)
        page.screenshot(path=os.environ.get("MR_SHOTS", str(tmp_path)) + "/voila.png")
        assert violations(page, ".mr-form") == []
        me.press("send")
        me.sees("thanks_title")
        me.sees("thanks_notebook")
        assert [row["answers"] for row in taken(folder)] == [answers]
    # Voila's own page asks for fonts and formulas from elsewhere, whatever it shows; the form adds nothing to that,
    # and all of the above went on without them.
    assert set(asked["form"]) <= set(asked["plain"])


@pytest.fixture
def workshop_notebook(folder):
    """The notebook that comes with the package, and the page of Voila that stays in the room."""
    shutil.copytree(ROOT / "notebooks" / "offline", folder / "offline")
    shutil.copy(ROOT / "notebooks" / "03_workshop.ipynb", folder)
    return "03_workshop.ipynb"


def begun(page):
    me = Person(page.locator(".mr-form"), form_content(mr.load_instrument(), "full", languages=("en", "es")))
    me.page.get_by_role("checkbox").check(timeout=PATIENCE)
    me.press("start")
    me.choose(me.content["screens"][0][0], 3)
    me.sees("rehearsal")


@pytest.mark.slow
def test_the_workshop_notebook_in_voila_asks_nothing_of_anybody_else(browser, folder, tmp_path, workshop_notebook):
    asked = []
    options = ["--no-browser", f"--port={free_port()}", "--Voila.ip=127.0.0.1", "--template=offline"]
    with server("voila", folder, tmp_path, *options, JUPYTER_PATH=str(folder / "offline")) as started:
        context = closed_to_the_world(browser, asked)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port_of(*started)}/voila/render/{workshop_notebook}", timeout=PATIENCE)
        begun(page)
        context.close()
    assert asked == []


@pytest.mark.slow
def test_the_workshop_notebook_in_jupyterlab_asks_nothing_of_anybody_else(browser, folder, tmp_path, workshop_notebook):
    asked = []
    with jupyterlab(folder, tmp_path) as port:
        context = closed_to_the_world(browser, asked)
        page = open_lab(context, port, workshop_notebook)
        command(page, "notebook:run-all-cells")
        begun(page)
        context.close()
    assert asked == []


def mr_content():
    return form_content(mr.load_instrument(), "short", languages=("en",))
