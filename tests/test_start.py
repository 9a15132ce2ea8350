"""The two commands of the README: what they say when something is missing, and real runs of both."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from project_files import base_python, copy_project, outside_variables
from support import ROOT

from movement_readiness import start

PACKAGE = ROOT / "movement_readiness"
START = PACKAGE / "start.py"
# What an old Python runs before it can be told that it is too old: -m imports the package first.
BEFORE_THE_CHECK = [PACKAGE / "__init__.py", START]


def call(*arguments, cwd, **options):
    command = [str(argument) for argument in arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", env=outside_variables(), **options
    )


@pytest.fixture
def outside(monkeypatch, tmp_path):
    """An empty folder, and a Python that runs in no virtual environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    return tmp_path


# --- what an old or a bare Python is told


@pytest.mark.parametrize("path", BEFORE_THE_CHECK, ids=lambda path: path.name)
def test_python_38_can_read_and_run_what_comes_before_the_check(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    future = {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert "annotations" in future, (
        f"{path.name} needs `from __future__ import annotations`: Python 3.8 cannot evaluate list[str]"
    )


def test_old_pythons_of_this_machine_are_told_in_one_sentence(tmp_path):
    for minor in range(8, 11):
        found = shutil.which(f"python3.{minor}")
        if found is None or call(found, "--version", cwd=tmp_path).returncode != 0:
            continue  # not on this machine; the tests around this one stand for it
        for command, place in (([found, START], tmp_path), ([found, "-m", "movement_readiness.start"], ROOT)):
            run = call(*command, "demo", cwd=place)
            assert run.returncode == 2
            assert run.stderr.startswith(f"start: expected Python 3.11 or newer; this is Python 3.{minor}.")
            assert run.stderr.count("\n") == 1


def test_an_old_python_is_refused(outside, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
        code = start.main(["demo"])
    said = capsys.readouterr()
    assert code == 2
    assert said.err.startswith("start: expected Python 3.11 or newer; this is Python 3.10.4 (")
    assert said.err.count("\n") == 1
    assert list(outside.iterdir()) == []


def test_a_python_without_ensurepip_is_told_what_to_install(outside, monkeypatch, capsys):
    found = start.importlib.util.find_spec
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name))
    assert start.main(["demo"]) == 2
    assert f"apt install python3.{sys.version_info[1]}-venv" in capsys.readouterr().err
    assert list(outside.iterdir()) == []


def test_help_needs_the_standard_library_alone(tmp_path):
    run = call(sys.executable, "-S", "-I", START, "--help", cwd=tmp_path)
    assert run.returncode == 0
    assert "demo: install the package and run its demo" in run.stdout
    assert "tests: install the package" in run.stdout


def test_start_imports_the_standard_library_alone():
    tree = ast.parse(START.read_text(encoding="utf-8"))
    roots = {name.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for name in n.names}
    roots |= {str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert roots <= sys.stdlib_module_names


def test_no_module_of_ours_hides_one_of_the_standard_library():
    """As a script, start.py has the package's folder first on its path."""
    ours = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert not ours & sys.stdlib_module_names


@pytest.mark.parametrize("arguments", [[], ["nope"], ["--nope"]])
def test_an_unknown_job_is_a_usage_error(arguments, tmp_path):
    run = call(sys.executable, START, *arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert "usage:" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_installed_package_is_no_checkout(outside, monkeypatch, capsys):
    monkeypatch.setattr(start, "CHECKOUT", outside)
    assert start.main(["demo"]) == 2
    assert "holds no pyproject.toml" in capsys.readouterr().err


def test_the_bare_package_names_the_command_that_installs():
    run = call(sys.executable, "-S", "-m", "movement_readiness", "demo", cwd=ROOT)
    assert run.returncode == 2
    assert "is not installed" in run.stderr
    assert "python3 -m movement_readiness.start demo" in run.stderr
    assert run.stderr.count("\n") == 1


# --- the environment


def test_an_environment_that_does_not_work_is_named_and_left_alone(outside, monkeypatch, capsys):
    kept = outside / ".venv" / "bin" / "python"
    kept.parent.mkdir(parents=True)
    kept.write_text("no program", encoding="utf-8")
    monkeypatch.setattr(start, "_make", lambda folder, what: None)
    assert start.main(["demo"]) == 2
    assert f"the virtual environment {outside / '.venv'} does not work" in capsys.readouterr().err
    assert kept.read_text(encoding="utf-8") == "no program"


def test_an_environment_with_an_old_python_is_named(outside, monkeypatch, capsys):
    monkeypatch.setattr(start, "_ask", lambda python, code: "3 9")
    assert start.main(["tests"]) == 2
    assert "holds Python 3.9; expected 3.11 or newer" in capsys.readouterr().err


def test_an_environment_without_pip_is_mended(outside, capsys):
    subprocess.run([base_python(), "-m", "venv", "--without-pip", ".venv"], check=True)
    (outside / ".venv" / "mine.txt").write_text("kept", encoding="utf-8")
    python = start.environment()
    assert start._ask(python, "import pip; print('here')") == "here"
    assert python.is_relative_to(outside / ".venv")
    assert (outside / ".venv" / "mine.txt").exists()
    assert capsys.readouterr().out == f"Making a virtual environment: {outside / '.venv'} ...\n"


def test_the_environment_that_python_runs_in_is_used(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert sys.prefix != sys.base_prefix, "run these tests in a virtual environment, as the README's command does"
    assert start.environment() == Path(sys.executable)
    assert list(tmp_path.iterdir()) == []


def test_the_users_python_variables_are_not_passed_on(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PIP_NO_INPUT", "1")
    assert "PYTHONPATH" not in start._variables()
    assert start._variables()["PIP_NO_INPUT"] == "1"


# --- what is installed again, and what is not


@pytest.fixture(scope="module")
def small_checkout(tmp_path_factory):
    place = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, place / name)
    for name in ("movement_readiness/__init__.py", "movement_readiness/cli/running.py", "instrument/a.toml"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("one", encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("changed", "jobs"),
    [
        ("movement_readiness/cli/running.py", {"demo"}),
        ("instrument/a.toml", {"demo"}),
        ("instrument/new.toml", {"demo"}),
        ("README.md", {"demo"}),
        ("movement_readiness/__init__.py", {"demo", "tests"}),
        ("pyproject.toml", {"demo", "tests"}),
        ("constraints.txt", {"demo", "tests"}),
        ("tests/test_a.py", set()),
        ("movement_readiness/__pycache__/cli.pyc", set()),
        ("notebooks/.ipynb_checkpoints/a.ipynb", set()),
    ],
)
def test_what_a_change_makes_to_be_installed_again(small_checkout, monkeypatch, changed, jobs):
    monkeypatch.setattr(start, "CHECKOUT", small_checkout)
    before = {job: start.fingerprint(job) for job in start.JOBS}
    path = small_checkout / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text(encoding='utf-8') if path.exists() else ''}two", encoding="utf-8")
    after = {job: start.fingerprint(job) for job in start.JOBS}
    assert {job for job in start.JOBS if before[job] != after[job]} == jobs


def test_the_two_jobs_replace_each_others_installation():
    assert start.fingerprint("demo") != start.fingerprint("tests")


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """An environment in tmp_path whose pip only writes our command; the list of what pip was asked."""
    asked = []
    script = tmp_path / "bin" / "movement-readiness"
    script.parent.mkdir()

    def step(what, command, failed):
        asked.append(command)
        script.write_text(f"installation {len(asked)}", encoding="utf-8")

    monkeypatch.setattr(start, "_step", step)
    monkeypatch.setattr(start, "_ask", lambda python, code: str(tmp_path))
    return asked, script


def test_a_second_run_installs_nothing(stand_in, capsys):
    asked, script = stand_in
    for _ in range(2):
        start.install(Path("python"), "demo")
    assert len(asked) == 1
    assert capsys.readouterr().out == f"Installed already: {script.parents[1]}\n"


@pytest.mark.parametrize("job", ["demo", "tests"])
def test_pip_is_given_the_constraints_and_the_checkout(stand_in, job):
    asked, _ = stand_in
    start.install(Path("python"), job)
    command = asked[0]
    assert command[command.index("--constraint") + 1] == str(ROOT / "constraints.txt")
    assert command[-1] == f"{ROOT}{'[spss]' if job == 'demo' else '[test]'}"
    assert ("--editable" in command) == (job == "tests")


@pytest.mark.parametrize("happened", ["other job", "by hand", "uninstalled", "damaged stamp"])
def test_it_installs_again_when_the_environment_has_changed(stand_in, happened):
    asked, script = stand_in
    start.install(Path("python"), "demo")
    if happened == "other job":
        start.install(Path("python"), "tests")
    elif happened == "by hand":
        now = script.stat().st_mtime_ns
        script.write_text("another", encoding="utf-8")
        assert script.stat().st_mtime_ns != now
    elif happened == "uninstalled":
        script.unlink()
    else:
        (script.parents[1] / start.STAMP).write_text("{", encoding="utf-8")
    before = len(asked)
    start.install(Path("python"), "demo")
    assert len(asked) == before + 1


def test_an_installation_that_fails_leaves_no_stamp(stand_in, monkeypatch):
    _, script = stand_in
    start.install(Path("python"), "demo")

    def fail(what, command, failed):
        raise start.SetupError(failed)

    monkeypatch.setattr(start, "_step", fail)
    monkeypatch.setattr(start, "fingerprint", lambda job: "changed")
    with pytest.raises(start.SetupError):
        start.install(Path("python"), "demo")
    assert not (script.parents[1] / start.STAMP).exists()


# --- steps, exit codes, interrupts


def test_a_failing_step_shows_what_was_said(capfd):
    command = [sys.executable, "-c", "import sys; print('no network'); sys.exit('and so'); "]
    with pytest.raises(start.SetupError, match=r"pip could not\. What was said is above \(exit code 1\)\."):
        start._step("Installing", command, "pip could not.")
    said = capfd.readouterr()
    assert said.out == "Installing ...\n"
    assert "no network" in said.err
    assert "and so" in said.err


def test_a_step_that_succeeds_is_quiet(capfd):
    start._step("Installing", [sys.executable, "-c", "print('much noise')"], "")
    assert capfd.readouterr() == ("Installing ...\n", "")


def test_exit_codes_are_passed_on(capfd):
    assert start.run(Path(sys.executable), "tests", ["--version"]) == 0
    assert start.run(Path(sys.executable), "tests", ["--no-such-option"]) == 4
    assert "Running: " in capfd.readouterr().out


def test_an_interrupt_stops_without_a_traceback(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "environment", interrupted)
    assert start.main(["demo"]) == 130
    assert capsys.readouterr().err == "start: stopped.\n"


def test_a_job_that_was_not_interrupted_with_us_is_ended(monkeypatch):
    monkeypatch.setattr(start, "PATIENCE", 0.05)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        assert start._end(child) != 0


def test_a_job_may_finish_its_last_lines():
    with subprocess.Popen([sys.executable, "-c", "import sys, time; time.sleep(.1); sys.exit(7)"]) as child:
        assert start._end(child) == 7


# --- real runs of both commands: a fresh clone, a Python with nothing in it


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("a place") / "movement readiness")


def site_packages(environment):
    return Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))


@pytest.mark.slow
def test_the_demo_from_an_empty_folder(clone, tmp_path):
    command = [base_python(), clone / "movement_readiness" / "start.py", "demo"]
    first = call(*command, cwd=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert (tmp_path / "movement-readiness-demo" / "reports" / "index.html").stat().st_size > 0
    assert [line.split(" ")[0] for line in first.stdout.splitlines()[:3]] == ["Making", "Installing", "Running:"]
    assert not (clone / ".venv").exists()

    # What ran is the built package with its own copy of the content, not the clone.
    installed = site_packages(tmp_path / ".venv") / "movement_readiness"
    content = Path("instrument", "movement_readiness.toml")
    assert (installed / f"_{content.parent}" / content.name).read_bytes() == (clone / content).read_bytes()

    # Again, in another folder, with the environment's own Python: nothing is installed, none is made.
    other = tmp_path / "other"
    other.mkdir()
    again = call(start._python_of(tmp_path / ".venv"), *command[1:], "--help", cwd=other)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.startswith("Installed already: ")
    assert list(other.iterdir()) == []

    wrong = call(*command, "--no-such-option", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


@pytest.mark.slow
def test_the_tests_from_the_checkout(clone):
    arguments = ["tests/test_start.py", "-k", "test_help", "-p", "no:cacheprovider"]
    run = call(base_python(), "-m", "movement_readiness.start", "tests", *arguments, cwd=clone)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
    # The tests run the checkout itself.
    record = next(site_packages(clone / ".venv").glob("movement_readiness-*.dist-info")) / "direct_url.json"
    assert json.loads(record.read_text(encoding="utf-8"))["dir_info"] == {"editable": True}
