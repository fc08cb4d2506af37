"""The command line `baton`. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os

# Spinning OpenMP threads make small models many times slower on a shared CPU; must stand before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Nothing is fetched and nothing is reported unless a setting allows it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from orchestrator.cli.app import main

__all__ = ["main"]
