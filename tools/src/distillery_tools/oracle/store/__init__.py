"""The store: one SQLite file with every answer that was paid for and every call that was made.

`Store` is what a run uses: each of its methods is one transaction, on disk when it returns. The modules beside it
hold the SQL by table. Only `oracle.run` calls it; labels leave it as files.
"""
