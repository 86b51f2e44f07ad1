"""What a plugin author imports: the hook markers and the hook specifications.

    from pathlib import Path

    from distillery.plugins import hookimpl


    @hookimpl
    def distillery_filter() -> Path:
        return Path(__file__).parent

`FilterHooks` are the hooks of a filter package (entry-point group ``distillery.filters``), `HostHooks` those of a
package that extends the host (``distillery.plugins``): base models, encoders, commands, oracle providers.
`cached_base_model` gives a package of a base model its folder in the cache.
"""

from ..cache import cached_base_model
from .hookspecs import FilterHooks, HostHooks, hookimpl

__all__ = ["FilterHooks", "HostHooks", "cached_base_model", "hookimpl"]
