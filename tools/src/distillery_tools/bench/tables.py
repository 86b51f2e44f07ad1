"""A benchmark as tables."""

from __future__ import annotations

from typing import Any

from ..measuring.tables import UNDEFINED, Table


def tables(report: dict[str, Any]) -> list[Table]:
    """Return the tables of a report: speed, Stage 1, agreement with float32, memory; empty ones are left out."""
    found = [_speed(report), panel_table(report["panel"]), _stage1(report), _agreement(report), _memory(report)]
    return [table for table in found if table.rows]


def _speed(report: dict[str, Any]) -> Table:
    articles = report["articles"]
    rows = [
        [
            way["name"],
            f"{way['ms_per_article']:.1f}",
            f"{way['articles_per_second']:.1f}",
            f"{way['times_naive']:.1f}",
            f"{way['gflops']:.0f}" if way["gflops"] else UNDEFINED,
            f"{way['share_of_ceiling']:.0%}" if way["gflops"] else UNDEFINED,
        ]
        for way in report["ways"]
    ]
    last = report["last_filter_ms"]
    title = (
        f"{articles['n']} articles of {articles['mean_tokens']:.0f} tokens, {articles['gflop_each']:.1f} GFLOP each; "
        + ", ".join(f"products {rate:.0f} GFLOP/s in {name}" for name, rate in report["ceiling_gflops"].items())
        + ("" if last is None else f"; the last of {len(report['filters'])} filters adds {last:.1f} ms per article")
    )
    return Table(title, ["way", "ms per article", "articles/s", "times naive", "GFLOP/s", "of the limit"], rows)


def panel_table(cost: dict[str, Any] | None) -> Table:
    """Return the table of what a panel costs beside one filter; without rows for a single filter."""
    if cost is None:
        return Table("", [], [])
    milliseconds, peaks = cost["ms_per_article"], cost["peak_mib"]
    rows = [
        ["ms per article", f"{milliseconds['one']:.1f}", f"{milliseconds['panel']:.1f}", _spread(cost["time_ratio"])],
        ["CPU time", "", "", _spread(cost["cpu_time_ratio"])],
    ]
    if peaks:
        row = ["peak memory, MiB", f"{peaks['one']:.0f}", f"{peaks['panel']:.0f}", f"{cost['memory_ratio']:.3f}"]
        rows.append(row)
    encoders = "one encoder" if cost["n_encoders"] == 1 else f"{cost['n_encoders']} encoders"
    title = f"a panel of {cost['n_filters']} filters on {encoders} beside one filter, {cost['n_articles']} articles"
    return Table(title, ["", "1 filter", f"{cost['n_filters']} filters", "ratio"], rows)


def _spread(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})"


def _stage1(report: dict[str, Any]) -> Table:
    rows = [[name, f"{share:.0%}"] for name, share in report["stage1"].items()]
    return Table("articles that skip the student (Stage 1)", ["filter", "skipped"], rows)


def _agreement(report: dict[str, Any]) -> Table:
    rows = [
        [
            one["filter"],
            f"{one['largest_difference']:.3f}",
            f"{one['mean_difference']:.4f}",
            f"{one['spearman_of_average']:.5f}",
            f"{one['lowest_spearman']:.5f}",
        ]
        for one in report["agreement"]
    ]
    headers = ["filter", "largest difference", "mean", "Spearman of the average", "lowest of a dimension (raw)"]
    return Table(f"{report['backend']} against torch-float32, on the 0-10 scale", headers, rows)


def _memory(report: dict[str, Any]) -> Table:
    rows = [[one["way"], str(one["filters"]), f"{one['peak_mib']:.0f}"] for one in report["memory"]]
    return Table("peak memory, each in a process of its own", ["way", "filters", "MiB"], rows)
