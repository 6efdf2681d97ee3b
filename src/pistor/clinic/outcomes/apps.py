from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "pistor.clinic.outcomes"
    label = "clinic_outcomes"
