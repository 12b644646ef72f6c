"""What can go wrong in a way that a person can mend.

DiemBaoError           status: the exit status of the command it ends
├── ConfigError        2  a configuration file, an argument or an input file is wrong
├── StoreError         1  the store cannot be used as it is
│   └── StoreHeld      1  another process owns the file
└── ModelError         1  the model file is missing, damaged or of another format

The message is for the person at the screen and says where and what to do. Anything else that is raised is a fault of ours
and ends the command loudly. What fails for one item only is no exception but a stored outcome (records.Fetch, records.Failure).
"""

from __future__ import annotations


class DiemBaoError(Exception):
    """Shown as it is."""

    status = 1


class ConfigError(DiemBaoError):
    """Something a person wrote cannot be right."""

    status = 2


class StoreError(DiemBaoError):
    """The store cannot be used as it is."""


class StoreHeld(StoreError):
    """Another process owns the file."""


class ModelError(DiemBaoError):
    """The model file is missing, damaged or of another format."""
