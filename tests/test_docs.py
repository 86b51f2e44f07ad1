"""The pages do what they say: links lead somewhere, code runs, command lines fit the commands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import ROOT, Page, pages

import distillery

PAGES = pages()
ARTICLES = "articles.jsonl"


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


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda script: script.name)
def test_examples_run(script: Path) -> None:
    """Every example runs to its end and prints something."""
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=600)

    assert result.returncode == 0, result.stderr
    assert result.stdout


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
