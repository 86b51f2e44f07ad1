"""What the tools add to the host."""

from __future__ import annotations

from collections.abc import Mapping

from distillery import hookimpl


@hookimpl
def distillery_commands() -> Mapping[str, tuple[str, str]]:
    """Add the commands of the tools, imported only when one runs."""
    return {
        "data": ("distillery_tools.cli.data:data_command", "Prepare, check and describe labelled articles."),
        "select": ("distillery_tools.cli.select:select_command", "Select which articles to label next."),
        "label": ("distillery_tools.cli.label:label_command", "Label articles by an LLM, and compare labels."),
        "train": ("distillery_tools.cli.train:train_command", "Train a filter's student from labelled articles."),
        "encoder": ("distillery_tools.cli.encoder:encoder_command", "Train an encoder that filters share."),
        "calibrate": (
            "distillery_tools.cli.calibrate:calibrate_command",
            "Fit a student's maps and intervals on validation articles.",
        ),
        "bench": (
            "distillery_tools.cli.bench:bench_command",
            "Measure speed and memory of scoring on this machine.",
        ),
        "compare": (
            "distillery_tools.cli.compare:compare_command",
            "Compare two versions of a filter, and judge the version number.",
        ),
        "probe": ("distillery_tools.cli.probe:probe_command", "Train Stage 1 and choose its threshold."),
        "evaluate": ("distillery_tools.cli.evaluate:evaluate_command", "Measure a filter beside baselines and oracle."),
        "textbook": (
            "distillery_tools.cli.textbook:textbook_command",
            "Check a filter on its invented textbook cases.",
        ),
    }


@hookimpl
def distillery_providers() -> Mapping[str, str]:
    """Add the oracles' providers, imported only when one is asked."""
    return {
        "openai": "distillery_tools.oracle.providers.openai_provider:OpenAIProvider",
        "gemini": "distillery_tools.oracle.providers.gemini_provider:GeminiProvider",
    }
