"""Every fault of an instrument file is reported, all at once, each with its line and its place."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import GARDEN, ROOT

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, InstrumentError
from movement_readiness.instrument import bundled_directory
from movement_readiness.instrument.checks import find_faults, find_translation_faults
from movement_readiness.instrument.schema import InstrumentFile

# name: (text of the garden, what stands there instead, place, part of the sentence, text on the line reported)
FAULTS = {
    "item id twice": ('id = "n_key"', 'id = "n_talk"', "items 'n_talk', id", "used twice", None),
    "item id twice in another case": ('id = "x_spare"', 'id = "X_spare"\ntext = "A"\nresponse_scale = "four"\npurpose = "reserve"\n[[items]]\nid = "x_spare"', "items 'x_spare', id", "whatever their case", 'id = "x_spare"'),
    "scale id twice": ('id = "order"', 'id = "neighbours"', "scales 'neighbours', id", "used twice", None),
    "form id twice": ('id = "kurz"', 'id = "lang"', "forms 'lang', id", "used twice", None),
    "item id that is a column": ('id = "x_spare"', 'id = "Site"', "items 'Site', id", "column of every responses frame", 'id = "Site"'),
    "scale id that is an item": ('id = "order"', 'id = "n_fence"', "scales 'n_fence', id", "also the id of an item", None),
    "unknown item in a scale": ("g_often = 1, g_share = 1 }", "g_oft = 1, g_often = 1, g_share = 1 }", "keys, g_oft", "Did you mean 'g_often'?", "g_oft = 1"),
    "key 2": ("n_fence = 1, n_key = 1", "n_fence = 2, n_key = 1", "scales 'order', keys, n_fence", "+1 or -1; got 2", "n_fence = 2"),
    "key 0": ("n_fence = 1, n_key = 1", "n_fence = 0, n_key = 1", "scales 'order', keys, n_fence", "+1 or -1; got 0", "n_fence = 0"),
    "missing option label": ('{ code = 1, label = "ja" }', "{ code = 1 }", "response_scales 'ja_nein', options 1, label", "is missing", "options = ["),
    "empty option label": ('label = "ja"', 'label = " "', "options 1, label", "must not be empty", "options = ["),
    "same label twice": ('label = "ja"', 'label = "nein"', "response_scales 'ja_nein', options", "given 2 times", "options = ["),
    "same code twice": ('{ code = 2, label = "oft" }', '{ code = 3, label = "oft" }', "response_scales 'four', options", "the code 3 is given 2 times", "options = ["),
    "unordered codes": ('{ code = 2, label = "oft" }', '{ code = 7, label = "oft" }', "response_scales 'four', options", "must rise or fall", "options = ["),
    "one option": ('{ code = 1, label = "ja" },', "", "response_scales 'ja_nein', options", "at least 2", "options = ["),
    "eleven options": ('{ code = 1, label = "ja" },', "".join(f'{{ code = {n}, label = "{n}" }},' for n in range(1, 11)), "response_scales 'ja_nein', options", "at most 10 may be given, got 11", "options = ["),
    "negative option code": ('{ code = 0, label = "nein" }', '{ code = -5, label = "nein" }', "options -5, code", "expected 0 or more; got -5", "options = ["),
    "positive missing code": ("code = -3", "code = 3", "missing_codes 'leer', code", "below 0; got 3", "code = 3"),
    "missing code twice": ("code = -3", "code = -2", "missing_codes", "the code -2 is given 2 times", "[[missing_codes]]"),
    "unknown missing code": ('["unklar", "entfaellt"]', '["unklar", "entfall"]', "response_scales 'four', missing", "Did you mean 'entfaellt'?", "entfall"),
    "form without items": ('screens = [["g_joy", "g_chore", "g_often", "g_share"]]', "screens = []", "forms 'kurz', screens", "at least one item", "screens = []"),
    "form with empty screens": ('screens = [["g_joy", "g_chore", "g_often", "g_share"]]', "screens = [[], []]", "forms 'kurz', screens", "at least one item", "screens = [[], []]"),
    "form without screens": ('screens = [["g_joy", "g_chore", "g_often", "g_share"]]', "", "forms 'kurz', screens", "is missing", None),
    "item shown twice": ('[["g_joy", "g_chore", "g_often"', '[["g_joy", "g_joy", "g_chore", "g_often"', "forms 'kurz', screens", "shown 2 times", '"g_joy", "g_joy"'),
    "unknown item in a form": ('[["g_joy", "g_chore", "g_often"', '[["g_joi", "g_chore", "g_often"', "forms 'kurz', screens", "unknown item 'g_joi'", "g_joi"),
    "reserve item in a form": ('[["g_joy", "g_chore", "g_often"', '[["x_spare", "g_chore", "g_often"', "forms 'kurz', screens", "belongs in no form", '["x_spare"'),
    "unknown response scale": ('gern und lange."\nresponse_scale = "four"', 'gern und lange."\nresponse_scale = "fuor"', "items 'n_talk', response_scale", "Did you mean 'four'?", '"fuor"'),
    "unknown domain": ('id = "x_spare"', 'id = "x_spare"\ndomain = "gardenin"', "items 'x_spare', domain", "Did you mean 'gardening'?", "gardenin"),
    "unknown purpose": ('purpose = "reserve"', 'purpose = "spare"', "items 'x_spare', purpose", "got 'spare'", "purpose"),
    "item that nothing scores": ('purpose = "reserve"', "", "items 'x_spare'", "no scale has this item", None),
    "reserve item scored": ("g_often = 1, g_share = 1 }", "g_often = 1, g_share = 1, x_spare = 1 }", "items 'x_spare', purpose", "must not be scored", "purpose"),
    "nominal item scored": ('id = "ja_nein"', 'id = "ja_nein"\nordered = false', None, "not ordered, so it cannot be scored", None),
    "min_answered too high": ("g_share = 1 }\nmin_answered = 3\n\n[[scales]]\nid = \"neighbours\"", "g_share = 1 }\nmin_answered = 5\n\n[[scales]]\nid = \"neighbours\"", "scales 'gardening', min_answered", "expected at most 4", "min_answered = 5"),
    "min_answered zero": ("min_answered = 2", "min_answered = 0", "scales 'order', min_answered", "expected 1 or more; got 0", "min_answered = 0"),
    "min_answered missing": ("min_answered = 2", "", "scales 'order', min_answered", "expected a whole number from 1 to 2", None),
    "min_scales too high": ("min_scales = 1", "min_scales = 3", "scales 'garden_index', min_scales", "expected at most 2", "min_scales = 3"),
    "too many per domain": ("min_answered = 2", "min_answered = 2\nmin_answered_per_domain = 3", "scales 'order', min_answered_per_domain", "expected at most 2", "per_domain = 3"),
    "keys and scales": ("min_scales = 1", "min_scales = 1\nkeys = { n_key = 1 }\nmin_answered = 1", "scales 'garden_index'", "got both", None),
    "neither keys nor scales": ('keys = { n_fence = 1, n_key = 1 }\nmin_answered = 2', "", "scales 'order'", "got neither", None),
    "unknown part of an index": ('scales = ["gardening", "neighbours"]', 'scales = ["gardening", "nieghbours"]', "scales 'garden_index', scales", "Did you mean 'neighbours'?", "nieghbours"),
    "index of an index": ('scales = ["gardening", "neighbours"]', 'scales = ["gardening", "garden_index"]', "scales 'garden_index', scales", "scale with items of its own", "scales = ["),
    "unknown form of a report": ("min_answered = 2", 'min_answered = 2\nreport_forms = ["kruz"]', "scales 'order', report_forms", "Did you mean 'kurz'?", "kruz"),
    "bad version": ('version = "2.3.1"', 'version = "2.3"', "instrument, version", "such as 0.1.0; got '2.3'", 'version = "2.3"'),
    "bad language": ('language = "de"', 'language = "German"', "instrument, language", "such as en or pt-BR", "German"),
    "bad item id": ('id = "x_spare"', 'id = "1 spare"', "items '1 spare', id", "starting with a letter", "1 spare"),
    "unknown key": ('purpose = "reserve"', 'purpose = "reserve"\nresponsescale = "four"', "items 'x_spare', responsescale", "not known here", "responsescale"),
    "unknown table": ("[aim]", "[extra]\nx = 1\n\n[aim]", "extra", "not known here", "[extra]"),
    "missing table": ('[aim]\nid = "garden-for-all"', "", "aim", "is missing", None),
    "text as a number": ('text = "Ersatzzeile."', "text = 7", "items 'x_spare', text", "text in quotes; got 7", "text = 7"),
    "number as a text": ("code = -3", 'code = "-3"', "missing_codes 'leer', code", "whole number without quotes", 'code = "-3"'),
    "other format": ("format = 1", "format = 2", "format", "expected 1; got 2", "format = 2"),
}  # fmt: skip


def faults_of(path: Path) -> tuple:
    with pytest.raises(InstrumentError) as caught:
        mr.load_instrument(path)
    return caught.value.faults


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_fault_is_reported_with_its_line_and_place(name, changed, write):
    old, new, place, said, on_line = FAULTS[name]
    text = changed((old, new))
    found = faults_of(write(text))  # a broken id may be missed elsewhere: further faults are allowed here
    matching = [fault for fault in found if said in fault.message and (place is None or place in fault.place)]
    assert matching, [str(fault) for fault in found]
    line = matching[0].line
    assert line is not None or name == "missing table"
    if on_line:
        assert on_line in text.split("\n")[line - 1], (line, text.split("\n")[line - 1])


def test_the_untouched_file_has_no_fault(garden_text, write):
    assert mr.load_instrument(write(garden_text)).id == "shared-garden"


def test_a_single_slip_gives_a_single_sentence(changed, write):
    path = write(changed(("n_fence = 1, n_key = 1", "n_fence = 2, n_key = 1")))
    (fault,) = faults_of(path)
    line = path.read_text(encoding="utf-8").split("\n").index("keys = { n_fence = 2, n_key = 1 }") + 1
    assert str(fault) == f"line {line}, scales 'order', keys, n_fence: the key of an item must be +1 or -1; got 2"


def test_twenty_different_faults_give_twenty_sentences(changed, write):
    text = changed(
        ('version = "2.3.1"', 'version = "2"'),
        ('licence = "CC0-1.0"', 'licence = ""'),
        ('["Denken Sie an den letzten Monat."]', "[]"),
        ("[aim]", "[remarks]\nx = 1\n[aim]"),
        ('{ code = 7, label = "stimmt ganz" }', "{ code = 7 }"),
        ('["unklar", "entfaellt"]', '["unklar", "anders"]'),
        ('{ code = 2, label = "oft" }', '{ code = 9, label = "oft" }'),
        ('{ code = 1, label = "ja" },', ""),
        ("code = -3", "code = 3"),
        ('id = "x_spare"', 'id = "team"'),
        ('text = "Ersatzzeile."', "text = 1"),
        ('gern und lange."\nresponse_scale = "four"', 'gern und lange."\nresponse_scale = "five"'),
        ('zum Schuppen."', 'zum Schuppen."\ncolour = "red"'),
        ("g_joy = 1, g_chore = -1", "g_joy = 3, g_chore = -1, g_gone = 1"),  # two faults
        ("min_answered = 2", "min_answered = 4"),
        ('scales = ["gardening", "neighbours"]', 'scales = ["gardening", "friends"]'),
        ("min_scales = 1", "min_scales = 6"),
        ('screens = [["g_joy", "n_fence"', 'screens = [["g_joy", "g_joy", "n_fence"'),
        ('screens = [["g_joy", "g_chore", "g_often", "g_share"]]', "screens = []"),
    )
    path = write(text)
    found = faults_of(path)
    assert len(found) == 20, "\n".join(map(str, found))
    assert len({fault.message for fault in found}) == 20
    assert all(fault.line for fault in found)
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    with pytest.raises(InstrumentError, match=r"^garden\.toml has 20 faults:\n  line "):
        mr.load_instrument(path)


def test_a_long_list_is_cut_in_print_and_whole_in_the_error(garden_text, write):
    extra = "".join(f'\n[[roles]]\nid = "r{n}"\n' for n in range(60))
    with pytest.raises(InstrumentError, match="and 10 more") as caught:
        mr.load_instrument(write(garden_text + extra))
    assert len(caught.value.faults) == 60


def test_lines_are_right_below_multi_line_texts_and_odd_line_ends(changed, write):
    text = changed(
        ('text = "Ersatzzeile."', 'text = """Ersatz-\nid = "not a key"\n[[items]]\nzeile\u2028."""'),
        ('id = "order"', 'id = "order"\nmin_scales = "x"'),
    )
    path = write(text)
    (fault,) = faults_of(path)
    assert text.split("\n")[fault.line - 1] == 'min_scales = "x"'
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert faults_of(path)[0].line == fault.line


def test_lines_are_found_in_a_table_of_keys(changed, write):
    text = changed(
        (
            "keys = { n_fence = 1, n_key = 1 }\nmin_answered = 2",
            "min_answered = 2\n[scales.keys]\nn_fence = 1\nn_key = 5",
        )
    )
    (fault,) = faults_of(write(text))
    assert text.split("\n")[fault.line - 1] == "n_key = 5"


# -- files that cannot be read ----------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InstrumentError, match=r"nowhere\.toml' does not exist"):
        mr.load_instrument(tmp_path / "nowhere.toml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InstrumentError, match="cannot be read"):
        mr.load_instrument(tmp_path)


@pytest.mark.parametrize("path", [5, b"garden.toml", ["garden.toml"]])
def test_a_path_must_be_a_path(path):
    with pytest.raises(ArgumentError, match="path: expected the path of an instrument file; got"):
        mr.load_instrument(path)


@pytest.mark.parametrize(
    "text",
    [
        "format = ",
        "id,text\nR1,We agree",
        "a = 1\na = 2",
        "x = " + "9" * 5000,
        "x = " + "[" * 3000 + "]" * 3000,
    ],
    ids=["broken", "csv", "name twice", "endless number", "nested too deep"],
)
def test_what_is_not_toml_is_said_to_be_not_toml(text, write):
    with pytest.raises(InstrumentError, match="not valid TOML"):
        mr.load_instrument(write(text))


def test_a_file_that_is_not_utf_8_is_said_to_be_so(garden_text, tmp_path):
    path = tmp_path / "garden.toml"
    path.write_bytes(garden_text.encode("cp1252"))
    with pytest.raises(InstrumentError, match="UTF-8"):
        mr.load_instrument(path)


def test_a_byte_order_mark_does_no_harm(garden_text, tmp_path):
    path = tmp_path / "garden.toml"
    path.write_bytes(garden_text.encode("utf-8-sig"))
    assert mr.load_instrument(path).sha256 == mr.load_instrument(GARDEN).sha256


def test_an_empty_file_lacks_everything(write):
    places = {fault.place for fault in faults_of(write(""))}
    assert {"format", "instrument", "wording", "items", "scales", "forms"} <= places


# -- history ------------------------------------------------------------------------------------------


def history(version: str, sha256: str) -> str:
    return f'[shared-garden]\n"{version}" = "{sha256}"\n'


def test_a_changed_item_needs_a_new_version(garden, changed, write):
    write(history("2.3.1", garden.sha256), "history.toml")
    path = write(changed(("Ersatzzeile.", "Andere Zeile.")))
    (fault,) = faults_of(path)
    assert fault.place == "instrument, version"
    assert garden.sha256[:12] in fault.message
    assert "give the changed content a new version" in fault.message
    path.write_text(changed(("Ersatzzeile.", "Andere Zeile."), ('"2.3.1"', '"2.4.0"')), encoding="utf-8")
    assert mr.load_instrument(path).version == "2.4.0"


def test_unchanged_content_agrees_with_its_history(garden, garden_text, write):
    write(history("2.3.1", garden.sha256), "history.toml")
    assert mr.load_instrument(write(garden_text)) == garden.__class__(garden.file, {"de": garden.translation("de")})


def test_history_of_another_instrument_is_no_fault(garden_text, write):
    write(history("2.3.1", "0" * 64).replace("shared-garden", "other"), "history.toml")
    assert mr.load_instrument(write(garden_text)).version == "2.3.1"


def test_a_history_that_is_no_table_is_a_fault(garden_text, write):
    write('shared-garden = "2.3.1"', "history.toml")
    (fault,) = faults_of(write(garden_text))
    assert fault.file == "history.toml"


def test_the_bundled_content_stands_in_its_history(instrument):
    released = tomllib.loads((ROOT / "instrument" / "history.toml").read_text(encoding="utf-8"))
    assert released[instrument.id][instrument.version] == instrument.sha256


# -- anything at all ------------------------------------------------------------------------------------

RAW = {
    path: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in (GARDEN, ROOT / "instrument" / "movement_readiness.toml")
}
WORDS = {
    path: tomllib.loads((path.parent / "translations" / name).read_text(encoding="utf-8"))
    for path, name in zip(RAW, ("en.toml", "es.toml"), strict=True)
}
SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats(allow_nan=True) | st.sampled_from(["", " ", "g_joy", "R1", "four", "truth", "é", "0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "code", "label", "keys", "R1"]), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


def mutate(raw, data):
    """Delete, replace or add something at a place chosen at random."""
    here = raw
    while True:
        steps = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not steps:
            return
        step = data.draw(st.sampled_from(steps))
        below = here[step]
        if isinstance(below, dict | list) and below and data.draw(st.integers(0, 3)):
            here = below
            continue
        action = data.draw(st.sampled_from(["delete", "replace", "double"]))
        if action == "delete":
            del here[step]
        elif action == "replace" or isinstance(here, dict):
            here[step] = data.draw(SCRAPS)
        else:
            here.append(copy.deepcopy(below))
        return


def without_none(value):
    """TOML has no null."""
    if isinstance(value, dict):
        return {key: without_none(entry) for key, entry in value.items() if entry is not None}
    return [without_none(entry) for entry in value if entry is not None] if isinstance(value, list) else value


@pytest.mark.parametrize("path", list(RAW), ids=lambda path: path.stem)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(data=st.data())
def test_no_mutilated_file_raises_anything_but_faults(path, data):
    raw = copy.deepcopy(RAW[path])
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(raw, data)
    raw = without_none(raw)
    found = find_faults(raw)
    assert all(str(fault) and fault.message for fault in found)
    if not found:
        instrument = mr.instrument.Instrument(InstrumentFile.model_validate(raw), {})
        assert len(instrument.sha256) == 64
        for item in instrument.item_ids():
            assert instrument.key(item) in (1, -1)


@pytest.mark.parametrize("path", list(RAW), ids=lambda path: path.stem)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(data=st.data())
def test_no_mutilated_translation_raises_anything_but_faults(path, data):
    source = mr.load_instrument(path).file
    raw = copy.deepcopy(WORDS[path])
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(raw, data)
    raw = without_none(raw)
    found = find_translation_faults(raw, source)
    assert all(str(fault) for fault in found)
    if not found:
        words = mr.instrument.Translation.of_file(mr.instrument.TranslationFile.model_validate(raw), source)
        assert {scale: set(labels) for scale, labels in words.options.items()} == {
            scale.id: set(scale.codes) for scale in source.response_scales
        }


# -- where the bundled file is ----------------------------------------------------------------------------


def run(code: str, *, path: Path | None = None) -> str:
    environment = {"PYTHONPATH": str(path)} if path else {}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, cwd=path
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_package_s_own_copy_comes_first(tmp_path):
    shutil.copytree(
        ROOT / "movement_readiness",
        tmp_path / "movement_readiness",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(ROOT / "instrument", tmp_path / "instrument")
    code = "from movement_readiness.instrument import bundled_directory as f, load_instrument; print(f()); load_instrument()"
    assert Path(run(code, path=tmp_path)) == tmp_path.resolve() / "instrument"
    (tmp_path / "instrument").rename(tmp_path / "movement_readiness" / "_instrument")
    (tmp_path / "instrument").mkdir()  # an unrelated folder beside the package must not win
    assert Path(run(code, path=tmp_path)) == tmp_path.resolve() / "movement_readiness" / "_instrument"


def test_in_the_source_tree_the_content_lies_beside_the_package(instrument):
    assert bundled_directory() == ROOT / "instrument"
    assert instrument.path == ROOT / "instrument" / "movement_readiness.toml"


def test_loading_an_instrument_needs_neither_pandas_nor_scipy():
    code = (
        "import sys, movement_readiness as mr; i = mr.load_instrument(); i.sha256; i.item_ids();"
        "print([m for m in ('pandas', 'scipy', 'numpy', 'matplotlib') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_a_scale_that_no_form_can_score_is_a_fault(garden_text, write):
    text = garden_text.replace('["g_chore", "n_key", "g_share", "n_party"]', '["n_key", "g_share", "n_party"]')
    text = text.replace('["g_joy", "g_chore", "g_often", "g_share"]', '["g_joy", "g_often", "g_share"]')
    text = text.replace("min_answered = 3", "min_answered = 4", 1)
    with pytest.raises(InstrumentError, match=r"'gardening', min_answered: no form shows 4 of its items \(at most 3\)"):
        mr.load_instrument(write(text))
