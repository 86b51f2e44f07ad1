"""The build hook: a package whose config is not valid, or whose weights are not those it states, does not build."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import processes
import pytest
import script_files
import yaml
from wheels import ENCODERS, FILTERS, ROOT, built_wheel, metadata_of

from distillery.names import EXPERIMENTAL

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """The build hook, which no package imports."""
    return script_files.loaded(ROOT / "hatch_build.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of a filter of the repository, beside links to the hook and the core."""
    for name in ("hatch_build.py", "distillery-core"):
        (tmp_path / name).symlink_to(ROOT / name)
    (source,) = (path for path in FILTERS if path.name == "uplifting")
    return Path(shutil.copytree(source, tmp_path / "filters" / "uplifting", ignore=shutil.ignore_patterns("tests")))


def change_config(project: Path, change: Change) -> Path:
    """Change what a project's config.yaml says, and return its path."""
    (path,) = project.glob("src/*/config.yaml")
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("project", [*FILTERS, *ENCODERS], ids=lambda project: project.name)
def test_packages_of_the_repository_are_sound(hook: ModuleType, project: Path) -> None:
    hook.check(hook.facts_file(project))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda config: config.update(colour="blue"), "colour: "),
        (lambda config: config.pop("summary"), "summary: "),
        (lambda config: config["dimensions"][0].update(weight=0.9), "dimensions: the weights sum to "),
        (lambda config: config["tiers"].pop(), "tiers: the last tier must start at 0.0"),
        (lambda config: config.update(default_student="large"), "default_student: 'large' is not a student"),
        (lambda config: config.update(name="downlifting"), "belongs in the package distillery_filter_downlifting"),
        (
            lambda config: config["students"]["compact"]["sha256"].update({"adapter_model.safetensors": "0" * 64}),
            "compact/adapter_model.safetensors: its sha256 is ",
        ),
        (lambda config: config["probe"].update(folder="nowhere"), "nowhere/probe.safetensors: the file is missing"),
        (lambda config: config["oracle"].update(prompt="nowhere.md"), "nowhere.md: the file is missing"),
    ],
)
def test_fault_is_found(hook: ModuleType, project: Path, change: Change, fault: str) -> None:
    path = change_config(project, change)

    with pytest.raises(ValueError, match=r"has \d+ fault") as refused:
        hook.check(path)

    assert str(path) in str(refused.value)
    assert fault in str(refused.value)


def test_project_without_a_config_says_so(hook: ModuleType, project: Path) -> None:
    (path,) = project.glob("src/*/config.yaml")
    path.unlink()

    with pytest.raises(ValueError, match=r"needs one config\.yaml or encoder\.yaml in its package, but has 0"):
        hook.facts_file(project)


@pytest.mark.parametrize("reason", [None, "Few labels"])
def test_wheel_of_an_experimental_filter_is_marked(project: Path, reason: str | None) -> None:
    change_config(project, lambda config: config.update(experimental=reason))

    classifiers = metadata_of(built_wheel(project, project / "dist")).get_all("Classifier", [])

    assert classifiers == ([EXPERIMENTAL] if reason else [])


def test_invalid_config_does_not_build(project: Path) -> None:
    """``python -m build`` fails, and prints every fault."""

    def spoil(config: dict[str, Any]) -> None:
        config["colour"] = "blue"
        config["dimensions"][0]["weight"] = 0.9

    change_config(project, spoil)

    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", project / "dist", project)
    done = processes.run(sys.executable, *build, text=True)

    assert done.returncode != 0
    assert "config.yaml has 2 fault(s):" in done.stdout + done.stderr
    assert "colour: " in done.stdout + done.stderr
    assert not list(project.glob("dist/*.whl"))
