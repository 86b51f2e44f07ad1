"""Nothing heavy is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAVY = {
    "huggingface_hub",
    "numpy",
    "openvino",
    "pyarrow",
    "pydantic",
    "rich",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
    "yaml",
}


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import distillery", set()),
        ("import distillery; distillery.list_filters()", set()),
        ("import distillery; distillery.Score; distillery.Article; distillery.DistilleryError", set()),
        ("import distillery; distillery.hookimpl", set()),
        ("import distillery; distillery.FilterConfig", {"pydantic", "yaml"}),
    ],
)
def test_only_what_is_needed_is_imported(run_python: Callable[..., str], code: str, allowed: set[str]) -> None:
    loaded = run_python(f"{code}\nimport sys\nprint(*{HEAVY} & sys.modules.keys())")

    assert set(loaded.split()) <= allowed
