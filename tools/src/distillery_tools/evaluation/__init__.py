"""Evaluation of a filter: its student beside baselines and the oracle, its prefilter, its intervals.

`Evaluator` builds the report, `tables` and `plots` show it, `card` writes it into READMEs. Called by
``distillery evaluate``; ``distillery probe report`` uses `card`. The metrics themselves are in `measuring`.
"""
