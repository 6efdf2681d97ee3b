from django.apps import AppConfig


class CandidacyConfig(AppConfig):
    name = "pistor.clinic.candidacy"
    label = "clinic_candidacy"
