"""The chat: a Gradio page over one Orchestrator. Lays the page out; ui/wiring.py connects it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.artifact import Artifact
from orchestrator.errors import BadRequest
from orchestrator.orchestrator import Orchestrator
from ui.outbound import watch
from ui.strings import all_strings
from ui.wiring import connect

if TYPE_CHECKING:
    from gradio import Blocks

_STORAGE_KEY = "baton-conversation"
_STORAGE_SECRET = "baton"  # obscures nothing: the browser keeps a conversation's id, the ledger its content


def launch(
    orchestrator: Orchestrator,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    text: str = "",
    files: Sequence[str | Path] = (),
) -> None:
    """Serve the chat until the process is interrupted.

    Args:
        text: stands in the input when the page opens.
        files: are attached to it.
    Raises:
        BadRequest: the port is taken, or one of the files is missing or empty.
    """
    blocks = build(orchestrator, text=text, files=files)
    options = {
        "quiet": True,
        "share": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "prevent_thread_lock": True,
    }
    try:
        _, url, _ = blocks.launch(
            server_name=host, server_port=port, inbrowser=open_browser, **options, **appearance(orchestrator)
        )
    except OSError as error:
        raise BadRequest("port", port, "a free port", "Stop what uses the port, or choose another one.") from error
    print(f"The chat is at {url} (Ctrl+C stops it).", flush=True)
    blocks.block_thread()


def appearance(orchestrator: Orchestrator) -> dict[str, Any]:
    """Options that `Blocks.launch` and `gradio.mount_gradio_app` both take: looks, languages, and what may be read."""
    import gradio as gr

    system = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "sans-serif")
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="slate", font=system, font_mono=("ui-monospace", "monospace")
    )
    return {
        "theme": theme,
        "css": _resource("style.css"),
        "i18n": gr.I18n(**{"en": all_strings()["en"], "zh": all_strings()["zh"], "zh-CN": all_strings()["zh"]}),
        "footer_links": [],
        "run_history": False,
        "allowed_paths": [str(orchestrator.settings.artifacts_path)],
    }


def build(orchestrator: Orchestrator, *, text: str = "", files: Sequence[str | Path] = ()) -> Blocks:
    """The page, with a case in its input where one is given. Raises BadRequest for a file that cannot be attached."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    watch()
    import gradio as gr

    said = gr.I18n(**all_strings())
    script = _resource("chat.js")

    def part(elem_id: str, **options: Any) -> Any:
        return gr.HTML(elem_id=elem_id, apply_default_css=False, js_on_load=script, **options)

    with gr.Blocks(title="Baton", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as blocks:
        parts = {"conversation": gr.BrowserState("", storage_key=_STORAGE_KEY, secret=_STORAGE_SECRET)}
        with gr.Row(elem_id="head"):
            parts["brand"] = part("brand")
            parts["sent"] = part("sent")
            parts["new"] = gr.Button(said("new_conversation"), size="sm", scale=0, min_width=150, elem_id="new")
        with gr.Tab(said("chat"), elem_id="chat"), gr.Row(elem_id="room"):
            with gr.Column(scale=5, elem_id="talk"):
                with gr.Column(elem_id="conversation"):
                    parts["earlier"] = part("earlier")
                    parts["current"] = part("current")
                parts["input"] = gr.MultimodalTextbox(
                    value={"text": text, "files": _readable_by_gradio(files)},
                    sources=["upload", "microphone"],
                    file_count="multiple",
                    label=said("input"),
                    show_label=False,
                    max_lines=8,
                    max_plain_text_length=100_000,
                    autofocus=True,
                    elem_id="input",
                )
            with gr.Column(scale=3, elem_id="side", min_width=280):
                parts["source"] = part("source")
                with gr.Accordion(said("documents"), open=True, elem_id="library"):
                    parts["documents"] = part("documents")
                    parts["upload"] = gr.UploadButton(
                        said("add_documents"), file_count="multiple", size="sm", elem_id="upload"
                    )
        with gr.Tab(said("experts"), elem_id="experts-tab"):
            parts["experts"] = part("experts")
        connect(blocks, parts, orchestrator)
    return blocks


def _resource(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _readable_by_gradio(files: Sequence[str | Path]) -> list[str]:
    """Copies in a temporary folder, from where Gradio may take them; its own copies follow from those."""
    if not files:
        return []
    folder = Path(tempfile.mkdtemp(prefix="baton-chat-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copies = []
    for number, file in enumerate(files):
        artifact = Artifact.from_path(file)
        (folder / str(number)).mkdir()
        copies.append(str(shutil.copyfile(Path(file).expanduser(), folder / str(number) / artifact.name)))
    return copies
