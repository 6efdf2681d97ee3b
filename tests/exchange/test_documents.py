"""A document is made of our template and other people's words; the words never become markup."""

from __future__ import annotations

import io

import pytest

from pistor.exchange.documents import DocumentError, render_pdf

HOSTILE = '#panic("x") $ \\ = Heading "quotes" <label> @ref `raw` // comment */ \x00\x1b'


def text_of(pdf: bytes) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_what_people_typed_is_printed_and_not_run():
    text = text_of(render_pdf("probe", {"title": "Plan", "footer": HOSTILE, "text": HOSTILE}))
    assert '#panic("x")' in text
    assert "// comment" in text


@pytest.mark.parametrize("name", ["Łukasz Żółć", "Ελένη", "Наталья", "נועה כהן", "محمد", "山田花子", "👩🏽‍⚕️", "e\u0301\u200b\u202eabc"])
def test_a_name_in_any_script_makes_a_document(name):
    assert render_pdf("probe", {"title": name, "footer": "", "text": name}).startswith(b"%PDF")


def test_the_same_data_give_the_same_bytes():
    data = {"title": "Plan", "footer": "f", "text": "t"}
    assert render_pdf("probe", data) == render_pdf("probe", data)


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(DocumentError, match="nowhere"):
        render_pdf("nowhere", {})
