"""A chat to look at: `python -m tests.browser.served HOME PORT DOCUMENT...`, with an expert that takes its time."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from orchestrator import Orchestrator, Text, expert
from ui.chat import launch

SLOW_S = 30.0


@expert(
    "slow_polish",
    title="slow polishing",
    licence="Apache-2.0",
    author="The Baton authors",
    examples=["Polish this text slowly", "Please polish my text slowly and carefully", "慢慢润色这段文字"],
    says={"en": ("The polished text is: {text}",)},
)
def slow_polish(text: Text) -> str:
    """Polish a text slowly and carefully."""
    time.sleep(SLOW_S)
    return text.text.strip()


def main() -> None:
    home, port, *documents = sys.argv[1:]
    with Orchestrator({}, home=home) as orchestrator:
        orchestrator.register(slow_polish)
        if documents:
            orchestrator.library.add([Path(document) for document in documents])
        launch(orchestrator, port=int(port))


if __name__ == "__main__":
    main()
