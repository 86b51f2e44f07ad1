"""The scale of every score, and the name of the weighted average beside the dimensions."""

LOWEST, HIGHEST = 0.0, 10.0

AVERAGE = "weighted_average"

# The columns of an interval in tables: ``score_reach_low`` and ``score_reach_high``.
INTERVAL_ENDS = ("_low", "_high")
