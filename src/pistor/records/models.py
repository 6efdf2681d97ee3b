"""Every model, so that Django finds them; import them from their own modules."""

from pistor.records.aftercare import AftercareSheet
from pistor.records.alternatives import AlternativesTalk
from pistor.records.audit import AuditEvent, AuditHead
from pistor.records.body_marks import BodyMark
from pistor.records.candidacy import Assessment, Override
from pistor.records.consent import Consent, ConsentWithdrawal
from pistor.records.consultation import HistoryEntry, ImportedDocument, Patient
from pistor.records.course import Course
from pistor.records.devices import Device, DeviceCleaning, DeviceUse, SingleUse
from pistor.records.discharge import Discharge
from pistor.records.documents import Document
from pistor.records.drafts import Draft, Submission
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.library import LocalEntry
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.people import Clinic, User
from pistor.records.photos import Photo, PhotoErasure, PhotoRemoval, PhotoUse
from pistor.records.prescriptions import Prescription, PrescriptionEnd
from pistor.records.reactions import ReactionFollowUp, ReactionReport
from pistor.records.recalls import Alert, ContactEvent, Recall, RecallContact, RecallLetters
from pistor.records.rooms import Room
from pistor.records.stock import Discrepancy, Lot, Product, StockMove, Vial
from pistor.records.summaries import TreatmentSummary
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import Amendment, LotCorrection, LotUse, TimeOut, Treatment, ZoneDose

__all__ = [
    "AftercareSheet", "Alert", "AlternativesTalk", "Amendment", "Assessment", "AuditEvent", "AuditHead", "BodyMark",
    "Clinic", "Consent", "ConsentWithdrawal", "ContactEvent", "Course", "Device", "DeviceCleaning", "DeviceUse",
    "Discharge", "Discrepancy", "Document", "Draft", "Draw", "Formulation", "HistoryEntry", "ImportedDocument",
    "InjectionPlan", "LocalEntry", "Lot", "LotCorrection", "LotUse", "MaintenanceDecision", "Override", "Patient",
    "Photo", "PhotoErasure", "PhotoRemoval", "PhotoUse", "Prescription", "PrescriptionEnd", "Product", "ReactionFollowUp", "ReactionReport",
    "Recall", "RecallContact", "RecallLetters", "Room", "ScaleScore", "SingleUse", "StockMove", "Submission",
    "Syringe", "TimeOut", "Treatment", "TreatmentSummary", "User", "Vial", "ZoneDose",
]  # fmt: skip
