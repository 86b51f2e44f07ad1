"""``distillery evaluate``: one report in three forms, kept where ``distillery info`` finds it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from invented import DIMENSIONS, Data, Trained, contents, run_cli, strict_json

from distillery import FilterConfig
from distillery_tools.evaluation.evaluator import KERNEL, MEDIAN, RIDGE
from distillery_tools.measuring.figures import Figure

USAGE, FAILED = 2, 1
MODELS = ("student compact", KERNEL, RIDGE, MEDIAN)
COLUMNS = ("MAE of the weighted average", "gap closed", "rank correlation", "recall", "R-precision")


def evaluate(folder: Path, data: Path, *options: object) -> Result:
    """Run the command; it must succeed."""
    done = run_cli("evaluate", folder, "--data", data, *options)
    assert done.exit_code == 0, (done.output, done.exception)
    return done


@pytest.fixture(scope="module")
def report(trained: Trained, data_folder: Path) -> dict[str, Any]:
    """The report as JSON."""
    content: dict[str, Any] = strict_json(evaluate(trained.folder, data_folder, "--format", "json").stdout)
    return content


def texts_of(part: Any) -> set[str]:
    """Return every figure in a part of a report as people read it: value and interval."""
    if isinstance(part, dict) and set(part) == {"value", "low", "high"}:
        return {str(Figure.from_dict(part))}
    return set().union(*map(texts_of, part.values())) if isinstance(part, dict) else set()


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_tables_hold_every_figure_with_its_interval(
    trained: Trained, data_folder: Path, report: dict[str, Any], form: str
) -> None:
    """Of all models and all dimensions."""
    printed = evaluate(trained.folder, data_folder, "--format", form).stdout
    assert [text for text in texts_of(report) if text not in printed] == []
    assert [name for name in (*MODELS, *COLUMNS, *DIMENSIONS) if name not in printed] == []


def test_the_table_says_on_what_it_was_measured(trained: Trained, data_folder: Path, report: dict[str, Any]) -> None:
    """It is the default."""
    printed = evaluate(trained.folder, data_folder).stdout
    assert f"garden 1.2.0 on 12 articles of 'test', {report['n_positives']} of them at 4 or above" in printed


def test_markdown_is_whole_tables(trained: Trained, data_folder: Path) -> None:
    """Each row has as many cells as its header."""
    printed = evaluate(trained.folder, data_folder, "--format", "markdown").stdout.strip()
    tables = [block.splitlines() for block in printed.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 8
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
        assert set(lines[1]) <= set("| -")


def test_a_folder_gets_every_form(trained: Trained, data_folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """JSON, Markdown and pictures, the learning curves from the record of the training."""
    folder = tmp_path / "reports" / "garden"
    evaluate(trained.folder, data_folder, "--output-dir", folder)
    written = contents(folder)
    pictures = {"reliability.png", "predicted_against_true.png", "tier_confusion.png", "learning_curves.png"}
    assert set(written) == {"evaluation.json", "evaluation.md", "quality.svg", *pictures}
    assert strict_json(written["evaluation.json"].decode()) == report
    assert report["weights_sha256"] == FilterConfig.load(trained.folder).student().weights_sha256
    assert written["evaluation.md"].decode().startswith("# garden 1.2.0\n\n")


@pytest.mark.parametrize("form", ["table", "markdown", "json"])
def test_the_prefilter_is_measured_alone(garden: Path, data_folder: Path, form: str) -> None:
    """Before there is a student at all."""
    printed = evaluate(garden, data_folder, "--prefilter-only", "--format", form).stdout
    assert "advert" in printed
    if form == "json":
        assert strict_json(printed)["all"]["passed"] == pytest.approx(0.9)


@pytest.mark.parametrize("option", [("--save",), ("--output-dir", "reports")])
def test_the_prefilter_alone_is_not_kept(garden: Path, data_folder: Path, option: tuple[str, ...]) -> None:
    """What is kept are a student's figures."""
    done = run_cli("evaluate", garden, "--data", data_folder, "--prefilter-only", *option)
    assert done.exit_code == USAGE
    assert "--prefilter-only" in done.output


def test_saving_makes_info_show_it(trained_copy: Path, data_folder: Path, report: dict[str, Any]) -> None:
    """In the table and in JSON; only evaluation.json is new."""
    before = contents(trained_copy)
    assert "This filter has no evaluation." in run_cli("info", trained_copy).output

    evaluate(trained_copy, data_folder, "--save")

    after = contents(trained_copy)
    assert {name for name in after if after[name] != before.get(name)} == {"evaluation.json"}
    saved = strict_json(after["evaluation.json"].decode())
    assert saved == report
    assert strict_json(run_cli("info", trained_copy, "--format", "json").output)["evaluation"] == saved
    shown = run_cli("info", trained_copy).output
    assert "On 12 held-out articles" in shown
    for name in MODELS:
        assert name in shown
        assert str(Figure.from_dict(saved["models"][name]["weighted_average_mae"])) in shown


def test_saving_renews_the_cards(trained_copy: Path, data_folder: Path) -> None:
    """Between their markers only; the picture lies beside."""
    card = trained_copy / "README.md"
    blocks = (f"<!-- {marker} -->\nformer figures\n<!-- /{marker} -->\n" for marker in ("evaluation", "positives"))
    card.write_text("\n".join(["# garden\n", *blocks, "The end.\n"]))
    evaluate(trained_copy, data_folder, "--save")
    text = card.read_text()
    assert "former" not in text
    assert "| student compact |" in text
    linked = re.search(r"!\[Precision over recall of \d+ positives: .+]\((plots/quality.svg)\)", text)
    assert linked
    assert (trained_copy / linked[1]).read_bytes().startswith(b"<?xml")
    assert "labelled articles are positives, at 4 or above by the oracle" in text
    assert text.startswith("# garden\n")
    assert text.endswith("\n\nThe end.\n")


def test_without_saving_nothing_changes(trained_copy: Path, data_folder: Path) -> None:
    """Measuring is no change."""
    before = contents(trained_copy)
    evaluate(trained_copy, data_folder)
    assert contents(trained_copy) == before


def test_another_split(trained: Trained, data_folder: Path) -> None:
    """By name."""
    assert "12 articles of 'val'" in evaluate(trained.folder, data_folder, "--split", "val").stdout


def test_only_held_out_articles_are_saved(trained_copy: Path, data_folder: Path) -> None:
    """``distillery info`` calls them held out, which train and val are not."""
    done = run_cli("evaluate", trained_copy, "--data", data_folder, "--split", "train", "--save")
    assert done.exit_code == USAGE
    assert not (trained_copy / "evaluation.json").exists()


def test_an_installed_copy_is_measured_but_not_changed(
    trained: Trained, trained_copy: Path, data_folder: Path, tmp_path: Path
) -> None:
    """Its files belong to pip."""
    installed = tmp_path / "site-packages" / "distillery_filter_garden"
    installed.parent.mkdir()
    trained_copy.rename(installed)
    before = contents(installed)

    evaluate(installed, data_folder)
    refused = run_cli("evaluate", installed, "--data", data_folder, "--save")

    assert refused.exit_code == USAGE
    assert "is an installed copy" in refused.output
    assert contents(installed) == before


@pytest.mark.parametrize("options", [(), ("--articles", "articles.jsonl"), ("--labels", "labels.jsonl")])
def test_without_data_the_options_are_named(trained: Trained, options: tuple[str, ...]) -> None:
    """Exit status 2, as for any wrong use."""
    done = run_cli("evaluate", trained.folder, *options)
    assert done.exit_code == USAGE
    assert "--data FOLDER" in done.output


def test_faulty_labels_are_refused(trained: Trained, data: Data) -> None:
    """As in training."""
    data.labels[4]["scores"]["green"] = 11
    data.write()
    done = run_cli("evaluate", trained.folder, "--data", data.folder)
    assert done.exit_code == USAGE
    assert "a4: scores: not a number from 0 to 10" in done.output


def test_an_untrained_filter_is_an_error(garden: Path, data_folder: Path) -> None:
    """Its weights are missing."""
    done = run_cli("evaluate", garden, "--data", data_folder)
    assert done.exit_code == FAILED
    assert "adapter_" in done.output
