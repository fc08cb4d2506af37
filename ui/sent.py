"""The badge that says how many bytes left this machine. Knows the count, not how it is counted."""

from __future__ import annotations

from ui.markup import Html, html
from ui.outbound import outbound
from ui.strings import Strings


def sent_html(strings: Strings) -> Html:
    """The count since the start; names the hosts where there are any."""
    count = outbound()
    hint = strings["sent_hint"]
    if count.hosts:
        hint = f"{hint} {strings['sent_to'].format(hosts=', '.join(count.hosts))}"
    is_clean = count.num_bytes == 0 and count.num_connections == 0
    text = strings["sent"].format(bytes=f"{count.num_bytes:,}")
    return html("span", text, class_=f"badge {'clean' if is_clean else 'out'}", title=hint)
