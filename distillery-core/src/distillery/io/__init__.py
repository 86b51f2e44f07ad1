"""Files of articles in, streamed in chunks; data frames as articles.

Where to look: ``sources`` opens and decompresses, ``formats`` finds out what a file is, ``parsers`` and
``arrow_files`` read it, ``fields`` and ``values`` map it to the fields of an article, ``readers`` puts that together.
``tables`` reads data frames. What is written is in ``distillery.results``.
"""

from .lines import Chunk, Line
from .readers import ArticleReader, read_records

__all__ = ["ArticleReader", "Chunk", "Line", "read_records"]
