"""Fresh processes: how long until an answer, and how much memory at the peak.

    python benchmarks/startup.py --articles ../shared/data/unlabelled.jsonl

Runs each command several times in a process of its own and prints the median wall time and the
largest resident memory. The bare interpreter comes first: the rest is ours. The commands
that only list run with four filters installed, of which all but one are metadata alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sample import EXAMPLES, read_articles

STAND_INS = ("sustainability-technology", "investment-risk", "cultural-discovery")
FIRST_SCORE = "import distillery; distillery.load_filter({name!r}, backend={backend!r}).score({article!r})"


def main() -> None:
    """Measure and print."""
    options = _options()
    command = [str(Path(sys.executable).with_name("distillery"))]
    print(f"{'process':44} {'seconds':>8} {'peak MiB':>9}")
    _report("bare interpreter", [sys.executable, "-c", "pass"], options.runs)
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": str(_stand_ins(Path(folder)))}
        for arguments in (["--help"], ["--version"], ["list"]):
            _report(f"distillery {arguments[0]}, four filters", command + arguments, options.runs, environment)
    article = read_articles(EXAMPLES, 1)[0]
    for backend in ("torch", "openvino"):
        code = FIRST_SCORE.format(name=options.filter, backend=backend, article=article)
        _report(f"cold process to first score, {backend}", [sys.executable, "-c", code], options.runs)
    with tempfile.TemporaryDirectory() as folder:
        for n in options.sizes:
            source, target = Path(folder, f"{n}.jsonl"), Path(folder, "scored.jsonl")
            source.write_text(
                "".join(json.dumps(a) + "\n" for a in read_articles(options.articles, n)), encoding="utf-8"
            )
            score = [*command, "score", str(source), "--filter", options.filter, "-o", str(target), "--quiet"]
            _report(f"distillery score, {n} articles", [*score, "--backend", options.backend], 1)


def _stand_ins(folder: Path) -> Path:
    """Write the metadata of three more filters into a folder for the module path."""
    for name in STAND_INS:
        information = folder / f"distillery_filter_{name.replace('-', '_')}-1.0.0.dist-info"
        information.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: distillery-filter-{name}\nVersion: 1.0.0\nSummary: Stand-in\n"
        entry_points = f"[distillery.filters]\n{name} = never_imported\n"
        (information / "METADATA").write_text(metadata, encoding="utf-8")
        (information / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="uplifting", help="name or folder of the filter")
    parser.add_argument("--articles", type=Path, default=EXAMPLES, help="JSON lines (default: our invented examples)")
    parser.add_argument("--backend", default="auto", help="backend of the runs over files (default auto)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each short command (default 5)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000], help="articles a file (1000 4000)")
    return parser.parse_args()


def _report(title: str, command: list[str], runs: int, environment: dict[str, str] | None = None) -> None:
    measured = [_run(command, environment) for _ in range(runs)]
    seconds = statistics.median(time for time, _ in measured)
    print(f"{title:44} {seconds:8.2f} {max(memory for _, memory in measured):9.0f}", flush=True)


def _run(command: list[str], environment: dict[str, str] | None) -> tuple[float, float]:
    """Return wall seconds and peak resident MiB of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)[:200]} failed:\n{errors.decode()}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
