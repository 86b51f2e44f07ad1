"""Editing config.yaml and encoder.yaml: values change, while comments, order and the rest of the file stay."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from distillery import ConfigError

Keys = tuple[str, ...]


def in_one_line(values: Iterable[Any]) -> CommentedSeq:
    """Return a list that is written as ``[1, 2, 3]``."""
    found = CommentedSeq(values)
    found.fa.set_flow_style()
    return found


class _Representer(RoundTripRepresenter):
    """Writes ``null`` where ruamel.yaml leaves a value out."""

    def represent_null(self, _: None) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_null)


def edited(path: Path, changes: Mapping[Keys, Any]) -> str:
    """Return the text of a YAML file with the value at each path of keys replaced; missing keys are added.

    Only the top-level sections that change are written again: ruamel.yaml keeps comments and order, but breaks the
    lines of long lists differently. Raises ConfigError if the file cannot be edited.
    """
    text = path.read_text(encoding="utf-8")
    for section in dict.fromkeys(keys[0] for keys in changes):
        values = {keys[1:]: value for keys, value in changes.items() if keys[0] == section}
        try:
            text = _with_section(text, section, values)
        except (YAMLError, AttributeError, TypeError) as error:
            raise ConfigError(f"{path}: the section '{section}' cannot be edited: {error}") from error
    return text


def edit(path: Path, changes: Mapping[Keys, Any]) -> None:
    """Change a YAML file in place, as `edited` describes."""
    path.write_text(edited(path, changes), encoding="utf-8")


def _with_section(text: str, section: str, values: Mapping[Keys, Any]) -> str:
    """Return a YAML text with values of one top-level section replaced."""
    yaml = _yaml()
    lines = text.splitlines(keepends=True)
    start, end = _lines_of(yaml.load(text), section, lines)
    document = yaml.load("".join(lines[start:end])) or CommentedMap()
    for keys, value in values.items():
        _set(document, (section, *keys), value)
    stream = io.StringIO()
    yaml.dump(document, stream)
    separator = "\n" if start == end and start else ""
    return "".join(lines[:start]) + separator + stream.getvalue() + "".join(lines[end:])


def _lines_of(document: Any, section: str, lines: list[str]) -> tuple[int, int]:
    """Return the first line of a section and the line after its last one; the end of the file if it is new."""
    if not isinstance(document, CommentedMap):
        raise TypeError("the file is not a mapping")
    if document.fa.flow_style() or not document:
        return 0, len(lines)
    if section not in document:
        return len(lines), len(lines)
    starts = sorted(document.lc.key(key)[0] for key in document)
    start: int = document.lc.key(section)[0]
    end: int = next((line for line in starts if line > start), len(lines))
    while not lines[end - 1].strip() or lines[end - 1].startswith("#"):
        end -= 1  # comments and blank lines before the next section belong to that one
    return start, end


def _set(node: Any, keys: Keys, value: Any) -> None:
    """Set the value at a path of keys; a mapping is merged into the present one, so that its comments stay."""
    for key in keys[:-1]:
        if not isinstance(node.get(key), CommentedMap):
            node[key] = CommentedMap()
        node = node[key]
    present = node.get(keys[-1])
    if isinstance(value, Mapping) and isinstance(present, CommentedMap):
        for key in [key for key in present if key not in value]:
            del present[key]
        for key, each in value.items():
            _set(present, (key,), each)
    elif keys[-1] not in node or present != value:
        node[keys[-1]] = value


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
