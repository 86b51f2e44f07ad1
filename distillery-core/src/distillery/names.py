"""Names of filters and of the packages that hold them."""

from __future__ import annotations

import re

FILTER_PREFIX = "distillery-filter-"

# The classifier in the metadata of a filter whose config.yaml says that it is experimental.
EXPERIMENTAL = "Development Status :: 3 - Alpha"


def normalise(name: str) -> str:
    """Return a filter's name as pip normalises it: ``Investment_Risk`` -> ``investment-risk``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution_of(name: str) -> str:
    """Return the distribution a filter of this name is published as."""
    return f"{FILTER_PREFIX}{normalise(name)}"


def package_of(name: str) -> str:
    """Return the import package a filter of this name lives in."""
    return distribution_of(name).replace("-", "_")


def column_of(name: str) -> str:
    """Return the prefix of a filter's columns in flat output: ``investment_risk``."""
    return normalise(name).replace("-", "_")
