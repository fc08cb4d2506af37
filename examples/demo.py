"""The demonstration: one request that needs several experts and the library, on the media beside this file.

python -m examples.demo            # `make demo` installs first
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from orchestrator import Orchestrator
from orchestrator.cli.ask import open_chat, print_plan, print_sources

HERE = Path(__file__).parent
HOME = HERE.parent / ".baton-demo"
EXPERT = "support_ticket_team"
REQUEST = (
    "Read the nameplate and tell me how long the warranty of this device is. "
    "Which region has the highest revenue? Plot the units by region. Transcribe the recording."
)
FILES = [HERE / "media" / name for name in ("nameplate.jpg", "message.wav", "sales.csv")]
TICKET = "Which team should handle this support ticket: “The invoice charges me twice for the same order.”"
CHINESE = "XR-2000 的保修期是多久？"
ABSENT = "Who won the football world cup in 1954?"


def main() -> None:
    """Ingest, train, ask, show."""
    began = time.perf_counter()
    with Orchestrator({}, home=HOME) as baton:
        report = baton.library.add([HERE / "library"])
        print(f"library: {len(report.added)} documents added, {len(report.unchanged)} unchanged")
        if EXPERT not in {card.name for card in baton.registry.cards}:
            train(baton)
        for text, files in ((REQUEST, FILES), (TICKET, []), (CHINESE, []), (ABSENT, [])):
            show(baton, text, files)
        print(f"\n{time.perf_counter() - began:.0f} s in all; everything stayed on this machine.")
        offer_chat(baton)


def train(baton: Orchestrator) -> None:
    """Make an expert of the ticket table, as a data scientist would."""
    began = time.perf_counter()
    card = baton.registry.train(
        "text-classification",
        HERE / "support_tickets.csv",
        name=EXPERT,
        description="Decides which team handles a support ticket: billing, delivery, defect, account or praise.",
    )
    scores = ", ".join(f"{m.name} {m.value:.2f}" for m in card.metrics)
    print(f"trained the expert {card.name} on support_tickets.csv in {time.perf_counter() - began:.0f} s: {scores}")


def show(baton: Orchestrator, text: str, files: list[Path]) -> None:
    """Print one request with its plan and its cited answer."""
    print(f"\n{'─' * 100}\n> {text}")
    for file in files:
        print(f"  + {file.name}")
    began = time.perf_counter()
    request = baton.request(text, files)
    print()
    print_plan(baton.plan(text, request.artifacts))
    answer = baton.run(text, request.artifacts)
    print(f"\n{answer.text}")
    print_sources(answer)
    print(f"({time.perf_counter() - began:.1f} s)")


def offer_chat(baton: Orchestrator) -> None:
    """Open the chat on the same case where somebody sits at the terminal and wants it."""
    if sys.stdin.isatty() and input("\nOpen the chat on this case? [y/N] ").strip().lower().startswith("y"):
        open_chat(baton, text=REQUEST, files=[str(file) for file in FILES])
    else:
        print(f"\nThe chat on the same library: BATON_HOME={HOME.name} .venv/bin/baton chat")


if __name__ == "__main__":
    main()
