"""``distillery compare``: two versions from every source, what moved between them, and what their numbers promise."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import yaml
from compare_cases import FAILED, OK, TITLE, USAGE, Scores, another, compare, moved, report_of
from invented import DIMENSIONS, NAME, Trained, run_cli, strict_json


@pytest.fixture
def articles(data_folder: Path) -> Path:
    """Sixty articles."""
    return data_folder / "articles.jsonl"


def test_the_same_scores_are_a_patch(trained: Trained, articles: Path, tmp_path: Path) -> None:
    new = another(trained, tmp_path, version="1.2.1")

    report = report_of(trained.folder, new, articles, "--check")

    assert report["verdict"] == {
        "required": "patch",
        "reason": "no number moved by more than 0.001",
        "stated": "patch",
        "is_sufficient": True,
        "lowest_version": "1.2.1",
    }
    assert report["shifts"]["weighted_average"]["spearman"]["value"] == pytest.approx(1.0)
    assert report["tier_flips"] == {"up": [], "down": []}
    assert report["outcome_changes"] == []


@pytest.mark.parametrize(("version", "status"), [("1.2.1", FAILED), ("1.3.0", OK)])
def test_scores_that_move_are_a_minor(
    trained: Trained, articles: Path, tmp_path: Path, version: str, status: int
) -> None:
    new = moved(trained, tmp_path, 0.05, version=version)

    done = compare(trained.folder, new, articles, "--check", "--format", "json")

    assert done.exit_code == status
    report = strict_json(done.stdout)
    assert report["verdict"]["required"] == "minor"
    assert report["shifts"]["green"]["mean_shift"]["value"] == pytest.approx(0.05, abs=0.02)
    assert ("State at least 1.3.0" in done.stderr) == (status == FAILED)


def test_a_mean_that_moves_is_a_major(trained: Trained, articles: Path, tmp_path: Path) -> None:
    report = report_of(trained.folder, moved(trained, tmp_path, 1.0, version="1.3.0"), articles)

    assert report["verdict"]["required"] == "major"
    assert report["verdict"]["lowest_version"] == "2.0.0"
    assert not report["verdict"]["is_sufficient"]


def test_another_threshold_is_a_major(trained: Trained, articles: Path, tmp_path: Path) -> None:
    tiers = yaml.safe_load(trained.folder.joinpath("config.yaml").read_text())["tiers"]
    new = another(trained, tmp_path, version="1.3.0", tiers=[{**tiers[0], "at_least": 8.0}, *tiers[1:]])

    report = report_of(trained.folder, new, articles)

    assert report["verdict"]["required"] == "major"
    assert "other tiers" in report["verdict"]["reason"]


def test_another_rule_sets_aside_and_is_a_minor(trained: Trained, articles: Path, tmp_path: Path) -> None:
    new = another(trained, tmp_path, version="1.2.1", prefilter={"min_content_chars": 20})

    report = report_of(trained.folder, new, articles)

    assert report["new"]["n_set_aside"] == 0 < report["old"]["n_set_aside"] == len(report["outcome_changes"])
    assert {(one["old"], one["new"]) for one in report["outcome_changes"]} == {("set aside: advert", "scored")}
    assert report["verdict"]["required"] == "minor"


def test_without_check_a_small_number_is_a_warning(trained: Trained, articles: Path, tmp_path: Path) -> None:
    done = compare(trained.folder, moved(trained, tmp_path, 0.05), articles)

    assert done.exit_code == OK
    assert "warning: garden 1.2.0 needs a minor version" in done.stderr


def test_golden_scores_of_the_old_release_count(trained: Trained, articles: Path, tmp_path: Path) -> None:
    """What the old release froze moved, though the same code scores both alike."""
    old, new = another(trained, tmp_path / "old"), another(trained, tmp_path / "new", version="1.2.1")
    golden = old / "golden.jsonl"
    records = [json.loads(line) for line in golden.read_text().splitlines()]
    records[0]["scores"]["green"] += 0.5
    golden.write_text("".join(f"{json.dumps(record)}\n" for record in records))

    report = report_of(old, new, articles)

    assert report["golden"]["largest_move"] == pytest.approx(0.5, abs=0.01)
    assert report["verdict"]["required"] == "minor"
    assert "golden article lane" in report["verdict"]["reason"]


def test_a_file_of_scores_stands_for_a_version(trained: Trained, articles: Path, tmp_path: Path) -> None:
    """What `distillery score` wrote compares as the filter itself does."""
    scored = tmp_path / "old.jsonl"
    options = ("--filter", trained.folder, "--backend", "torch", "-o", scored)
    assert run_cli("score", articles, *options).exit_code == OK

    report = report_of(scored, another(trained, tmp_path, version="1.2.1"), articles)

    assert report["n_scored_by_both"] == report["old"]["n_scored"] == report["new"]["n_scored"]
    assert report["verdict"]["required"] == "patch"
    assert report["speed"] is report["golden"] is None


def test_a_wheel_is_unpacked_and_never_imported(trained: Trained, articles: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "distillery_filter_garden-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in trained.folder.rglob("*"):
            archive.write(path, Path("distillery_filter_garden", path.relative_to(trained.folder)))
        archive.writestr("distillery_filter_garden/__init__.py", "raise SystemExit('imported')")
        archive.writestr("distillery_filter_garden-1.2.0.dist-info/METADATA", "Name: distillery-filter-garden")

    report = report_of(wheel, trained.folder, articles)

    assert report["verdict"]["required"] == "patch"
    assert report["old"]["source"] == str(wheel)


def test_an_installed_filter_goes_by_its_name(few: Path) -> None:
    done = compare("no-such-filter", "commerce", few)

    assert done.exit_code == USAGE
    assert "no-such-filter" in done.stderr


def test_both_speeds_are_measured_in_turns(trained: Trained, articles: Path) -> None:
    done = run_cli("compare", trained.folder, trained.folder, articles, "--rounds", 2, "--format", "json")

    speed = strict_json(done.stdout)["speed"]
    assert speed["rounds"] == 2
    assert 0 < speed["ratio"]["low"] <= speed["ratio"]["median"] <= speed["ratio"]["high"]


def test_the_report_goes_to_a_file(old: Path, few: Path, tmp_path: Path) -> None:
    report = report_of(old, old, few, "-o", tmp_path / "report.json")

    assert strict_json((tmp_path / "report.json").read_text()) == report


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Version 1.3.0: a3 rises to medium, a5 falls to low, a0 moves by half a point."""
    scores = Scores("1.3.0")
    for number, average in ((3, 4.5), (5, 3.0), (0, 0.5)):
        scores.move(number, average)
    return scores.write(tmp_path / "new.jsonl")


def test_shifts(old: Path, new: Path, few: Path) -> None:
    figures = report_of(old, new, few)["shifts"]["weighted_average"]

    assert figures["mean_shift"]["value"] == pytest.approx((1.5 - 2.0 + 0.5) / 6)
    assert figures["mean_absolute_shift"]["value"] == pytest.approx(4.0 / 6)
    assert (figures["largest_shift"], figures["largest_shift_id"]) == (-2.0, "a5")
    assert list(report_of(old, new, few)["shifts"]) == [*DIMENSIONS, "weighted_average"]


def test_flips_up_and_down(old: Path, new: Path, few: Path) -> None:
    flips = report_of(old, new, few)["tier_flips"]

    assert flips["up"] == [{"id": "a3", "old": "low", "new": "medium", "old_average": 3.0, "new_average": 4.5}]
    assert [flip["id"] for flip in flips["down"]] == ["a5"]


def test_titles_are_for_the_terminal_only(old: Path, new: Path, few: Path, tmp_path: Path) -> None:
    """Article text belongs to its publishers, and reports are committed."""
    assert f"{TITLE} 3" in compare(old, new, few).stdout
    for form in ("json", "markdown"):
        printed = compare(old, new, few, "--format", form, "-o", tmp_path / "report.json").stdout
        assert "a3" in printed
        assert TITLE not in printed + (tmp_path / "report.json").read_text()


def test_articles_that_fail_differently(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores("1.3.0")
    scores.lose(1, error="out of memory")
    scores.lose(2, passed_prefilter=False, prefilter_reason="advert")

    done = compare(old, scores.write(tmp_path / "new.jsonl"), few, "--format", "json")

    report = strict_json(done.stdout)
    assert report["outcome_changes"] == [
        {"id": "a1", "old": "scored", "new": "failed"},
        {"id": "a2", "old": "scored", "new": "set aside: advert"},
    ]
    assert report["n_scored_by_both"] == 4
    assert "garden 1.3.0 failed on 1 articles, such as a1: out of memory" in done.stderr


def test_what_a_file_cannot_tell_is_said(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores()
    for record in scores.records:
        record["results"][NAME]["provenance"]["backend"] = "openvino-bfloat16"

    notes = " ".join(report_of(old, scores.write(tmp_path / "new.jsonl"), few)["notes"])

    assert "The backend differs: torch-float32 and openvino-bfloat16" in notes
    assert "does not tell weights, tiers and gatekeepers" in notes


def test_other_dimensions_are_a_major(old: Path, few: Path, tmp_path: Path) -> None:
    scores = Scores("1.3.0")
    for record in scores.records:
        record["results"][NAME]["scores"]["novel"] = record["results"][NAME]["scores"].pop("tested")

    report = report_of(old, scores.write(tmp_path / "new.jsonl"), few)

    assert report["verdict"]["required"] == "major"
    assert list(report["shifts"]) == ["green", "shared", "weighted_average"]
