"""What the tests of the readers share: an article, and ways to write and read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from distillery.io import ArticleReader, Line

ARTICLE = {"id": "a", "title": "clinic", "content": "shared water"}
TEXTS = {"title": ["clinic", "court"], "content": ["shared water", "river bank"]}


def json_line(**fields: Any) -> bytes:
    return json.dumps(ARTICLE | fields).encode() + b"\n"


def all_lines(path: Path) -> list[Line]:
    return [line for chunk in ArticleReader(path).chunks() for line in chunk.lines]
