"""Build hook of every filter and encoder package: its requirements come from its config.yaml or encoder.yaml."""

from pathlib import Path

import yaml
from hatchling.metadata.plugin.interface import MetadataHookInterface


class DistilleryMetadataHook(MetadataHookInterface):
    """Requires the core range, and the packages of the base models and encoders that the file names."""

    def update(self, metadata: dict) -> None:
        """Set summary and dependencies from the only config.yaml or encoder.yaml under src/."""
        source = Path(self.root) / "src"
        (path,) = [*source.glob("*/config.yaml"), *source.glob("*/encoder.yaml")]
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        readers = config["students"].values() if "students" in config else [config]
        packages = {(reader.get("base") or reader["encoder"]).get("package") for reader in readers}
        metadata["description"] = config["summary"]
        metadata["dependencies"] = [f"distillery-core{config['requires_core']}", *sorted(packages - {None})]
