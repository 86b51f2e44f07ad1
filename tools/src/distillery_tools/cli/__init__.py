"""The commands that the tools add to ``distillery``: options and output; the work is done in the other packages."""
