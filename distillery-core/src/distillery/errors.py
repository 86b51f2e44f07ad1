"""Everything distillery raises, as one tree.

    DistilleryError
    ├── FilterError                 one filter cannot be used; every other filter still can
    │   ├── FilterNotFoundError     no installed filter has that name, no filter is in that folder
    │   ├── DuplicateFilterError    two distributions provide the same name
    │   ├── FilterVersionError      the filter does not allow the version of the installed core
    │   ├── FilterImportError       the filter's package is damaged, or fails to import
    │   └── FilterContractError     it imports, but does not offer what a filter must offer
    ├── ConfigError                 config.yaml is missing, unreadable or wrong
    │   ├── StudentNotFoundError    the filter has no student of that name
    │   └── OperatingPointError     the filter has no operating point of that name, or not for these weights
    ├── CalibrationError            calibration.json is malformed or was fitted for something else
    ├── ModelError                  the student cannot be built
    │   ├── BaseModelNotFoundError  no source has the base model
    │   ├── EncoderNotFoundError    the shared encoder of a student is not installed
    │   ├── WeightsError            a file's sha256 is not the one in the config
    │   ├── AdapterError            the adapter does not fit the base, or is of an unsupported kind
    │   └── BackendError            the inference backend is missing or failed
    │       └── ForkedProcessError  the backend computed before the fork that made this process
    ├── CacheError                  the cache of converted models cannot be written
    ├── ProbeError                  Stage 1 is missing, does not fit, or cannot promise the miss rate asked for
    ├── ArticleError                an article cannot be read (also a ValueError)
    ├── ArticleTypeError            what was given holds no articles (also a TypeError)
    ├── ScoringError                an article was read but has no valid score
    ├── InputFileError              a file of articles or labels cannot be read
    ├── OutputFileError             a result file cannot be written
    └── PluginError                 a plugin of the host itself (not a filter) is broken

Every message names the object, its version where it has one, and the next step.
"""


class DistilleryError(Exception):
    """Base class of everything distillery raises on purpose."""


class FilterError(DistilleryError):
    """One filter cannot be used."""


class FilterNotFoundError(FilterError):
    """No installed filter has the name, or no filter is at the path."""


class DuplicateFilterError(FilterError):
    """Two distributions provide a filter of the same name."""


class FilterVersionError(FilterError):
    """The filter does not allow the version of the installed core."""


class FilterImportError(FilterError):
    """The filter's package is damaged, was changed since this process imported it, or raised an error at import."""


class FilterContractError(FilterError):
    """The filter's package does not offer what a filter must offer."""


class ConfigError(DistilleryError):
    """A filter's config.yaml is missing, unreadable or wrong."""


class StudentNotFoundError(ConfigError):
    """A filter has no student of the name."""


class OperatingPointError(ConfigError):
    """The filter has no operating point of that name, or its operating points were chosen for another student."""


class CalibrationError(DistilleryError):
    """A calibration.json is malformed or was fitted for something else."""


class ModelError(DistilleryError):
    """A student cannot be built."""


class BaseModelNotFoundError(ModelError):
    """No source has the base model."""


class EncoderNotFoundError(ModelError):
    """The shared encoder that a student names is not installed."""


class WeightsError(ModelError):
    """A file of weights does not have the sha256 in the config."""


class AdapterError(ModelError):
    """An adapter does not fit its base model, or is of an unsupported kind."""


class BackendError(ModelError):
    """An inference backend is missing or failed."""


class ForkedProcessError(BackendError):
    """An inference backend computed before the fork that made this process, and would hang in it."""


class CacheError(DistilleryError):
    """The cache of converted models and vectors cannot be written."""


class ProbeError(DistilleryError):
    """A filter's Stage 1 is missing, does not fit, or cannot promise the miss rate asked for."""


class ArticleError(DistilleryError, ValueError):
    """An article cannot be read."""


class ArticleTypeError(DistilleryError, TypeError):
    """What was given to score is neither an article nor many of them."""


class ScoringError(DistilleryError):
    """An article was read but has no valid score."""


class InputFileError(DistilleryError):
    """A file of articles or labels cannot be read."""


class OutputFileError(DistilleryError):
    """A result file cannot be written."""


class PluginError(DistilleryError):
    """A plugin of the host itself is broken."""
