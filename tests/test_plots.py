"""Psychometric figures: what they show, that they read without colour, and the words that stand for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from movement_readiness import plots
from movement_readiness.exceptions import ArgumentError
from movement_readiness.plots import item_distributions, loadings_heat_map, scree
from movement_readiness.psychometrics import (
    efa,
    item_analysis,
    mcdonald_omega,
    parallel_analysis,
    retention_summary,
    schmid_leiman,
)


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(5)
    factors = rng.normal(size=(300, 3)) + 0.8 * rng.normal(size=(300, 1))
    latent = factors.repeat(4, axis=1) + rng.normal(size=(300, 12))
    latent[:, 3] *= -1
    return pd.DataFrame(np.clip(np.rint(3 + 0.8 * latent), 1, 5), columns=[f"q{n}" for n in range(1, 13)])


@pytest.fixture(scope="module")
def solution(answers):
    return efa(answers, n_factors=3)


def patches(picture, kind=Rectangle):
    return [patch for patch in picture.figure.axes[0].patches if isinstance(patch, kind)]


def texts(picture):
    return [text.get_text() for text in picture.figure.axes[0].texts]


def lightness(patch):
    red, green, blue, _ = patch.get_facecolor()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def fits(picture):
    """Every letter lies within the figure."""
    figure, axes = picture.figure, picture.figure.axes[0]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    (left, right), heights = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    ticks = [text for text in axes.get_xticklabels() if left <= text.get_position()[0] <= right]
    ticks += [text for text in axes.get_yticklabels() if heights[0] <= text.get_position()[1] <= heights[1]]
    boxes = [text.get_window_extent(renderer) for text in [*axes.texts, *ticks] if text.get_text()]
    whole = figure.bbox.padded(1)
    return all(whole.contains(*corner) for box in boxes for corner in box.corners())


def test_every_figure_of_before_is_still_there():
    assert set(plots.__all__) >= {"Picture", "heat_map", "profile", "pull_strip"}
    assert all(hasattr(plots, name) for name in plots.__all__)


def test_the_scree_of_a_summary_says_where_its_parallel_analysis_is(answers):
    summary = retention_summary(answers, n_iterations=20)
    with pytest.raises(ArgumentError, match=r"summary\.parallel"):
        scree(summary)
    assert scree(summary.parallel).alternative


def test_the_scree_fills_the_dots_that_stand_out(answers):
    found = parallel_analysis(answers, n_iterations=50, seed=1)
    picture = scree(found)
    lines = {line.get_label(): line for line in picture.figure.axes[0].lines}
    assert len(lines["items, above the random ones"].get_xdata()) == found.n_factors == 3
    assert len(lines["items, not above"].get_xdata()) == 9
    assert lines["items, not above"].get_markerfacecolor() == "white"  # told apart without colour
    styles = {line.get_linestyle() for label, line in lines.items() if label.startswith("unrelated")}
    assert len(styles) == 2
    assert "3 stand out" in picture.alternative
    assert f"1: {found.observed.iloc[0]:.2f} against" in picture.alternative
    assert fits(picture)


def test_loadings_are_numbers_on_tones_with_negative_ones_hatched(solution):
    picture = loadings_heat_map(solution, sort=False)
    cells = patches(picture)
    values = solution.loadings.to_numpy().ravel()
    assert len(cells) == 36
    for cell, value in zip(cells, values, strict=True):
        assert (cell.get_hatch() is not None) == (value <= -0.3)
    order = np.argsort(np.abs(values))
    tones = np.array([lightness(cell) for cell in cells])[order]
    assert (np.diff(tones) <= 1e-9).all()  # darker is larger, also in grey
    assert texts(picture)[0] == f"{values[0]:.2f}".replace("-", "−")
    assert "q4: " in picture.alternative
    assert fits(picture)


def test_items_are_sorted_by_factor_or_left(solution):
    picture = loadings_heat_map(solution)
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    home = solution.loadings.abs().loc[names].to_numpy().argmax(axis=1)
    assert (np.diff(home) >= 0).all()
    left = loadings_heat_map(solution, sort=False, labels={"q1": "A longer text that says what people were asked here"})
    assert left.figure.axes[0].get_yticklabels()[0].get_text().startswith("A longer text")
    assert "A longer text that says what people were asked here: F" in left.alternative
    assert fits(left)


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.ReversedItemWarning")
def test_general_factors_do_not_decide_the_order(answers):
    for found in (schmid_leiman(answers), mcdonald_omega(answers, kind="hierarchical", ci="none")):
        picture = loadings_heat_map(found)
        assert "general" in picture.figure.axes[0].get_xticklabels()[0].get_text()
        assert len(patches(picture)) == 48
        names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
        groups = pd.DataFrame(found.loadings).filter(regex=r"^(F|group_)\d").abs().loc[names].to_numpy()
        assert (np.diff(groups.argmax(axis=1)) >= 0).all()


def test_answers_lie_around_the_middle(answers):
    analysis = item_analysis(answers.assign(q4=6 - answers["q4"]), n_options=5)
    picture = item_distributions(analysis)
    bars = patches(picture)
    assert len(bars) == 60
    for item in range(12):
        own = bars[5 * item : 5 * item + 5]
        middle = own[2]
        assert middle.get_x() + middle.get_width() / 2 == pytest.approx(0)
        assert sum(bar.get_width() for bar in own) == pytest.approx(1)
        below, above = lightness(own[0]), lightness(own[4])
        assert below < lightness(own[1]) < lightness(middle)
        assert above < lightness(own[3]) < lightness(middle)
    assert {"1", "5"} <= set(texts(picture))  # options are named in the bars
    share = (answers["q1"] < 3).mean()
    assert f"q1: {share:.0%} below" in picture.alternative
    assert fits(picture)


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.ReversedItemWarning")
def test_options_of_any_number_and_missing_answers():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({f"k{k}": rng.integers(1, k + 1, 200).astype(float) for k in (2, 3, 4, 7, 10)})
    frame.loc[:19, "k7"] = np.nan
    picture = item_distributions(item_analysis(frame, missing="pairwise"), labels={"k10": "From 1 to 10"})
    assert len(patches(picture)) == 2 + 3 + 4 + 7 + 10
    assert "k2: " in picture.alternative
    assert "at, " not in picture.alternative.split("; ")[0]  # two options have no middle
    assert "10% missing" in picture.alternative
    assert "From 1 to 10" in picture.alternative
    assert fits(picture)


def test_pictures_are_the_same_every_time(solution):
    assert loadings_heat_map(solution).svg() == loadings_heat_map(solution).svg()
    html = loadings_heat_map(solution)._repr_html_()
    assert 'alt="Loadings of 12 items on 3 factors' in html


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: scree([1, 2]), "parallel_analysis"),
        (lambda: loadings_heat_map(3), "efa"),
        (lambda: loadings_heat_map(pd.DataFrame()), "frame of loadings"),
        (lambda: loadings_heat_map(pd.DataFrame({"f": [0.5]}), cut=2), "cut"),
        (lambda: item_distributions(pd.DataFrame()), "item_analysis"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()
