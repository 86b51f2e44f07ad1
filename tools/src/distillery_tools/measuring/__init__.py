"""Measures of scores against an oracle's labels: metrics with bootstrap intervals, and the tables that show them.

Knows nothing of label files, students or training. Called by `data`, `calibration`, `probe`, `training`, `evaluation`,
`bench` and `oracle`.
"""
