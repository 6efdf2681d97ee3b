"""FHIR R4, in and out."""

from pistor.exchange.fhir.bundle import parse, read_record
from pistor.exchange.imported import ImportedRecord, Proposed

__all__ = ["ImportedRecord", "Proposed", "parse", "read_record"]
