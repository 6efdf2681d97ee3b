from django.apps import AppConfig


class TreatmentConfig(AppConfig):
    name = "pistor.clinic.treatment"
    label = "clinic_treatment"
