"""The library as people read it: every entry has a page, every number leads to its origin, and a blend can be tried."""

from __future__ import annotations

import re

import pytest

from pistor.knowledge import load
from pistor.knowledge.finder import search
from pistor.knowledge.links import names_in, referred_by

pytestmark = pytest.mark.django_db
LIBRARY = load()


@pytest.fixture
def client(people, as_):
    return as_(people.front_desk)


def test_every_entry_has_a_page_and_every_link_on_it_leads_somewhere(client):
    links: set[str] = set()
    for kind, id_, _ in LIBRARY.entries():
        answer = client.get(f"/library/{kind}/{id_}/")
        assert answer.status_code == 200, (kind, id_)
        links |= set(re.findall(r'href="(/library/[^"?#]*)"', answer.content.decode()))
    pages = {f"/library/{kind}/{id_}/" for kind, id_, _ in LIBRARY.entries()}
    lists = {"/library/", *(f"/library/{kind}/" for kind, _, _ in LIBRARY.entries())}
    assert links <= pages | lists


def test_a_number_leads_to_its_origin_in_two_clicks(client):
    entry = client.get("/library/ingredients/lidocaine/").content.decode()
    assert "4.5 mg/kg" in entry
    assert 'href="/library/sources/lido_max_pp/"' in entry
    assert "prescriberpoint.com" in client.get("/library/sources/lido_max_pp/").content.decode()


def test_a_claim_is_never_headed_as_pistors_own_word(client):
    listed = client.get("/library/claims/").content.decode()
    assert "“No contraindications but pregnancy”" in listed
    page = client.get("/library/claims/no_contraindications/").content.decode()
    assert "What Pistor says" in page
    assert "contradicted" in page


def test_a_conflict_shows_both_values(client):
    page = client.get("/library/ingredients/lidocaine/").content.decode()
    assert "3 places where sources disagree" in page
    assert "pKa 7.91" in page
    assert "7.85" in page
    assert "300 mg" in page
    assert "200 mg" in page


def test_the_rules_stand_side_by_side_as_a_nurse_reads_them(client):
    page = client.get("/library/contraindications/").content.decode()
    assert [page.index(f">{heading}</h2>") for heading in ("Do not treat", "Refer first", "Treat with care", "Tell the patient")] == sorted(
        page.index(f">{heading}</h2>") for heading in ("Do not treat", "Refer first", "Treat with care", "Tell the patient")
    )
    row = page.split('href="/library/contraindications/isotretinoin/"')[1].split("</tr>")[0]
    for said in ("Skin, hair and fat treatment", "isotretinoin by mouth in the last 6 months", "With a reason", "grade-A", "/library/sources/ASDS17/", "sources disagree"):
        assert said in row
    assert "{fact}" not in page


def test_a_trial_is_drawn_with_its_comparator_and_its_interval(client):
    page = client.get("/library/trials/UZEL/").content.decode()
    assert "69.2 % of 26 people, 95 % interval 50.0 to 83.5 %" in page
    assert "saline <span class=\"muted\">(comparator)</span>" in page
    assert "bar-interval" in page


def test_the_options_of_an_indication_stand_side_by_side_without_an_order_of_merit(client):
    page = client.get("/library/indications/submental_fat/").content.decode()
    heads = re.findall(r'<th scope="col">([^<]*)</th>', page.split('<caption class="visually-hidden">')[1].split("</thead>")[0])
    assert heads[0] == "Question"
    assert heads[1:] == sorted(heads[1:], key=str.casefold)
    assert any("no treatment" in head.casefold() for head in heads)
    assert "70.0 %" in page.replace("\u00a0", " ")


def test_what_a_kind_is_unknown_to_say_looks_like_nothing_else(client):
    row = client.get("/library/techniques/").content.decode().split('href="/library/techniques/nappage_superficial/"')[1].split("</tr>")[0]
    assert row.count('<span class="nodata">Unknown</span>') >= 3


def test_an_outbreak_shows_how_many_of_those_exposed_fell_ill(client):
    page = client.get("/library/outbreaks/CARB09/").content.decode()
    assert "15.2 % (95 % interval 9.6 to 23.3 %)" in page
    assert "Attack rate" not in client.get("/library/outbreaks/MUN08/").content.decode()


@pytest.mark.parametrize(
    ("query", "kind", "id_"),
    [
        ("lido", "ingredients", "lidocaine"),
        ("XYLOCAINE", "concepts", "allergy_amide_anaesthetic"),
        ("dlqi", "scales", "dlqi"),
        ("kybella", "presentations", "deoxycholic_acid_10mg_ml"),
        ("bicarbonate sodium", "ingredients", "sodium_bicarbonate"),
    ],
)
def test_search_finds_names_brands_and_codes(client, query, kind, id_):
    assert (kind, id_) in {(hit.kind, hit.id) for hit in search(LIBRARY, query)}
    assert f'href="/library/{kind}/{id_}/"' in client.get("/library/", {"q": query}).content.decode()


def test_codes_are_found(client):
    concept = next(entry for entry in LIBRARY.concepts.values() if entry.codes)
    assert concept.id in {hit.id for hit in search(LIBRARY, concept.codes[0].code)}


def test_a_search_without_a_hit_says_so(client):
    assert "Nothing is known as “zzzz”" in client.get("/library/", {"q": "zzzz"}).content.decode()
    misspelt = client.get("/library/", {"q": "hyaluronidaze"}).content.decode()
    assert "Nothing is known as" in misspelt
    assert "/library/ingredients/hyaluronidase/" in misspelt


@pytest.mark.parametrize("address", ["/library/nothing/", "/library/ingredients/nothing/", "/library/ingredients/../", "/library/sources/%00/"])
def test_what_is_not_there_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_what_names_an_entry_is_what_the_entry_is_named_by():
    by = referred_by(LIBRARY)
    for kind, id_, entry in LIBRARY.entries():
        for key in set(names_in(entry)) - {(kind, id_)}:
            assert (kind, id_) in by[key]


def bench(**fields):
    return {"policy": "mixture", **fields}


def test_a_blend_shows_its_working(client):
    page = client.post("/library/blend/", bench(part_1="lidocaine_2pct", ml_1="9", part_2="sodium_bicarbonate_84pct", ml_2="1,0", weight_kg="70"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "20 mg/mL × 9 mL = 180 mg; divided by 10 mL" in text
    assert "6.87 to 7.42" in text
    assert "conditional" in text


def test_every_range_shows_how_it_came_about_and_from_where(client):
    fields = bench(
        part_1="lidocaine_2pct", ml_1="9", part_2="sodium_bicarbonate_84pct", ml_2="1", weight_kg="70", volume_per_point_ml="0.1", points="50", sessions="4",
        interval_days="7", cream_lidocaine_mg="100",
    )  # fmt: skip
    text = client.post("/library/blend/", fields).content.decode()
    for said in (
        "labelled pH 5 to 7; pKa 7.91",
        "ideal 344 mOsm/L = 1 000 × (Lidocaine hydrochloride 2 × 20 / 288.82 + Sodium chloride 2 × 6 / 58.443)",
        "/ 10 = 509.6 mOsm/L",
        "Predicted pH 7.25; seen pH 6.9 to 7.09",
        "They disagree: what was seen counts.",
        "above isotonic",
        "280 of 300",  # 180 mg in the syringe and 100 mg on the skin
        "Within a year",
    ):
        assert said in text
    ranges = text.split('<dl class="outline">')[1].split("</dl>")[0]
    assert ranges.count('<details class="sources">') >= 8


def test_no_data_is_shown_as_such(client):
    text = client.post("/library/blend/", bench(part_1="lidocaine_1pct", ml_1="1", part_2="cyanocobalamin_1mg_ml", ml_2="1", weight_kg="70")).content.decode()
    assert "Cyanocobalamin" in text
    assert "no data.</strong>" in text
    assert "Not to be made" in text  # in France the clinic may not mix two medicines


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose at least one presentation."),
        ({"part_1": "lidocaine_2pct"}, "Say how many mL of it."),
        ({"ml_1": "2"}, "Choose what this volume is of."),
        ({"part_1": "lidocaine_2pct", "ml_1": "-1"}, "greater than or equal"),
        ({"part_1": "lidocaine_2pct", "ml_1": "two"}, "Enter a number"),
        ({"part_1": "no_such_thing", "ml_1": "1"}, "not one of the available choices"),
        ({"part_1": "lidocaine_2pct", "ml_1": "60", "part_2": "lidocaine_1pct", "ml_2": "60"}, "cannot be entered"),
    ],
)
def test_what_cannot_be_worked_out_is_said(client, fields, said):
    answer = client.post("/library/blend/", bench(**fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_the_library_asks_the_database_for_nothing_but_who_is_there(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get("/library/ingredients/lidocaine/")


def test_the_site_of_plain_files_leads_nowhere_else(tmp_path):
    from pistor.clinic.library.site import build

    pages = build(LIBRARY, tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert len(written) == pages == sum(1 for _ in LIBRARY.entries()) + len({kind for kind, _, _ in LIBRARY.entries()}) + 2  # the first page, and the blends worked out
    for page in written:
        text = (tmp_path / page).read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            if not link.startswith(("http://", "https://", "#")):
                assert (tmp_path / page).parent.joinpath(link).resolve().is_file(), (page, link)
        assert not re.search(r'<(?:link|script|img)[^>]+(?:href|src)="https?:', text), page


def test_the_site_is_built_over_an_earlier_one(tmp_path):
    from pistor.clinic.library.site import build

    (tmp_path / "kept.txt").write_text("someone's own")
    assert build(LIBRARY, tmp_path) == build(LIBRARY, tmp_path)
    assert (tmp_path / "kept.txt").exists()
