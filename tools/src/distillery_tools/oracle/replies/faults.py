"""Why reading one object stopped; what it means for the whole reply is decided where all of it is seen."""

from __future__ import annotations


class Ended(Exception):  # noqa: N818  no error: the text is over
    """The text ended inside the object."""


class Broken(Exception):  # noqa: N818  no error: another brace may start an object
    """What stands at ``position`` has no place in JSON, nor a single reading."""

    def __init__(self, position: int, reason: str) -> None:
        """Take the place in the text and what is wrong there."""
        super().__init__(reason)
        self.position = position
        self.reason = reason


class TooDeep(Exception):  # noqa: N818  no error: see Ended
    """Objects and lists lie deeper in one another than any reply needs."""
