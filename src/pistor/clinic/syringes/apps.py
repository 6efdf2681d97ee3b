from django.apps import AppConfig


class SyringesConfig(AppConfig):
    name = "pistor.clinic.syringes"
    label = "clinic_syringes"
