"""Consoles as they are: what a stream cannot show is replaced, in one place for all commands."""

from __future__ import annotations

import codecs
import sys
import unicodedata
from typing import IO, Any

REPLACE = "distillery_replace"
_ASCII = "distillery_ascii"
_PLAIN = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2501\u2578\u257a", "-"),
    **dict.fromkeys("\u2018\u2019\u201a", "'"),
    **dict.fromkeys("\u201c\u201d\u201e", '"'),
    "\u2026": "...",
    "\u2022": "*",
    "\u2502": "|",
}


def make_streams_safe() -> None:
    """Let standard output and error replace what their encoding does not have, instead of raising.

    It covers whatever writes to them: results, tables, progress, logs and click's own messages.
    """
    codecs.register_error(REPLACE, _replaced)
    codecs.register(_ascii_codec)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:  # closed, or an object in its place
            continue
        # click takes ASCII for a mistake and writes UTF-8 to it; under another name it is left alone.
        is_ascii = codecs.lookup(stream.encoding).name == "ascii"
        reconfigure(encoding=_ASCII if is_ascii else stream.encoding, errors=REPLACE)


def is_unicode(stream: IO[str]) -> bool:
    """Tell whether a stream can show every character."""
    return (getattr(stream, "encoding", None) or "").lower().startswith("utf")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Return plain characters for those that cannot be encoded: a letter without its accent, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain(character) for character in error.object[error.start : error.end]), error.end


def _plain(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return _PLAIN.get(character) or bare or "?"


def _ascii_codec(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII:
        return None
    ascii_codec: Any = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=_ASCII,
        encode=ascii_codec.encode,
        decode=ascii_codec.decode,
        incrementalencoder=ascii_codec.incrementalencoder,
        incrementaldecoder=ascii_codec.incrementaldecoder,
        streamreader=ascii_codec.streamreader,
        streamwriter=ascii_codec.streamwriter,
    )
