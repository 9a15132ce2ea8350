"""The frame around the code: what is built, installed, pinned, documented and published."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import itertools
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project_files import copy_project, outside_variables, project_files
from support import ROOT

import movement_readiness as mr

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PUBLIC = sorted(set(mr.__all__) - {"__version__"})
BUNDLED = {"instrument": "movement_readiness/_instrument", "notebooks": "movement_readiness/_notebooks"}


def python(*arguments, cwd, env=None):
    command = [sys.executable, *map(str, arguments)]
    variables = outside_variables() | (env or {})
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, encoding="utf-8")


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the tree in which people and programs have left their traces."""
    place = tmp_path_factory.mktemp("wheel")
    tree = copy_project(place / "tree")
    for name in (
        "instrument/__pycache__/left.pyc",
        "notebooks/.ipynb_checkpoints/left-checkpoint.ipynb",
        "movement_readiness/__pycache__/left.cpython-311.pyc",
        "movement_readiness/.ipynb_checkpoints/left.py",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("left behind", encoding="utf-8")
    built = python("-m", "build", "--wheel", "--no-isolation", "--outdir", place, tree, cwd=place)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        archive.extractall(place / "site")
    return tree, place / "site"


def files_below(folder, *, left=("__pycache__", ".ipynb_checkpoints")):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found if not set(left) & set(path.parts)}


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_content_is_that_of_the_tree(wheel, name):
    tree, site = wheel
    assert files_below(site / BUNDLED[name], left=()) == files_below(tree / name)


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    tree, site = wheel
    built = files_below(site / "movement_readiness", left=())
    code = {name: content for name, content in built.items() if not name.startswith(("_instrument/", "_notebooks/"))}
    assert code == files_below(tree / "movement_readiness")


def test_the_wheel_holds_nothing_else(wheel):
    _, site = wheel
    assert {path.name for path in site.iterdir()} == {
        "movement_readiness",
        f"movement_readiness-{mr.__version__}.dist-info",
    }


def test_the_wheel_says_who_may_use_it_and_how(wheel):
    _, site = wheel
    (about,) = importlib.metadata.distributions(path=[str(site)])
    assert about.metadata["License-Expression"] == "BSD-3-Clause AND CC-BY-4.0"
    assert set(about.metadata.get_all("License-File")) == {"LICENSE", "instrument/LICENSE"}
    assert about.metadata["Requires-Python"] == ">=3.11"
    assert [(entry.name, entry.value) for entry in about.entry_points] == [
        ("movement-readiness", "movement_readiness.cli:main")
    ]


WHERE = "import movement_readiness as mr, json; from movement_readiness.instrument import bundled_directory as where; "
WHERE += "print(json.dumps([mr.__file__, mr.load_instrument().sha256, str(where()), str(where('notebooks'))]))"


def test_the_built_package_reads_its_own_content(wheel, tmp_path):
    _, site = wheel
    run = python("-P", "-c", WHERE, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert run.returncode == 0, run.stderr
    package = site / "movement_readiness"
    expected = [package / "__init__.py", mr.load_instrument().sha256, package / "_instrument", package / "_notebooks"]
    assert json.loads(run.stdout) == [str(value) for value in expected]


# --- an editable install


@pytest.fixture(scope="module")
def editable(tmp_path_factory):
    """A virtual environment with an editable install of a copy of the tree, and this one's libraries."""
    place = tmp_path_factory.mktemp("editable")
    tree = copy_project(place / "tree")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    there = next(path for path in (place / "venv").rglob("python*") if path.stem == "python")
    asked = [there, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    libraries = Path(importlib.metadata.distribution("pydantic").locate_file(""))
    (site / "zz_libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")  # its .pth files are not followed
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    made = python("-m", "pip", "--python", there, "install", *options, "--editable", tree, cwd=place)
    assert made.returncode == 0, made.stdout + made.stderr
    return tree, site, there


def test_an_editable_install_runs_the_tree(editable, tmp_path):
    tree, site, there = editable
    # What an earlier release, or the installation itself, may have left in site-packages.
    stale = site / "movement_readiness" / "_instrument" / "movement_readiness.toml"
    stale.parent.mkdir(parents=True, exist_ok=True)
    stale.write_text("stale", encoding="utf-8")
    run = subprocess.run(
        [there, "-P", "-c", WHERE], cwd=tmp_path, env=outside_variables(), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    file, _, content, notebooks = json.loads(run.stdout)
    assert (Path(file), Path(content), Path(notebooks)) == (
        tree / "movement_readiness" / "__init__.py",
        tree / "instrument",
        tree / "notebooks",
    )


# --- the house


def test_imports_go_downwards_only():
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = python("-c", code, "--no-cache", cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


def test_importing_the_package_is_light(tmp_path):
    code = "import movement_readiness, json, sys; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    loaded = set(json.loads(python("-c", code, cwd=tmp_path).stdout))
    assert "movement_readiness" in loaded
    ours = {canonicalize_name(Requirement(text).name).replace("-", "_") for text in PROJECT["dependencies"]}
    assert not loaded & (ours | {"factor_analyzer", "sqlalchemy", "sklearn", "IPython"})


# --- the tests themselves

SKIPS = """
import pytest

def test_inside(): pytest.skip("no browser here")

@pytest.mark.skipif(True, reason="no database here")
def test_marked(): ...

@pytest.mark.xfail(strict=True, reason="known")
def test_expected(): assert False

def test_well(): ...
"""


@pytest.mark.parametrize(("ci", "code", "counts"), [("true", 1, ["1 passed", "1 xfailed"]), ("", 0, ["3 skipped"])])
def test_on_ci_a_skipped_test_fails_and_says_what_is_missing(tmp_path, ci, code, counts):
    (tmp_path / "test_skips.py").write_text(SKIPS, encoding="utf-8")
    (tmp_path / "test_module.py").write_text("import pytest; pytest.importorskip('no_such_library')", encoding="utf-8")
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-rs", "--continue-on-collection-errors"]
    run = python("-m", "pytest", *options, cwd=tmp_path, env={"PYTHONPATH": str(ROOT / "tests"), "CI": ci})
    assert run.returncode == code, run.stdout + run.stderr
    assert all(count in run.stdout for count in counts)
    assert all(missing in run.stdout for missing in ("no browser here", "no database here", "no_such_library"))


# --- the pins


@functools.cache
def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def test_the_pins_are_plain_lines_in_order():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+", line)]
    assert not odd, f"constraints.txt: expected name==version and nothing else; got {odd}"
    assert text == "\n".join(lines) + "\n"
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert names == sorted(set(names))


MACHINES = [
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
]
PYTHONS = ["3.11", "3.12", "3.13"]


def needed(requirements, machine, extras=()):
    """The requirements that hold on a machine."""
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**machine, "extra": extra}) for extra in ("", *extras)):
            yield requirement


def everything_needed(machine):
    """All requirements, of all extras, and theirs in turn as far as they are installed here."""
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    todo = list(needed(itertools.chain(*groups), machine))
    seen = set()
    while todo:
        requirement = todo.pop()
        if canonicalize_name(requirement.name) == "movement-readiness" or str(requirement) in seen:
            continue
        seen.add(str(requirement))
        yield requirement
        try:
            about = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of another platform, or of an extra that is not installed here
        todo += needed(about.requires or [], machine, requirement.extras)


@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: f"{m['sys_platform']}-{m['platform_machine']}")
def test_every_requirement_is_pinned_within_its_range(machine, version):
    machine = machine | {"python_version": version, "python_full_version": f"{version}.4"}
    faults = []
    for requirement in everything_needed(machine):
        pin = pins().get(canonicalize_name(requirement.name))
        if pin is None:
            faults.append(f"{requirement.name} has no pin")
        elif not requirement.specifier.contains(pin, prereleases=True):
            faults.append(f"{requirement} is not met by the pin {pin}")
    assert not faults


# --- what is documented


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_documented(name):
    thing = getattr(mr, name)
    documentation = inspect.getdoc(thing) or ""
    assert documentation, f"mr.{name} has no docstring"
    sections = re.split(r"^(\w[\w ]*)\n-+$", documentation, flags=re.MULTILINE)
    found = dict(zip(sections[1::2], sections[2::2], strict=True))
    if inspect.isfunction(thing):
        assert {"Returns", "Examples"} <= set(found), f"mr.{name} has the sections {sorted(found)}"
        for parameter in inspect.signature(thing).parameters:
            described = re.search(rf"^[\w, *]*\b{parameter}\b[\w, *]* ?:", found.get("Parameters", ""), re.MULTILINE)
            assert described, f"mr.{name} does not describe {parameter!r} under Parameters"
    else:
        parts = [(part, value) for part, value in vars(thing).items() if not part.startswith("_")]
        bare = [
            part
            for part, value in parts
            if (inspect.isfunction(value) or isinstance(value, property)) and not inspect.getdoc(value)
        ]
        assert not bare, f"mr.{name} has no docstring on {bare}"


def test_the_readme_names_every_public_name():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in PUBLIC if not re.search(rf"\b{name}\b", readme)]
    assert not missing, f"README.md does not mention {', '.join(missing)}"


@pytest.mark.parametrize("job", ["demo", "tests"])
def test_the_readme_prints_each_command_once(job):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines.count(f"python3 -m movement_readiness.start {job}") == 1


def test_links_between_documents_lead_somewhere():
    broken = []
    for path in project_files():
        if path.suffix == ".md":
            targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
            inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
            broken += [f"{path.name}: {target}" for target in inside if not (path.parent / target).exists()]
    assert not broken


def test_the_house_that_is_drawn_is_the_house_that_is_checked():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    rooms = re.findall(r"\w+", " ".join(layers["contracts"][0]["layers"]))
    drawn = re.search(r"```(?:text)?\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    names = [name for line in drawn[1].splitlines() for name in re.findall(r"\w+", line.split("(")[0])]
    assert [name for name in rooms if name != "__main__"] == names


# --- what is published


def test_licence_texts_are_there():
    code, content = ((ROOT / name).read_text(encoding="utf-8") for name in ("LICENSE", "instrument/LICENSE"))
    assert "BSD 3-Clause" in code
    assert "Creative Commons Attribution 4.0" in content


NOT_PUBLISHED = {
    "a path of somebody's machine": r"(?<![\w.~$}])/(?:work|root|tmp|opt|home/\w+|Users/\w+|private/var)/\w|[A-Z]:\\\\?Users\\",
    "the host of a package registry": r"(?:pypi|pythonhosted|npmjs|jsdelivr|unpkg|anaconda|r-project)\.(?:org|com)\b",
    "an option that names an index": r"--(?:extra-)?index[-_]url|--find[-_]links|--trusted[-_]host|PIP_(?:INDEX|EXTRA)",
    "something that looks like a token": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16})\b",
}


@pytest.mark.parametrize("what", NOT_PUBLISHED)
def test_no_file_holds(what):
    pattern = re.compile(NOT_PUBLISHED[what])
    found = []
    for path in project_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue  # a picture or a workbook
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            match = pattern.search(line)
            if match:
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    assert not found
