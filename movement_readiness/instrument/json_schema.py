"""JSON Schemas of instrument files and translations, for editors that check while one types.

They say the same as `schema`: shapes, types and spellings. What the parts must be to one another is
checked when the file is loaded. ``python -m movement_readiness.instrument.json_schema`` writes them
into the bundled ``instrument`` folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument.loading import bundled_directory
from movement_readiness.instrument.schema import InstrumentFile, TranslationFile

__all__ = ["json_schemas", "write_schemas"]

_MODELS: dict[str, tuple[str, type[BaseModel]]] = {
    "instrument.schema.json": ("Instrument file", InstrumentFile),
    "translation.schema.json": ("Translation of an instrument", TranslationFile),
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """Make the JSON Schema (Draft 2020-12) of each kind of file.

    Returns
    -------
    dict
        File name -> schema, for ``instrument.schema.json`` and ``translation.schema.json``.

    Examples
    --------
    >>> from movement_readiness.instrument.json_schema import json_schemas
    >>> sorted(json_schemas()["instrument.schema.json"]["required"])[:3]
    ['aim', 'consent', 'format']
    """
    made = {}
    for name, (title, model) in _MODELS.items():
        schema = _without_null(model.model_json_schema())
        made[name] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
    return made


def _without_null(part: Any) -> Any:
    """TOML has no null: a part that may be left out is simply left out."""
    if isinstance(part, list):
        return [_without_null(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _without_null(entry) for name, entry in part.items() if (name, entry) != ("default", None)}
    choices = [entry for entry in kept.get("anyOf", ()) if entry != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        kept = {**choices[0], **kept}
    return kept


def write_schemas(directory: str | Path | None = None) -> tuple[Path, ...]:
    """Write the JSON Schemas, one file each.

    Parameters
    ----------
    directory : str or pathlib.Path, optional
        An existing folder; the bundled ``instrument`` folder by default.

    Returns
    -------
    tuple of pathlib.Path
        The files written, in UTF-8 with a line break at the end.

    Raises
    ------
    ArgumentError
        The folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from movement_readiness.instrument.json_schema import write_schemas
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_schemas(folder)]
    ['instrument.schema.json', 'translation.schema.json']
    """
    folder = bundled_directory() if directory is None else Path(directory)
    if not folder.is_dir():
        raise ArgumentError(f"directory: expected an existing folder; got {str(directory)!r}.")
    written = []
    for name, schema in json_schemas().items():
        path = folder / name
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        written.append(path)
    return tuple(written)


if __name__ == "__main__":
    write_schemas()
