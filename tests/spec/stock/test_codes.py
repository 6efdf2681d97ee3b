"""What a scanned or typed code says: tables, an independent reader, and texts nobody would type."""

from __future__ import annotations

import datetime as dt

import biip
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pistor.care.codes import (
    GS,
    Code,
    OwnCode,
    Unclear,
    Unreadable,
    element_string,
    gtin_of,
    id_of,
    in_signs,
    of_id,
    of_patient,
    parse,
    patient_number,
    printable,
)

ON = dt.date(2026, 11, 26)
GTIN = "09501101530003"
LIDOCAINE = Code(GTIN, "ABC123", dt.date(2027, 5, 31))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20).filter(str.isprintable))
def test_a_patients_code_leads_back_to_the_number_whatever_it_is(number):
    code = of_patient(number)
    assert str(code).isascii() and " " not in str(code)
    assert patient_number(parse(str(code), ON)) == number


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}1727053110ABC123",
        f"]d201{GTIN}1727053110ABC123",
        f"]Q301{GTIN}1727053110ABC123",
        f"{GS}01{GTIN}1727053110ABC123{GS}",
        f"10ABC123{GS}01{GTIN}17270531",
        f"01{GTIN}10ABC123{{GS}}17270531",
        f"01{GTIN}10ABC123␝17270531",
        f"01{GTIN}10ABC123^]17270531",
        f"(01){GTIN}(17)270531(10)ABC123",
        f"(01) {GTIN} (17) 270531 (10) ABC123",
        f"  (01){GTIN}(10)ABC123(17)270500\r\n",
        f"https://id.gs1.org/01/{GTIN}/10/ABC123?17=270531",
        f"HTTPS://example.com/shop/01/{GTIN[1:]}/10/ABC123?17=270531&linkType=all",
        f"01{GTIN}1727053130{7}{GS}10ABC123",
        f"01{GTIN}1727053124099{GS}10ABC123",
        f"01{GTIN}310300125017270531" + "10ABC123",
    ],
)
def test_the_same_package_however_it_is_read(text):
    assert parse(text.rstrip() + GS, ON) == LIDOCAINE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"01{GTIN}17261100", Code(GTIN, expires_on=dt.date(2026, 11, 30))),
        (f"01{GTIN}17280200", Code(GTIN, expires_on=dt.date(2028, 2, 29))),
        (f"01{GTIN}17270200", Code(GTIN, expires_on=dt.date(2027, 2, 28))),
        (f"01{GTIN}17760101", Code(GTIN, expires_on=dt.date(2076, 1, 1))),
        (f"01{GTIN}11770101", Code(GTIN, made_on=dt.date(1977, 1, 1))),
        (f"01{GTIN}11250630", Code(GTIN, made_on=dt.date(2025, 6, 30))),
        (f"(01){GTIN}(7003)2705311200", Code(GTIN, expires_on=dt.date(2027, 5, 30))),
        (f"(01){GTIN}(21)A/7-x", Code(GTIN, serial="A/7-x")),
        (f"01{GTIN}10AB{GS}21C9", Code(GTIN, "AB", serial="C9")),
        ("9501101530003\r\n", Code(GTIN)),
        ("]E09501101530003", Code(GTIN)),
        ("96385074", Code("00000096385074")),
        (f"https://id.gs1.org/01/{GTIN}/10/A%2FB", Code(GTIN, "A/B")),
    ],
)
def test_what_a_code_says(text, code):
    assert parse(text, ON) == code


def test_a_date_is_in_the_century_that_is_nearest():
    years = {on: parse(f"01{GTIN}17500101", dt.date(on, 6, 1)).expires_on.year for on in (1999, 2000, 2026, 2099)}
    assert years == {1999: 1950, 2000: 2050, 2026: 2050, 2099: 2050}


@pytest.mark.parametrize(
    ("tail", "lots"),
    [
        ("10ABC21123", ("ABC21123", "ABC")),
        ("10AB2112", ("AB2112", "AB")),
        ("10L17270531", ("L17270531", "L")),
        ("10X30129", ("X30129", "X")),
    ],
)
def test_where_the_separator_was_lost_no_lot_is_chosen(tail, lots):
    for reading in lots:
        with pytest.raises(Unclear, match="dropped the separators") as unclear:
            parse(f"01{GTIN}17270531{tail}", ON)
        assert f"“{reading}”" in str(unclear.value)
    assert unclear.value.sure == Code(GTIN, expires_on=dt.date(2027, 5, 31))
    assert parse(f"01{GTIN}17270531{tail}{GS}", ON).lot == lots[0]
    assert parse(f"(01){GTIN}(17)270531(10){tail[2:]}", ON).lot == lots[0]


def test_a_lot_that_can_be_read_only_one_way_is_taken_also_without_separators():
    for lot in ("ABC123", "A26", "B1-7/99", "K", "L-31"):
        assert parse(f"01{GTIN}1727053110{lot}", ON).lot == lot


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "hello", "]d2", "()", "(01)", f"({GTIN})", "(01)123", f"01{GTIN[:-1]}4", f"(01){GTIN[:-1]}4", "9501101530004", "0195011", f"01{GTIN}17271332",
        f"01{GTIN}17270230", f"01{GTIN}1727", f"(01){GTIN}(10)AB(10)CD", f"(01){GTIN}(10)", f"01{GTIN}10{'A' * 21}", f"(01){GTIN}(10)Ä", "https://example.com/", "P1:Q:ABC",
        f"https://example.com/01/{GTIN[:-1]}9", f"(01){GTIN}(7003)27", "(010)12", f"01{GTIN}10A B", "9" * 501, "１２３４５６７８９０１２８", "01٠٩٥٠١١٠١٥٣٠٠٠٣",
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_sentence(text):
    with pytest.raises(Unreadable) as refused:
        parse(text, ON)
    assert str(refused.value).endswith(".")


SIGNS = "".join(chr(sign) for sign in range(33, 123) if printable(chr(sign)))
DAYS = st.dates(dt.date(1980, 1, 1), dt.date(2070, 12, 31))
LOTS = st.text(st.sampled_from(SIGNS), min_size=1, max_size=20)


def with_check(digits: str) -> str:
    return digits + str(-sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10)


GTINS = st.integers(0, 10**13 - 1).map(lambda number: with_check(f"{number:013}"))


@settings(deadline=None)
@given(GTINS, LOTS, DAYS, st.none() | LOTS)
@example(GTIN, "10(17)", ON, None)
def test_an_independent_reader_reads_the_same(gtin, lot, day, serial):
    message = f"01{gtin}17{day:%y%m%d}10{lot}" + (f"{GS}21{serial}" if serial else "")
    ours, theirs = parse(f"]d2{message}{GS}", ON), biip.parse(f"]d2{message}").gs1_message
    values = {element.ai.ai: element for element in theirs.element_strings}
    assert (ours.gtin, ours.lot, ours.serial) == (values["01"].value, values["10"].value, values["21"].value if serial else "")
    assert ours.expires_on == values["17"].date


@settings(deadline=None)
@given(GTINS, LOTS, st.none() | DAYS, st.none() | LOTS)
def test_what_we_print_we_read_back(gtin, lot, day, serial):
    code = Code(gtin, lot, day, serial or "")
    bracketed = element_string(code)
    if "(" not in lot + code.serial:
        assert parse(bracketed, ON) == code


@settings(deadline=None)
@given(LOTS, st.none() | LOTS)
def test_a_lost_separator_never_makes_another_lot(lot, serial):
    """Whatever the separators were, the answer is the truth or a refusal that keeps what is sure."""
    kept = f"01{GTIN}1727053110{lot}" + (f"{GS}21{serial}" if serial else "")
    try:
        code = parse(kept.replace(GS, ""), ON)
    except Unclear as unclear:
        assert (unclear.sure.gtin, unclear.sure.lot) == (GTIN, "")
    except Unreadable:
        assert len(lot + (serial or "")) > 18
    else:
        assert (code.lot, code.serial) == (lot, serial or "")


@settings(deadline=None)
@given(st.text(max_size=80))
@example("(01)(02)(03)")
@example("01" * 200)
@example("https://[")
@example("https://a/01/%FF")
def test_no_text_does_more_than_being_refused(text):
    try:
        assert isinstance(parse(text, ON), Code | OwnCode)
    except Unreadable as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("P1:V:4K7Q2M9XTB", OwnCode("V", "4K7Q2M9XTB")),
        ("p1:v:4k7q2m9xtb", OwnCode("V", "4K7Q2M9XTB")),
        ("V 4K7Q2 M9XTB", OwnCode("V", "4K7Q2M9XTB")),
        ("s-4k7q2-m9xtb", OwnCode("S", "4K7Q2M9XTB")),
        ("V4K7QOM9XIB", OwnCode("V", "4K7Q0M9X1B")),
        ("P1:P:DEMO-0001", OwnCode("P", "DEMO-0001")),
    ],
)
def test_our_own_codes_are_read_as_printed_and_as_typed(text, own):
    assert parse(text, ON) == own
    assert parse(str(own), ON) == own


@settings(deadline=None)
@given(st.uuids(), st.integers(0, 2**50 - 1))
def test_a_record_is_found_again_by_its_code(id_, number):
    assert id_of(of_id("L", id_)) == id_
    assert id_of(parse(str(of_id("L", id_)), ON)) == id_
    assert len(in_signs(number)) == 10
    assert not set("ILOU") & set(in_signs(number))


@pytest.mark.parametrize("signs", ["", "Z" * 26, "4K7Q2M9XTB", "I" * 26])
def test_signs_that_are_no_key_find_nothing(signs):
    assert id_of(OwnCode("L", signs)) is None


@pytest.mark.parametrize(("typed", "gtin"), [("9501101530003", GTIN), ("950-1101 530003", GTIN), ("09501101530003", GTIN)])
def test_an_article_number_is_taken_as_it_is_printed(typed, gtin):
    assert gtin_of(typed) == gtin


@pytest.mark.parametrize("typed", ["", "95011", "9501101530004", "ABC", "9501101530003x"])
def test_a_wrong_article_number_is_refused(typed):
    with pytest.raises(Unreadable):
        gtin_of(typed)
