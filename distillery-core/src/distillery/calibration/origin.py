"""CalibrationOrigin: the model whose outputs a calibration maps; a calibration of another model is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..config import FilterConfig, StudentConfig
from ..config.section import DTYPE
from ..errors import CalibrationError
from ..names import normalise
from ..students.encoder_spec import EncoderSpec


@dataclass(frozen=True)
class CalibrationOrigin:
    """The facts by which a calibration.json names its model.

    ``what`` is the model in a word, ``facts`` are compared with the file, ``remedy`` says what to do if they differ.
    """

    what: str
    facts: Mapping[str, Any]
    remedy: str

    @classmethod
    def of_student(cls, student: StudentConfig, spec: EncoderSpec) -> Self:
        """Return the origin of the calibration of a student."""
        facts = {
            "weights_sha256": student.weights_sha256,
            "dtype": DTYPE,
            "preprocessing": spec.preprocessing.model_dump(),
        }
        return cls("student", facts, "Fit it again with distillery train, or set the student's calibration to null.")

    @classmethod
    def of_probe(cls, weights_sha256: str, embedder_fingerprint: str) -> Self:
        """Return the origin of the calibration of a probe."""
        facts = {"weights_sha256": weights_sha256, "embedder_fingerprint": embedder_fingerprint}
        return cls("probe", facts, "Fit it again: distillery probe train")

    def check(self, data: Mapping[str, Any], path: Path, config: FilterConfig) -> None:
        """Raise CalibrationError for maps of another filter, other weights or other preprocessing.

        Old files say only the filter; what a file does not say is not checked.
        """
        owner = normalise(str(data.get("filter_name", config.name)))
        if owner != config.normalised_name:
            raise CalibrationError(f"{path} was fitted for filter '{owner}', not for '{config.name}'.")
        for name, present in self.facts.items():
            if data.get(name, present) != present:
                raise CalibrationError(
                    f"{path} was fitted with {name} {data[name]}, but the {self.what} has {present}.\n  {self.remedy}"
                )
