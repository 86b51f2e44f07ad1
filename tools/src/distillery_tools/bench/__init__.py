"""Speed and memory of scoring, beside the naive path and the machine's own limit.

Called by ``distillery bench``; `probe` uses `timing` and `machine` to measure what Stage 1 saves.
"""
