"""Where a request may go on to ask for another thing."""

import time

import pytest

from orchestrator.controller.planner.segments import segments_of


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("Translate it", ["Translate it"]),
        ("", []),
        ("hm", ["hm"]),
        (
            "Make my recording 'me.wav' sound like a robot, join it with 'intro.wav', and show me the waveform.",
            ["Make my recording 'me.wav' sound like a robot", "join it with 'intro.wav'", "show me the waveform"],
        ),
        (
            "Is it going to rain in Bergen, and are there cheap hotels with a view and a bath?",
            ["Is it going to rain in Bergen", "are there cheap hotels with a view and a bath"],
        ),
        ("I want to write a song. Can you help me?", ["I want to write a song. Can you help me?"]),
        (
            "I need a suit for Friday. Could you find me a tailor? Also, book a table for two.",
            ["I need a suit for Friday. Could you find me a tailor", " Also, book a table for two"],
        ),
        (
            "I plan to buy a lamp, can you tell me which is best?",
            ["I plan to buy a lamp, can you tell me which is best"],
        ),
        (
            "Given the picture a.png, cut out the dog and paste it into b.png",
            ["Given the picture a.png, cut out the dog", "paste it into b.png"],
        ),
        (
            "Set the alarm to 6 a.m. tomorrow, which is a Sunday",
            ["Set the alarm to 6 a.m. tomorrow, which is a Sunday"],
        ),
        ("Draw a report, work plan, and figure of the sales", ["Draw a report, work plan, and figure of the sales"]),
        ("I need the film cut and translated to Dutch", ["I need the film cut", "translated to Dutch"]),
        ("After booking the flight, print the ticket", ["After booking the flight", "print the ticket"]),
        ("After the meeting, print the ticket", ["After the meeting, print the ticket"]),
        ("Dust the shelf and wipe it", ["Dust the shelf", "wipe it"]),
        (
            "Summarise this text: we went out, bought milk and made a cake.",
            ["Summarise this text: we went out, bought milk and made a cake."],
        ),
        ("先总结这段文字，再翻译成法语，最后读出来", ["先总结这段文字", "翻译成法语", "读出来"]),
        ("我刚搬家了，请把订单改送到玫瑰巷14号", ["我刚搬家了，请把订单改送到玫瑰巷14号"]),
        ("用0.8倍速朗读，然后把录音发给我。谢谢", ["用0.8倍速朗读", "把录音发给我。谢谢"]),
    ],
)
def test_segments(text, segments):
    assert [text[start:end] for start, end in segments_of(text)] == segments


@pytest.mark.parametrize("part", ["(", "please ", "and ", "i want you ", ", also ", "then finally ", "!", "，再"])
def test_no_text_takes_long(part):
    began = time.perf_counter()
    segments_of(part * 20_000)
    assert time.perf_counter() - began < 2
