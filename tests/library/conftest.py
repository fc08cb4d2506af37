"""A small writer of PDF files, so that tests make real ones of any text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from orchestrator.library.library import Library

EXAMPLES = Path(__file__).parents[2] / "examples" / "library"


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of Helvetica lines, one list of lines a page."""
    objects: list[bytes] = [b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    parent = 2 + 2 * len(pages)
    kids = []
    for lines in pages:
        shown = "\n".join(f"BT /F1 11 Tf 60 {780 - 16 * i} Td ({line}) Tj ET" for i, line in enumerate(lines)).encode()
        objects.append(b"<< /Length %d >>\nstream\n" % len(shown) + shown + b"\nendstream")
        objects.append(
            f"<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 1 0 R >> >>"
            f" /Contents {len(objects)} 0 R >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects.append(f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode())
    objects.append(f"<< /Type /Catalog /Pages {parent} 0 R >>".encode())
    file, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        file
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            size,
            table,
            size,
            len(objects),
            len(file),
        )
    )


@pytest.fixture
def make_pdf() -> Callable[[Sequence[Sequence[str]]], bytes]:
    return pdf_of


@pytest.fixture
def library(tmp_path: Path):
    with Library(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory):
    """The example documents, only to be read."""
    with Library(tmp_path_factory.mktemp("company")) as opened:
        report = opened.add([EXAMPLES])
        assert report.failed == ()
        yield opened
