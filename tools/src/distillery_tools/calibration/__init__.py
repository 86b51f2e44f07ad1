"""Calibration of a student or a probe on articles it has not seen.

Fits maps from outputs to the oracle's scale and keeps those that help on held-out articles, and fits split-conformal
intervals. Called by ``distillery calibrate``, by ``distillery train`` for a new student, and by `probe` for Stage 1.
"""
