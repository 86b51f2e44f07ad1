"""Calibration of a student or a probe on articles it has not seen: maps that help on held-out ones, and intervals."""
