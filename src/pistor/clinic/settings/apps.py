from django.apps import AppConfig


class SettingsConfig(AppConfig):
    name = "pistor.clinic.settings"
    label = "clinic_settings"
