"""--json: every line an event, output whole and in small pieces."""

from __future__ import annotations

import io
import json
from pathlib import Path

from tests.plain.told import NAME, Teller
from wizard.plain.json_lines import JsonFront
from wizard.plain.output import LINE
from wizard.plain.paper import Paper
from wizard.plain.reporter import Reporter


def front(run: Path) -> tuple[JsonFront, io.StringIO]:
    stream = io.StringIO()
    made = JsonFront(Paper(stream), Reporter(Paper(io.StringIO())))
    made.begin(run)
    return made, stream


def test_output_stands_between_the_events_of_its_step(tmp_path: Path) -> None:
    teller = Teller()
    made, stream = front(tmp_path)
    made.event(teller.run())
    made.event(teller.begin(2))
    made.output(2, b"one\ntwo\nun")
    made.output(2, b"finished \xff\x1b[31m")
    made.event(teller.finish(2))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["run", "step", "output", "output", "step"]
    outputs = [event for event in events if event["event"] == "output"]
    assert "".join(event["text"] for event in outputs) == "one\ntwo\nunfinished \ufffd"
    assert all((event["v"], event["step"], event["macrostep"]) == (1, 2, 1) for event in outputs)
    assert events[1] == teller.events[1]


def test_no_output_event_is_larger_than_8_kb(tmp_path: Path) -> None:
    teller = Teller()
    made, stream = front(tmp_path)
    made.event(teller.run())
    made.event(teller.begin(0))
    text = "漢字\n" * 5000 + "x" * 30_000 + "\n" + "é" * 9000
    raw = text.encode()
    for at in range(0, len(raw), 10_000):
        made.output(0, raw[at : at + 10_000])
    made.event(teller.finish(0))
    outputs = [json.loads(line) for line in stream.getvalue().splitlines()]
    texts = [event["text"] for event in outputs if event["event"] == "output"]
    assert max(len(piece.encode()) for piece in texts) <= LINE
    assert "".join(texts).replace("\n", "") == text.replace("\n", "")


def test_a_resumed_run_knows_its_earlier_events(tmp_path: Path) -> None:
    earlier = Teller(tmp_path / NAME)
    earlier.failed_run()
    made, stream = front(tmp_path / NAME)
    made.event(Teller().run(done=[0, 1]))
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["run"]
