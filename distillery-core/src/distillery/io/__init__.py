"""Files of articles in, files of results out: JSON lines and Parquet, streamed in chunks."""

from .readers import ArticleReader, Chunk, Line, read_records
from .writers import ResultWriter, open_results

__all__ = ["ArticleReader", "Chunk", "Line", "ResultWriter", "open_results", "read_records"]
