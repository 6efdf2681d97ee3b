from django.apps import AppConfig


class AftercareConfig(AppConfig):
    name = "pistor.clinic.aftercare"
    label = "clinic_aftercare"
