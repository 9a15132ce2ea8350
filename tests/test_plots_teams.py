"""Figures of teams: what they say in words and numbers, that nothing is cut or overlaps, and that colour is not needed."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from movement_readiness import plots
from movement_readiness.plots.scores import _told_apart
from movement_readiness.plots.sheet import text_width, wrap

SCALES = ["a", "b", "c", "d"]
LABELS = {
    "plain": {"a": "Rational", "b": "Emotional", "c": "Social and normative", "d": "Index"},
    "long": {
        "a": "The extent to which everybody here believes that what we do together is worth doing, again and again",
        "b": "Donaudampfschifffahrtsgesellschaftskapitänsmützenbandfabrikationsbetrieb",
        "c": "$5 & <b> $x^2$ \\frac",
        "d": "الشرفة المشتركة",
    },
}
OPTIONS = {
    "five": {1: "Not at all", 2: "A little", 3: "Partly", 4: "Mostly", 5: "Completely true"},
    "four": {0: "nie", 1: "selten", 2: "oft", 3: "immer"},
}


def scores(hidden=("c",)):
    frame = pd.DataFrame({"scale": SCALES, "mean": [61.0, 0.0, 50.0, 100.0]})
    frame["ci_low"], frame["ci_high"] = (frame["mean"] - 12).clip(lower=0), (frame["mean"] + 12).clip(upper=100)
    frame["withheld"] = frame["scale"].isin(hidden)
    frame.loc[frame["withheld"], ["mean", "ci_low", "ci_high"]] = np.nan
    return frame


def spreads():
    words = pd.array(["alike", "mixed", None, "wide"], dtype="str")
    return pd.DataFrame({"scale": SCALES, "spread": words, "withheld": [False, False, True, False]})


def changes():
    return pd.DataFrame(
        {
            "scale": SCALES,
            "wave_from": "1",
            "wave_to": "2",
            "change": [12.0, -3.0, np.nan, -30.0],
            "ci_low": [2.0, -13.0, np.nan, -44.0],
            "ci_high": [22.0, 7.0, np.nan, -16.0],
            "verdict": pd.array(["higher", "no clear change", None, "lower"], dtype="str"),
            "withheld": [False, False, True, False],
        }
    )


def answers(options="five"):
    codes = sorted(OPTIONS[options])
    shares = {"a": [10, 20, 30, 25, 15], "b": [0, 0, 0, 0, 100], "d": [50, 0, 0, 0, 50]}
    rows = []
    for item in SCALES:
        for place, code in enumerate(codes):
            percent = shares[item][place] if item in shares else np.nan
            rows.append({"item": item, "option": code, "percent": percent, "withheld": item not in shares})
    return pd.DataFrame(rows)


def teams(n_teams=40, seed=1):
    rng = np.random.default_rng(seed)
    n = rng.integers(10, 30, n_teams)
    error = 20 / np.sqrt(n)
    z = rng.normal(size=n_teams)
    z[:3] = [0.0, 2.5, -4.0]
    frame = pd.DataFrame({"site": np.where(np.arange(n_teams) < 10, "North", "South"), "n": n, "centre": 60.0})
    frame["team"] = [f"Team {number}" for number in range(n_teams)]
    frame["mean"] = 60 + z * error
    for name, width in (("95", 1.96), ("998", 3.09)):
        frame[f"low{name}"], frame[f"high{name}"] = 60 - width * error, 60 + width * error
    frame["position"] = np.select([abs(z) > 3.09, abs(z) > 1.96], ["outside 99.8 %", "outside 95 %"], "within")
    return frame.assign(dispersion=1.3, withheld=False)


def means(n_teams=5):
    values = np.linspace(0, 100, n_teams * 4).reshape(n_teams, 4)
    values[1] = np.nan
    return pd.DataFrame(values, columns=SCALES, index=[f"T{number}" for number in range(n_teams)])


def every(labels, name="A3", site="North"):
    pull = scores(hidden=()).iloc[0].to_dict()
    options = dict.fromkeys(SCALES, OPTIONS["five"])
    return {
        "profile": plots.profile(scores(), labels, name=name, reference=scores(("a",)), reference_name=site),
        "pull": plots.pull_strip(
            pull, name=name, low_label=labels["a"], high_label=labels["b"], reference=pull, reference_name=site
        ),
        "spread": plots.spread_strip(spreads(), labels, name=name),
        "change": plots.change(changes(), labels, name=name),
        "answers": plots.answer_bars(answers(), labels, options, name=name),
        "mixed": plots.answer_bars(
            pd.concat([answers(), answers("four").assign(item="e", percent=[10, 20, 30, 40] * 4).iloc[:4]]),
            {**labels, "e": labels["a"]},
            {**options, "e": OPTIONS["four"]},
            name=name,
        ),
        "funnel": plots.funnel(teams(), label=labels["a"], site="North"),
        "heat": plots.heat_map(means(), ["12 of 14", "not shown", "none", "9", "10"], labels),
    }


def letters(picture):
    """Every text with the box it takes."""
    canvas = FigureCanvasAgg(picture.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in picture.figure.texts if text.get_text()]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize(
    "name", ["A3", "Ward 7 of the hospital of Saint Elizabeth and Saint Roch, night shift and weekends"]
)
def test_no_letter_is_cut_or_lies_on_another_whatever_the_names(labels, name):
    for kind, picture in every(LABELS[labels], name, site=name).items():
        boxes = letters(picture)
        whole = picture.figure.bbox.padded(1)
        for words, box in boxes:
            assert all(whole.contains(*corner) for corner in box.corners()), (kind, words)
        for (one, first), (other, second) in itertools.combinations(boxes, 2):
            shared = (
                min(first.x1, second.x1) - max(first.x0, second.x0),
                min(first.y1, second.y1) - max(first.y0, second.y0),
            )
            assert min(shared) <= 2.5, (kind, one, other)  # letters' boxes are larger than their ink


def test_every_figure_has_words_and_the_numbers_behind_it():
    made = every(LABELS["plain"])
    assert all(isinstance(picture.data, pd.DataFrame) and len(picture.data) for picture in made.values())
    expected = {
        "profile": "Rational 61 (49 to 73); Emotional 0 (0 to 12), North 0 (0 to 12); Social and normative not shown",
        "pull": "A3: 61 (49 to 73); North: 61 (49 to 73)",
        "spread": "Rational much alike; Emotional somewhat apart; Social and normative not shown; Index far apart",
        "change": "from wave 1 to wave 2, with 95 % intervals: Rational higher, +12 points (+2 to +22); Emotional no clear",
        "answers": "Rational 30% below, 30% at, 40% above the middle; Emotional 0% below, 0% at, 100% above",
        "mixed": "30% below, 70% above the middle",
        "funnel": "40 teams by how many answered, around 60",
        "heat": "T0 (12 of 14): Rational 0, Emotional 5, Social and normative 11, Index 16; T1 (not shown): Rational not shown",
    }
    for kind, words in expected.items():
        assert words in made[kind].alternative, made[kind].alternative
    assert list(made["profile"].data["mean"].dropna()) == [61, 0, 100]
    assert made["change"].data["change"].iloc[3] == -30


def test_what_is_withheld_is_striped_and_has_no_number():
    for kind, picture in every(LABELS["plain"]).items():
        striped = [part for part in picture.figure.findobj(PolyCollection) if part.get_hatch()]
        assert bool(striped) == (kind not in ("pull", "funnel")), kind
    row = plots.profile(scores(), LABELS["plain"], name="A3").data.set_index("scale").loc["c"]
    assert row["withheld"]
    assert row[["mean", "ci_low", "ci_high"]].isna().all()


def markers(picture):
    return {(line.get_marker(), line.get_markerfacecolor() == "white") for line in picture.figure.findobj(Line2D)}


def test_shapes_and_fillings_tell_without_colour():
    made = every(LABELS["plain"])
    assert {("o", True), ("o", False)} <= markers(made["change"])  # clear and no clear change
    assert {("o", False), ("D", False), ("s", False)} <= markers(made["funnel"])  # within, outside, far outside
    assert ("o", True) in markers(made["funnel"])  # other sites
    kinds = {str(part.get_linestyle()) for part in made["funnel"].figure.findobj(LineCollection)}
    assert len(kinds) >= 3


def test_darker_is_higher_in_the_table_of_teams():
    cells = [part for part in every(LABELS["plain"])["heat"].figure.findobj(PolyCollection) if not part.get_hatch()]
    tones = np.concatenate([part.get_facecolor()[:, :3] @ [0.2126, 0.7152, 0.0722] for part in cells])
    assert len(tones) == 16
    assert (np.diff(tones) < 0).all()
    assert tones.min() > sum(to_rgb("#1a1a1a")) / 3 + 0.35  # numbers are read on the darkest of them


def test_teams_of_one_site_are_named_where_they_are_outside():
    picture = plots.funnel(teams(), label="Rational", site="North")
    written = [text.get_text() for text in picture.figure.texts]
    assert {"Team 1", "Team 2"} <= set(written)
    assert "Team 0" not in written
    assert "Of teams of North: Team 1 mean 7" in picture.alternative
    assert "over-dispersion 1.30" in picture.alternative
    one = plots.funnel(teams(), label="Rational", site="North", team="Team 0")
    assert "Team 0" in [text.get_text() for text in one.figure.texts]
    bare = plots.funnel(teams(), label="Rational", site="North", key=False)
    assert bare.figure.get_figheight() < picture.figure.get_figheight()


def test_a_funnel_of_teams_of_one_size_counts_in_whole_people():
    same = teams().assign(n=12)
    picture = plots.funnel(same, label="Rational")
    below = [
        text.get_text() for text in picture.figure.texts if text.get_text().isdigit() and text.get_position()[1] > 2.8
    ]
    assert len(set(below)) == len(below)
    assert "12" in below
    assert plots.funnel(teams().assign(withheld=True), label="Rational") is None


def test_changes_are_measured_from_a_middle_that_fits_them_all():
    picture = plots.change(changes(), LABELS["plain"], name="A3")
    written = [text.get_text() for text in picture.figure.texts]
    assert {"−50", "0", "+50"} <= set(written)
    quiet = plots.change(changes().iloc[1:2], LABELS["plain"], name="A3")
    assert "+20" in [text.get_text() for text in quiet.figure.texts]


def test_files_are_the_same_every_time_and_hold_letters_of_every_script():
    first, again = every(LABELS["long"]), every(LABELS["long"])
    for kind in first:
        assert first[kind].svg() == again[kind].svg(), kind
    svg = first["spread"].svg().decode()
    assert "الشرفة" in svg
    assert "Verdana" in svg
    assert "<b>" not in svg
    assert first["spread"].png().startswith(b"\x89PNG")


@pytest.mark.parametrize("size", [9, 10.5])
def test_lines_are_broken_where_they_fit(size):
    for text in LABELS["long"].values():
        lines = wrap(text, 1.5, size)
        assert 1 <= len(lines) <= 2
        assert all(text_width(line, size) <= 1.5 for line in lines)
    assert wrap("", 1, 10) == [""]
    assert wrap("short", 1, 10) == ["short"]
    assert " ".join(wrap(LABELS["long"]["a"], 1.5, 10, most=20)) == LABELS["long"]["a"]


def test_every_figure_is_drawn_in_well_under_a_third_of_a_second():
    every(LABELS["plain"])  # fonts are read once
    for kind in ("profile", "pull", "spread", "change", "answers", "funnel", "heat"):
        started = time.process_time()
        every(LABELS["plain"])[kind].svg()
        assert time.process_time() - started < 0.3 * 8, kind  # of eight figures made
    started = time.process_time()
    plots.funnel(teams(5000), label="Rational", site="North").svg()
    plots.heat_map(means(60), ["12"] * 60, LABELS["plain"]).svg()
    assert time.process_time() - started < 1.5


def test_long_names_beside_a_heat_map_are_told_apart():
    long = [
        f"Community Nursing and District Care of the whole county, {end}" for end in ("Ward East", "Ward West", "A")
    ]
    long += [f"{middle} of a name that begins and ends alike but for one word in it" for middle in ("B", "C")]
    long += [
        "Alike at both ends, and so long that only the one word two differs in the middle of it, alike at both ends"
    ]
    long += [long[-1].replace("two", "six")]
    shown = _told_apart(long)
    assert len(set(map(tuple, shown))) == len(long)
    assert all(text_width(line, 9.5) <= 1.5 for name in shown for line in name)
    assert _told_apart(["Ward 3", "Ward 4"]) == [["Ward 3"], ["Ward 4"]]
