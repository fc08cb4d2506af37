from __future__ import annotations

import itertools

from orchestrator.language import sentences
from orchestrator.library.chunking import TARGET_WORDS, Chunk, chunks_of, word_count
from orchestrator.library.document_text import DocumentText
from orchestrator.library.loaders import markdown_headings


def document(text: str) -> DocumentText:
    return DocumentText("Title", text, headings=markdown_headings(text))


def english(num_sentences: int) -> str:
    return " ".join(
        f"Sentence number {n} tells how valve {n} is opened and closed by hand." for n in range(num_sentences)
    )


def assert_whole(text: str, chunks: list[Chunk]) -> None:
    """Every sentence stands whole in a chunk, and the chunks together hold all that is no white space."""
    for start, end in sentences(text):
        assert any(chunk.start <= start and end <= chunk.end for chunk in chunks), text[start:end]
    covered = {i for chunk in chunks for i in range(chunk.start, chunk.end)}
    assert "".join(c for i, c in enumerate(text) if i not in covered).strip() == ""


def test_a_short_text_is_one_chunk() -> None:
    assert chunks_of(document("  One. Two.  ")) == [Chunk(2, 11, "Title")]


def test_long_english_is_packed_with_an_overlap_of_one_sentence() -> None:
    text = english(60)
    chunks = chunks_of(document(text))
    assert_whole(text, chunks)
    assert len(chunks) == 6
    assert all(100 < word_count(text[c.start : c.end]) <= TARGET_WORDS for c in chunks[:-1])
    for before, after in itertools.pairwise(chunks):
        shared = text[after.start : before.end]
        assert shared.startswith("Sentence number")
        assert shared.count("Sentence") == 1


def test_chinese_chunks_have_about_350_characters() -> None:
    text = "".join(f"第{n}号阀门应由受过培训的人员手动打开和关闭，并记录日期。" for n in range(60))
    chunks = chunks_of(document(text))
    assert_whole(text, chunks)
    assert all(280 <= c.end - c.start <= 400 for c in chunks[:-1])


def test_a_new_section_begins_a_new_chunk_and_headings_are_context() -> None:
    text = f"# Manual\n\n{english(5)}\n\n## Service\n\n### Yearly\n\n{english(5)}\n\n## Noise\n\n{english(5)}"
    chunks = chunks_of(document(text))
    assert_whole(text, chunks)
    assert [(text[c.start : c.end].split("\n")[0], c.context) for c in chunks] == [
        ("# Manual", "Title"),
        ("## Service", "Title > Manual"),
        ("## Noise", "Title > Manual"),
    ]


def test_text_without_any_sentence_end_is_cut_and_nothing_is_lost() -> None:
    for text in ("word " * 2000, "字" * 3000, "x" * 9000):
        chunks = chunks_of(document(text))
        assert "".join(text[c.start : c.end] for c in chunks).replace(" ", "") == text.replace(" ", "")
        assert max(word_count(text[c.start : c.end]) for c in chunks) <= TARGET_WORDS + 1


def test_characters_beyond_the_basic_plane_keep_offsets_exact() -> None:
    text = "The 🚰 symbol marks water. " * 80
    chunks = chunks_of(document(text))
    assert_whole(text, chunks)
    assert all(text[c.start : c.end].startswith("The 🚰") for c in chunks)
