"""`python -m orchestrator.cli` is `baton`."""

from orchestrator.cli import main

main()
