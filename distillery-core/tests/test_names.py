"""Names: one filter, however it is spelt."""

from __future__ import annotations

import pytest

from distillery.names import column_of, distribution_of, normalise, package_of


@pytest.mark.parametrize("name", ["investment-risk", "investment_risk", "Investment.Risk", "INVESTMENT__risk"])
def test_every_spelling_is_one_filter(name: str) -> None:
    """Two spellings of one folder once stopped a deployment for 13 hours."""
    assert normalise(name) == "investment-risk"
    assert distribution_of(name) == "distillery-filter-investment-risk"
    assert package_of(name) == "distillery_filter_investment_risk"
    assert column_of(name) == "investment_risk"
