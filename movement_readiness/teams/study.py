"""The answers of one study as arrays: who belongs to which team, which wave and which form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.instrument import RESPONSE_COLUMNS, Instrument
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.responses.roster import read_roster
from movement_readiness.scoring import item_matrix, score_scales
from movement_readiness.teams.earlier import Earlier, compared
from movement_readiness.teams.waves import WaveOrder, order_of_waves

__all__ = ["Round", "Study", "read_study"]

_YES, _NO = ("true", "1", "1.0", "yes"), ("false", "0", "0.0", "no", "", "nan", "<na>", "none")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """One wave of one form: the only answers that are ever put together.

    ``team`` indexes ``Study.teams`` (-1: none given), ``site`` indexes ``Study.sites``; ``scores`` and
    ``items`` are respondents x scales and respondents x items, NaN where missing; ``earlier`` says what the pages
    leave to be shown that the teams have seen before; ``ids`` are the response ids, a corrected one with the number of
    its revision.
    """

    wave: str
    form: str
    team: Ints
    site: Ints
    scales: tuple[str, ...]
    scores: Floats
    items: tuple[str, ...]
    answers: Floats
    earlier: Earlier
    ids: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Study:
    """Teams within sites, the rounds of answers they gave in the order of their waves, and pages seen before."""

    sites: tuple[str, ...]
    teams: tuple[tuple[str, str], ...]
    team_site: Ints
    rounds: tuple[Round, ...]
    invited: Floats
    aim_id: str
    synthetic: bool
    n_without_site: int
    waves: WaveOrder
    pages: tuple[RevealedPage, ...] = ()


def read_study(
    responses: Any,
    instrument: Instrument,
    roster: Any,
    extra_scales: tuple[str, ...],
    revealed: Collection[RevealedPage] = (),
    least: int = 5,
    waves: Sequence[str] | None = None,
) -> Study:
    """Check that the answers may be put together, score them and lay them out as arrays."""
    frame = _opened(responses)
    _check_columns(frame)
    _check_ids(frame)
    if revealed and "response_id" not in frame.columns:
        raise ResponsesError(
            "responses: expected the column 'response_id', with which pages that teams have seen are compared."
        )
    aim = _only(frame, "aim_id", instrument.aim_id, "results are compared only within one aim")
    _only(frame, "instrument_version", instrument.version, "versions are never mixed")
    site, team = _text(frame, "site"), _text(frame, "team")
    placed = site.notna().to_numpy()
    if not placed.any():
        others = [name for name in frame.columns if name not in (*RESPONSE_COLUMNS, *instrument.items)]
        raise ResponsesError(
            "responses: expected a site for each response, but none has one. Say which columns hold site and team when "
            f"reading the file (columns={{...}}); its other columns are: {quoted(others) or 'none'}."
        )
    listed = read_roster(roster, needs_invited=True) if roster is not None else None
    teams = _teams(site[placed & team.notna()], team[placed & team.notna()], listed)
    sites = tuple(sorted({*site[placed], *(name for name, _ in teams)}))
    order = order_of_waves(
        _text(frame, "wave", "1")[placed], _column(frame, placed, "wave"), _column(frame, placed, "submitted_on"), waves
    )
    forms = list(instrument.forms)
    rounds = _rounds(responses, frame, instrument, extra_scales, placed, site, team, sites, teams, revealed, least)
    return Study(
        sites=sites,
        teams=teams,
        team_site=np.array([sites.index(name) for name, _ in teams], dtype=np.int64),
        rounds=tuple(sorted(rounds, key=lambda part: (order.names.index(part.wave), forms.index(part.form)))),
        invited=_invited(teams, listed),
        aim_id=aim,
        synthetic=_any_synthetic(frame),
        n_without_site=int((~placed).sum()),
        waves=order,
        pages=tuple(revealed),
    )


def _check_ids(frame: nw.DataFrame[Any]) -> None:
    """A response that stands twice would count as two people, and lift a small team over the threshold."""
    ids = _text(frame, "response_id").dropna()
    twice = ids[ids.duplicated()]
    if len(twice):
        raise ResponsesError(
            f"responses: expected every response_id once; {twice.iloc[0]!r} stands {int((ids == twice.iloc[0]).sum())} "
            f"times ({twice.nunique()} ids are repeated)."
        )


def _opened(responses: Any) -> nw.DataFrame[Any]:
    try:
        return nw.from_native(responses, eager_only=True, pass_through=False)
    except TypeError:
        raise ArgumentError(
            f"responses: expected an eager data frame (pandas, polars, pyarrow ...); got {type(responses).__name__}."
        ) from None


def _check_columns(frame: nw.DataFrame[Any]) -> None:
    lacking = [name for name in ("site", "team") if name not in frame.columns]
    if lacking:
        raise ResponsesError(
            f"responses: expected the columns 'site' and 'team'; {quoted(lacking)} missing; "
            f"available: {quoted(frame.columns)}."
        )
    if len(frame) == 0:
        raise ResponsesError("responses: expected at least one response; the frame has no rows.")


def _text(frame: nw.DataFrame[Any], name: str, default: str | None = None) -> pd.Series[str]:
    if name not in frame.columns:
        return pd.Series([default] * len(frame), dtype="str")
    values = pd.Series(frame[name].to_list(), dtype="object")
    text = values.where(values.isna(), values.map(_as_name)).astype("str").str.strip()
    filled = text.where(text != "")
    return filled.fillna(default) if default is not None else filled


def _column(frame: nw.DataFrame[Any], rows: npt.NDArray[np.bool_], name: str) -> nw.Series[Any] | None:
    """Some rows of a column; None where it is not there."""
    return frame[name].filter(rows.tolist()) if name in frame.columns else None


def _as_name(value: Any) -> str:
    """1.0 is 1: a column of whole numbers with gaps holds floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _only(frame: nw.DataFrame[Any], name: str, default: str, why: str) -> str:
    found = sorted(_text(frame, name, default).unique())
    if len(found) > 1:
        raise ResponsesError(
            f"responses: expected one {name}, because {why}; got {quoted(found)}. Aggregate one at a time, "
            f"for example responses[responses[{name!r}] == {found[0]!r}]."
        )
    return str(found[0])


def _any_synthetic(frame: nw.DataFrame[Any]) -> bool:
    if "synthetic" not in frame.columns:
        return False
    found = {str(value).strip().casefold() for value in frame["synthetic"].unique().to_list() if value is not None}
    unknown = found - {*_YES, *_NO}
    if unknown:
        raise ResponsesError(
            f"responses: expected True or False in the column synthetic; got {quoted(sorted(unknown))}."
        )
    return bool(found & set(_YES))


def _teams(site: pd.Series[str], team: pd.Series[str], roster: pd.DataFrame | None) -> tuple[tuple[str, str], ...]:
    found = set(zip(site, team, strict=True))
    if roster is not None:
        found |= set(zip(roster["site"], roster["team"], strict=True))
    return tuple(sorted(found))


def _invited(teams: tuple[tuple[str, str], ...], roster: pd.DataFrame | None) -> Floats:
    if roster is None:
        return np.full(len(teams), np.nan)
    keys = zip(roster["site"], roster["team"], strict=True)
    known = dict(zip(keys, roster["invited"], strict=True))
    return np.array([known.get(team, np.nan) for team in teams], dtype=float)


def _rounds(
    responses: Any,
    frame: nw.DataFrame[Any],
    instrument: Instrument,
    extra_scales: tuple[str, ...],
    placed: npt.NDArray[np.bool_],
    site: pd.Series[str],
    team: pd.Series[str],
    sites: tuple[str, ...],
    teams: tuple[tuple[str, str], ...],
    revealed: Collection[RevealedPage],
    least: int,
) -> Iterator[Round]:
    scored = nw.from_native(score_scales(responses, instrument), eager_only=True)
    answers = nw.from_native(item_matrix(responses, instrument), eager_only=True)
    site_code = pd.Index(sites).get_indexer(pd.Index(site))
    team_code = pd.MultiIndex.from_tuples(teams or [("", "")]).get_indexer(pd.MultiIndex.from_arrays([site, team]))
    for name in ("wave", "form"):
        given = _text(frame, name).notna()
        if given.any() and not given.all():
            raise ResponsesError(
                f"responses: expected a {name} for every response, or for none; {int((~given).sum())} have none."
            )
    ids = _text(frame, "response_id").to_numpy(dtype=object)
    revised = _revised(ids, getattr(responses, "attrs", {}).get("revisions"))
    wave, form = _text(frame, "wave", "1"), _text(frame, "form", next(iter(instrument.forms)))
    for (one_wave, one_form), rows in pd.DataFrame({"wave": wave, "form": form})[placed].groupby(["wave", "form"]):
        chosen = rows.index.to_numpy()
        scales = (*instrument.report_scales(str(one_form)), *extra_scales)
        items = tuple(item for item in instrument.form(str(one_form)).items if item in answers.columns)
        scores, codes = _matrix(scored, scales)[chosen], _matrix(answers, items)[chosen]
        pages = [page for page in revealed if (page.wave, page.form) == (str(one_wave), str(one_form))]
        yield Round(
            wave=str(one_wave),
            form=str(one_form),
            team=team_code[chosen],
            site=site_code[chosen],
            scales=scales,
            scores=scores,
            items=items,
            answers=codes,
            earlier=compared(pages, teams, team_code[chosen], ids[chosen], scores, codes, least),
            ids=revised[chosen],
        )


def _revised(ids: npt.NDArray[np.object_], revisions: Any) -> npt.NDArray[np.object_]:
    """Ids with the number of the revision, where a response was corrected."""
    if not isinstance(revisions, dict) or not revisions:
        return ids
    return np.array([f"{one} {revisions[one]}" if one in revisions else one for one in ids], dtype=object)


def _matrix(frame: nw.DataFrame[Any], names: tuple[str, ...]) -> Floats:
    columns = [
        np.asarray(frame[name].cast(nw.Float64).fill_null(float("nan")).to_numpy(), dtype=float) for name in names
    ]
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))
