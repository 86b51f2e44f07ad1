"""Build hook of every filter package: its requirements come from its config.yaml."""

from pathlib import Path

import yaml
from hatchling.metadata.plugin.interface import MetadataHookInterface


class FilterMetadataHook(MetadataHookInterface):
    """Requires the core range and the packages of the base models that the config names."""

    def update(self, metadata: dict) -> None:
        """Set summary and dependencies from the only config.yaml under src/."""
        (path,) = Path(self.root).glob("src/*/config.yaml")
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        bases = {student["base"].get("package") for student in config["students"].values()}
        metadata["description"] = config["summary"]
        metadata["dependencies"] = [f"distillery-core{config['requires_core']}", *sorted(bases - {None})]
