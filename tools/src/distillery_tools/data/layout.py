"""Where labelled articles lie."""

from __future__ import annotations

from pathlib import Path

from distillery import FilterConfig, InputFileError

ARTICLES_FILE = "articles.jsonl"


def labelled_files(
    config: FilterConfig, data: Path | None, articles: Path | None, labels: Path | None
) -> tuple[Path, Path]:
    """Return the files of articles and labels: as given, or from the folder; raise InputFileError if neither is."""
    if data is not None:
        articles = articles or data / ARTICLES_FILE
        labels = labels or data / "labels" / f"{config.name}.jsonl"
    if articles is None or labels is None:
        raise InputFileError(
            "Say where the labelled articles are: --data FOLDER, or --articles FILE and --labels FILE."
        )
    return articles, labels
