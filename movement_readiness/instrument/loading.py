"""Finds, reads and checks instrument files, their translations and their history."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

from movement_readiness.exceptions import ArgumentError, Fault, InstrumentError
from movement_readiness.instrument.canonical import measured_content, sha256_of
from movement_readiness.instrument.checks import find_faults, find_translation_faults
from movement_readiness.instrument.model import Instrument
from movement_readiness.instrument.schema import InstrumentFile, TranslationFile
from movement_readiness.instrument.translation import Translation

__all__ = ["bundled_directory", "load_instrument"]

_BUNDLED = "movement_readiness.toml"


def bundled_directory(name: str = "instrument") -> Path:
    """Where the bundled ``instrument`` or ``notebooks`` folder is: inside an installed package, else beside it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name


def load_instrument(path: str | Path | None = None) -> Instrument:
    """Read an instrument file, check all of it and return it frozen.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        A TOML file in the format that ``instrument/README.md`` describes. Without it, the bundled
        readiness-for-movement questionnaire. Beside the file, ``translations/*.toml`` and
        ``history.toml`` are read when they exist.

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        The file cannot be read, or has faults: all of them are listed, each with its line, its place
        and what was expected, and kept in ``.faults``.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> mr.load_instrument().version
    '0.1.0'
    """
    if path is None:
        return _bundled()
    if not isinstance(path, str | PathLike):
        raise ArgumentError(f"path: expected the path of an instrument file; got {path!r}.")
    return _load(Path(path))


@lru_cache(maxsize=1)
def _bundled() -> Instrument:
    return _load(bundled_directory() / _BUNDLED)


def _load(path: Path) -> Instrument:
    text, raw = _read(path)
    faults = find_faults(raw, text)
    if faults:
        raise _error(path, faults)
    file = InstrumentFile.model_validate(raw)
    translations = {file.instrument.language: Translation.of_source(file)}
    for found in _translations(path, file, faults):
        translations[found.language] = Translation.of_file(found, file)
    faults += _history_faults(path, file)
    if faults:
        raise _error(path, faults)
    return Instrument(file, translations, path.resolve())


def _error(path: Path, faults: list[Fault]) -> InstrumentError:
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return InstrumentError(f"{path.name} has {many}:", faults)


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise InstrumentError(f"path: expected an instrument file (TOML); {str(path)!r} does not exist.") from None
    except OSError as error:
        raise InstrumentError(f"path: {str(path)!r} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise InstrumentError(f"{path.name}: expected a text file in UTF-8; this one is not.") from None
    except (ValueError, RecursionError) as error:  # also a number too long, tables nested too deep
        raise InstrumentError(f"{path.name}: this is not valid TOML: {error}.") from None


def _translations(path: Path, file: InstrumentFile, faults: list[Fault]) -> Iterator[TranslationFile]:
    seen: dict[str, str] = {file.instrument.language: path.name}
    for place in sorted((path.parent / "translations").glob("*.toml")):
        text, raw = _read(place)
        if raw.get("instrument", file.instrument.id) != file.instrument.id:
            continue  # the folder may hold translations of other instruments
        name = f"translations/{place.name}"
        found = find_translation_faults(raw, file, text, name)
        language = raw.get("language")
        if isinstance(language, str) and seen.setdefault(language, name) != name:
            found.append(Fault("language", f"{language!r} is already the language of {seen[language]}", file=name))
        faults += found
        if not found:
            yield TranslationFile.model_validate(raw)


def _history_faults(path: Path, file: InstrumentFile) -> list[Fault]:
    place = path.parent / "history.toml"
    if not place.is_file():
        return []
    released = _read(place)[1].get(file.instrument.id, {})
    if not isinstance(released, Mapping):
        said = 'expected a table of versions, each with its hash: "0.1.0" = "<sha256>"'
        return [Fault(file.instrument.id, said, file=place.name)]
    version, now = file.instrument.version, sha256_of(measured_content(file))
    then = released.get(version)
    if then is None or then == now:
        return []
    return [
        Fault(
            "instrument, version",
            f"version {version} was released with sha256 {str(then)[:12]}..., but this content has {now[:12]}...: "
            "give the changed content a new version, or undo the change",
        )
    ]
