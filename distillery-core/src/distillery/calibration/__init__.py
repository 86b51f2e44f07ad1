"""Calibration: from a model's raw outputs to the oracle's scale, with intervals."""
