"""The Markdown pages of the repository, and what can be checked in them: code, command lines, links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Put before a block of code that a page shows but nobody can run here: <!-- not run: needs a key -->
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n\n?)?"
    r"```(?P<language>[a-z]*)(?: title=\"(?P<title>[^\"\n]+)\")?[^\n]*\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_PATH = re.compile(r"`((?:[\w.-]+/)+(?:\w+\.py)?)`")
_HEADING = re.compile(r"^#+ +(?P<text>.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code, the line it starts on, why it is not run (None: it is), and the file it shows, if any."""

    language: str
    code: str
    line: int
    reason: str | None
    title: str | None


@dataclass(frozen=True)
class Page:
    """A Markdown file of the repository."""

    path: Path

    @property
    def name(self) -> str:
        """The path as seen from the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """The whole page."""
        return self.path.read_text(encoding="utf-8")

    def blocks(self, language: str | None = None) -> list[Block]:
        """Return the blocks of code, all or those in a language."""
        text = self.text
        return [
            Block(
                language=found["language"],
                code=found["code"],
                line=text[: found.start("code")].count("\n") + 1,
                reason=found["reason"],
                title=found["title"],
            )
            for found in _BLOCK.finditer(text)
            if language in (None, found["language"])
        ]

    def write_files(self, folder: Path) -> None:
        """Write the files that the page shows with their titles into a folder."""
        for block in self.blocks():
            if block.title:
                path = folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.code, encoding="utf-8")

    def links(self) -> list[str]:
        """Return the targets of links and pictures outside code, other sites left out."""
        prose = re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", self.text))
        targets = [found["target"] for found in _LINK.finditer(prose)]
        return [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]

    def paths(self) -> list[str]:
        """Return the Python modules and the folders that the page names in its prose, such as ``scoring/flow.py``."""
        return _PATH.findall(_BLOCK.sub("", self.text))

    def anchors(self) -> set[str]:
        """Return the anchors of the page's headings."""
        return {_slug(found["text"]) for found in _HEADING.finditer(_BLOCK.sub("", self.text))}

    def command_lines(self, *, run: bool = False) -> list[str]:
        """Return each command of the ``bash`` blocks, parts of pipelines apart; ``run`` leaves out those not run."""
        blocks = [block for block in self.blocks("bash") if block.reason is None or not run]
        joined = [line for block in blocks for line in block.code.replace("\\\n", " ").splitlines()]
        return [part.strip() for line in joined for part in re.split(r"\|\||&&|\||;", _without_comment(line))]


def pages() -> list[Page]:
    """Return every page of the repository that people read."""
    patterns = (
        "*.md",
        "docs/**/*.md",
        "*/README.md",
        "bases/*/README.md",
        "encoders/*/README.md",
        "filters/*/README.md",
    )
    return [Page(path) for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)})]


def words(command: str, program: str) -> list[str] | None:
    """Return the arguments that a command gives to a program, None if it runs another one."""
    try:
        parts = shlex.split(command)
    except ValueError:
        return None
    while parts and re.fullmatch(r"[A-Z_]+=.*", parts[0]):
        parts = parts[1:]
    if not parts or Path(parts[0]).name != program:
        return None
    return [part for part in parts[1:] if not part.startswith((">", "2>"))]


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line)


def _slug(heading: str) -> str:
    """Return the anchor that both the site and code hosts give a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", plain.lower()).strip())
