"""Labelling against a server on loopback: what goes wrong on purpose, kill -9, the cost of the runner, the budget.

    python benchmarks/labelling.py faults --articles ../shared/data/unlabelled.jsonl -n 200
    python benchmarks/labelling.py kills --articles ../shared/data/unlabelled.jsonl -n 200 --kills 50
    python benchmarks/labelling.py overhead --articles ../shared/data/unlabelled.jsonl -n 10000
    python benchmarks/labelling.py budget --articles ../shared/data/unlabelled.jsonl -n 200

The server speaks OpenAI's and Gemini's wire formats and counts every call; the labels come from nobody's
judgement. Each part prints what it found and exits with status 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sample import EXAMPLES, read_articles

sys.path.insert(0, str(Path(__file__).parents[1] / "tools" / "tests"))

from misbehaviour import misbehaving
from oracle_server import Answer, Call, OracleServer, good_text

FILTER = Path(__file__).parents[1] / "filters" / "uplifting"
DIMENSIONS = (
    "human_wellbeing_impact",
    "social_cohesion_impact",
    "justice_rights_impact",
    "evidence_level",
    "benefit_distribution",
    "change_durability",
)
MODELS = {"openai": "gpt-4.1-mini", "gemini": "gemini-2.5-flash"}
CAP = 5


def main() -> None:
    """Run one part."""
    options = _options()
    parts: dict[str, Callable[[argparse.Namespace], bool]] = {
        "faults": faults,
        "kills": kills,
        "overhead": overhead,
        "budget": budget,
    }
    sys.exit(0 if parts[options.part](options) else 1)


def faults(options: argparse.Namespace) -> bool:
    """Label with faults injected; every article must end as a label or a dead letter, within its attempts.

    Attempts are what the article is at fault for; the endpoint's faults make further calls.
    """
    sound = True
    for provider in MODELS:
        with _workplace(options) as place, OracleServer(misbehaving(DIMENSIONS, seed=options.seed)) as server:
            command = place.command(provider, server, "--concurrency", "16", "--timeout", "1")
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=place.environment)
            report = json.loads(place.report.read_text(encoding="utf-8"))
            articles = report["articles"]
            most = place.most_attempts()
            sound &= articles["labelled"] + articles["dead_letters"] == options.n and most <= CAP
            sound &= report["calls"]["all_runs"] == server.n_calls
            print(
                f"{provider}: {articles['labelled']} labelled, {articles['dead_letters']} dead letters of {options.n}; "
                f"{server.n_calls} calls counted, {report['calls']['all_runs']} booked, at most {most} for an article "
                f"(cap {CAP}); exit {done.returncode}, {time.perf_counter() - started:.1f} s\n"
                f"  failed attempts: {report['calls']['failures']}"
            )
    return bool(sound)


def kills(options: argparse.Namespace) -> bool:
    """Kill -9 at random moments and resume until all is labelled; compare what is booked with what was counted."""
    chance = random.Random(options.seed)  # noqa: S311  not for secrets
    with _workplace(options) as place, OracleServer(_slow) as server:
        command = place.command("openai", server, "--concurrency", "8", "--max-attempts", "1000")
        killed = 0
        while killed < options.kills:
            process = subprocess.Popen(
                command, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                process.wait(chance.uniform(*options.moments))
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=place.environment)
        return _compare(place, server, killed, done.returncode, options.n)


def _compare(place: Workplace, server: OracleServer, killed: int, status: int, n: int) -> bool:
    """Print and oracle the bookkeeping after the kills."""
    labels = [json.loads(line) for line in place.labels.read_text(encoding="utf-8").splitlines()]
    ids = Counter(label["id"] for label in labels)
    with sqlite3.connect(place.store) as store:
        outcomes: dict[str, int] = dict(store.execute("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
        twice = store.execute(
            "SELECT count(*) - count(DISTINCT key) FROM attempts WHERE outcome = 'labelled'"
        ).fetchone()[0]
    booked, crashed = sum(outcomes.values()), outcomes.get("crashed", 0)
    print(
        f"{killed} kills: {len(labels)} labels of {n} articles, {len(ids) - sum(c == 1 for c in ids.values())} twice, "
        f"{twice} answered twice; exit {status}\n"
        f"  calls booked {booked} (of them {crashed} in flight when killed), counted by the server {server.n_calls}, "
        f"difference {booked - server.n_calls}"
    )
    return len(labels) == len(ids) == n and twice == 0 and booked - crashed <= server.n_calls <= booked


def overhead(options: argparse.Namespace) -> bool:
    """Compare a run with the same calls made by the provider alone, each in a process of its own."""
    with _workplace(options) as place, _server_process() as url:
        alone = _child(["alone", str(place.articles), url, str(options.concurrency)])
        small = _child(["run", str(place.head(options.n // 10)), url, str(options.concurrency)])
        whole = _child(["run", str(place.articles), url, str(options.concurrency)])
    per_call = (whole["seconds"] - alone["seconds"]) / options.n * 1000
    processor = (whole["processor"] - alone["processor"]) / options.n * 1000
    print(
        f"{options.n} calls, {options.concurrency} at a time: {whole['seconds']:.1f} s, "
        f"{whole['seconds'] / options.n * 1000:.2f} ms a call; client and server alone {alone['seconds']:.1f} s, "
        f"{alone['seconds'] / options.n * 1000:.2f} ms a call; the runner's share {per_call:.2f} ms"
        f" ({processor:.2f} ms of processor)\n"
        f"  peak memory: {small['mib']:.0f} MiB with {options.n // 10} articles, "
        f"{whole['mib']:.0f} MiB with {options.n}"
    )
    return per_call < 3  # noqa: PLR2004  milliseconds


def budget(options: argparse.Namespace) -> bool:
    """Stop at a budget of a third of the whole; compare the dry run with what the server counts."""
    with _workplace(options) as place, OracleServer(_well) as server:
        command = place.command("openai", server, "--concurrency", "16")
        planning = [*command, "--dry-run", "--format", "json"]
        planned = json.loads(subprocess.check_output(planning, env=place.environment))
        limit = planned["cost"] / 3
        subprocess.run([*command, "--budget", str(limit)], capture_output=True, check=False, env=place.environment)
        report = json.loads(place.report.read_text(encoding="utf-8"))
        spent = report["cost"]["all_runs"]
        print(f"budget ${limit:.5f}: spent ${spent:.5f} for {report['articles']['labelled']} of {options.n} labels")
        return bool(spent <= limit)


class Workplace:
    """A folder with articles, and the command that labels them."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        """Write the articles, each different from all others."""
        self.folder = folder
        self.articles = folder / "articles.jsonl"
        self.labels = folder / "labels.jsonl"
        self.report = folder / "labels.oracle" / "report.json"
        self.store = folder / "labels.oracle" / "store.sqlite"
        self.environment = os.environ | {"GEMINI_API_KEY": "loopback", "OPENAI_API_KEY": "loopback"}
        found = read_articles(options.articles, options.n)
        lines = [json.dumps(article | {"title": f"{article['title']} {article['id']}"}) for article in found]
        self.articles.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def head(self, n: int) -> Path:
        """Write the first articles into a file of their own."""
        path = self.folder / "head.jsonl"
        lines = self.articles.read_text(encoding="utf-8").splitlines()[:n]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def most_attempts(self) -> int:
        """Return how many attempts were counted against one article at most."""
        with sqlite3.connect(self.store) as store:
            rows = store.execute("SELECT sum(counts) FROM attempts GROUP BY key").fetchall()
        store.close()
        return max(number for (number,) in rows)

    def command(self, provider: str, server: OracleServer, *more: str) -> list[str]:
        """Return ``distillery label`` for a provider at the server."""
        url = server.openai_url if provider == "openai" else server.url
        return [
            str(Path(sys.executable).with_name("distillery")),
            *("label", str(self.articles), "--filter", str(FILTER), "-o", str(self.labels)),
            *("--provider", provider, "--model", MODELS[provider], "--base-url", url, "--max-attempts", str(CAP)),
            *more,
        ]


@contextmanager
def _workplace(options: argparse.Namespace) -> Iterator[Workplace]:
    with tempfile.TemporaryDirectory() as folder:
        yield Workplace(Path(folder), options)


def _well(call: Call) -> Answer:
    return Answer(good_text(call.prompt, DIMENSIONS))


def _slow(call: Call) -> Answer:
    return Answer(good_text(call.prompt, DIMENSIONS), delay=0.05 + (call.number % 7) / 50)


@contextmanager
def _server_process() -> Iterator[str]:
    """Serve in a process of its own, which shares no interpreter with what is measured."""
    script = Path(__file__).parents[1] / "tools" / "tests" / "oracle_server.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--dimensions", ",".join(DIMENSIONS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield (process.stdout.readline() if process.stdout else "").strip()
    finally:
        process.communicate()


def _child(arguments: list[str]) -> dict[str, Any]:
    """Measure in a fresh process."""
    found = subprocess.check_output([sys.executable, __file__, "--child", *arguments], text=True)
    measured: dict[str, Any] = json.loads(found.splitlines()[-1])
    return measured


def _measure(kind: str, articles: str, url: str, concurrency: str) -> None:
    """Print seconds and peak memory of one way to make the calls."""
    from distillery_tools.oracle.providers import ProviderSettings, make_provider

    provider = make_provider("openai", ProviderSettings(model="gpt-4.1-mini", base_url=f"{url}/v1"))
    with tempfile.TemporaryDirectory() as folder:
        work = _calls_alone if kind == "alone" else _whole_run
        seconds, processor = asyncio.run(work(provider, Path(articles), Path(folder), int(concurrency)))
    # Not the peak that getrusage tells: that of the parent counts in it.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    mib = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "mib": mib}))


def _watch() -> Callable[[], tuple[float, float]]:
    """Return what tells the seconds and the processor's seconds since now."""
    started, processor = time.perf_counter(), time.process_time()
    return lambda: (time.perf_counter() - started, time.process_time() - processor)


async def _calls_alone(provider: Any, articles: Path, _folder: Path, concurrency: int) -> tuple[float, float]:
    """Call with prompts that are rendered already, with nothing else around it; return the seconds."""
    from distillery import FilterConfig
    from distillery.toolkit import locate_filter
    from distillery_tools.oracle import Prompt, reply_schema
    from distillery_tools.oracle.providers import Request

    folder, _ = locate_filter(FILTER)
    prompt = Prompt.load(FilterConfig.load(folder), folder)
    schema = reply_schema(prompt.dimensions)
    with articles.open(encoding="utf-8") as lines:
        texts = iter([prompt.render(json.loads(line)).text for line in lines])

    async def work() -> None:
        for text in texts:
            await provider.complete(Request(text, schema, 4096))

    elapsed = _watch()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return elapsed()


async def _whole_run(provider: Any, articles: Path, folder: Path, concurrency: int) -> tuple[float, float]:
    """Label; return the seconds, reading, rendering and writing among them."""
    from distillery import FilterConfig
    from distillery.toolkit import locate_filter
    from distillery_tools.oracle import Prompt
    from distillery_tools.oracle.run.labelling import label_articles
    from distillery_tools.oracle.run.spec import LabelRun, OracleSpec, RunFiles
    from distillery_tools.oracle.run.spending import published_prices

    source, _ = locate_filter(FILTER)
    prompt = Prompt.load(FilterConfig.load(source), source)
    model = MODELS["openai"]
    oracle = OracleSpec(prompt.filter, prompt.version, prompt.dimensions, prompt.sha256, "openai", model, {})
    run = LabelRun(
        articles=articles,
        files=RunFiles.beside(folder / "labels.jsonl"),
        prompt=prompt,
        oracle=oracle,
        prices=published_prices("openai", model, None),
        concurrency=concurrency,
        quiet=True,
    )
    elapsed = _watch()
    report = await label_articles(run, provider)
    found = elapsed()
    if report["articles"]["left"] or report["articles"]["dead_letters"]:
        raise SystemExit(f"not all labelled: {report['articles']}")
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["faults", "kills", "overhead", "budget"])
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines to draw articles from")
    parser.add_argument("-n", type=int, default=200, help="number of articles")
    parser.add_argument("--kills", type=int, default=50, help="how often the run is killed")
    parser.add_argument("--moments", type=float, nargs=2, default=(0.3, 3.0), help="seconds until a kill, from and to")
    parser.add_argument("--concurrency", type=int, default=50, help="calls at a time, where the cost is measured")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _measure(*sys.argv[2:])
    else:
        main()
