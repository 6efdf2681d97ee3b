from django.apps import AppConfig


class SharedConfig(AppConfig):
    name = "pistor.clinic.shared"
    label = "clinic_shared"
