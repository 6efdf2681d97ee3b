from django.apps import AppConfig


class PrescriptionsConfig(AppConfig):
    name = "pistor.clinic.prescriptions"
    label = "clinic_prescriptions"
