"""Label files beside each other: agreement of two oracles or two samples of one, and the consensus of several.

Works on label files alone, without articles, stores or providers. The commands ``distillery label agreement`` and
``distillery label consensus`` call it; `distillery select` reads labels with it.
"""
