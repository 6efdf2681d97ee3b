from django.apps import AppConfig


class RecallConfig(AppConfig):
    name = "pistor.clinic.recall"
    label = "clinic_recall"
