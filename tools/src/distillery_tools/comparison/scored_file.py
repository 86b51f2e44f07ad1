"""Scores of one version in a file, as ``distillery score -o FILE.jsonl`` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from distillery import InputFileError
from distillery.toolkit import read_records

from .articles import ComparedArticles
from .results import Result, Side

Results = dict[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ScoredFile:
    """The results in a file, by the article's key and the filter's name."""

    path: Path
    by_key: dict[str, Results]

    @classmethod
    def read(cls, path: Path) -> ScoredFile:
        """Read a file of scored articles; raise InputFileError if it is something else."""
        found: dict[str, Results] = {}
        for record in read_records(path):
            results = record.get("results")
            if not isinstance(results, dict):
                raise InputFileError(
                    f"{path} is not a file of scored articles: a record has no 'results'.\n"
                    f"  Write one with: distillery score ARTICLES --filter NAME -o FILE.jsonl"
                )
            key = str(record.get("id"))
            if record.get("id") is None or not results:
                continue  # an article without an id cannot be found again; an unreadable line has no results
            if key in found:
                raise InputFileError(f"{path} has more than one result for the article {key}.  Score them again.")
            found[key] = results
        if not found:
            raise InputFileError(f"{path} holds no scored article with an id.")
        return cls(path, found)

    @property
    def filters(self) -> list[str]:
        """The filters whose scores are in the file."""
        return list(dict.fromkeys(name for results in self.by_key.values() for name in results))

    def side(self, name: str, articles: ComparedArticles) -> Side:
        """Return the results of one filter for these articles."""
        data = {key: self.by_key[key][name] for key in articles.by_key if name in self.by_key.get(key, {})}
        if not data:
            raise InputFileError(
                f"{self.path} and {articles.name} have no article in common (by id): "
                f"{self.path.name} has {_some(self.by_key)}; {Path(articles.name).name} has {_some(articles.by_key)}."
            )
        provenance = self._provenance(name, data)
        results = {key: self._result(key, one) for key, one in data.items()}
        return Side(str(self.path), name, str(provenance["version"]), provenance, results)

    def _result(self, key: str, data: Mapping[str, Any]) -> Result:
        try:
            return Result.from_dict(data)
        except (InputFileError, AttributeError, TypeError, ValueError) as error:
            raise InputFileError(f"{self.path}, article {key}: {error}") from error

    def _provenance(self, name: str, data: Results) -> Mapping[str, Any]:
        """Return what made the scores; raise InputFileError if that is unknown, or not one version."""
        stated = [one.get("provenance") for one in data.values() if one.get("error") is None]
        found = [one for one in stated if isinstance(one, dict) and one.get("version")]
        if not found:
            raise InputFileError(f"{self.path}: {name} scored none of these articles, so its version is unknown.")
        versions = sorted({f"{one['version']} ({one.get('weights_sha256')!s:.12})" for one in found})
        if len(versions) > 1:
            raise InputFileError(
                f"{self.path} holds scores of several versions of {name}: {', '.join(versions)}.  Keep one in a file."
            )
        if not _is_version(str(found[0]["version"])):
            raise InputFileError(
                f"{self.path}: the version of {name} is {found[0]['version']!r}, which is none (PEP 440)."
            )
        return found[0]


def _some(keys: Mapping[str, Any]) -> str:
    first = list(keys)[:3]
    return ", ".join(first) + (", ..." if len(keys) > len(first) else "")


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
