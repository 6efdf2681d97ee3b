"""The report in one file: everything is in it, nothing is fetched, and what is unknown is said to be."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from pistor.care.exposure.exposure import expose
from pistor.care.exposure.order import Content, Order, Region, Spot
from pistor.exchange.field_report import field_of, pictures_of, plainly, report_html
from pistor.knowledge import load

SQUARE = ((0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (0.0, 30.0))
ORDER = Order(
    zone="neck", spots=tuple(Spot(8.0 * x + 4, 8.0 * y + 4, 1.0, 0.05) for x in range(5) for y in range(4)), regions=(Region('Left <side> & "rim"', SQUARE),),
    contents=(Content("lidocaine", 10.0, "lidocaine_2pct"), Content("deoxycholic_acid", 10.0)), spacing_mm=8.0, weight_kg=60.0, sex="female",
)  # fmt: skip
VOID = {"meta", "br", "img", "circle", "rect", "path", "line", "image"}


@pytest.fixture(scope="module")
def exposure():
    """As it comes out of a file, so that nothing is in it but JSON."""
    return json.loads(json.dumps(expose(ORDER, load(), patients=8).as_dict(), allow_nan=False))


@pytest.fixture(scope="module")
def report(exposure):
    return report_html(exposure, title='What <b>the</b> skin & "we" will see', subtitle="<script>", on="26 Nov 2026", works=load().sources)


class Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


def test_the_page_is_whole_and_what_people_wrote_is_text(report):
    checked = Balance()
    checked.feed(report)
    assert checked.wrong == [] and checked.open == []
    assert "<script" not in report and "<b>" not in report and "&lt;script&gt;" in report


def test_nothing_is_fetched_from_anywhere(report):
    assert "default-src 'none'" in report
    for address in re.findall(r'(?:src|href|action)="([^"]*)"|url\(([^)]*)\)|@import', report):
        assert address[0].startswith("data:image/png;base64,"), address
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", report)


def test_sentences_pictures_inputs_and_reasons_are_in_it(exposure, report):
    lidocaine = exposure["solutes"][0]
    assert all(sentence.split(",")[0].replace("'", "&#x27;") in report for sentence in plainly(lidocaine))
    assert report.count('class="chart"') == 1 + len(pictures_of(exposure, lidocaine))
    assert all(value["name"].replace("'", "&#x27;") in report for value in lidocaine["values"])
    assert all(item["reason"].split("'")[0] in report for item in exposure["fenced"]) and exposure["fenced"]
    assert "Estimated by a model" in report and exposure["knowledge_version"] in report


def test_each_picture_has_its_numbers_as_a_table(report):
    assert report.count("<figcaption>") == report.count("As a table")
    assert "size: A4" in report


def test_the_field_is_drawn_at_the_time_and_depth_that_are_asked(exposure):
    solute = exposure["solutes"][0]
    early, late = (field_of(exposure, solute, time=time, depth=5) for time in (2, len(solute["times_h"]) - 1))
    assert early.caption != late.caption and "0.5 mm deep" in early.caption
    assert "all over time" in field_of(exposure, solute, time=0, depth=5, measure="exposure").caption


def test_page_report_and_sentences_say_the_same_of_a_toxic_level(exposure):
    """One wording and one peak: the picture may not compare another number than the sentence above it."""
    [lidocaine] = exposure["solutes"]
    told = lidocaine["limit"]["told"]
    assert "times below it, which is no margin of safety" in told
    blood = next(picture for picture in pictures_of(exposure, lidocaine) if picture.key == "plasma")
    assert told in blood.caption and told in " ".join(plainly(lidocaine))
    assert blood.caption.split(" micrograms")[0].removeprefix("Highest ") in " ".join(plainly(lidocaine))


def test_every_key_beside_a_number_is_named_in_full(exposure, report):
    """A reader outside the clinic has no library to look a key up in."""
    works = report[report.index("<h2>Sources</h2>") :]
    keys = {ref["key"] for solute in exposure["solutes"] for value in solute["values"] for ref in value["sources"]} | {ref["key"] for item in exposure["fenced"] for ref in item["sources"]}
    assert keys and all(f"<strong>{key}</strong>" in works for key in keys)
    assert works.count("<li>") == works.count("Read: ")
