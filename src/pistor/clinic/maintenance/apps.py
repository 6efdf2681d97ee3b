from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    name = "pistor.clinic.maintenance"
    label = "clinic_maintenance"
