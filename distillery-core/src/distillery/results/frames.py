"""Scores as tables: ``to_arrow`` and ``to_frame``, with the columns of the Parquet output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import DistilleryError
from .columns import FilterColumns, arrow_schema

if TYPE_CHECKING:
    from ..scoring.score import Score

PANDAS, POLARS = BACKENDS = ("pandas", "polars")


def to_arrow(scores: Iterable[Score | Mapping[str, Score]]) -> Any:
    """Return scores as a pyarrow Table: one row per article, in order.

    ``scores`` is what a scorer's ``score`` returns for many articles (a list of Score), or a panel's (a list of dicts
    of Score by filter). The columns are those of the Parquet output without id, line, file and error: each is named
    after its filter, such as ``uplifting_weighted_average``, ``uplifting_tier`` and ``uplifting_score_<dimension>``,
    with the bounds ``..._low`` and ``..._high``, and ``uplifting_probability_<tier>``. Scores are from 0 to 10,
    probabilities from 0 to 1; what is not known is null. Columns of tiers are absent where no score has probabilities.
    Raises DistilleryError for anything but a list of scores. Example::

        table = distillery.to_arrow(scorer.score(articles))
    """
    import pyarrow as pa

    rows = [_by_filter(score) for score in scores]
    filters = _filters(rows)
    kinds = [item for one in filters for item in one.kinds.items()]
    flat = [{k: v for one in filters if one.filter in row for k, v in one.row(row[one.filter]).items()} for row in rows]
    return pa.Table.from_pylist(flat, schema=arrow_schema(kinds))


def to_frame(scores: Iterable[Score | Mapping[str, Score]], backend: str | None = None) -> Any:
    """Return scores as a DataFrame of pandas, or of polars where pandas is not installed.

    ``backend`` ("pandas" or "polars") chooses one. Rows and columns are those of `to_arrow`; the index counts from 0.
    Raises DistilleryError if neither library is installed. Example, with a pandas DataFrame ``articles``::

        scores = scorer.score(articles)
        joined = articles.reset_index(drop=True).join(distillery.to_frame(scores))
    """
    chosen = backend or next((name for name in BACKENDS if find_spec(name)), None)
    if chosen is None:
        raise DistilleryError("to_frame needs pandas or polars: pip install pandas. distillery.to_arrow needs neither.")
    if chosen not in BACKENDS:
        raise DistilleryError(f"backend is {chosen!r}; to_frame knows {' and '.join(BACKENDS)}.")
    if find_spec(chosen) is None:
        raise DistilleryError(f"{chosen} is not installed: pip install {chosen}")
    table = to_arrow(scores)
    if chosen == PANDAS:
        return table.to_pandas()
    import polars as pl

    return pl.from_arrow(table)


def _by_filter(score: Score | Mapping[str, Score]) -> dict[str, Score]:
    """Return an article's scores by filter, the only one by the name in its provenance."""
    if isinstance(score, Mapping):
        return dict(score)
    if not hasattr(score, "provenance"):
        raise DistilleryError(
            f"a list of scores is needed, as score(articles) returns it; it holds {type(score).__name__}."
        )
    return {score.provenance.filter: score}


def _filters(rows: list[dict[str, Score]]) -> list[FilterColumns]:
    """Return the filters with the dimensions and tiers that any of their scores has, in order of appearance."""
    dimensions: dict[str, dict[str, None]] = {}
    tiers: dict[str, dict[str, None]] = {}
    for row in rows:
        for name, score in row.items():
            dimensions.setdefault(name, {}).update(dict.fromkeys(score.scores or {}))
            tiers.setdefault(name, {}).update(dict.fromkeys(score.tier_probabilities or {}))
    return [FilterColumns(name, list(found), list(tiers[name])) for name, found in dimensions.items()]
