"""Run the conformance kit on installed filters: ``python -m distillery.testing NAME... [PYTEST OPTIONS]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ..names import column_of

_USAGE = (
    "usage: python -m distillery.testing NAME... [PYTEST OPTIONS]\nName one installed filter or more (distillery list)."
)


def run_kit(names: Sequence[str], options: Sequence[str] = (), plugins: Sequence[object] = ()) -> int:
    """Write the test file of these filters, run pytest on it, and return its exit status."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "test_conformance.py")
        path.write_text(_source(names), encoding="utf-8")
        settings = Path(folder, "pytest.ini")  # else those of whatever project the temporary folder lies in count
        settings.write_text("[pytest]\n", encoding="utf-8")
        places = [str(path), f"--config-file={settings}", f"--rootdir={folder}"]
        arguments = [*places, "--import-mode=importlib", "-p", "no:cacheprovider", *options]
        return int(pytest.main(arguments, plugins=list(plugins)))


def _source(names: Sequence[str]) -> str:
    """Return the three lines that a filter package would write, for each filter."""
    classes = [
        f"class Test{column_of(name).title().replace('_', '')}(FilterConformance):\n    filter_name = {name!r}\n"
        for name in names
    ]
    return "\n\n".join(["from distillery.testing import FilterConformance\n", *classes])


def main() -> None:
    """Read filters and options from the command line, and exit with pytest's status."""
    names = list(takewhile(lambda argument: not argument.startswith("-"), sys.argv[1:]))
    if not names:
        sys.exit(_USAGE)
    sys.exit(run_kit(names, sys.argv[1 + len(names) :]))


if __name__ == "__main__":
    main()
