"""The YAML editor: what changes is as asked, and everything else stays as the author wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from distillery import ConfigError
from distillery_tools.yaml_editor import edit

TEXT = """\
# A filter.
name: garden   # its name

prefilter:
  block: [
    trees,
    flowers, bees]
# The students.
students:
  compact:
    # trained by hand
    sha256: {a: "0", b: '1'}
    calibration: null   # none yet

  second: {calibration: }

# The end.
oracle:
  prompt: prompt.md
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def changed(path: Path, changes: dict[tuple[str, ...], Any]) -> str:
    """Edit the file; check that it means what was asked, and return its text."""
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))
    for keys, value in changes.items():
        node = expected
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value
    edit(path, changes)
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text) == expected
    return text


def test_only_the_value_changes(path: Path) -> None:
    text = changed(path, {("students", "compact", "sha256", "a"): "9"})

    assert text == TEXT.replace('a: "0"', 'a: "9"').replace("{calibration: }", "{calibration: null}")


def test_the_same_value_changes_nothing(path: Path) -> None:
    assert changed(path, {("oracle", "prompt"): "prompt.md"}) == TEXT


def test_several_sections_at_once(path: Path) -> None:
    text = changed(path, {("oracle", "prompt"): "other.md", ("name",): "park", ("oracle", "provider"): "openai"})

    assert "name: park     # its name\n" in text
    assert text.endswith("# The end.\noracle:\n  prompt: other.md\n  provider: openai\n")
    assert "block: [\n    trees,\n    flowers, bees]\n# The students." in text


def test_missing_sections_and_keys_are_added(path: Path) -> None:
    text = changed(path, {("probe",): {"folder": "probe", "threshold": None}, ("students", "third", "x"): 1})

    assert text.startswith("# A filter.\nname: garden   # its name\n")
    assert text.endswith("\n\nprobe:\n  folder: probe\n  threshold: null\n")


def test_a_mapping_is_merged_so_that_its_comments_stay(path: Path) -> None:
    text = changed(path, {("students", "compact"): {"sha256": {"b": "2"}, "calibration": "c.json"}})

    assert "    # trained by hand\n" in text
    assert "calibration: c.json" in text
    assert "# none yet" in text


@pytest.mark.parametrize("text", ['{name: garden, oracle: {prompt: "p"}}', "name: garden\noracle: {prompt: p}", "{}"])
def test_other_layouts_of_yaml(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

    changed(path, {("oracle", "prompt"): "other.md"})


@pytest.mark.parametrize("text", ["[1, 2]", "name: [", "a: &x {b: 1}\nc: *x\n", ""])
def test_what_cannot_be_edited_is_an_error(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.yaml: the section 'c' cannot be edited"):
        edit(path, {("c", "b"): 2})

    assert path.read_text(encoding="utf-8") == text
