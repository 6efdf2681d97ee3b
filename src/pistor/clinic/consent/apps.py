from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "pistor.clinic.consent"
    label = "clinic_consent"
