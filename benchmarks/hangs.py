"""Count the cold starts and forks that never end: ``python benchmarks/hangs.py --filter uplifting``.

A start is a process of its own that loads a filter and scores: the command, the library with one thread and with eight
behind a barrier, and a panel likewise, with what is converted in the cache and with an empty cache. A fork is made
after a filter was loaded, in half of the cases while threads score, and its child has to score or to raise at once.
A process that runs into the deadline counts as hung, and is killed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

DEADLINE = 400.0
ARTICLE = {"title": "Night buses reach twelve villages", "content": "A bus leaves the valley every evening. " * 30}

LIBRARY = """
import json, sys, threading, distillery
name, how, n_threads, article = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
alone = how == "library"
scorer = (distillery.load_filter if alone else distillery.load_filters)(name if alone else [name], backend="openvino")
start, errors = threading.Barrier(n_threads), []

def work():
    start.wait()
    for found in scorer.score([article] * 4):
        errors.extend(score.error for score in (found.values() if isinstance(found, dict) else [found]) if score.error)

threads = [threading.Thread(target=work) for _ in range(n_threads)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(str(errors) if errors else 0)
"""

FORK = """
import json, os, sys, threading, distillery
name, backend, busy, article = sys.argv[1], sys.argv[2], sys.argv[3] == "busy", json.loads(sys.argv[4])
scorer = distillery.load_filter(name, backend=backend)
scorer.score([article] * 4)
stop = threading.Event()

def work():
    while not stop.is_set():
        scorer.score([article] * 4)

threads = [threading.Thread(target=work) for _ in range(2 if busy else 0)]
for thread in threads: thread.start()
child = os.fork()
if child == 0:
    try:
        scorer.score([article] * 4)
        sys.exit(10)
    except distillery.ForkedProcessError:
        sys.exit(11)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
stop.set()
for thread in threads: thread.join()
sys.exit(status)
"""
FORK_OUTCOMES = {10: "scored", 11: "refused at once"}


def main() -> None:
    """Start as many processes as asked for, and print how they ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", default="tiny", help="name or folder of a filter; 'tiny' makes a random one")
    parser.add_argument("--starts", type=int, default=300)
    parser.add_argument("--forks", type=int, default=100)
    parser.add_argument("--cold-share", type=float, default=0.2, help="share of the starts with an empty cache")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        name = tiny_filter(work) if options.filter == "tiny" else options.filter
        print(json.dumps({"filter": options.filter, **measure(name, work, options)}, indent=2))


def measure(name: str, work: Path, options: argparse.Namespace) -> dict[str, object]:
    """Return how many starts and forks ended in which way, by kind, and the longest of each."""
    warm = work / "warm"
    run([sys.executable, "-c", LIBRARY, name, "library", "1", json.dumps(ARTICLE)], warm)
    n_cold = round(options.starts * options.cold_share)
    starts: dict[str, Counter[str]] = {}
    longest = 0.0
    for index, (kind, command) in enumerate(islice(cycle(start_commands(name, work)), options.starts)):
        cold = index < n_cold
        with tempfile.TemporaryDirectory(dir=work) as empty:
            outcome, seconds = run(command, Path(empty) if cold else warm)
        longest = max(longest, seconds)
        title = f"{kind}, {'empty' if cold else 'warm'} cache"
        starts.setdefault(title, Counter())["ended" if outcome == "0" else outcome] += 1
        note(index + 1, options.starts, "starts", outcome)
    forks: dict[str, Counter[str]] = {}
    for index in range(options.forks):
        backend, busy = ("torch", "openvino")[index % 2], ("idle", "busy")[index // 2 % 2]
        outcome, _ = run([sys.executable, "-c", FORK, name, backend, busy, json.dumps(ARTICLE)], warm)
        known = FORK_OUTCOMES.get(int(outcome), outcome) if outcome.isdigit() else outcome
        forks.setdefault(f"{backend}, {busy}", Counter())[known] += 1
        note(index + 1, options.forks, "forks", known)
    return {"starts": starts, "longest_start_s": round(longest, 1), "forks": forks}


def start_commands(name: str, work: Path) -> list[tuple[str, list[str]]]:
    """Return the kinds of starts with their commands."""
    articles = work / "articles.jsonl"
    articles.write_text("".join(json.dumps({"id": n} | ARTICLE) + "\n" for n in range(8)), encoding="utf-8")
    script = Path(sys.executable).with_name("distillery")
    command = [str(script), "score", str(articles), "--filter", name, "--backend", "openvino"]
    command += ["-o", str(work / "scored.jsonl")]
    library = {
        f"{how}, {n} thread(s)": [sys.executable, "-c", LIBRARY, name, how, str(n), json.dumps(ARTICLE)]
        for how in ("library", "panel")
        for n in (1, 8)
    }
    return [("command", command), *library.items()]


def run(command: list[str], cache: Path) -> tuple[str, float]:
    """Run a program; return its exit status, or ``hung``, and its seconds."""
    environment = os.environ | {"DISTILLERY_CACHE": str(cache)}
    begun = time.monotonic()
    try:
        done = subprocess.run(
            command, env=environment, timeout=DEADLINE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    except subprocess.TimeoutExpired:
        return "hung", time.monotonic() - begun
    if done.returncode not in {0, *FORK_OUTCOMES}:
        print(done.stderr.decode()[-500:], file=sys.stderr)
    return str(done.returncode), time.monotonic() - begun


def note(index: int, total: int, what: str, outcome: str) -> None:
    """Show how far it is, every ten processes and at each that did not end."""
    if index % 10 == 0 or outcome == "hung":
        print(f"{index} of {total} {what}, the last one: {outcome}", file=sys.stderr, flush=True)


def tiny_filter(work: Path) -> str:
    """Write a filter of a tiny random BERT."""
    from distillery.testing import write_bert, write_filter

    return str(write_filter(work / "filter", write_bert(work / "base")))


if __name__ == "__main__":
    main()
