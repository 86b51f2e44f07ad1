"""The JSON object in a reply."""

from __future__ import annotations

from typing import Any

from .objects import objects_in


def parse_json(text: str) -> dict[str, Any]:
    """Return the object in a reply, repaired where that has one reading; of several the first that is not empty.

    What `json.loads` takes for an object comes back as it gives it. Raises TruncatedReplyError where the JSON breaks
    off, ProseReplyError where there is none, MalformedReplyError where a fault has no single reading.
    """
    objects = objects_in(text).objects
    return next((found for found in objects if found), objects[0])
