"""Providers of oracles: one contract, our own two, and those of plugins, imported only when used.

`failures` is the one place that decides whose fault a failed call is. `oracle.run` asks providers through
`contract.Provider`; authors of plugins implement that contract and raise the errors of `oracle.errors`.
"""

from .contract import BatchClient, BatchState, Completion, Provider, ProviderSettings, Request, Usage
from .registry import endpoint_of, installed_providers, make_provider, provider_target

__all__ = [
    "BatchClient",
    "BatchState",
    "Completion",
    "Provider",
    "ProviderSettings",
    "Request",
    "Usage",
    "endpoint_of",
    "installed_providers",
    "make_provider",
    "provider_target",
]
