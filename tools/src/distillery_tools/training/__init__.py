"""Training of students and shared encoders, and installing the result in its folder.

`Trainer` fits LoRA updates and heads, `head_run` a head on a shared encoder; `install` writes files, hashes,
calibration and golden scores. Called by ``distillery train``, ``distillery encoder train`` and, for installing,
``distillery calibrate``.
"""
