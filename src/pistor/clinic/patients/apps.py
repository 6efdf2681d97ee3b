from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "pistor.clinic.patients"
    label = "clinic_patients"
