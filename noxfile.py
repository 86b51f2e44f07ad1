"""What is done in this repository: ``nox -l`` lists it, ``nox -s NAME`` does it."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["lint", "typecheck", "docs", "tests"]

ROOT = Path(__file__).parent
GROUPS = nox.project.load_toml("pyproject.toml")
CONSTRAINTS = ("-c", "constraints.txt")
CORE = "distillery-core[openvino]"
TOOLS = "tools"
TOOLS_WITH_PROVIDERS = "tools[google,openai]"
BASES = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("bases/*/pyproject.toml"))
ENCODERS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("encoders/*/pyproject.toml"))
WITH_CONFIG = sorted(str(path.parents[2].relative_to(ROOT)) for path in ROOT.glob("filters/*/src/*/config.yaml"))
FILTERS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("filters/*/pyproject.toml"))
# A process more than there are cores, since many tests wait for a process or a server. Files in the order of
# pyproject.toml, the slow ones first, so that no core waits for another at the end.
ON_ALL_CORES = (f"--numprocesses={(os.cpu_count() or 1) + 1}", "--dist=loadfile", "--no-loadscope-reorder")
# Each folder by itself, for helper modules of several have one name; after it, where else it finds modules.
TYPED_TESTS = (("distillery-core/tests",), ("tools/tests",), ("tests",), ("benchmarks", "tools/tests"), ("scripts",))
# A test may use what may be None, and fails if it is; `append` in a lambda notes a call.
LESS_STRICT = (
    "--no-warn-return-any",
    "--allow-untyped-calls",
    "--disable-error-code=func-returns-value",
    "--disable-error-code=union-attr",
)
DATA = ROOT.parent / "shared" / "data"
# What training gets beside the oracle's labels; the mean of two readings of an article says more than one.
MORE_LABELS = ("--extra", "training/invented", "--readings", "mean")


def install(session: nox.Session, *packages: str, group: str | None = None) -> None:
    """Install packages of this repository, editable, and a group of third-party ones."""
    editable = [argument for package in packages for argument in ("-e", f"./{package}")]
    third_party = nox.project.dependency_groups(GROUPS, group) if group else ()
    session.install(*CONSTRAINTS, *editable, *third_party)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests on all cores, a file in one process; arguments go to pytest."""
    install(session, CORE, TOOLS_WITH_PROVIDERS, *BASES, *ENCODERS, *FILTERS, group="test")
    session.run("pytest", *ON_ALL_CORES, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests and print which share of each module they run; fail below the floor of pyproject.toml."""
    install(session, CORE, TOOLS_WITH_PROVIDERS, *BASES, *ENCODERS, *FILTERS, group="test")
    session.run("pytest", *ON_ALL_CORES, "--cov", "--cov-report=term:skip-covered", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, and which part imports which."""
    session.install(*nox.project.dependency_groups(GROUPS, "lint"))
    session.install("--no-deps", "-e", "./distillery-core", "-e", f"./{TOOLS}")  # what lint-imports reads
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-logo", "--no-cache")
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check the types of core and tools strictly, and those of tests and benchmarks a little less so."""
    install(session, CORE, TOOLS_WITH_PROVIDERS, group="typecheck")
    session.install(*nox.project.dependency_groups(GROUPS, "test"))
    session.run("mypy", "distillery-core/src", "tools/src")
    for folder, *helpers in TYPED_TESTS:
        paths = os.pathsep.join(["tests/shared", folder, *helpers])
        session.run("mypy", *LESS_STRICT, folder, env={"MYPYPATH": paths})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a broken link or reference fails.

    Whether its code runs is checked by tests/test_docs.py, with the other tests.
    """
    session.install(*nox.project.dependency_groups(GROUPS, "docs"))
    session.run("zensical", "build", "--clean", "--strict")


@nox.session
def train(session: nox.Session) -> None:
    """Train filters, calibrate and measure them: ``nox -s train -- uplifting``, or ``all``.

    An encoder's name trains it first, and then the head of every filter: ``nox -s train -- news2``.
    """
    names = [name for name in session.posargs if not name.startswith("-")]
    options = [option for option in session.posargs if option.startswith("-")]
    if not names:
        session.error("name a filter, such as: nox -s train -- uplifting")
    install(session, CORE, TOOLS, *BASES, *ENCODERS, *FILTERS)
    encoders = [folder for folder in ENCODERS if Path(folder).name in names]
    for folder in encoders:
        session.run("distillery", "encoder", "train", folder, "--data", str(DATA), *MORE_LABELS, *options)
    everything = encoders or names == ["all"]
    for folder in FILTERS if everything else [f"filters/{name}" for name in names]:
        train_filter(session, folder, *([] if encoders else options))
    session.run("python", "scripts/draw_plots.py", success_codes=[0, 3])  # 3: another filter is to be measured again


def train_filter(session: nox.Session, folder: str, *options: str) -> None:
    """Train a filter's head, its Stage 1 where it has one, calibrate both, and measure them into its card."""
    data = ("--data", str(DATA))
    session.run("distillery", "train", folder, *data, *MORE_LABELS, *options)
    session.run("python", "scripts/complete_filter.py", folder)
    session.run("distillery", "calibrate", folder, *data)
    if any(Path(folder).glob("src/*/probe")):
        session.run("distillery", "probe", "train", folder, *data)
        session.run("distillery", "probe", "threshold", folder, *data)
    session.run("distillery", "evaluate", folder, *data, "--save")


@nox.session
def build(session: nox.Session) -> None:
    """Build every wheel into dist/."""
    session.install(*nox.project.dependency_groups(GROUPS, "build"))
    for package in ("distillery-core", TOOLS, *BASES, *ENCODERS, *FILTERS):
        session.run("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", package)


@nox.session
def check_wheels(session: nox.Session) -> None:
    """Install the built wheels in an empty environment; score with them and run the conformance kit, offline."""
    build(session)
    wheels = sorted(str(path) for path in Path("dist").glob("distillery_*.whl") if "tools" not in path.name)
    environment = (Path(session.create_tmp()) / "clean").resolve()
    session.run("python", "-m", "venv", "--clear", str(environment))
    python, articles = str(environment / "bin" / "python"), str(ROOT / "examples" / "articles.jsonl")
    session.run(python, "-m", "pip", "install", *CONSTRAINTS, *wheels, "pytest>=8.3,<10", external=True)
    distillery = str(environment / "bin" / "distillery")
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    with session.chdir(session.create_tmp()):
        session.run(distillery, "doctor", "--scores", external=True, env=offline)
        session.run(distillery, "score", articles, "-o", "scored.jsonl", external=True, env=offline)
        names = [Path(folder).name for folder in FILTERS]
        session.run(python, "-m", "distillery.testing", *names, external=True, env=offline)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed, memory, start-up and labelling; arguments go to ``distillery bench``."""
    install(session, CORE, TOOLS_WITH_PROVIDERS, *BASES, *ENCODERS, *FILTERS)
    real = DATA / "unlabelled.jsonl"
    articles = ("--articles", str(real)) if real.exists() else ()
    session.run("distillery", "bench", *articles[1:], *session.posargs)
    session.run("python", "benchmarks/startup.py", *articles)
    session.run("python", "benchmarks/labelling.py", "overhead", *articles, "-n", "10000")
