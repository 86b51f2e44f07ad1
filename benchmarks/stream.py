"""A long stream of articles through ``distillery score``: how its memory goes over time.

    python benchmarks/stream.py --articles ../shared/data/unlabelled.jsonl --n 1000000

Repeats the articles, each time with ids of their own, into the command's standard input, reads the results from its
standard output, and prints the resident memory as results come, the rate, and the slope of memory over the second half.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from sample import EXAMPLES

from distillery_tools.bench.sample import read_articles

SAMPLES = 20

Sample = tuple[int, float, float]


def main() -> None:
    """Run the stream and print."""
    options = _options()
    command = [str(Path(sys.executable).with_name("distillery")), "score", "-", "--quiet", *options.score]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdin is None or process.stdout is None:
        raise SystemExit("the command has no standard input or output")
    feeding = threading.Thread(target=_feed, args=(process.stdin, read_articles(options.articles), options.n))
    feeding.start()
    samples: list[Sample] = []
    print(f"{'results':>10} {'seconds':>9} {'MiB':>7}")
    for count, seconds, memory in _sampled(process, process.stdout, options.n):
        samples.append((count, seconds, memory))
        print(f"{count:10} {seconds:9.1f} {memory:7.0f}", flush=True)
    feeding.join()
    print(f"exit status {process.wait()}")  # 1 says that some articles could not be scored
    _print_slope(samples, options.n)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--n", type=int, default=5000, help="how many articles (default 5000)")
    parser.add_argument("score", nargs="*", help="options of distillery score, after --")
    return parser.parse_args()


def _feed(pipe: IO[bytes], articles: list[dict[str, Any]], n: int) -> None:
    with pipe:
        for number, article in enumerate(itertools.islice(itertools.cycle(articles), n)):
            pipe.write(json.dumps(article | {"id": number}).encode() + b"\n")


def _sampled(process: subprocess.Popen[bytes], results: IO[bytes], n: int) -> Iterator[Sample]:
    """Yield results so far, seconds since the first one and resident MiB, some twenty times."""
    started = None
    for count, _ in enumerate(results, start=1):
        started = started or time.perf_counter()
        if count % max(1, n // SAMPLES) == 0:
            yield count, time.perf_counter() - started, _resident(process.pid)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def _print_slope(samples: list[Sample], n: int) -> None:
    counts, seconds, memory = (np.array(column, dtype=float) for column in zip(*samples, strict=True))
    half = len(samples) // 2
    slope = np.polyfit(counts[half:], memory[half:], 1)[0] if len(samples) - half > 1 else float("nan")
    rate = (counts[-1] - counts[0]) / (seconds[-1] - seconds[0])
    print(
        f"{n} articles: {rate:.1f} a second, {1e6 / rate / 3600:.1f} hours for 1,000,000; peak {memory.max():.0f} MiB;"
    )
    print(f"over the second half {slope * 1e5:+.1f} MiB for 100,000 articles")


if __name__ == "__main__":
    main()
