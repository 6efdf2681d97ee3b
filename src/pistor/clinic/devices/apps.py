from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "pistor.clinic.devices"
    label = "clinic_devices"
