"""Adapter: LoRA updates, and perhaps a regression head, in PEFT's on-disk format, merged into their base.

Why: docs/decisions/adapter-merging.md
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from ..errors import AdapterError

if TYPE_CHECKING:
    from torch import Tensor, nn

_ROOT = "base_model.model."
_LORA_KEY = re.compile(r"(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_HEAD_KEY = re.compile(r"(score|classifier)\.(?P<part>weight|bias)")

# Options of PEFT that say how an adapter was made or is kept, and those that are read below. Whatever else is set may
# change the arithmetic or the tensors, and is refused by its name: what a later PEFT adds, too.
_READ = {"r", "lora_alpha", "use_rslora", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"}
_HARMLESS = {
    "auto_mapping",
    "base_model_name_or_path",
    "ensure_weight_tying",
    "eva_config",
    "inference_mode",
    "init_lora_weights",  # checked by itself
    "lora_dropout",
    "megatron_core",
    "modules_to_save",  # the head; every other tensor is refused
    "peft_type",  # checked by itself
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
}
# Values of options that are as good as none.
_PLAIN = {"bias": "none"}
# Initialisations that leave the base's weights as they are. PiSSA, OLoRA, CorDA, LoRA-GA and LoftQ take a part out of
# the base, which the adapter's file does not hold.
_PLAIN_INITIALISATIONS = (True, False, None, "gaussian", "orthogonal", "eva", "mica")


@dataclass(frozen=True)
class Adapter:
    """Low-rank updates by module, ``weight += scaling * B @ A``, and perhaps a linear head.

    ``lora`` maps a module's path to A [rank, n_inputs] and B [n_outputs, rank]; ``head`` holds the
    weight [n_dimensions, hidden_size] and perhaps the bias [n_dimensions]; a shared encoder has none.
    """

    folder: Path
    scaling: float
    rank: int
    targets: list[str] | None
    excluded: list[str] | str | None
    lora: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    head: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Adapter:
        """Read a PEFT folder, old or new key names; raise AdapterError if any tensor is left over."""
        from safetensors.torch import load_file

        options = _read_options(folder)
        targets = options.get("target_modules")
        adapter = cls(
            folder=folder,
            scaling=_scaling(options),
            rank=options["r"],
            # PEFT also takes one expression, and a subset of layers: then no list can be checked.
            targets=targets if isinstance(targets, list) and not options.get("layers_to_transform") else None,
            excluded=options.get("exclude_modules"),
        )
        try:
            tensors = load_file(folder / ADAPTER_FILE)
        except Exception as error:  # safetensors raises its own kinds and OSError
            raise AdapterError(f"{folder / ADAPTER_FILE} cannot be read: {error}") from error
        leftover = [key for key, tensor in tensors.items() if not adapter._take(_normalised(key), tensor)]
        if leftover:
            raise AdapterError(
                f"{folder / ADAPTER_FILE}: {len(leftover)} of {len(tensors)} tensors are neither LoRA nor head, or "
                f"stand twice, such as {leftover[0]}.\n  A student is a plain LoRA adapter with one linear head."
            )
        adapter._check_complete()
        return adapter

    def check_head(self, n_outputs: int) -> None:
        """Raise AdapterError unless there is a head that predicts so many values."""
        if "weight" not in self.head:
            raise AdapterError(f"{self.folder / ADAPTER_FILE} holds no head (score.weight or classifier.weight).")
        found = len(self.head["weight"])
        if found != n_outputs:
            raise AdapterError(
                f"{self.folder}: the head predicts {found} values, the config has {n_outputs} dimensions."
            )

    def merge_into(self, backbone: nn.Module, prefix: str) -> None:
        """Add every update to the backbone's weights in float32; raise AdapterError if one does not fit.

        ``prefix`` is the name under which the backbone stood when the adapter was trained.
        """
        updates = {path.removeprefix(f"{prefix}."): pair for path, pair in self.lora.items()}
        modules = dict(backbone.named_modules())
        absent = [path for path in updates if not hasattr(modules.get(path), "weight")]
        if absent:
            raise AdapterError(
                f"{self.folder}: {len(absent)} of {len(updates)} adapted modules are not in the base model, "
                f"such as {absent[0]}.\n  The adapter was trained on another base."
            )
        missing = [path for path in self._expected(modules) if path not in updates]
        if missing:
            raise AdapterError(
                f"{self.folder}: the adapter says it adapts {', '.join(self.targets or [])}, but holds nothing for "
                f"{len(missing)} of those modules, such as {missing[0]}."
            )
        for path, pair in updates.items():
            self._merge(path, modules[path], pair)

    def _merge(self, path: str, module: Any, pair: dict[str, Tensor]) -> None:
        update = self.scaling * (pair["B"].float() @ pair["A"].float())
        if module.weight.shape != update.shape:
            raise AdapterError(
                f"{self.folder}: the update of {path} has shape {list(update.shape)}, the base model's weight "
                f"{list(module.weight.shape)}.\n  The adapter was trained on another base."
            )
        module.weight.data += update.to(module.weight.dtype)

    def _take(self, key: str, tensor: Tensor) -> bool:
        """Put a tensor where it belongs; say whether it belongs anywhere, and nothing stands there yet."""
        if lora := _LORA_KEY.fullmatch(key):
            place, name = self.lora.setdefault(lora["module"], {}), lora["side"]
        elif head := _HEAD_KEY.fullmatch(key):
            place, name = self.head, head["part"]
        else:
            return False
        return place.setdefault(name, tensor) is tensor

    def _check_complete(self) -> None:
        halves = [path for path, pair in self.lora.items() if not {"A", "B"} <= pair.keys()]
        if halves:
            raise AdapterError(f"{self.folder / ADAPTER_FILE}: {halves[0]} has lora_A or lora_B, but not both.")
        misfits = [path for path, pair in self.lora.items() if not self.rank == len(pair["A"]) == pair["B"].shape[-1]]
        if misfits:
            raise AdapterError(
                f"{self.folder}: {ADAPTER_CONFIG_FILE} says rank r={self.rank}, but the tensors of {misfits[0]} "
                f"have another."
            )

    def _expected(self, modules: dict[str, nn.Module]) -> list[str]:
        """Return the modules that the adapter's own config says it adapts."""
        return [path for path in modules if _named(path, self.targets) and not _named(path, self.excluded)]


def head_part(key: str) -> str | None:
    """Return which part of a head a tensor is by its key, ``weight`` or ``bias``, or None."""
    head = _HEAD_KEY.fullmatch(_normalised(key))
    return head["part"] if head else None


def _named(path: str, names: list[str] | str | None) -> bool:
    """Say whether PEFT would match a module's path: by its last names, or by an expression."""
    if isinstance(names, str):
        return re.fullmatch(names, path) is not None
    return any(path == name or path.endswith(f".{name}") for name in names or [])


def _normalised(key: str) -> str:
    """Return a key as PEFT writes it today, without its root: NEW in-memory names become old ones."""
    return key.removeprefix(_ROOT).replace(".default.", ".").replace(".modules_to_save.", ".")


def _read_options(folder: Path) -> dict[str, Any]:
    path = folder / ADAPTER_CONFIG_FILE
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(options, dict):
        raise AdapterError(f"{path} holds no options, but {type(options).__name__}.")
    kind = options.get("peft_type", "LORA")
    unsupported = [] if kind == "LORA" else [f"peft_type={kind!r}"]
    unsupported += [
        f"{name}={value!r}"
        for name, value in options.items()
        if value and name not in _READ | _HARMLESS and value != _PLAIN.get(name)
    ]
    if unsupported:
        raise AdapterError(f"{path}: {', '.join(unsupported)} is not supported; a student is a plain LoRA adapter.")
    start = options.get("init_lora_weights")
    if not any(start is plain or start == plain for plain in _PLAIN_INITIALISATIONS):
        raise AdapterError(
            f"{path}: init_lora_weights={start!r} is not supported: it took a part out of the base's weights, which "
            f"the adapter does not hold.\n"
            f"  Save it as plain LoRA: save_pretrained(..., path_initial_model_for_weight_conversion=...)."
        )
    return options


def _scaling(options: dict[str, Any]) -> float:
    rank, alpha = options.get("r", 0), options.get("lora_alpha", 0)
    if not (isinstance(rank, int) and rank > 0 and isinstance(alpha, (int, float))):
        raise AdapterError(f"adapter_config.json needs a rank r above 0 and a lora_alpha, not r={rank!r}, {alpha!r}.")
    return float(alpha / math.sqrt(rank) if options.get("use_rslora") else alpha / rank)
