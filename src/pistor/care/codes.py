"""What a scanned or typed code says: GS1 codes on packages, and the codes that we print ourselves.

GS1 element strings (with or without the FNC1 sign, in brackets, as a web address) follow the GS1 General Specifications: an
element begins with an identifier of two to four digits; some have a fixed length, all others run to the next separator. A hand
scanner may drop the separators. Where more than one reading is left then, none is chosen: a lot is never guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

GS = "\x1d"
_SEPARATORS = re.compile(r"\u241d|\{GS\}|\^\]|\u00e8")  # how scanners spell the separator; no value can hold these signs
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # ]d2, ]Q3, ]C1, ]e0: what kind of symbol it was
_GS1 = ("]C1", "]d2", "]e0", "]J1", "]Q3")  # those whose text is elements; the others hold a bare article number
_BRACKETED = re.compile(r"\((\d{2,4})\)")
_VALUE = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")  # GS1 character set 82
_OWN = re.compile(r"^P1:([A-Z]):(\S{1,240})$", re.IGNORECASE)
_TYPED = re.compile(r"^([SVLD])[: -]?([0-9A-Z]{5}[ -]?[0-9A-Z]{5})$", re.IGNORECASE)

# Digits of an identifier, by its first two; and the length of the value where it is fixed.
_AI_DIGITS = {
    **dict.fromkeys(("00", "01", "02", "03", "10", "11", "12", "13", "15", "16", "17", "20", "21", "22", "30", "37"), 2),
    **dict.fromkeys((f"{n}" for n in range(90, 100)), 2),
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"), 4),
}
_FIXED = {
    "00": 18, "01": 14, "02": 14, "03": 14, **dict.fromkeys(("11", "12", "13", "15", "16", "17"), 6), "20": 2,
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 6), "41": 13,
}  # fmt: skip
_LONGEST = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8, "90": 30, "7003": 10}
_DATES = ("11", "12", "13", "15", "16", "17")

KINDS = {"S": "syringe", "V": "vial", "L": "lot", "P": "patient", "D": "device"}
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # base 32 without I, L, O and U, which are misread
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})


class Unreadable(ValueError):
    """A code that cannot be taken. The message says why, and what to do."""


class Unclear(Unreadable):
    """A code with more than one reading. ``sure`` is what holds in every one of them."""

    def __init__(self, said: str, sure: Code) -> None:
        super().__init__(said)
        self.sure = sure


@dataclass(frozen=True, slots=True)
class Code:
    """What a package says of itself. ``gtin`` has 14 digits; what the code does not say is empty."""

    gtin: str = ""
    lot: str = ""
    expires_on: dt.date | None = None
    serial: str = ""
    made_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code that we printed: what it stands on, and its signs."""

    kind: str  # of KINDS
    code: str

    def __str__(self) -> str:
        return f"P1:{self.kind}:{self.code}"


def parse(text: str, on: dt.date) -> Code | OwnCode:
    """What a code says, as it was read on a day (the century of a two-digit year follows from it).

    One separator anywhere, also at an end, shows that the reader hands them on; ours always add one. Raises Unreadable for
    what is no code, and Unclear where lost separators leave more than one reading.
    """
    code = _SEPARATORS.sub(GS, text.strip(" \t\r\n"))
    separated, code = GS in code, code.strip(f"{GS} ")
    is_gs1, code = code[:3] in _GS1, _SYMBOLOGY.sub("", code).strip(GS)
    if own := _own(code):
        return own
    if not code or len(code) > 500:
        raise Unreadable("There is no code. Scan it again, or type what is printed on the package.")
    if re.match(r"^https?://", code, re.IGNORECASE):
        return _code(_from_link(code), on)
    if code.startswith("("):
        return _code(_from_brackets(code), on)
    if code.isascii() and code.isdigit() and len(code) in (8, 12, 13, 14) and not is_gs1:
        return Code(gtin=_gtin(code.zfill(14)))
    elements = [element for part in code.split(GS) for element in _read(part)]
    if not separated:
        _refuse_more_readings(elements, on)
    return _code(elements, on)


def in_signs(number: int, signs: int = 10) -> str:
    """A number in so many of our signs, 5 bits each. A random one below 2**50 makes a code that nobody guesses."""
    return "".join(_SIGNS[number >> 5 * place & 31] for place in range(signs - 1, -1, -1))


def of_patient(number: str) -> OwnCode:
    """The code of a patient by the clinic's own record number, which may hold blanks and letters of any script where a code holds none."""
    return OwnCode("P", quote(number, safe="!$&'()*+,/:;=?@"))


def patient_number(code: OwnCode) -> str:
    """The record number that a patient's code stands for."""
    return unquote(code.code)


def of_id(kind: str, id_: uuid.UUID) -> OwnCode:
    """The code of a record by its key, for what has no shorter one."""
    return OwnCode(kind, in_signs(id_.int, 26))


def id_of(code: OwnCode) -> uuid.UUID | None:
    """The key of the record that a code of 26 signs stands for; None for another code."""
    if len(code.code) != 26 or set(code.code) - set(_SIGNS):
        return None
    value = 0
    for sign in code.code:
        value = value << 5 | _SIGNS.index(sign)
    return uuid.UUID(int=value) if value < 1 << 128 else None


def element_string(code: Code) -> str:
    """A package's code in brackets, as it is printed below the symbol and drawn again on our label."""
    day = f"(17){code.expires_on:%y%m%d}" if code.expires_on else ""
    return f"(01){code.gtin}{day}" + (f"(10){code.lot}" if code.lot else "") + (f"(21){code.serial}" if code.serial else "")


def printable(value: str) -> bool:
    """Whether a lot number can stand in a GS1 code as it is."""
    return bool(_VALUE.fullmatch(value)) and len(value) <= _LONGEST["10"]


def gtin_of(text: str) -> str:
    """A typed article number of 8, 12, 13 or 14 digits as 14 digits. Raises Unreadable where its check digit does not fit."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]+", digits) or len(digits) not in (8, 12, 13, 14):
        raise Unreadable("An article number (GTIN) has 8, 12, 13 or 14 digits. Type it as it stands below the bars.")
    return _gtin(digits.zfill(14))


def _own(text: str) -> OwnCode | None:
    found = _OWN.match(text) or _TYPED.match(text)
    if not found:
        return None
    kind, code = found[1].upper(), found[2]
    if kind not in KINDS:
        raise Unreadable("This code was printed by a newer Pistor, or for something else.")
    return OwnCode(kind, code if kind == "P" else re.sub(r"[ -]", "", code.upper()).translate(_MISREAD))


def _from_link(link: str) -> list[tuple[str, str]]:
    """The elements of a GS1 Digital Link. Nothing is fetched from the address."""
    try:
        parts = urlsplit(link)
    except ValueError:
        raise Unreadable("This web address is damaged. Scan the code again.") from None
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if "01" not in steps:
        raise Unreadable("This is a web address, not the code of a package. Scan the square code beside the lot number.")
    steps = steps[steps.index("01") :]
    pairs = [*zip(steps[::2], steps[1::2], strict=False), *((key, value) for key, value in parse_qsl(parts.query) if key.isdigit())]
    return [(key, value.zfill(14) if key == "01" else value) for key, value in pairs]


def _from_brackets(text: str) -> list[tuple[str, str]]:
    pieces = _BRACKETED.split(text)
    if pieces[0] or len(pieces) < 3:
        raise Unreadable("This code in brackets cannot be read. It begins with (01) and the article number.")
    return list(zip(pieces[1::2], (value.strip(f" {GS}") for value in pieces[2::2]), strict=True))


def _read(part: str) -> list[tuple[str, str]]:
    """The elements of a text between two separators. Raises Unreadable."""
    elements, rest = [], part
    while rest:
        digits = _AI_DIGITS.get(rest[:2])
        if digits is None or not re.fullmatch(f"[0-9]{{{digits}}}", rest[:digits]):
            raise Unreadable("This is no code of a package: it should begin with 01 and the article number. Scan the square code, or type the lot by hand.")
        ai, length = rest[:digits], _FIXED.get(rest[:2])
        end = digits + length if length is not None else len(rest)
        elements.append((ai, rest[digits:end]))
        rest = rest[end:]
    return elements


def _refuse_more_readings(elements: list[tuple[str, str]], on: dt.date) -> None:
    """Only the last element can run to the end. Could it end earlier, and others begin?"""
    ai, value = elements[-1]
    if ai[:2] in _FIXED:
        return
    for cut in range(1, len(value)):
        before, after = value[:cut], value[cut:]
        try:
            also = _code([*elements[:-1], (ai, before), *_read(after)], on)
        except Unreadable:
            continue
        what = {"10": "lot", "21": "serial number"}.get(ai, "last part")
        more = "a serial number behind it" if also.serial and ai == "10" else "something behind it"
        raise Unclear(
            f"The scanner dropped the separators, so the {what} may be “{value}”, or “{before}” with {more}. Type the lot number as it is printed; to scan it, "
            "let the scanner send FNC1 as the sign GS, or use the camera.",
            _code(elements[:-1], on),
        )


def _code(elements: list[tuple[str, str]], on: dt.date) -> Code:
    """Check each element and keep what we use. Raises Unreadable."""
    values: dict[str, str] = {}
    for ai, value in elements:
        _check(ai, value)
        if values.setdefault(ai, value) != value:
            raise Unreadable("The code names the same thing twice, and not alike. Scan one package alone.")
    days = {ai: _day(values[ai], on) for ai in _DATES if ai in values}
    expires_on = days.get("17")
    if moment := values.get("7003"):  # to the minute: the day before is the last that is good as a whole
        expires_on = min(filter(None, (expires_on, _day(moment[:6], on) - dt.timedelta(days=1))))
    return Code(_gtin(values["01"]) if "01" in values else "", values.get("10", ""), expires_on, values.get("21", ""), days.get("11"))


def _check(ai: str, value: str) -> None:
    fixed = _FIXED.get(ai[:2])
    right = re.fullmatch(f"[0-9]{{{fixed}}}", value) if fixed else _VALUE.fullmatch(value) and len(value) <= _LONGEST.get(ai, 90)
    if not right or _AI_DIGITS.get(ai[:2]) != len(ai) or (ai in ("30", "37", "7003") and not value.isdigit()) or (ai == "7003" and len(value) < 8):
        raise Unreadable(f"The part ({ai[:4]}) of the code is damaged. Scan it again, or type the lot by hand.")


def _gtin(digits: str) -> str:
    """An article number whose last digit fits the others: weights 3 and 1 from the right, to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    if total % 10:
        raise Unreadable("A digit of the article number is wrong: its check digit does not fit. Scan it again, or type it anew.")
    return digits


def _day(text: str, on: dt.date) -> dt.date:
    """A date as YYMMDD; day 00 is the last of the month. The year is the one within 49 years before and 50 after."""
    year, month, day = on.year // 100 * 100 + int(text[:2]), int(text[2:4]), int(text[4:6])
    ahead = year - on.year
    year += -100 if ahead > 50 else 100 if ahead < -49 else 0
    try:
        return dt.date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        raise Unreadable("The date in the code does not exist. Type the expiry as it is printed.") from None
