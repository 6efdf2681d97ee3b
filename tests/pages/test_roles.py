"""Who may open and who may change what: every page, every role, as one table."""

from __future__ import annotations

import uuid

import pytest

from pistor.records.audit import AuditEvent
from pistor.records.people import CAPABILITIES, Capability, Role
from tests.pages.test_other_clinic import addresses, filled, ids  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db

S = "see, change"  # opens the page, and may post to it
R = "see"  # opens the page; posting is refused
NO = "no"
HERE = "visits/<uuid:visit_id>/"

#                                                        practitioner  nurse  front desk  owner
TABLE = {
    "":                                                  (S,           S,     S,          S),
    "drafts/":                                           (S,           S,     S,          S),
    "signed-in/":                                        (S,           S,     S,          S),
    "patients/":                                         (S,           S,     S,          S),
    "patients/new/":                                     (S,           S,     S,          S),
    "patients/<uuid:patient_id>/":                       (S,           S,     S,          S),
    "patients/<uuid:patient_id>/edit/":                  (S,           S,     S,          S),
    "patients/<uuid:patient_id>/label.pdf":              (S,           S,     S,          S),
    "patients/<uuid:patient_id>/start/":                 (S,           NO,    NO,         NO),
    "library/":                                          (S,           S,     S,          S),
    "library/blend/":                                    (S,           S,     S,          S),
    "library/own/":                                      (S,           S,     NO,         S),
    "library/own/<uuid:row_id>/":                        (S,           R,     NO,         R),
    "library/<slug:kind>/":                              (S,           S,     S,          S),
    "library/<slug:kind>/<str:id_>/":                    (S,           S,     S,          S),
    "library/<slug:kind>/<str:id_>/copy/":               (S,           NO,    NO,         NO),
    "stock/":                                          (S,           S,     NO,         S),
    "stock/scan/":                                       (S,           S,     NO,         S),
    "stock/receive/":                                    (S,           S,     NO,         S),
    "stock/<uuid:lot_id>/":                             (S,           R,     NO,         S),
    "stock/<uuid:lot_id>/label.pdf":                     (S,           S,     NO,         S),
    "stock/<uuid:lot_id>/open/":                         (S,           S,     NO,         S),
    "stock/<uuid:lot_id>/count/":                        (S,           S,     NO,         S),
    "stock/<uuid:lot_id>/waste/":                        (S,           S,     NO,         S),
    "stock/vials/<uuid:vial_id>/":                       (S,           S,     NO,         S),
    "stock/vials/<uuid:vial_id>/label.pdf":              (S,           S,     NO,         S),
    "stock/vials/<uuid:vial_id>/close/":                 (S,           S,     NO,         S),
    "stock/vials/<uuid:vial_id>/waste/":                 (S,           S,     NO,         S),
    "stock/products/<uuid:product_id>/":                 (S,           R,     NO,         S),
    "stock/differences/<uuid:discrepancy_id>/":          (S,           R,     NO,         S),
    "devices/":                                        (S,           R,     NO,         S),
    "devices/rooms/":                                   (S,           R,     NO,         S),
    "devices/rooms/<uuid:room_id>/":                    (S,           R,     NO,         S),
    "devices/<uuid:device_id>/":                        (S,           R,     NO,         S),
    "devices/<uuid:device_id>/cleaning/":               (S,           S,     NO,         R),
    "recall/":                                           (S,           R,     NO,         S),
    "recall/alerts/<uuid:alert_id>/":                    (S,           R,     NO,         R),
    "recall/<uuid:recall_id>/":                          (S,           S,     NO,         S),
    "recall/<uuid:recall_id>/contacts.csv":              (S,           S,     NO,         R),
    "recall/<uuid:recall_id>/contacts/<uuid:contact_id>/": (S,         S,     NO,         R),
    "recall/<uuid:recall_id>/letters/<uuid:letters_id>.pdf": (S,       S,     NO,         S),
    "settings/":                                         (R,           R,     NO,         S),
    HERE:                                                (S,           S,     NO,         S),
    HERE + "consultation/":                              (S,           S,     NO,         R),
    HERE + "consultation/import/":                       (S,           S,     NO,         R),
    HERE + "consultation/proposals/":                    (S,           S,     NO,         R),
    HERE + "candidacy/":                                 (S,           S,     NO,         R),
    HERE + "alternatives/":                              (S,           S,     NO,         R),
    HERE + "formulation/":                               (S,           R,     NO,         R),
    HERE + "injection-map/":                             (S,           R,     NO,         R),
    HERE + "injection-map/preview/":                     (S,           S,     NO,         S),
    HERE + "injection-map/marks/":                       (S,           S,     NO,         R),
    HERE + "injection-map/marks/<uuid:mark_id>/end/":    (S,           S,     NO,         R),
    HERE + "delivery/":                                  (S,           S,     NO,         S),
    HERE + "delivery/field/":                            (S,           S,     NO,         S),
    HERE + "delivery/points/":                           (S,           S,     NO,         S),
    HERE + "course/":                                    (S,           R,     NO,         R),
    HERE + "course/plan.pdf":                            (S,           S,     NO,         S),
    HERE + "consent/":                                   (S,           S,     NO,         R),
    HERE + "consent/<uuid:consent_id>/withdraw/":        (S,           S,     NO,         R),
    HERE + "consent/<uuid:consent_id>/consent.pdf":      (S,           S,     NO,         S),
    HERE + "treatment/":                                 (S,           S,     NO,         R),
    HERE + "treatment/gate/":                            (S,           S,     NO,         R),
    HERE + "treatment/amend/":                           (S,           R,     NO,         R),
    HERE + "treatment/correct/":                         (S,           R,     NO,         R),
    HERE + "treatment/discharge/":                       (S,           S,     NO,         R),
    HERE + "treatment/summary.pdf":                       (S,           S,     NO,         S),
    HERE + "treatment/summaries/<uuid:summary_id>.pdf":   (S,           S,     NO,         S),
    HERE + "treatment/photos/":                          (S,           S,     NO,         R),
    HERE + "treatment/photos/<uuid:photo_id>/":          (S,           S,     NO,         R),
    HERE + "treatment/photos/<uuid:photo_id>/picture.jpg": (S,         S,     NO,         S),
    HERE + "treatment/photos/<uuid:photo_id>/small.jpg":  (S,           S,     NO,         S),
    HERE + "treatment/photos/<uuid:photo_id>/<str:use>.jpg": (S,       S,     NO,         S),
    HERE + "treatment/photos/<uuid:photo_id>/use/":      (S,           S,     NO,         R),
    HERE + "treatment/photos/<uuid:photo_id>/erase/":    (S,           R,     NO,         S),
    HERE + "syringes/":                                  (S,           S,     NO,         R),
    HERE + "syringes/<uuid:syringe_id>/":                (S,           S,     NO,         R),
    HERE + "syringes/<uuid:syringe_id>/label.pdf":       (S,           S,     NO,         S),
    HERE + "devices/":                                   (S,           S,     NO,         R),
    HERE + "prescriptions/":                             (S,           R,     NO,         R),
    HERE + "prescriptions/<uuid:prescription_id>/end/":  (S,           R,     NO,         R),
    HERE + "aftercare/":                                 (S,           S,     NO,         R),
    HERE + "aftercare/<uuid:sheet_id>/aftercare.pdf":     (S,           S,     NO,         S),
    HERE + "reactions/":                                 (S,           S,     NO,         R),
    HERE + "reactions/<uuid:report_id>/":                (S,           S,     NO,         R),
    HERE + "outcomes/":                                  (S,           S,     NO,         R),
    HERE + "maintenance/":                               (S,           R,     NO,         R),
}  # fmt: skip
ROLES = (Role.PRACTITIONER, Role.NURSE, Role.FRONT_DESK, Role.OWNER)
FOR_EVERYBODY = {"health/", "sign-in/", "sign-out/"}


def test_the_table_has_every_page():
    assert set(TABLE) == set(addresses()) - FOR_EVERYBODY


def test_the_capabilities_of_the_roles():
    rows = {
        Capability.SEE_PATIENTS: "practitioner nurse front_desk owner",
        Capability.EDIT_PATIENTS: "practitioner nurse front_desk owner",
        Capability.SEE_CLINICAL: "practitioner nurse owner",
        Capability.TAKE_HISTORY: "practitioner nurse",
        Capability.DECIDE: "practitioner",
        Capability.TAKE_CONSENT: "practitioner nurse",
        Capability.TREAT: "practitioner nurse",
        Capability.SIGN: "practitioner",
        Capability.PRESCRIBE: "practitioner",
        Capability.FOLLOW_UP: "practitioner nurse",
        Capability.KEEP_STOCK: "practitioner nurse owner",
        Capability.MANAGE_STOCK: "practitioner owner",
        Capability.ERASE: "practitioner owner",
        Capability.MANAGE_CLINIC: "owner",
    }
    assert {capability: " ".join(role for role in ROLES if capability in CAPABILITIES[role]) for capability in Capability} == rows


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_and_changes_what_the_table_says(people, as_, ids, role):  # noqa: F811
    client, column = as_(getattr(people, role)), ROLES.index(role)
    seen = {}
    for address in TABLE:
        url, before = filled(address, ids), AuditEvent.objects.count()
        opens = client.get(url).status_code
        changes = client.post(url, {"token": uuid.uuid4()}).status_code
        seen[address] = NO if opens == 403 and changes == 403 else R if changes == 403 else S
        assert max(opens, changes) < 500, address
        assert changes != 403 or AuditEvent.objects.count() == before, address
    assert seen == {address: row[column] for address, row in TABLE.items()}


def test_somebody_who_left_is_sent_to_sign_in(people, as_, ids):  # noqa: F811
    client = as_(people.nurse)
    people.nurse.is_active = False
    people.nurse.save(update_fields=["is_active"])
    assert {client.get(filled(address, ids)).status_code for address in TABLE} == {302}


def test_the_front_desk_sees_names_and_dates_but_nothing_clinical(people, as_, ids):  # noqa: F811
    text = as_(people.front_desk).get(f"/patients/{ids['patient_id']}/").content.decode()
    assert "Moreau" in text
    for clinical in ("Allerg", "Weight", "Pregnan", "Stop", "lump", "NRS"):
        assert clinical not in text.split("</header>", 1)[1], clinical


def test_whoever_may_not_is_told_what_to_do(people, as_, ids):  # noqa: F811
    answer = as_(people.front_desk).get(f"/visits/{ids['visit_id']}/")
    assert answer.status_code == 403
    assert "role" in answer.content.decode()
