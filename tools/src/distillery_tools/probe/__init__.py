"""Stage 1 of a filter: training of its probe, its threshold with a guarantee, and what it saves and costs.

Called by ``distillery probe train``, ``threshold`` and ``report``. Uses `data` for labels, `calibration` for the maps
of the probe's estimates, `measuring` for figures, and `bench` for timing.
"""
