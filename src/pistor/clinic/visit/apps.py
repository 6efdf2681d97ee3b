from django.apps import AppConfig


class VisitConfig(AppConfig):
    name = "pistor.clinic.visit"
    label = "clinic_visit"
