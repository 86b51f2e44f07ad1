"""``python -m distillery`` is the ``distillery`` command."""

from .cli import main

if __name__ == "__main__":
    main()
