"""scripts/complete_filter.py makes a package of config.yaml and golden.jsonl, and keeps it up to date."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import processes
import pytest
import script_files
import yaml
from wheels import ROOT

from distillery.config import FilterConfig
from distillery.testing.cases import AverageCase, FilterCases, average_case_faults
from distillery.testing.prompts import prompt_faults

SCRIPT = ROOT / "scripts" / "complete_filter.py"
PACKAGE = Path("src", "distillery_filter_local_history")
CONFIG: dict[str, Any] = {
    "name": "local-history",
    "version": "1.0.0",
    "requires_core": ">=1.0,<2",
    "summary": "How much an article tells about the history of a place",
    "dimensions": [
        {
            "name": "rootedness",
            "weight": 0.65,
            "description": "How much it is about one place",
            "anchors": {"0-2": "no place", "9-10": "the history of one place"},
        },
        {"name": "evidence", "weight": 0.35, "description": "How well it is sourced", "anchors": {"0-2": "no sources"}},
    ],
    "tiers": [
        {"name": "high", "at_least": 6.5, "description": "A piece of local history"},
        {"name": "low", "at_least": 0.0, "description": "Something else"},
    ],
    "gatekeepers": [{"dimension": "evidence", "below": 3.0, "cap": 3.4, "reason": "Hearsay is no history"}],
    "students": {
        "compact": {
            "encoder": {"name": "news1", "fingerprint": "a" * 64},
            "adapter": "compact",
            "sha256": {"adapter_model.safetensors": "0" * 64},
        }
    },
    "default_student": "compact",
    "oracle": {
        "prompt": "prompt.md",
        "on_topic": "the text is about a place and its past",
        "limits": [{"what": "an advertisement for a tour", "at_most": 2.0, "dimensions": ["rootedness"]}],
        "examples": [{"article": "An archive opens the letters of a mill", "scores": [8, 9], "why": "one place"}],
    },
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    return script_files.loaded(SCRIPT)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A filter's project that has a config.yaml, weights and nothing else."""
    folder = tmp_path / "local-history"
    (folder / PACKAGE / "compact").mkdir(parents=True)
    (folder / PACKAGE / "compact" / "adapter_model.safetensors").touch()
    write_config(folder, CONFIG)
    return folder


def write_config(project: Path, config: dict[str, Any]) -> None:
    (project / PACKAGE / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


@pytest.mark.parametrize(
    "source", sorted(path for path in ROOT.glob("filters/*") if path.is_dir()), ids=lambda source: source.name
)
def test_packages_of_the_repository_are_up_to_date(script: ModuleType, source: Path) -> None:
    assert script.complete(source, check=True) == []


def test_package_is_made_of_a_config(script: ModuleType, project: Path) -> None:
    written = script.complete(project)

    assert {path.relative_to(project).as_posix() for path in written} == {
        "LICENSE",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "tests/test_conformance.py",
        "tests/cases.yaml",
        f"{PACKAGE.as_posix()}/__init__.py",
        f"{PACKAGE.as_posix()}/prompt.md",
        f"{PACKAGE.as_posix()}/py.typed",
    }
    readme = (project / "README.md").read_text()
    assert "| high | 6.5 and above | a piece of local history |\n| low | below 6.5 | something else |" in readme
    assert all(f"<!-- {marker} -->" in readme for marker in ("evaluation", "positives", "stage-1"))
    assert script.complete(project) == []


def test_prompt_says_all_that_the_rubric_says(script: ModuleType, project: Path) -> None:
    script.complete(project)

    prompt = (project / PACKAGE / "prompt.md").read_text()
    assert prompt_faults(FilterConfig.load(project / PACKAGE), project / PACKAGE) == []
    for expected in (
        "On topic means that the text is about a place and its past.",
        "| 9-10 | the history of one place |",
        "How well it is sourced. It is a gate: below 3, the average is at most 3.4.",
        "| an advertisement for a tour | rootedness | at most 2 |",
        "| An archive opens the letters of a mill | 8, 9 | one place |",
        '{\n  "rootedness": {"score": 0.0, "evidence": "..."},\n  "evidence": {"score": 0.0, "evidence": "..."}\n}',
    ):
        assert expected in prompt


def test_cases_hold_and_are_at_each_limit(script: ModuleType, project: Path) -> None:
    script.complete(project)

    averages = FilterCases.load(project / "tests" / "cases.yaml").averages
    assert average_case_faults(FilterConfig.load(project / PACKAGE), averages) == []
    expected = [
        AverageCase(what="an archive opens the letters of a mill", scores=[8, 9], average=8.35, tier="high"),
        AverageCase(what="the same score everywhere, 6.5", scores=[6.5, 6.5], average=6.5, tier="high"),
        AverageCase(what="the same score everywhere, 6.4375", scores=[6.4375, 6.4375], average=6.4375, tier="low"),
        AverageCase(what="strong, with evidence 2.9375", scores=[9, 2.9375], average=3.4, tier="low", gatekeeper=True),
        AverageCase(what="strong, with evidence 3", scores=[9, 3], average=6.9, tier="high"),
    ]
    assert [case for case in expected if case not in averages] == []


def test_change_of_the_config_reaches_what_follows_from_it_alone(script: ModuleType, project: Path) -> None:
    script.complete(project)
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("## Limits\n", "## Limits\n\n- It knows no villages.\n"))
    write_config(project, CONFIG | {"experimental": "Few labels"})

    assert [path.name for path in script.complete(project, check=True)] == ["README.md"]
    assert "Few labels" not in readme.read_text()
    assert [path.name for path in script.complete(project)] == ["README.md"]
    assert "**Experimental:** few labels." in readme.read_text()
    assert "- It knows no villages.\n" in readme.read_text()


def test_an_untrained_filter_is_no_package_yet(script: ModuleType, project: Path) -> None:
    (project / PACKAGE / "compact" / "adapter_model.safetensors").unlink()
    before = script.complete(project)
    assert (project / "README.md") in before
    assert not (project / "pyproject.toml").exists()
    assert script.complete(project) == []

    (project / PACKAGE / "compact" / "adapter_model.safetensors").touch()
    assert script.complete(project) == [project / "pyproject.toml", project / "tests" / "test_conformance.py"]


def test_textbook_cases_are_run_where_there_are_some(script: ModuleType, project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "textbook.yaml").touch()
    script.complete(project)
    made = (project / "tests" / "test_conformance.py").read_text()
    assert made.endswith('    cases = Path(__file__).with_name("cases.yaml")\n' + script.TEXTBOOK)
    compile(made, "test_conformance.py", "exec")


def test_prompt_of_an_author_is_left_alone(script: ModuleType, project: Path) -> None:
    write_config(project, CONFIG | {"oracle": {"prompt": "prompt.md"}})

    assert not [path for path in script.complete(project) if path.name == "prompt.md"]


def test_command_says_what_it_did_and_what_is_missing(project: Path, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        done = processes.run(sys.executable, SCRIPT, *arguments, text=True)
        return done.returncode, done.stdout, done.stderr

    status, stdout, stderr = run("--check", project)
    assert (status, f"{project / 'README.md'} is not what config.yaml says" in stdout) == (1, True)
    assert "golden.jsonl is missing: write ten articles or more, not all in English." in stderr
    assert run(project)[0] == 0
    assert run("--check", project)[:2] == (0, "")

    status, _, stderr = run(tmp_path / "nothing")
    assert status == 1
    assert "config.yaml does not exist. Write it first" in stderr
