"""Files of articles in, files of results out, streamed in chunks; tables of both kinds.

Where to look: ``sources`` opens and decompresses, ``formats`` tells what a file is, ``parsers`` and ``arrow_files``
read it, ``fields`` and ``values`` map it to the fields of an article, ``readers`` puts that together. ``tables`` reads
data frames, ``columns`` lays out results, ``writers`` and ``frames`` write them.
"""

from .lines import Chunk, Line
from .readers import ArticleReader, read_records
from .writers import ResultWriter, open_results

__all__ = ["ArticleReader", "Chunk", "Line", "ResultWriter", "open_results", "read_records"]
