from django.apps import AppConfig


class AlternativesConfig(AppConfig):
    name = "pistor.clinic.alternatives"
    label = "clinic_alternatives"
