"""Selection of the articles to label next.

Reads a pool of articles once and picks some at random, some that the filter rates high or is unsure about, and some
that resemble examples or contain given phrases; leaves out junk, what is labelled already, and near-duplicates.
Called by ``distillery select``; uses `data` for label files and near-duplicates, `oracle` for the junk rules.
"""
