"""The conformance kit that every filter package runs, and what its own tests may build on.

`FilterConformance` checks one installed filter: its names, files and metadata, and that its scores are reproducible,
on the scale, and what the release scored. The functions ``write_...`` build tiny random base models, adapters, probes
and filters, so that tests need no real weights; `DIRT` holds the ways in which published text is dirty. All of it
needs pytest; filters, encoders and tools use it in their tests, and users run it as a command.

A filter package runs the kit in three lines::

    from distillery.testing import FilterConformance

    class TestUplifting(FilterConformance):
        filter_name = "uplifting"

A fourth line, ``cases = Path(__file__).with_name("cases.yaml")``, adds worked examples of the filter's rules and
averages; `distillery.testing.cases` describes the file.

``python -m distillery.testing uplifting`` runs it on an installed filter without a file; options after the names go
to pytest.
"""

try:
    import pytest as pytest
except ModuleNotFoundError as error:
    raise ImportError("distillery.testing needs pytest: pip install pytest") from error

from .conformance import FilterConformance
from .dirt import DIRT
from .tiny_filter import restate, student_section, tiny_config, write_filter
from .tiny_models import write_adapter, write_bert, write_gemma
from .tiny_probe import state_probe, write_probe

__all__ = [
    "DIRT",
    "FilterConformance",
    "restate",
    "state_probe",
    "student_section",
    "tiny_config",
    "write_adapter",
    "write_bert",
    "write_filter",
    "write_gemma",
    "write_probe",
]
