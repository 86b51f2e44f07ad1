"""Complete the package of a filter: ``python scripts/complete_filter.py filters/NAME``.

The author writes two files in ``filters/NAME/src/distillery_filter_NAME``: ``config.yaml``, the one source of the
rubric, and ``golden.jsonl``, a few articles. This script makes the rest from the templates beside it:

- what follows from config.yaml is written again each time: the files in `derived`, and the marked blocks of README.md;
- what the author goes on writing is begun once: the files in `begun`;
- what builds and tests the package, `PACKAGING`, waits until the filter is trained: before, it has no weights to build.

``--check`` writes nothing, and fails if a file would change.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from string import Template
from typing import Any

import yaml

from distillery import FilterConfig
from distillery.names import package_of
from distillery.toolkit import ADAPTER_FILE, CONFIG_FILE, GOLDEN_FILE, TEXTBOOK_FILE

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).with_name("filter_package")
PACKAGING = (Path("pyproject.toml"), Path("tests", "test_conformance.py"))
BLOCKS = ("install", "rubric", "student")  # of README.md; `distillery evaluate` and `probe` write the others
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TASK = (
    "You grade one news article for a filter that looks for this: {summary}. Grade what the article tells and shows. A "
    "warm tone earns nothing, a promise earns next to nothing, and a dry report earns what it reports."
)
WIDTH = 118
TEXTBOOK = f'    textbook = Path(__file__).with_name("{TEXTBOOK_FILE}")\n'  # the last line of the test's class
JUST_BELOW = 0.0625  # exact in binary, as scores are
STRONG = 9.0


def main() -> int:
    """Complete each filter named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", type=Path, metavar="filters/NAME")
    parser.add_argument("--check", action="store_true", help="Write nothing; fail if a file would change.")
    options = parser.parse_args()
    stale = [path for project in options.projects for path in complete(project, check=options.check)]
    for path in stale:
        print(f"{path} {'is not what config.yaml says' if options.check else 'written'}")
    return 1 if options.check and stale else 0


def complete(project: Path, *, check: bool = False) -> list[Path]:
    """Write the files of a filter's project that are missing or out of date; return their paths."""
    package = package_folder(project)
    config = FilterConfig.load(package)
    files = {path: text for path, text in derived(config).items() if path.name != "prompt.md" or config.oracle.on_topic}
    for path, text in begun(config, project).items():
        present = (project / path).read_text(encoding="utf-8") if (project / path).is_file() else None
        files[path] = with_blocks(present, text) if present is not None else text
    if not is_trained(config, package):
        files = {path: text for path, text in files.items() if path not in PACKAGING}
        print(f"{project} is not trained. Train it, and run this again to make it a package.", file=sys.stderr)
    stale = [project / path for path, text in files.items() if not holds(project / path, text)]
    for path in [] if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path.relative_to(project)], encoding="utf-8")
    if not (package / GOLDEN_FILE).is_file():
        print(f"{package / GOLDEN_FILE} is missing: write ten articles or more, not all in English.", file=sys.stderr)
    return stale


def package_folder(project: Path) -> Path:
    """Return the folder of a project's config.yaml; raise SystemExit if there is none."""
    folder = project / "src" / package_of(project.resolve().name)
    if not (folder / CONFIG_FILE).is_file():
        raise SystemExit(f"{folder / CONFIG_FILE} does not exist. Write it first; it says what the filter measures.")
    return folder


def is_trained(config: FilterConfig, package: Path) -> bool:
    """Return whether the weights of every student are in the folder of config.yaml."""
    return all((package / student.adapter / ADAPTER_FILE).is_file() for student in config.students.values())


def derived(config: FilterConfig) -> dict[Path, str]:
    """Return the files that follow from config.yaml alone, by their paths in the project."""
    package = Path("src", package_of(config.name))
    return {
        Path("LICENSE"): (ROOT / "LICENSE").read_text(encoding="utf-8"),
        Path("pyproject.toml"): rendered("pyproject.toml", config),
        package / "__init__.py": rendered("__init__.py", config),
        package / "prompt.md": rendered("prompt.md", config),
        package / "py.typed": "",
    }


def begun(config: FilterConfig, project: Path) -> dict[Path, str]:
    """Return the files that the author goes on writing, as they begin."""
    has_textbook = (project / "tests" / TEXTBOOK_FILE).is_file()
    return {
        Path("README.md"): rendered("README.md", config),
        Path("CHANGELOG.md"): rendered("CHANGELOG.md", config),
        Path("tests", "test_conformance.py"): rendered("test_conformance.py", config)
        + (TEXTBOOK if has_textbook else ""),
        Path("tests", "cases.yaml"): cases_file(config),
    }


def holds(path: Path, text: str) -> bool:
    """Return whether a file exists and holds a text."""
    return path.is_file() and path.read_text(encoding="utf-8") == text


def with_blocks(present: str, new: str) -> str:
    """Return a present README with its marked blocks as they are in a new one."""
    for marker in BLOCKS:
        block = re.compile(rf"<!-- {marker} -->.*?<!-- /{marker} -->", re.DOTALL)
        for found in block.findall(new):
            present = block.sub(found.replace("\\", r"\\"), present)
    return present


def rendered(template: str, config: FilterConfig) -> str:
    """Return a template with the facts of a config filled in; in prose, what is left out leaves no gap."""
    text = Template((TEMPLATES / f"{template}.template").read_text(encoding="utf-8")).substitute(facts(config))
    return re.sub(r"\n{3,}", "\n\n", text) if template.endswith(".md") else text


def facts(config: FilterConfig) -> dict[str, str]:
    """Return what the templates may name."""
    number = NUMBERS[len(config.dimensions)]
    encoders = sorted({student.encoder.name for student in config.students.values() if student.encoder})
    return {
        "name": config.name,
        "module": config.name.replace("-", "_"),
        "class_name": config.name.title().replace("-", ""),
        "title": config.name.capitalize().replace("-", " "),
        "version": config.version,
        "summary": config.summary,
        "number": number,
        "Dimensions": f"{number.capitalize()} dimensions",
        "experimental": f"**Experimental:** {lower_first(config.experimental)}.\n\n" if config.experimental else "",
        "student": config.default_student,
        "encoder": ", ".join(encoders),
        "encoders": " ".join(f"./encoders/{encoder}" for encoder in encoders),
        "task": wrapped(TASK.format(summary=lower_first(config.summary))),
        "on_topic": wrapped(f"On topic means that {config.oracle.on_topic}.", indent="   "),
        "scope": wrapped(f"On topic means that {config.oracle.on_topic}. What is off topic scores 0."),
        "tiers": "\n".join(tier_rows(config)),
        "gatekeepers": "\n\n".join(gate_sentences(config)),
        "dimensions": "\n".join(dimension_sections(config)),
        "limits": limits_section(config),
        "examples": examples_section(config),
        "reply": reply(config),
    }


def lower_first(text: str) -> str:
    """Return a text that begins in lower case, for use within a sentence."""
    return text[:1].lower() + text[1:]


def wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph in lines of the usual length."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def tier_rows(config: FilterConfig) -> Iterator[str]:
    """Yield a row of the card's table for each tier."""
    above = None
    for tier in config.tiers:
        lower = f"{tier.at_least:g}"
        band = f"{lower} and above" if above is None else f"{lower} to {above}" if tier.at_least else f"below {above}"
        yield f"| {tier.name} | {band} | {lower_first(tier.description)} |"
        above = lower


def gate_sentences(config: FilterConfig) -> Iterator[str]:
    """Yield a sentence for each gatekeeper."""
    for gate in config.gatekeepers:
        yield f"While `{gate.dimension}` is below {gate.below:g}, the average is at most {gate.cap:g}."


def dimension_sections(config: FilterConfig) -> Iterator[str]:
    """Yield each dimension of the prompt: what it measures, whether it is a gate, and its anchors."""
    gates = {gate.dimension: gate for gate in config.gatekeepers}
    for dimension in config.dimensions:
        gate = gates.get(dimension.name)
        warning = f" It is a gate: below {gate.below:g}, the average is at most {gate.cap:g}." if gate else ""
        rows = [f"| {band} | {anchor} |" for band, anchor in dimension.anchors.items()]
        head = ["| score | meaning |", "|---|---|"]
        yield "\n".join([f"### {dimension.name}", f"{dimension.description}.{warning}", "", *head, *rows, ""])


def limits_section(config: FilterConfig) -> str:
    """Return the prompt's section on kinds of article with a limit, empty if there are none."""
    if not config.oracle.limits:
        return ""
    rows = [
        f"| {limit.what} | {', '.join(limit.dimensions) or 'every dimension'} | at most {limit.at_most:g} |"
        for limit in config.oracle.limits
    ]
    head = ["## Kinds of article that have a limit", "", "| kind of article | dimensions | score |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", ""])


def examples_section(config: FilterConfig) -> str:
    """Return the prompt's section of comparisons, empty if there are none."""
    if not config.oracle.examples:
        return ""
    order = wrapped(f"Scores in the order {', '.join(config.dimension_names)}.")
    rows = [
        f"| {example.article} | {', '.join(f'{score:g}' for score in example.scores)} | {example.why} |"
        for example in config.oracle.examples
    ]
    head = ["## Comparisons", "", order, "", "| article | scores | why |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", ""])


def reply(config: FilterConfig) -> str:
    """Return the JSON object that the oracle is to reply with."""
    lines = [f'  "{name}": {{"score": 0.0, "evidence": "..."}}' for name in config.dimension_names]
    return "\n".join(["{", ",\n".join(lines), "}"])


def cases_file(config: FilterConfig) -> str:
    """Return tests/cases.yaml: the config's examples, and scores exactly at and just below each limit."""
    cases = [case(config, what, scores) for what, scores in [*example_cases(config), *edge_cases(config)]]
    lines = [yaml.safe_dump([each], default_flow_style=None, width=120, sort_keys=False) for each in cases]
    head = "# Worked examples, run by the conformance kit; distillery.testing.cases describes the form.\n"
    return f"{head}prefilter: {{golden: {{}}}}\naverages:\n{''.join(lines)}"


def example_cases(config: FilterConfig) -> Iterator[tuple[str, list[float]]]:
    """Yield the scores of the config's examples."""
    for example in config.oracle.examples:
        yield lower_first(example.article), example.scores


def edge_cases(config: FilterConfig) -> Iterator[tuple[str, list[float]]]:
    """Yield scores at and just below the start of each tier, and on both sides of each gatekeeper."""
    for tier in config.tiers[:-1]:
        for score in (tier.at_least, tier.at_least - JUST_BELOW):
            yield f"the same score everywhere, {score:g}", [score] * len(config.dimensions)
    for gate in config.gatekeepers:
        for score in (gate.below - JUST_BELOW, gate.below, 0.0):
            strong = [score if name == gate.dimension else STRONG for name in config.dimension_names]
            yield f"strong, with {gate.dimension} {score:g}", strong
        low = min(gate.below - JUST_BELOW, int(gate.cap))
        yield "a cap that lowers nothing is not reported", [low] * len(config.dimensions)


def case(config: FilterConfig, what: str, scores: list[float]) -> dict[str, Any]:
    """Return one case, with the average in exact arithmetic, so that it can disagree with the core's."""
    weighed = sum(Fraction(str(weight)) * Fraction(score) for weight, score in zip(config.weights, scores, strict=True))
    by_name = dict(zip(config.dimension_names, scores, strict=True))
    caps = [Fraction(str(gate.cap)) for gate in config.gatekeepers if by_name[gate.dimension] < gate.below]
    average = min([weighed, *caps])
    tier = next(tier for tier in config.tiers if average >= Fraction(str(tier.at_least)))
    found = {"what": what, "scores": [tidy(score) for score in scores], "average": float(average), "tier": tier.name}
    return found | ({"gatekeeper": True} if average < weighed else {})


def tidy(score: float) -> float:
    """Return a whole score as an integer, for reading."""
    return int(score) if score == int(score) else score


if __name__ == "__main__":
    sys.exit(main())
