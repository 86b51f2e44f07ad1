"""Two versions of one filter on the same articles: what moved, and which version number that asks for.

An article's way: ``articles`` reads them, ``sources`` opens both versions (``wheel`` unpacks one, ``scored_file`` reads
one), ``pairs`` puts the two results of each article side by side, ``shifts``, ``flips`` and ``against_labels`` measure
them, ``version_rule`` decides, ``report`` and ``tables`` show it. Called by ``distillery compare``.
"""
