"""Providers of oracles: found by name among the installed ones, imported only when used."""

from .contract import BatchClient, BatchState, Completion, Provider, ProviderSettings, Request, Usage
from .registry import installed_providers, make_provider, place_of

__all__ = [
    "BatchClient",
    "BatchState",
    "Completion",
    "Provider",
    "ProviderSettings",
    "Request",
    "Usage",
    "installed_providers",
    "make_provider",
    "place_of",
]
