"""Results out: files of scores, written as they are made, and scores as data frames, with one set of columns."""

from .writers import ResultWriter, open_results

__all__ = ["ResultWriter", "open_results"]
