"""One run of ``distillery label``: from a file of articles to a file of labels, within limits and a budget.

`spec` says what is to be labelled, `labelling` does it: `intake` turns articles into requests, `single` or `batches`
asks the provider, `outcomes` books what came of each call, `report` and `outputs` write what a run leaves. The
command line calls `labelling.label_articles` and `dry_run.plan`; nothing else does.
"""
