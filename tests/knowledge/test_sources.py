"""What names a source beside a grade."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.knowledge.model import Source


@pytest.mark.parametrize(
    ("title", "year", "short"),
    [
        ("Paolucci et al., IJPTR 2016;2:113: mesotherapy with lidocaine", 2016, "Paolucci et al. 2016"),
        ("Azam and Morsi 2010: minoxidil 2 % by mesogun", 2010, "Azam and Morsi 2010"),
        ("Kybella (deoxycholic acid) injection", None, "Kybella"),
        ("Cyanocobalamin Injection USP 1,000 mcg/mL label, Mylan", None, "Cyanocobalamin Injection USP 1,000…"),
        ("Haute Autorite de Sante, opinion 2014.0048 on aesthetic mesotherapy", None, "Haute Autorite de Sante"),
        ("Lidocaine Hydrochloride Injection label, Fresenius Kabi", None, "Lidocaine Hydrochloride Injection label"),
        ("Crystallization of short-acting and intermediate-acting local anesthetics when mixed", None, "Crystallization of short-acting and…"),
        ("A" * 60, None, f"{'A' * 39}…"),
    ],
)
def test_a_source_is_named_by_a_few_words_and_its_year(title, year, short):
    source = Source(id="x", reviewed=dt.date(2026, 11, 25), title=title, kind="study", read="abstract", year=year)
    assert source.short == short


@pytest.mark.parametrize(("authors", "short"), [
    ("Wu WTL", "Wu 2015"),
    ("Barry C, Falissard B", "Barry and Falissard 2015"),
    ("Kim T-H, Heo S-Y, Oh G-W", "Kim et al. 2015"),
    ("von Dalwig-Nolda DF, Ablon G", "von Dalwig-Nolda and Ablon 2015"),
    ("Budamakuntla L et al.", "Budamakuntla et al. 2015"),
])  # fmt: skip
def test_a_source_with_authors_is_named_by_them(authors, short):
    source = Source(id="x", reviewed=dt.date(2026, 11, 26), title="A randomised, open-label study", kind="trial", read="abstract", year=2015, authors=authors)
    assert source.short == short


def test_every_source_has_a_name_that_a_reader_can_tell_from_a_key(library):
    assert not [source.id for source in library.sources.values() if not 2 < len(source.short) <= 46 or "_" in source.short]
