"""Requests as people type them, end to end through the public API: real media, real experts, no fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import BadRequest
from orchestrator.types import Budget, ExpertCitation

EXAMPLES = Path(__file__).parents[2] / "examples"


def experts(answer):
    return [(step.expert, step.status) for step in answer.steps]


def done(*names):
    return [(name, "done") for name in names]


def every_sentence_is_cited(answer):
    return all(segment.citations for segment in answer.segments)


# -- one expert --------------------------------------------------------------------------------------------------------


def test_sign(asked, sign):
    answer = asked.run("What does the sign say?", files=[sign("NO PARKING", "AFTER 18:00")])
    assert (answer.status, experts(answer)) == ("answered", done("text_recognition"))
    assert "NO PARKING" in answer.text
    assert "AFTER 18:00" in answer.text
    assert every_sentence_is_cited(answer)
    assert isinstance(answer.citations[0], ExpertCitation)
    assert answer.citations[0].expert == "text_recognition"


def test_several_signs_are_read_one_by_one(asked, sign):
    files = [sign("EXIT", name="left.png"), sign("ENTRANCE", name="right.png")]
    answer = asked.run("What do these signs say?", files=files)
    assert experts(answer) == done("text_recognition")
    assert "EXIT" in answer.text
    assert "ENTRANCE" in answer.text
    assert answer.text.index("left.png") < answer.text.index("EXIT") < answer.text.index("right.png")


def test_faces_in_a_photograph(asked, tmp_path):
    import skimage.data
    from PIL import Image

    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "astronaut.png")
    answer = asked.run("How many faces are in this photo?", files=[tmp_path / "astronaut.png"])
    assert experts(answer) == done("faces")
    assert "1 face" in answer.text or "one face" in answer.text.lower()
    assert [artifact.kind for artifact in answer.artifacts] == ["image"]


def test_size_of_a_photograph(asked, tmp_path):
    from PIL import Image
    from sklearn.datasets import load_sample_image

    Image.fromarray(load_sample_image("china.jpg")).save(tmp_path / "temple.jpg")
    answer = asked.run("How large is this picture in pixels?", files=[tmp_path / "temple.jpg"])
    assert experts(answer) == done("picture_facts")
    assert "640" in answer.text
    assert "427" in answer.text


def test_barcode(asked, tmp_path):
    import zxingcpp
    from PIL import Image

    code = zxingcpp.create_barcode("https://nordlicht-pumps.example/xr-2000", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(code.to_image(scale=8)).save(tmp_path / "code.png")
    answer = asked.run("What is in this QR code?", files=[tmp_path / "code.png"])
    assert experts(answer) == done("barcodes")
    assert "https://nordlicht-pumps.example/xr-2000" in answer.text


def test_highest_value_of_a_table(asked, sales):
    answer = asked.run("Which region has the highest revenue?", files=[sales])
    assert experts(answer) == done("table_question")
    assert "South" in answer.text
    assert "360" in answer.text


def test_labels_named_in_the_request(asked):
    text = "Is this about sports, politics or cooking: “Boil the pasta for ten minutes and add some salt.”"
    answer = asked.run(text)
    assert experts(answer) == done("zero_shot_classification")
    assert "cooking" in answer.text


def test_entities_of_a_quoted_text(asked):
    answer = asked.run("Which dates and amounts of money are in “Invoice of 3 May 2024 over €1,250.00, due in June”?")
    assert experts(answer) == done("entities")
    assert "3 May 2024" in answer.text
    assert "€1,250.00" in answer.text


# -- two and more steps ------------------------------------------------------------------------------------------------


def test_speech_to_text_to_summary_to_speech(asked, speech):
    recording = speech("The new office opened in April. The costs fell by ten percent. We are happy with the result.")
    answer = asked.run("Transcribe the recording, summarise it and read the summary aloud.", files=[recording])
    assert experts(answer) == done("speech_recognition", "summarize", "speech_synthesis")
    assert "new office opened in april" in answer.text.lower()
    assert [artifact.kind for artifact in answer.artifacts] == ["audio"]
    samples, rate_hz = answer.artifacts[0].samples()
    assert len(samples) / rate_hz > 1


def test_a_pdf_is_read_and_then_summarised(asked):
    answer = asked.run(
        "Summarise this document in 2 sentences", files=[EXAMPLES / "library" / "hp-150-instructions.pdf"]
    )
    assert experts(answer) == done("document_text", "summarize")
    summary = answer.steps[1].outputs["text"].text
    assert summary
    assert "HP-150" in answer.text
    assert [segment.citations for segment in answer.segments] == [(0,)]


def test_a_question_to_an_attached_pdf(asked):
    answer = asked.run(
        "What does this document say about the test pressure?",
        files=[EXAMPLES / "library" / "hp-150-instructions.pdf"],
    )
    assert experts(answer) == done("document_text", "text_question")
    assert "test pressure" in answer.text


def test_a_label_is_read_and_its_warranty_looked_up(asked, sign, sources):
    photo = sign("NORDLICHT PUMPS", "Model XR-3000", name="label.png")
    answer = asked.run("How long is the warranty of the device on this photo?", files=[photo])
    assert (answer.status, experts(answer)) == ("answered", done("text_recognition", "library_search"))
    assert "60 months" in answer.text
    assert sources(asked, answer)[0] == (
        "Warranty Terms 2025",
        "The warranty of the XR-3000 is 60 months from the date of purchase.",
    )
    assert {citation.kind for citation in answer.citations} == {"expert", "source"}
    assert every_sentence_is_cited(answer)


def test_a_code_is_scanned_and_looked_up(asked, tmp_path, sources):
    import zxingcpp
    from PIL import Image

    code = zxingcpp.create_barcode("XR-2000", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(code.to_image(scale=8)).save(tmp_path / "code.png")
    answer = asked.run(
        "Scan the QR code. How often must this device be serviced according to our manual?",
        files=[tmp_path / "code.png"],
    )
    assert experts(answer) == done("barcodes", "library_search")
    assert "every 12 months" in answer.text
    assert ("XR-2000 Owner's Manual", "The XR-2000 must be serviced every 12 months.") in sources(asked, answer)


# -- branches that run side by side ------------------------------------------------------------------------------------


def test_two_branches_on_one_picture(asked, sign):
    answer = asked.run("What does the sign say and what are the dominant colours?", files=[sign("WET FLOOR")])
    assert experts(answer) == done("text_recognition", "picture_facts")
    assert "WET FLOOR" in answer.text
    starts = sorted(step.started_s for step in answer.steps)
    assert starts[1] - starts[0] < 0.05


def test_two_branches_on_one_table(asked, sales):
    answer = asked.run("Plot the revenue by region and tell me the total revenue.", files=[sales])
    assert sorted(experts(answer)) == done("table_plot", "table_question")
    assert "580" in answer.text
    assert [artifact.kind for artifact in answer.artifacts] == ["image"]
    assert answer.artifacts[0].pil().width > 300


def test_two_branches_on_one_recording(asked, speech):
    answer = asked.run("How loud is this recording and where is speech in it?", files=[speech("Good morning to you")])
    assert experts(answer) == done("sound_facts", "speech_segments")
    assert "dB" in answer.text


def test_five_experts_and_the_library_in_one_request(asked, sources):
    from examples.demo import FILES, REQUEST

    answer = asked.run(REQUEST, files=FILES)
    assert answer.status == "answered"
    assert sorted(experts(answer)) == done(
        "library_search", "speech_recognition", "table_plot", "table_question", "text_recognition"
    )
    assert "Model XR-2000" in answer.text
    assert "24 months" in answer.text
    assert "143,765" in answer.text
    assert "call me back in the afternoon" in answer.text
    assert sources(asked, answer)[0][0] == "Warranty Terms 2025"
    assert every_sentence_is_cited(answer)


# -- the library alone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "said", "title", "quoted"),
    [
        ("Within how many days may I return a device?", "45 days", "Returns Policy", "within 45 days of delivery"),
        ("What does error code E7 mean on the XR-2000?", "195 volts", "XR-2000 Owner's Manual", "below 195 volts"),
        ("Who is in charge of warranty claims?", "Ingrid Halvorsen", "Warranty Terms 2025", "Ingrid Halvorsen"),
        ("XR-2000 的保修期是多久？", "30个月", "XR-2000 使用手册", "保修期为30个月"),
        ("多少天之内可以退货？", "15天", "客户服务常见问题", "15天之内可以退货"),
    ],
)
def test_questions_to_the_library(asked, sources, question, said, title, quoted):
    answer = asked.run(question)
    assert (answer.status, experts(answer)) == ("answered", done("library_search"))
    assert said in answer.text
    found_title, found_quote = sources(asked, answer)[0]
    assert found_title == title
    assert quoted in found_quote


# -- Chinese -----------------------------------------------------------------------------------------------------------


def test_chinese_chain_from_label_to_warranty(asked, sign, sources):
    photo = sign("NORDLICHT PUMPS", "Model XR-2000", name="label.png")
    answer = asked.run("这张铭牌上的设备保修期是多久？", files=[photo])
    assert experts(answer) == done("text_recognition", "library_search")
    assert "30个月" in answer.text
    assert sources(asked, answer)[0][0] == "XR-2000 使用手册"


def test_chinese_question_to_a_table(asked, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("地区,销售额\n华东,120\n华南,310\n华北,90\n", encoding="utf-8")
    answer = asked.run("哪个地区的销售额最高？", files=[path])
    assert experts(answer) == done("table_question")
    assert "华南" in answer.text
    assert "310" in answer.text


def test_chinese_request_about_a_picture(asked, sign):
    answer = asked.run("这张图片里写了什么？", files=[sign("CENTRAL STATION")])
    assert experts(answer) == done("text_recognition")
    assert "CENTRAL STATION" in answer.text
    assert "图片" in answer.text


# -- declined, or asked back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Book me a flight to Paris.",
        "帮我订一张去北京的机票",
        "Write a poem about the sea",
        "Translate “good morning” into German",
        "把“早上好”翻译成德语",
        "Send the summary to Bob by e-mail",
    ],
)
def test_what_no_expert_can_do_is_declined(asked, text):
    answer = asked.run(text)
    assert (answer.status, answer.steps, answer.citations) == ("abstained", (), ())
    assert answer.text


@pytest.mark.parametrize("text", ["Who won the football world cup in 1954?", "中国的首都是哪里？"])
def test_what_the_library_does_not_hold_is_declined(asked, text):
    answer = asked.run(text)
    assert (answer.status, experts(answer), answer.citations) == ("abstained", done("library_search"), ())


def test_what_cannot_be_done_with_a_picture_is_declined(asked, sign):
    answer = asked.run("Turn this photo into greyscale", files=[sign("EXIT")])
    assert (answer.status, answer.steps) == ("abstained", ())


def test_a_file_named_in_the_text_is_known_by_its_kind(asked, speech):
    recording = speech("Good morning to you", name="61-70968-0000.wav")
    plan = asked.plan("What is said in 61-70968-0000.wav?", [recording])
    assert [step.expert for step in plan.steps] == ["speech_recognition"]


def test_a_missing_file_is_asked_for(asked):
    answer = asked.run("What does the sign say?")
    assert (answer.status, answer.question) == ("needs_input", "Please attach the picture that this is about.")


def test_a_file_that_is_only_named_is_asked_for(asked):
    plan = asked.plan("What does the sign in photo.jpg say?")
    assert (plan.status, [step.expert for step in plan.steps]) == ("planned", ["text_recognition"])
    answer = asked.run("What does the sign in photo.jpg say?")
    assert (answer.status, answer.question) == ("needs_input", "Please attach photo.jpg; the request names it.")


def test_a_request_without_text_is_asked_about(asked, sales):
    answer = asked.run("", files=[sales])
    assert (answer.status, answer.question) == ("needs_input", "What should I do with sales.csv?")


# -- conversations, streams, traces ------------------------------------------------------------------------------------


def test_a_follow_up_uses_the_earlier_picture(asked, sign):
    first = asked.run("What does the sign say?", files=[sign("PLATFORM 9")], conversation="c1")
    assert "PLATFORM 9" in first.text
    second = asked.run("What are the dominant colours of the picture?", conversation="c1")
    assert experts(second) == done("picture_facts")


async def test_stream_gives_every_stage_in_order(asked, sign):
    events = [event async for event in asked.stream("What does the sign say?", files=[sign("STOP")])]
    kinds = [event.event for event in events]
    assert kinds[0] == "plan_ready"
    assert kinds[1:3] == ["step_started", "step_done"]
    assert set(kinds[3:-1]) == {"token"}
    assert kinds[-1] == "answer_ready"
    assert "".join(event.text for event in events if event.event == "token") == events[-1].answer.text


def test_the_trace_holds_the_whole_run(asked, sales):
    answer = asked.run("Which region has the highest revenue?", files=[sales])
    trace = asked.traces.get(answer.trace_id)
    assert trace.status == "answered"
    assert trace.request.artifacts[0].name == "sales.csv"
    assert [step.expert for step in trace.plan.steps] == ["table_question"]
    assert trace.answer.text == answer.text
    assert trace.results == answer.steps


def test_a_run_that_raises_is_recorded_as_failed(asked, sales):
    budget = Budget(max_steps=1)
    with pytest.raises(BadRequest) as raised:
        asked.run("Plot the revenue by region and tell me the total revenue.", files=[sales], budget=budget)
    assert raised.value.field == "budget.max_steps"
    trace = asked.traces.latest(1)[0]
    assert (trace.status, trace.answer) == ("failed", None)


def test_langchain_runnable_and_retriever(asked):
    runnable = asked.as_runnable()
    assert "45 days" in runnable.invoke("Within how many days may I return a device?").text
    documents = asked.library.as_retriever().invoke("warranty of the XR-3000")
    assert "60 months" in documents[0].page_content
