"""What importing a filter's package costs, measured in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

HEAVY = ("numpy", "openvino", "sklearn", "torch", "transformers")
MOST_SECONDS = 0.05
N_RUNS = 5

# The core is imported before: its cost is not the filter's. The path is this process's own.
_MEASURE = """
import json, sys, time
sys.path[:] = json.loads(sys.argv[1])
from distillery import hookimpl
start = time.perf_counter()
__import__(sys.argv[2])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class ImportCost:
    """Seconds that an import took, and the heavy modules that came with it."""

    seconds: float
    heavy: list[str]


def import_faults(package: str) -> list[str]:
    """Import a package in new processes; return what makes it slow."""
    costs = [import_cost(package) for _ in range(N_RUNS)]
    best = min(cost.seconds for cost in costs)
    faults = [f"importing {package} imports {name}.  Import it where it is used." for name in costs[0].heavy]
    if best > MOST_SECONDS:
        faults.append(
            f"importing {package} takes {best * 1000:.0f} ms, the best of {N_RUNS}; {MOST_SECONDS * 1000:.0f} are "
            f"allowed.  Move work from its modules' top level into the hook."
        )
    return faults


def import_cost(package: str) -> ImportCost:
    """Measure one import in a new process; raise CalledProcessError if it fails."""
    command = [sys.executable, "-c", _MEASURE, json.dumps(sys.path), package]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    measured = json.loads(done.stdout.splitlines()[-1])
    return ImportCost(measured["seconds"], sorted(set(HEAVY) & set(measured["modules"])))
