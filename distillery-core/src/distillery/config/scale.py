"""The scale of every score, and the name of the weighted average beside the dimensions."""

LOWEST, HIGHEST = 0.0, 10.0

AVERAGE = "weighted_average"
