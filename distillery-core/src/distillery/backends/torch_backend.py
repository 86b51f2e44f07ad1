"""The torch backend: float32, anywhere torch runs."""

from __future__ import annotations

import torch

from ..errors import BackendError
from ..network import EncoderNetwork
from . import TORCH, Ids, Outputs

FLOAT32 = f"{TORCH}-float32"


class TorchBackend:
    """Runs the network as it is."""

    def __init__(self, network: EncoderNetwork, device: str | None = None) -> None:
        """Move the network to ``device``; by default to a GPU if there is one."""
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self._network = network.to(chosen)
        except (RuntimeError, AssertionError) as error:
            raise BackendError(f"torch cannot use the device '{chosen}': {error}") from error
        self._device = chosen
        self.name = FLOAT32

    def run(self, input_ids: Ids, attention_mask: Ids) -> Outputs:
        """Return the network's outputs [n, width] for ids and mask [n, length]."""
        with torch.inference_mode():
            ids, mask = (torch.from_numpy(array).to(self._device) for array in (input_ids, attention_mask))
            outputs: Outputs = self._network(ids, mask).float().cpu().numpy()
        return outputs
