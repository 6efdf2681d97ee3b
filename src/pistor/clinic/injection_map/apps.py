from django.apps import AppConfig


class InjectionMapConfig(AppConfig):
    name = "pistor.clinic.injection_map"
    label = "clinic_injection_map"
