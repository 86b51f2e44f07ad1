"""The pages do what they say: links lead somewhere, code runs, command lines fit the commands."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import processes
import pytest
import yaml
from click.testing import CliRunner
from pages import ROOT, Page, pages, words

import distillery
from distillery.cli import cli

PAGES = pages()
COMMAND_LINES = [(page, line) for page in PAGES for line in page.command_lines() if words(line, "distillery")]
# Commands that need no key, no labels and no network, if the files they name are there.
RUNNABLE = {"list", "info", "score", "doctor", "cache"}
RUNNABLE_DRY = {"label"}

_FILE = re.compile(r".*/.*|.*\.(jsonl|csv|tsv|parquet|gz|zst|json)")
ARTICLES = "articles.jsonl"
_FILTER_NAME = re.compile("|".join(path.name for path in (ROOT / "filters").iterdir() if path.is_dir()))
ABOUT_THE_CODE = (ROOT / "docs" / "decisions", ROOT / "docs" / "explanation")
SOURCES = (ROOT, ROOT / "distillery-core/src/distillery", ROOT / "tools/src/distillery_tools", ROOT / "tools/src")


def _runnable_lines() -> dict[str, Page]:
    """Return each command line that can be run here, and a page that has it; once for all filters, if it names one."""
    lines = {line: page for page in PAGES for line in page.command_lines(run=True) if _runs(page, line)}
    return {line: lines[line] for line in {_FILTER_NAME.sub("NAME", line): line for line in lines}.values()}


def _runs(page: Page, line: str) -> bool:
    command, *arguments = words(line, "distillery") or [""]
    outputs = {value for option, value in pairwise(arguments) if option in {"-o", "--output"}}
    shown = {block.title for block in page.blocks() if block.title}
    present = {ARTICLES, *outputs, *shown, *(f"./{Path(title).parent}" for title in shown)}
    may_run = command in RUNNABLE or (command in RUNNABLE_DRY and "--dry-run" in arguments)
    return may_run and {argument for argument in arguments if _FILE.fullmatch(argument)} <= present


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds the example articles."""
    shutil.copy(ROOT / "examples" / ARTICLES, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_page_of_the_site_is_in_its_navigation() -> None:
    """What is not listed is never found, and the build does not mind."""
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = _leaves(site["project"]["nav"])

    assert sorted(listed) == sorted(path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    """Every relative link leads to a file, and to a heading in it if it names one."""
    for link in page.links():
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in Page(target).anchors(), f"{page.name}: {link}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.path.parent in ABOUT_THE_CODE], ids=lambda page: page.name
)
def test_paths_in_the_repository_exist(page: Page) -> None:
    """A module or folder that a page names, from the repository or from the core or the tools, is there."""
    for path in page.paths():
        assert any((base / path).exists() for base in SOURCES), f"{page.name}: {path}"


def test_decisions_that_the_code_names_exist() -> None:
    """A comment that gives a decision as its reason names a record that is there."""
    sources = [
        path for folder in ("distillery-core", "tools", "filters", "bases") for path in (ROOT / folder).rglob("*.py")
    ]
    named = {name for path in sources for name in re.findall(r"docs/decisions/([\w-]+\.md)", path.read_text("utf-8"))}

    assert named <= {path.name for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert len(named) > 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_data_in_pages_can_be_read(page: Page) -> None:
    """Blocks of TOML and YAML are valid."""
    for block in page.blocks("toml"):
        tomllib.loads(block.code)
    for block in page.blocks("yaml"):
        yaml.safe_load(block.code)


@pytest.mark.parametrize("page", [page for page in PAGES if page.blocks("python")], ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_python_code_runs(page: Page) -> None:
    """The Python blocks of a page run one after the other, in a folder that holds the example articles."""
    namespace: dict[str, Any] = {"__name__": "page", "__file__": str(page.path)}
    for block in page.blocks("python"):
        code = compile("\n" * (block.line - 1) + block.code, str(page.path), "exec")
        if block.reason is None:
            exec(code, namespace)


@pytest.mark.parametrize(
    ("page", "line"), [pytest.param(page, line, id=f"{page.name}: {line}") for page, line in COMMAND_LINES]
)
def test_command_lines_fit_the_commands(page: Page, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, options and values exist. Files need not, and nothing runs."""
    monkeypatch.setattr(click.Path, "convert", lambda _self, value, _param, _context: Path(value))

    _parse(cli, "distillery", words(line, "distillery") or [], f"{page.name}: {line}")


@pytest.mark.parametrize(("line", "page"), [pytest.param(*item, id=item[0]) for item in _runnable_lines().items()])
def test_command_lines_run(line: str, page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no key, no labels and no network is run, in a folder with the files that its page shows."""
    page.write_files(folder)
    arguments = words(line, "distillery") or []
    if arguments[0] == "cache":  # the one of all tests stays as it is
        monkeypatch.setenv("DISTILLERY_CACHE", str(folder / "cache"))

    result = CliRunner().invoke(cli, arguments, input=(folder / ARTICLES).read_bytes())

    assert result.exit_code == 0, f"{page.name}: {line}\n{result.output}"


def test_command_lines_of_every_kind_are_run() -> None:
    """No change of the pages or of this test leaves the commands unrun."""
    assert {(words(line, "distillery") or [""])[0] for line in _runnable_lines()} == RUNNABLE | RUNNABLE_DRY


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda script: script.name)
def test_examples_run(script: Path) -> None:
    """Every example runs to its end and prints something."""
    result = processes.run(sys.executable, script, text=True)

    assert result.returncode == 0, result.stderr
    assert result.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_other_commands_name_what_exists(page: Page) -> None:
    """Pip installs folders of this repository, never names that no index has; nox runs sessions that there are."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"^@nox\.session.*\ndef (\w+)", noxfile, re.MULTILINE)
    for line in page.command_lines():
        for argument in words(line, "pip") or []:
            assert not argument.startswith("distillery"), f"{page.name}: {line}: nothing is on an index yet"
            if argument.startswith("./") and "NAME" not in argument:
                assert (ROOT / argument.partition("[")[0]).is_dir(), f"{page.name}: {line}"
        arguments = words(line, "nox") or []
        if "-s" in arguments:
            expected = " ".join(arguments).partition("-s ")[2].partition(" --")[0].split()
            assert set(expected) <= set(sessions), f"{page.name}: {line}"


def test_the_reference_has_every_public_name() -> None:
    """What consumers may use is documented: functions and classes by name, errors as one tree."""
    reference = (ROOT / "docs" / "reference" / "distillery.md").read_text(encoding="utf-8")
    names = {name for name in distillery.__all__ if not name.endswith("Error") and name != "hookimpl"}

    assert set(re.findall(r"^::: distillery\.(\w+)$", reference, re.MULTILINE)) == names
    assert names


def _leaves(nav: Any) -> list[str]:
    """Return the pages that a navigation lists."""
    if isinstance(nav, str):
        return [nav]
    return [leaf for item in (nav.values() if isinstance(nav, dict) else nav) for leaf in _leaves(item)]


def _parse(command: click.Command, name: str, arguments: list[str], where: str) -> None:
    """Parse arguments as click would, down to the last command, without running any."""
    try:
        context = command.make_context(name, list(arguments))
        if isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
            found, inner, left = command.resolve_command(context, rest)
            assert inner is not None, f"{where}: there is no command {found}"
            _parse(inner, f"{name} {found}", left, where)
    except click.exceptions.Exit:
        pass  # --help
    except click.UsageError as error:
        pytest.fail(f"{where}: {error.format_message()}")
