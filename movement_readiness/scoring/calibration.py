"""`Calibration`: a measurement model fitted once, frozen, with all that scoring needs; to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import n_of
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics.confirmatory.scores import OrdinalFactors
from movement_readiness.psychometrics.results import bare_table, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Calibration"]

Floats = npt.NDArray[np.float64]

_STRUCTURES = {
    "correlated": "one factor for each scale, correlated",
    "one_factor": "one factor of all domains",
    "second_order": "one factor for each domain, and one of the domains",
}


@dataclass(frozen=True, repr=False, eq=False)
class Calibration:
    """The measurement model of an instrument, fitted to a sample; made by `calibrate`, read by `from_json`.

    Attributes
    ----------
    instrument : Instrument
        What was answered; its ``id``, ``version`` and ``sha256`` are what `factor_scores` asks of answers.
    structure : {"correlated", "one_factor", "second_order"}
    model : str
        In lavaan's syntax.
    estimator, missing : str
        Of the fit.
    factors : tuple of str
    loadings : DataFrame, items x factors
        Standardised, of keyed items.
    thresholds : mapping of item id to tuple
        Of the standardised latent response of the keyed item, one fewer than its categories.
    categories : mapping of item id to tuple
        The keyed answers that somebody in the sample gave, in rising order.
    factor_correlations : DataFrame, factors x factors
    fit : Series
        Fit measures by lavaan's names.
    sample : mapping
        n_respondents, n_sites, n_teams, waves, forms, synthetic (how many rows), missing_share, first_day, last_day;
        None where the responses did not say.
    provenance : {"field", "synthetic", "mixed", "not said"}
        Of the sample's answers.
    comparison : DataFrame, one row a factor
        Of the two kinds of scores in the sample: see `compare_scores`.
    description : str
        What whoever calibrated wrote about the sample.
    created_on : str
        The date, year first.
    software : str
        Version of this package.
    warnings : tuple of str
        What the fit had to say.

    Notes
    -----
    Two calibrations with the same content are equal. The JSON file holds the instrument's content, so that answers can
    be scored years later without its file, and a checksum over everything.
    """

    instrument: Instrument
    structure: str
    model: str
    estimator: str
    missing: str
    factors: tuple[str, ...]
    loadings: pd.DataFrame
    thresholds: Mapping[str, tuple[float, ...]]
    categories: Mapping[str, tuple[int, ...]]
    factor_correlations: pd.DataFrame
    fit: pd.Series
    sample: Mapping[str, Any]
    provenance: str
    comparison: pd.DataFrame
    description: str
    created_on: str
    software: str
    warnings: tuple[str, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """The items that count, in order."""
        return tuple(str(item) for item in self.loadings.index)

    @property
    def n_respondents(self) -> int:
        """Respondents of the sample who answered something."""
        return int(self.sample["n_respondents"])

    @property
    def instrument_id(self) -> str:
        """The instrument's permanent name."""
        return self.instrument.id

    @property
    def instrument_version(self) -> str:
        """The version that was answered."""
        return self.instrument.version

    @property
    def instrument_sha256(self) -> str:
        """The hash of what was answered."""
        return self.instrument.sha256

    @cached_property
    def ordinal_factors(self) -> OrdinalFactors:
        """The model as arrays: factors of mean 0 and variance 1, latent responses of variance 1."""
        loadings = self.loadings.to_numpy(dtype=float)
        correlations = self.factor_correlations.to_numpy(dtype=float)
        width = max(len(values) for values in self.thresholds.values())
        thresholds = np.full((len(loadings), width), np.inf)
        for row, item in zip(thresholds, self.items, strict=True):
            row[: len(self.thresholds[item])] = self.thresholds[item]
        residuals = 1 - np.einsum("if,fg,ig->i", loadings, correlations, loadings)
        return OrdinalFactors(loadings, thresholds, residuals, np.zeros(len(correlations)), correlations)

    def to_frame(self) -> pd.DataFrame:
        """One row an item: factor loadings, then thresholds t1, t2, ... (NaN behind an item's last)."""
        import pandas as pd

        limits = self.ordinal_factors.thresholds
        names = [f"t{place + 1}" for place in range(limits.shape[1])]
        beyond = pd.DataFrame(np.where(np.isinf(limits), np.nan, limits), index=self.loadings.index, columns=names)
        return pd.concat([self.loadings, beyond], axis=1)

    def to_json(self, path: str | Path | None = None) -> str:
        """The calibration as JSON text; also written to `path` where one is given.

        Parameters
        ----------
        path : str or pathlib.Path, optional

        Returns
        -------
        str
        """
        from movement_readiness.scoring.calibration_file import written

        text = written(self)
        if path is not None:
            try:
                Path(path).write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                why = error.strerror or type(error).__name__
                raise ArgumentError(
                    f"path: expected a file that can be written, in a folder that exists; got {str(path)!r} ({why})."
                ) from None
        return text

    @classmethod
    def from_json(cls, source: str | Path, *, instrument: Instrument | None = None) -> Calibration:
        """Read a calibration that `to_json` wrote.

        Parameters
        ----------
        source : str or pathlib.Path
            The text itself (it begins with a brace), or the path of a file.
        instrument : Instrument, optional
            The instrument that was answered, with its translations and evidence; by default the bundled one where
            that is it, else the content that the file holds.

        Returns
        -------
        Calibration

        Raises
        ------
        ArgumentError
            No such file; no calibration; a part missing, malformed or changed since it was written; a format that a
            later version of this package wrote; another instrument.
        """
        from movement_readiness.scoring.calibration_file import read

        if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("{"):
            return read(source, "the text", instrument)
        if not isinstance(source, str | PathLike):
            raise ArgumentError(f"source: expected JSON text or a path; got {type(source).__name__}.")
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ArgumentError(f"source: expected a calibration; {path.name!r} does not exist.") from None
        except (OSError, UnicodeDecodeError, ValueError):
            raise ArgumentError(f"source: expected a calibration; {path.name!r} cannot be read as text.") from None
        return read(text, path.name, instrument)

    @property
    def sentence(self) -> str:
        """Who the calibration is of, in one sentence."""
        kind = {"synthetic": "SYNTHETIC ", "mixed": "partly SYNTHETIC "}.get(self.provenance, "")
        return f"Calibrated on {self.n_respondents:,} {kind}respondents, {self.created_on}."

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Calibration) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.instrument.sha256, self.model, self.n_respondents, self.created_on))

    def __repr__(self) -> str:
        kind = ", SYNTHETIC" if self.provenance in {"synthetic", "mixed"} else ""
        return (
            f"<Calibration of {self.instrument.id} {self.instrument.version}{kind}: "
            f"{n_of(len(self.factors), 'factor')} of {len(self.items)} items, {self.n_respondents:,} respondents, "
            f"{self.created_on}>"
        )

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        names = [str(name) for name in frame.columns]
        m = len(self.factors)
        body = [
            [str(item), *(_cell(value) if value else "" for value in row[:m]), *map(_cell, row[m:])]
            for item, row in zip(frame.index, frame.to_numpy(dtype=float), strict=True)
        ]
        of_scores = [[str(name), *(_cell(x) for x in row)] for name, row in self.comparison.iterrows()]
        words = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences())
        return (
            '<div class="movement-readiness-result">'
            f"{bare_table(self._heading(), ['Item', *names], body)}"
            f"{bare_table('Factor scores beside simple scores', ['Factor', *_HEADINGS], of_scores)}{words}</div>"
        )

    def _heading(self) -> str:
        kind = ", SYNTHETIC" if self.provenance in {"synthetic", "mixed"} else ""
        return f"Calibration of {self.instrument.title} {self.instrument.version}, {self.created_on}{kind}"

    def _sentences(self) -> Sequence[str]:
        sample, fit = self.sample, self.fit
        synthetic = {"synthetic": " SYNTHETIC: nobody gave these answers.", "mixed": " Partly SYNTHETIC."}
        kind = synthetic.get(self.provenance, "")
        places = [n_of(sample[name], what) for name, what in (("n_teams", "team"), ("n_sites", "site")) if sample[name]]
        where = f" in {' at '.join(places)}" if places else ""
        pairs = zip(*np.triu_indices(len(self.factors), 1), strict=True)
        correlations = self.factor_correlations.to_numpy()
        said = [f"{self.factors[i]}–{self.factors[j]} {shown(correlations[i, j], 2)}" for i, j in pairs]
        return [
            f"{self.n_respondents:,} respondents{where}.{kind} {self.description}".strip(),
            f"Model: {_STRUCTURES[self.structure]}; {self.estimator.upper()}, missing answers {self.missing}. "
            "Loadings and thresholds are those of standardised latent responses of keyed items.",
            f"χ² {shown(fit['chisq.scaled'])} (scaled), df {fit['df']:.0f}; {_best(fit, 'cfi')}, "
            f"{_best(fit, 'rmsea')}, SRMR {shown(fit['srmr'])}.",
            f"Factor correlations: {', '.join(said)}." if said else "",
            "Scores are posterior modes on a T metric: in the population of the sample a factor has mean 50 and "
            "standard deviation 10. Reliability and correlation (with the simple score) are those of the factor score; "
            "differences are expected minus simple scores, in points of 0 to 100.",
            *self.warnings,
        ]


_HEADINGS = ("n", "Reliability", "Correlation", "Mean difference", "Largest difference")


def _best(fit: pd.Series, name: str) -> str:
    there = (end for end in (".robust", ".scaled") if not np.isnan(fit.get(name + end, np.nan)))
    end = next(there, "")
    return f"{end[1:]} {name.upper()} {shown(float(fit.get(name + end, np.nan)))}".lstrip()


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.0f}" if float(value).is_integer() and value > 1 else shown(value, 2)
