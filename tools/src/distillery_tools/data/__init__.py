"""Labelled articles: label files read, checked, merged, split and described.

`LabelledData` joins articles with an oracle's scores in the splits train, val and test. Called by ``distillery data``
and by every command that learns from labels or measures against them; `oracle` and `selection` use the label records
and the near-duplicates.
"""
