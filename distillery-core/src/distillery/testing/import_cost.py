"""What importing a filter's package costs: the modules that come with it, counted in a new process."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("numpy", "openvino", "sklearn", "torch", "transformers")
MOST_MODULES = 25
N_SHOWN = 5

# The core is imported before: its modules are not the filter's. The path is this process's own.
_COUNT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from distillery import hookimpl
before = set(sys.modules)
__import__(sys.argv[2])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def import_faults(package: str) -> list[str]:
    """Import a package in a new process; return each heavy module, and whether there are too many modules."""
    modules = imported_modules(package)
    faults = [f"importing {package} imports {name}.  Import it where it is used." for name in HEAVY if name in modules]
    if not faults and len(modules) > MOST_MODULES:
        others = [name for name in modules if name.partition(".")[0] != package][:N_SHOWN]
        faults.append(
            f"importing {package} imports {len(modules)} modules, such as {', '.join(others)}; {MOST_MODULES} are "
            f"allowed.  Import them where they are used."
        )
    return faults


def imported_modules(package: str) -> list[str]:
    """Return the modules that come with one import; raise CalledProcessError if it fails."""
    command = [sys.executable, "-c", _COUNT, json.dumps(sys.path), package]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return modules
