"""``distillery score``: what it writes, with which filters and options, and its summary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from commands import FAILED, JSON, OK, USAGE, json_records, names_in, score
from pyarrow import parquet

from distillery.scoring.scorer import FilterBaseScorer

Install = Callable[..., None]
NO_TITLE = {"id": "no title", "content": "shared water in the village"}


# What score writes


def test_score_to_a_file(tmp_path: Path, bert_filter: Path, articles_file: Path, bert_scorer: FilterBaseScorer) -> None:
    output = tmp_path / "scored.jsonl"

    result = score(articles_file, "--filter", bert_filter, "-o", output)

    read = json_records(articles_file.read_text())
    assert (result.exit_code, result.stderr) == (OK, "")
    assert json_records(output.read_text()) == [
        {"id": article["id"], "results": {"tiny-filter": found.to_dict()}}
        for article, found in zip(read, bert_scorer.score_batch(read), strict=True)
    ]
    assert names_in(tmp_path) == ["articles.jsonl", "scored.jsonl"]


def test_score_to_standard_output(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    score(articles_file, "--filter", bert_filter, "-o", tmp_path / "scored.jsonl")

    result = score(articles_file, "--filter", bert_filter)

    assert result.exit_code == OK
    assert result.stdout == (tmp_path / "scored.jsonl").read_text()
    assert "tiny-filter 1.2.3" in result.stderr


def test_score_of_standard_input(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    from_file = score(articles_file, "--filter", bert_filter)

    from_stdin = score("-", "--filter", bert_filter, stdin=articles_file.read_bytes())

    assert from_stdin.exit_code == OK
    assert from_stdin.stdout == from_file.stdout


@pytest.mark.parametrize("source", ["articles.jsonl", "articles.parquet"])
def test_both_formats_in_and_out_carry_the_same_numbers(
    tmp_path: Path, bert_filter: Path, articles_file: Path, source: str
) -> None:
    articles = json_records(articles_file.read_text())
    expected = json_records(score(articles_file, "--filter", bert_filter).stdout)
    rows = [article | {"id": str(article["id"])} for article in articles]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "articles.parquet")

    for name in ("scored.jsonl", "scored.parquet"):
        result = score(tmp_path / source, "--filter", bert_filter, "-o", tmp_path / name, "--quiet")
        assert result.exit_code == OK

    records = json_records((tmp_path / "scored.jsonl").read_text())
    flat = parquet.read_table(tmp_path / "scored.parquet").to_pylist()
    assert [record["results"] for record in records] == [record["results"] for record in expected]
    for record, row in zip(expected, flat, strict=True):
        found = record["results"]["tiny-filter"]
        assert (row["id"], row["error"]) == (str(record["id"]), None)
        for fact in ("passed_prefilter", "prefilter_reason", "weighted_average", "tier", "gatekeeper_applied", "error"):
            assert row[f"tiny_filter_{fact}"] == found[fact]
        for name in ("reach", "proof", "lasting"):
            assert row[f"tiny_filter_score_{name}"] == (found["scores"] or {}).get(name)


def test_score_replaces_a_previous_file(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    output = tmp_path / "scored.jsonl"
    output.write_text("previous\n" * 1000)

    assert score(articles_file, "--filter", bert_filter, "-o", output).exit_code == OK
    assert len(json_records(output.read_text())) == 25


def test_score_goes_on_over_chunks(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    whole = json_records(score(articles_file, "--filter", bert_filter).stdout)

    for name in ("scored.jsonl", "scored.parquet"):
        score(articles_file, "--filter", bert_filter, "--batch-size", "4", "-o", tmp_path / name)

    pieces = json_records((tmp_path / "scored.jsonl").read_text())
    ids = parquet.read_table(tmp_path / "scored.parquet")["id"].to_pylist()
    assert [record["id"] for record in pieces] == [record["id"] for record in whole]
    assert ids == [str(record["id"]) for record in whole]
    for piece, expected in zip(pieces, whole, strict=True):
        assert piece["results"]["tiny-filter"]["scores"] == pytest.approx(
            expected["results"]["tiny-filter"]["scores"], abs=1e-4
        )


# Which filters score uses


def test_score_with_two_filters(tmp_path: Path, bert_filter: Path, other_filter: Path, articles_file: Path) -> None:
    filters = ("--filter", bert_filter, "--filter", other_filter)

    result = score(articles_file, *filters, "-o", tmp_path / "scored.jsonl", *JSON)
    score(articles_file, *filters, "-o", tmp_path / "scored.parquet")

    records = json_records((tmp_path / "scored.jsonl").read_text())
    columns = parquet.read_schema(tmp_path / "scored.parquet").names
    assert result.exit_code == OK
    assert all(list(record["results"]) == ["tiny-filter", "other-filter"] for record in records)
    assert all(
        record["results"]["tiny-filter"]["raw_scores"] == record["results"]["other-filter"]["raw_scores"]
        for record in records
    )
    assert {"tiny_filter_weighted_average", "other_filter_weighted_average"} <= set(columns)
    assert json.loads(result.stdout)["filters"]["other-filter"]["tiers"] == {"any": 24}


def test_score_by_name_and_with_all_installed(
    install: Install, bert_filter: Path, other_filter: Path, articles_file: Path
) -> None:
    install(bert_filter)
    install(other_filter, "other-filter")

    named, every = score(articles_file, "--filter", "Other_Filter"), score(articles_file)

    n_articles = len(json_records(articles_file.read_text()))
    for result, names in ((named, ["other-filter"]), (every, ["tiny-filter", "other-filter"])):
        assert [list(record["results"]) for record in json_records(result.stdout)] == [names] * n_articles


def test_score_names_one_filter_twice(bert_filter: Path, articles_file: Path) -> None:
    result = score(articles_file, "--filter", bert_filter, "--filter", bert_filter)

    assert result.exit_code == OK
    assert result.stderr.count("highest, tiny-filter 1.2.3") == 1


def test_two_filters_of_one_name_are_refused(
    tmp_path: Path, bert_filter: Path, gemma_filter: Path, articles_file: Path
) -> None:
    """Their results would stand under one key, and one of them would be lost."""
    result = score(articles_file, "--filter", bert_filter, "--filter", gemma_filter, "-o", tmp_path / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "Error: more than one of the filters is named tiny-filter" in result.stderr
    assert names_in(tmp_path) == ["articles.jsonl"]


@pytest.mark.parametrize("broken_first", [True, False])
def test_a_broken_filter_does_not_stop_the_other(
    tmp_path: Path, broken_filter: Path, other_filter: Path, articles_file: Path, *, broken_first: bool
) -> None:
    folders = (broken_filter, other_filter) if broken_first else (other_filter, broken_filter)
    filters = [argument for folder in folders for argument in ("--filter", folder)]

    result = score(articles_file, *filters, "-o", tmp_path / "scored.jsonl", *JSON)

    records = json_records((tmp_path / "scored.jsonl").read_text())
    assert result.exit_code == FAILED
    assert result.stderr.startswith("error: tiny-filter 1.2.3: adapter_model.safetensors has sha256")
    assert json.loads(result.stdout)["failed"] == 0
    assert len(records) == 25
    assert all(list(record["results"]) == ["other-filter"] for record in records)


@pytest.mark.parametrize("n_filters", [1, 2])
def test_only_broken_filters_write_nothing(
    tmp_path: Path, broken_filter: Path, other_filter: Path, articles_file: Path, n_filters: int
) -> None:
    second = tmp_path / "second"
    shutil.copytree(other_filter, second)
    (second / "config.yaml").write_text("name: 1\n")
    filters = ("--filter", broken_filter, "--filter", second)[: 2 * n_filters]
    before = names_in(tmp_path)

    result = score(articles_file, *filters, "-o", tmp_path / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert result.stderr.count("error: ") == 1
    assert "tiny-filter 1.2.3: adapter_model.safetensors has sha256" in result.stderr
    assert n_filters == 1 or "config.yaml has" in result.stderr
    assert names_in(tmp_path) == before


# How score reads its options


def test_no_prefilter_scores_what_the_rules_set_aside(bert_filter: Path, articles_file: Path) -> None:
    found = [
        json_records(score(articles_file, "--filter", bert_filter, *options).stdout)[-1]["results"]["tiny-filter"]
        for options in ((), ("--no-prefilter",))
    ]

    assert (found[0]["prefilter_reason"], found[0]["tier"]) == ("content_too_short_5chars", None)
    assert found[1]["prefilter_reason"] is None
    assert found[1]["tier"] is not None


@pytest.mark.parametrize("with_output", [True, False])
def test_quiet_prints_results_only(
    tmp_path: Path, bert_filter: Path, articles_file: Path, *, with_output: bool
) -> None:
    output = ("-o", tmp_path / "scored.jsonl") if with_output else ()

    result = score(articles_file, "--filter", bert_filter, "--quiet", *JSON, *output)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert len(json_records(result.stdout)) == (0 if with_output else 25)


def test_student_by_name(bert_filter: Path, articles_file: Path) -> None:
    result = score(articles_file, "--filter", bert_filter, "--student", "compact")

    provenance = json_records(result.stdout)[0]["results"]["tiny-filter"]["provenance"]
    assert (provenance["student"], provenance["backend"]) == ("compact", "torch-float32")


def test_backend_and_precision_by_name(bert_filter: Path, articles_file: Path) -> None:
    engine = ("--backend", "openvino", "--precision", "float32")

    result = score(articles_file, "--filter", bert_filter, *engine)

    assert json_records(result.stdout)[0]["results"]["tiny-filter"]["provenance"]["backend"] == "openvino-float32"


def test_a_device_that_is_not_there_is_told(bert_filter: Path, articles_file: Path) -> None:
    result = score(articles_file, "--filter", bert_filter, "--device", "cuda:99")

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert result.stderr.startswith("error: torch cannot use the device 'cuda:99'")


# The summary of score


def test_summary_for_people_names_tiers_reasons_and_failures(
    tmp_path: Path, bert_filter: Path, articles_file: Path
) -> None:
    with articles_file.open("a") as file:
        file.write(json.dumps(NO_TITLE) + "\nbroken\n")
    output = tmp_path / "scored.jsonl"

    result = score(articles_file, "--filter", bert_filter, "-o", output)

    assert (result.exit_code, result.stderr) == (FAILED, "")
    rows = {
        line.strip().rsplit(maxsplit=2)[0].strip(): line.split()[-2:]
        for line in result.stdout.splitlines()
        if "%" in line
    }
    assert list(rows)[:3] == ["high", "medium", "low"]
    assert rows["set aside: content_too_short_nchars"] == ["1", "3.7%"]
    assert sum(int(count) for count, _ in rows.values()) == 25
    assert "27 articles in " in result.stdout
    assert ", 2 failed\n" in result.stdout
    assert "  line 26: 'title' is missing; an article needs" in result.stdout
    assert "  line 27: not JSON: " in result.stdout
    assert result.stdout.endswith(f"results: {output}\n")


def test_summary_as_json_adds_up(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    with articles_file.open("a") as file:
        file.write(json.dumps(NO_TITLE) + "\nbroken\n")
    output = tmp_path / "scored.jsonl"

    result = score(articles_file, "--filter", bert_filter, "-o", output, *JSON)

    summary = json.loads(result.stdout)
    counts = summary["filters"]["tiny-filter"]
    records = json_records(output.read_text())
    tiers = [record["results"].get("tiny-filter", {}).get("tier") for record in records]
    assert counts["tiers"] == {name: tiers.count(name) for name in ("high", "medium", "low")}
    assert counts["set_aside"] == {"content_too_short_nchars": 1}
    assert (summary["articles"], summary["failed"], len(summary["failures"])) == (27, 2, 2)
    assert sum(counts["tiers"].values()) + sum(counts["set_aside"].values()) + summary["failed"] == summary["articles"]
    assert summary["output"] == str(output)
    assert summary["seconds"] >= 0


def test_summary_goes_to_stderr_where_results_go_to_stdout(bert_filter: Path, articles_file: Path) -> None:
    result = score(articles_file, "--filter", bert_filter, *JSON)

    assert json.loads(result.stderr)["articles"] == len(json_records(result.stdout)) == 25
    assert json.loads(result.stderr)["output"] is None


# Other inputs, and results to read


def test_fields_of_other_names_are_mapped(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    articles = json_records(articles_file.read_text())
    renamed = [{"id": one["id"], "headline": one["title"], "body": one["content"]} for one in articles]
    path = tmp_path / "renamed.parquet"
    parquet.write_table(pa.Table.from_pylist([one | {"id": str(one["id"])} for one in renamed]), path)

    refused = score(path, "--filter", bert_filter)
    mapped = score(path, "--filter", bert_filter, "--column", "title=headline", "--column", "content=body")

    assert (refused.exit_code, refused.stdout) == (USAGE, "")
    assert "--column title=headline --column content=body" in refused.stderr
    expected = json_records(score(articles_file, "--filter", bert_filter).stdout)
    assert [one["results"] for one in json_records(mapped.stdout)] == [one["results"] for one in expected]


def test_several_files_and_a_limit(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    (tmp_path / "folder").mkdir()
    first = tmp_path / "folder" / "first.csv"
    first.write_text("id,title,content\nx,clinic,shared water in the village\n")

    result = score(first.parent, articles_file, "--filter", bert_filter, "--limit", "3")

    ids = [one["id"] for one in json_records(articles_file.read_text())]
    assert [one["id"] for one in json_records(result.stdout)] == ["x", *ids[:2]]


def test_an_output_that_is_one_of_several_inputs_is_refused(bert_filter: Path, articles_file: Path) -> None:
    before = articles_file.read_text()

    result = score(articles_file.parent, "--filter", bert_filter, "-o", articles_file)

    assert result.exit_code == USAGE
    assert "is the file of articles" in result.stderr
    assert articles_file.read_text() == before


def test_a_table_of_articles_to_read(
    tmp_path: Path, bert_filter: Path, other_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    content = "shared water in the village"
    long = " ".join(["clinic"] * 30)
    path = tmp_path / "articles.jsonl"
    rows = [{"title": "<b>court</b>", "content": content}, {"title": long, "content": content}, NO_TITLE]
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows, {"title": "short", "content": "water"}]) + "broken"
    )

    result = score(path, "--filter", bert_filter, "--filter", other_filter, "--format", "table", "--quiet")

    lines = result.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert [line.split()[:2] for line in lines[:1]] == [["tiny-filter", "other-filter"]]
    assert lines[2].endswith(" court")
    assert lines[3].endswith("\N{HORIZONTAL ELLIPSIS}")
    assert lines[4].split()[:2] == ["error", "error"]
    assert lines[5].split() == ["aside", "aside", "short"]
    assert lines[6].split()[:3] == ["error", "error", "line"]
    assert "not JSON" in lines[6]
    assert result.exit_code == FAILED


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_quiet_says_so_if_no_article_could_be_scored(
    tmp_path: Path, bert_filter: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text('{"title": null, "content": "b"}\n' * 2)

    result = score(path, "--filter", bert_filter, "--quiet", "-o", tmp_path / "scored.jsonl", *options)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert result.stderr.startswith("error: no article could be scored; line 1: 'title' is missing")
