"""The questionnaire as data: load it, check it, hash it, print its codebook."""

from movement_readiness.instrument.checks import RESERVED_COLUMNS, RESPONSE_COLUMNS
from movement_readiness.instrument.loading import bundled_directory, load_instrument
from movement_readiness.instrument.model import Instrument
from movement_readiness.instrument.schema import (
    Form,
    InstrumentFile,
    Item,
    MissingCode,
    ResponseOption,
    ResponseScale,
    Role,
    Scale,
    TranslationFile,
)
from movement_readiness.instrument.translation import Translation

__all__ = [
    "RESERVED_COLUMNS",
    "RESPONSE_COLUMNS",
    "Form",
    "Instrument",
    "InstrumentFile",
    "Item",
    "MissingCode",
    "ResponseOption",
    "ResponseScale",
    "Role",
    "Scale",
    "Translation",
    "TranslationFile",
    "bundled_directory",
    "load_instrument",
]
