"""The files of a filter and of an encoder."""

CONFIG_FILE = "config.yaml"
ENCODER_FILE = "encoder.yaml"
EVALUATION_FILE = "evaluation.json"

# Of a student, beside its adapter, and of a probe.
CALIBRATION_FILE = "calibration.json"

PROBE_FILE = "probe.safetensors"
PROBE_RECORD_FILE = "probe.json"

# The files of an adapter folder, named as PEFT names them.
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"

# What a head on a shared encoder was trained on, beside the head.
SCOPE_FILE = "scope.safetensors"
