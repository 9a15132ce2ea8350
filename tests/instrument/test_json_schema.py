"""The JSON Schemas for editors are up to date, accept every good file and reject broken ones."""

from __future__ import annotations

import copy
import json
import tomllib

import jsonschema
import pytest
from support import GARDEN, ROOT

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument.json_schema import json_schemas, write_schemas

FOLDER = ROOT / "instrument"
FILES = {
    FOLDER / "movement_readiness.toml": "instrument",
    GARDEN: "instrument",
    FOLDER / "translations" / "es.toml": "translation",
    GARDEN.parent / "translations" / "en.toml": "translation",
}


def validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8")))


def raw(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_shipped_schemas_are_up_to_date(tmp_path):
    written = write_schemas(tmp_path)
    assert len(written) == 2
    for path in written:
        shipped = (FOLDER / path.name).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == shipped, "run: python -m movement_readiness.instrument.json_schema"


@pytest.mark.parametrize("kind", ["instrument", "translation"])
def test_a_schema_is_a_schema(kind):
    schema = json_schemas()[f"{kind}.schema.json"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_we_have_fits_its_schema(path):
    assert list(validator(FILES[path]).iter_errors(raw(path))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_fits_the_other_schema(path):
    other = {"instrument": "translation", "translation": "instrument"}[FILES[path]]
    assert not validator(other).is_valid(raw(path))


def parts(schema):
    """Every table of a schema: its name and what it holds."""
    yield schema["title"], schema
    yield from schema["$defs"].items()


@pytest.mark.parametrize("name", json_schemas())
def test_an_editor_can_say_what_each_name_means(name):
    schema = json_schemas()[name]
    for title, part in parts(schema):
        assert part["description"], title
        for field, described in part["properties"].items():
            assert described.get("description") or "$ref" in described, f"{title}.{field}"
    assert "null" not in json.dumps(schema)  # TOML has none


def drop(*steps):
    def change(file):
        here = file
        for step in steps[:-1]:
            here = here[step]
        del here[steps[-1]]

    return change


def put(value, *steps):
    def change(file):
        here = file
        for step in steps[:-1]:
            here = here[step]
        here[steps[-1]] = value

    return change


BROKEN_INSTRUMENT = [
    drop("format"),
    drop("items"),
    drop("items", 0, "text"),
    drop("response_scales", 0, "options", 0, "label"),
    drop("scales", 0, "definition"),
    drop("forms", 0, "screens"),
    put(2, "format"),
    put("1.0", "instrument", "version"),
    put([], "items"),
    put("", "items", 0, "text"),
    put("1R", "items", 0, "id"),
    put("spare", "items", 0, "purpose"),
    put(1, "items", 0, "textt"),
    put("1", "response_scales", 0, "options", 0, "code"),
    put(-1, "response_scales", 0, "options", 0, "code"),
    put([{"code": 1, "label": "one"}], "response_scales", 0, "options"),
    put([{"code": n, "label": str(n)} for n in range(11)], "response_scales", 0, "options"),
    put(0, "missing_codes", 0, "code"),
    put({"R1": 2}, "scales", 0, "keys"),
    put({"R 1": 1}, "scales", 0, "keys"),
    put(0, "scales", 0, "min_answered"),
    put("main", "scales", 0, "kind"),
]
BROKEN_TRANSLATION = [
    drop("items"),
    drop("status"),
    drop("consent"),
    drop("scales"),
    put("final", "status"),
    put("english", "language"),
    put("1", "source_version"),
    put("", "title"),
    put(5, "items", "R1"),
    put({"one": "One"}, "response_scales", "four"),
    put({"1": ""}, "response_scales", "four"),
    put({"definition": "no title"}, "scales", "order"),
    put(1, "keys"),
]


@pytest.mark.parametrize(
    "path", [path for path, kind in FILES.items() if kind == "instrument"], ids=lambda path: path.name
)
@pytest.mark.parametrize("number", range(len(BROKEN_INSTRUMENT)))
def test_a_broken_instrument_does_not_fit(path, number):
    file = copy.deepcopy(raw(path))
    BROKEN_INSTRUMENT[number](file)
    assert not validator("instrument").is_valid(file)


@pytest.mark.parametrize(
    "path", [path for path, kind in FILES.items() if kind == "translation"], ids=lambda path: path.name
)
@pytest.mark.parametrize("number", range(len(BROKEN_TRANSLATION)))
def test_a_broken_translation_does_not_fit(path, number):
    file = copy.deepcopy(raw(path))
    BROKEN_TRANSLATION[number](file)
    assert not validator("translation").is_valid(file)


@pytest.mark.parametrize("path", [path for path in FILES if FOLDER in path.parents], ids=lambda path: path.name)
def test_the_first_line_of_a_shipped_file_names_its_schema(path):
    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert first.startswith("#:schema ")
    named = (path.parent / first.removeprefix("#:schema ")).resolve()
    assert named == FOLDER / f"{FILES[path]}.schema.json"
    assert named.is_file()


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"directory: expected an existing folder; got '.*nowhere'"):
        write_schemas(tmp_path / "nowhere")
