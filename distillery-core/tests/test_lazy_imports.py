"""Nothing heavy is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAVY = (
    "huggingface_hub numpy openvino pyarrow pydantic rich safetensors sklearn tokenizers torch transformers yaml".split()
)


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
    loaded = run_python(f"{code}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))")

    assert set(loaded.split()) <= allowed
