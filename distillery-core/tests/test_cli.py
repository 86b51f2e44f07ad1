"""The ``distillery`` command: what each subcommand prints, where, and with which exit status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner, Result
from pyarrow import parquet

from distillery import hookimpl, plugins
from distillery.cli import cli
from distillery.plugins import InstalledFilter
from distillery.registration import core_version
from distillery.scorer import FilterBaseScorer

OK, FAILED, USAGE = 0, 1, 2
SCRIPT = Path(sys.executable).with_name("distillery")
JSON = ("--format", "json")
COMMANDS = ("list", "info", "score", "doctor")
SHORT = {"id": "short", "title": "clinic", "content": "water"}
NO_TITLE = {"id": "no title", "content": "shared water in the village"}

CopyOf = Callable[[Path], Path]
Install = Callable[..., None]


class Package:
    """Stands in for the import package of a filter."""

    def __init__(self, folder: Path) -> None:
        """Offer the filter of a folder."""
        self._folder = folder

    @hookimpl
    def distillery_filter(self) -> Path:
        """Answer the hook of filters."""
        return self._folder


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """A function that installs the filter of a folder; before it is called, none is installed."""
    found: list[InstalledFilter] = []
    monkeypatch.delenv("DISTILLERY_FILTERS", raising=False)
    monkeypatch.setattr(plugins, "_discovered", lambda: tuple(found))

    def add(folder: Path, name: str = "tiny-filter", *, owner: str = "", requires_core: str = "<2,>=1.0") -> None:
        entry_point: Any = SimpleNamespace(load=lambda: Package(folder), module="tiny")
        distribution = f"{owner}distillery-filter-{name}"
        found.append(InstalledFilter(name, "1.2.3", distribution, "Shared water.", requires_core, entry_point))

    return add


@pytest.fixture(scope="session")
def other_filter(bert_filter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same student under another name, with other tiers."""
    folder = tmp_path_factory.mktemp("other") / "filter"
    shutil.copytree(bert_filter, folder)
    data = yaml.safe_load((folder / "config.yaml").read_text())
    data |= {"name": "other-filter", "tiers": [{"name": "any", "at_least": 0.0, "description": "Whatever."}]}
    (folder / "config.yaml").write_text(yaml.safe_dump(data))
    return folder


@pytest.fixture
def articles_file(tmp_path: Path, articles: list[dict[str, Any]]) -> Path:
    """The articles, and one that every filter's rules set aside."""
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps(article) + "\n" for article in [*articles, SHORT]))
    return path


@pytest.fixture
def broken_filter(bert_filter: Path, copy_of: CopyOf) -> Path:
    """A filter whose weights are not those that its config states."""
    folder = copy_of(bert_filter)
    with (folder / "student" / "adapter_model.safetensors").open("ab") as file:
        file.write(b"\0")
    return folder


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run the command in this process; an exception that is no clear error fails the test."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def score(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return run("score", "--backend", "torch", *arguments, stdin=stdin)


def json_records(content: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.split("\n") if line]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# The command itself


def test_version() -> None:
    result = run("--version")

    assert (result.exit_code, result.stdout, result.stderr) == (OK, f"distillery {core_version()}\n", "")


def test_version_as_json_names_the_filters(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    assert json.loads(run("--version", *JSON).stdout) == {
        "distillery-core": core_version(),
        "filters": {"tiny-filter": "1.2.3"},
    }


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []], ids=["--help", "-h", "nothing"])
def test_help_names_the_commands_and_the_exit_status(arguments: list[str]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)
    assert "Exit status: 0" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_a_format(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == OK
    assert "--format [table|json]" in result.stdout


@pytest.mark.parametrize("arguments", [["scor"], ["--nope"], ["list", "--nope"], ["list", "extra"], ["info"]])
def test_misuse(arguments: list[str]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "Error: " in result.stderr


# list


def test_list_of_nothing(install: Install) -> None:
    result = run("list")

    assert (result.exit_code, result.stdout) == (OK, "")
    assert "No filters are installed." in result.stderr
    assert json.loads(run("list", *JSON).stdout) == []
    assert run("list", "--requirements").stdout == ""


def test_list_of_filters(install: Install, bert_filter: Path, other_filter: Path) -> None:
    install(bert_filter)
    install(other_filter, "other-filter", requires_core="<10,>=9.0")

    result = run("list")

    assert result.exit_code == OK
    assert all(text in result.stdout for text in ("tiny-filter", "other-filter", "1.2.3", "Shared water.", "ok"))
    assert "cannot load" in result.stdout
    assert "warning: other-filter 1.2.3 needs distillery-core >=9.0,<10" in result.stderr


def test_list_as_json(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    assert json.loads(run("list", *JSON).stdout) == [
        {
            "name": "tiny-filter",
            "version": "1.2.3",
            "distribution": "distillery-filter-tiny-filter",
            "summary": "Shared water.",
            "requires_core": "<2,>=1.0",
            "fault": None,
        }
    ]


def test_list_as_requirements(install: Install, bert_filter: Path, other_filter: Path) -> None:
    install(bert_filter)
    install(other_filter, "other-filter")

    result = run("list", "--requirements")

    assert result.stdout == "distillery-filter-tiny-filter==1.2.3\ndistillery-filter-other-filter==1.2.3\n"


def test_list_heeds_the_allow_list(install: Install, bert_filter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bert_filter)
    install(bert_filter, "other-filter")
    monkeypatch.setenv("DISTILLERY_FILTERS", "Other_Filter")

    assert [entry["name"] for entry in json.loads(run("list", *JSON).stdout)] == ["other-filter"]


# info


def test_info_for_people(bert_filter: Path) -> None:
    result = run("info", bert_filter)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert result.stdout.startswith("tiny-filter 1.2.3: Shared water and a village clinic, verified.\n")
    told = ("reach", "0.50", "How many people.", "high", "7.00", "compact (default)", "acme/tiny", "16+8")
    assert [text for text in told if text not in result.stdout] == []
    assert "While proof is below 3, the average is at most 3: Nothing is verified." in result.stdout
    assert "This filter carries no evaluation." in result.stdout


def test_info_as_json(bert_filter: Path) -> None:
    data = json.loads(run("info", bert_filter, *JSON).stdout)

    assert list(data) == ["config", "evaluation", "folder"]
    assert data["config"]["name"] == "tiny-filter"
    assert [dimension["weight"] for dimension in data["config"]["dimensions"]] == [0.5, 0.3, 0.2]
    assert (data["evaluation"], data["folder"]) == (None, str(bert_filter))


def test_info_by_name_and_by_project_folder(
    tmp_path: Path, install: Install, bert_filter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project" / "src" / "distillery_filter_tiny_filter"
    shutil.copytree(bert_filter, project)
    install(bert_filter)
    monkeypatch.chdir(tmp_path / "project")

    folders = [
        json.loads(run("info", name, *JSON).stdout)["folder"]
        for name in ("Tiny_Filter", str(tmp_path / "project"), ".")
    ]

    assert folders[:2] == [str(bert_filter), str(project)]
    assert Path(folders[2]).resolve() == project


def test_info_shows_the_evaluation(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    unknown = {"value": None, "low": None, "high": None}
    models = {"compact": {"weighted_average_mae": figure, "spearman": unknown}}
    (folder / "evaluation.json").write_text(json.dumps({"n_articles": 250, "models": models}))

    result = run("info", folder)

    assert "On 250 held-out articles" in result.stdout
    assert "0.500 (0.400 to 0.600)" in result.stdout
    assert json.loads(run("info", folder, *JSON).stdout)["evaluation"]["n_articles"] == 250


@pytest.mark.parametrize("content", ["{", "{}"], ids=["cut off", "of another shape"])
def test_info_of_a_broken_evaluation_is_a_clear_error(bert_filter: Path, copy_of: CopyOf, content: str) -> None:
    folder = copy_of(bert_filter)
    (folder / "evaluation.json").write_text(content)

    result = run("info", folder)

    assert result.exit_code == FAILED
    assert "evaluation.json" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"), [("nope", "No filter 'nope' is installed."), ("./nope", "No filter stands at nope")]
)
def test_info_of_no_filter(install: Install, name: str, message: str) -> None:
    result = run("info", name)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr.startswith(f"error: {message}")


def test_info_of_a_broken_config_names_every_fault(bert_filter: Path, copy_of: CopyOf) -> None:
    folder = copy_of(bert_filter)
    (folder / "config.yaml").write_text("name: tiny\ncolour: blue\n")

    result = run("info", folder)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "config.yaml has " in result.stderr
    assert all(f"  {key}: " in result.stderr for key in ("version", "dimensions", "colour"))


# doctor


def test_doctor_without_filters(install: Install) -> None:
    result = run("doctor", *JSON)

    report = json.loads(result.stdout)
    assert report["filters"] == []
    assert report["versions"]["distillery-core"] == core_version()
    assert set(report) == {"versions", "cache", "filters", "plugins"}
    assert result.exit_code == (FAILED if any(plugin["fault"] for plugin in report["plugins"]) else OK)


def test_doctor_of_a_sound_filter(install: Install, bert_filter: Path) -> None:
    install(bert_filter)

    result = run("doctor", "tiny-filter", *JSON)

    assert (result.exit_code, result.stderr) == (OK, "")
    assert json.loads(result.stdout)["filters"] == [
        {"name": "tiny-filter", "distribution": "distillery-filter-tiny-filter 1.2.3", "fault": None}
    ]


def test_doctor_tells_the_sound_from_the_faulty(install: Install, bert_filter: Path, broken_filter: Path) -> None:
    install(broken_filter)
    install(bert_filter, "misnamed")
    install(bert_filter, "outdated", requires_core="<1,>=0.1")

    result = run("doctor", *JSON)

    faults = {entry["name"]: entry["fault"] for entry in json.loads(result.stdout)["filters"]}
    assert result.exit_code == FAILED
    assert "adapter_model.safetensors has sha256" in faults["tiny-filter"]
    assert "its config.yaml names 'tiny-filter'" in faults["misnamed"]
    assert "outdated 1.2.3 needs distillery-core >=0.1,<1" in faults["outdated"]


def test_doctor_for_people(install: Install, bert_filter: Path, broken_filter: Path) -> None:
    install(broken_filter)

    result = run("doctor")

    assert result.exit_code == FAILED
    assert "FAULTY" in result.stdout
    assert "torch" in result.stdout
    assert "distillery-filter-tiny-filter 1.2.3: " in result.stderr


def test_doctor_asks_only_after_the_named(
    install: Install, bert_filter: Path, broken_filter: Path, other_filter: Path
) -> None:
    install(broken_filter)
    install(other_filter, "other-filter")

    result = run("doctor", "Other_Filter", *JSON)

    assert result.exit_code == OK
    assert [entry["name"] for entry in json.loads(result.stdout)["filters"]] == ["other-filter"]


def test_doctor_of_a_filter_provided_twice(install: Install, bert_filter: Path) -> None:
    install(bert_filter)
    install(bert_filter, owner="stranger-")

    result = run("doctor", *JSON)

    assert result.exit_code == FAILED
    assert [entry["distribution"] for entry in json.loads(result.stdout)["filters"]] == [
        "distillery-filter-tiny-filter 1.2.3",
        "stranger-distillery-filter-tiny-filter 1.2.3",
    ]


def test_doctor_of_no_filter(install: Install) -> None:
    result = run("doctor", "nope", *JSON)

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "No filter 'nope' is installed." in result.stderr


@pytest.mark.parametrize(("off_by", "status"), [(0.0, OK), (1.0, FAILED)], ids=["agrees", "differs"])
def test_doctor_scores_the_golden_articles(
    install: Install, bert_filter: Path, copy_of: CopyOf, bert_scorer: FilterBaseScorer, off_by: float, status: int
) -> None:
    folder = copy_of(bert_filter)
    article = {"id": "golden", "title": "clinic", "content": "shared water in the village"}
    scores = {name: value + off_by for name, value in (bert_scorer.score_article(article).scores or {}).items()}
    (folder / "golden.jsonl").write_text(json.dumps({"article": article, "scores": scores}))
    install(folder)

    result = run("doctor", "--scores", *JSON)

    assert result.exit_code == status
    (entry,) = json.loads(result.stdout)["filters"]
    assert ("golden: reach is " in (entry["fault"] or "")) == bool(off_by)


# What score writes


def test_score_to_a_file(tmp_path: Path, bert_filter: Path, articles_file: Path, bert_scorer: FilterBaseScorer) -> None:
    output = tmp_path / "scored.jsonl"

    result = score(articles_file, "--filter", bert_filter, "-o", output)

    read = json_records(articles_file.read_text())
    assert (result.exit_code, result.stderr) == (OK, "")
    assert json_records(output.read_text()) == [
        {"id": article["id"], "results": {"tiny-filter": judged.to_dict()}}
        for article, judged in zip(read, bert_scorer.score_batch(read), strict=True)
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
        judged = record["results"]["tiny-filter"]
        assert (row["id"], row["error"]) == (str(record["id"]), None)
        for fact in ("passed_prefilter", "prefilter_reason", "weighted_average", "tier", "gatekeeper_applied", "error"):
            assert row[f"tiny_filter_{fact}"] == judged[fact]
        for name in ("reach", "proof", "lasting"):
            assert row[f"tiny_filter_score_{name}"] == (judged["scores"] or {}).get(name)


def test_score_replaces_a_previous_file(tmp_path: Path, bert_filter: Path, articles_file: Path) -> None:
    output = tmp_path / "scored.jsonl"
    output.write_text("previous\n" * 1000)

    assert score(articles_file, "--filter", bert_filter, "-o", output).exit_code == OK
    assert len(json_records(output.read_text())) == 25


def test_score_goes_on_over_chunks(
    tmp_path: Path, bert_filter: Path, monkeypatch: pytest.MonkeyPatch, articles_file: Path
) -> None:
    whole = json_records(score(articles_file, "--filter", bert_filter).stdout)
    monkeypatch.setattr("distillery.io.reading.CHUNK_LINES", 4)

    for name in ("scored.jsonl", "scored.parquet"):
        score(articles_file, "--filter", bert_filter, "-o", tmp_path / name)

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

    assert all(list(record["results"]) == ["other-filter"] for record in json_records(named.stdout))
    assert all(list(record["results"]) == ["tiny-filter", "other-filter"] for record in json_records(every.stdout))


def test_score_names_one_filter_twice(bert_filter: Path, articles_file: Path) -> None:
    result = score(articles_file, "--filter", bert_filter, "--filter", bert_filter)

    assert result.exit_code == OK
    assert result.stderr.count("tiny-filter 1.2.3") == 1


def test_two_filters_of_one_name_are_refused(
    tmp_path: Path, bert_filter: Path, gemma_filter: Path, articles_file: Path
) -> None:
    """Their results would stand under one key, and one of them would be lost."""
    result = score(articles_file, "--filter", bert_filter, "--filter", gemma_filter, "-o", tmp_path / "scored.jsonl")

    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert "Error: more than one --filter is named tiny-filter" in result.stderr
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
    assert result.stderr.count("error: ") == (1 if n_filters == 1 else 3)
    assert names_in(tmp_path) == before


# How score reads its options


def test_skip_prefilter_scores_what_the_rules_set_aside(bert_filter: Path, articles_file: Path) -> None:
    judged = [
        json_records(score(articles_file, "--filter", bert_filter, *options).stdout)[-1]["results"]["tiny-filter"]
        for options in ((), ("--skip-prefilter",))
    ]

    assert (judged[0]["prefilter_reason"], judged[0]["tier"]) == ("content_too_short_5chars", None)
    assert judged[1]["prefilter_reason"] is None
    assert judged[1]["tier"] is not None


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
    assert "  line 26: 'title' is missing; an article needs a title and a content\n" in result.stdout
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


# As a process of its own


def distillery(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [str(argument) for argument in (SCRIPT, *arguments)]
    return subprocess.run(command, capture_output="stdout" not in options, timeout=120, check=False, **options)


def test_process_scores_a_pipe(bert_filter: Path, articles_file: Path) -> None:
    """Results alone on stdout, the summary alone on stderr."""
    with articles_file.open("ab") as file:
        file.write(b"\xff\n")

    done = distillery(
        *("score", "-", "--filter", bert_filter, "--backend", "torch", *JSON), input=articles_file.read_bytes()
    )

    records, summary = json_records(done.stdout.decode()), json.loads(done.stderr)
    assert done.returncode == FAILED
    assert len(records) == summary["articles"] == 26
    assert records[-1] == {"id": None, "line": 26, "error": "not UTF-8: invalid start byte at byte 0", "results": {}}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--version"], OK), (["info", "./nope"], USAGE), (["score", "absent.jsonl"], USAGE), (["nope"], USAGE)],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_process_has_the_exit_status(tmp_path: Path, arguments: list[str], status: int) -> None:
    done = distillery(*arguments, cwd=tmp_path)

    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert bool(done.stderr) == bool(status)


def test_process_whose_reader_leaves_ends_quietly(tmp_path: Path, bert_filter: Path) -> None:
    """As in ``distillery score ... | head -n 1``."""
    path = tmp_path / "articles.jsonl"
    article = {"title": "clinic", "content": "shared water in the village"}
    path.write_text("".join(json.dumps({"id": n} | article) + "\n" for n in range(600)))
    command = [str(SCRIPT), "score", str(path), "--filter", str(bert_filter), "--backend", "torch", "--quiet"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert json.loads(first)["id"] == 0
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_process_that_cannot_write_its_output_says_so(bert_filter: Path, articles_file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = distillery(
            *("score", articles_file, "--filter", bert_filter, "--backend", "torch", "--quiet"),
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert done.returncode == USAGE
    assert done.stderr.startswith(b"error: standard output cannot be written: No space left on device")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_process_that_is_stopped_leaves_the_previous_file(
    tmp_path: Path, bert_filter: Path, articles_file: Path, number: signal.Signals
) -> None:
    """SIGTERM is how a container or a service is stopped."""
    output = tmp_path / "scored.jsonl"
    output.write_text("previous")
    script = (
        "import time, distillery.loading, distillery.cli\n"
        "distillery.loading.load_filter = lambda *_, **__: (print('loading', flush=True), time.sleep(100))\n"
        "distillery.cli.main()\n"
    )
    arguments = ("score", articles_file, "--filter", bert_filter, "-o", output)
    command = [sys.executable, "-c", script, *map(str, arguments)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        assert len(names_in(tmp_path)) == 3
        time.sleep(0.2)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)

    assert process.returncode not in {OK, USAGE}
    assert b"Traceback" not in errors
    assert names_in(tmp_path) == ["articles.jsonl", "scored.jsonl"]
    assert output.read_text() == "previous"


@pytest.mark.parametrize(("level", "status"), [("debug", OK), ("WARNING", OK), ("loud", USAGE)])
def test_process_takes_a_log_level(level: str, status: int) -> None:
    done = distillery("--version", env=os.environ | {"DISTILLERY_LOG": level})

    assert done.returncode == status
    assert (b"DISTILLERY_LOG=loud" in done.stderr) == (status == USAGE)
    assert b"Traceback" not in done.stderr
