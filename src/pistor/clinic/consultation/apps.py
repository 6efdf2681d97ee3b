from django.apps import AppConfig


class ConsultationConfig(AppConfig):
    name = "pistor.clinic.consultation"
    label = "clinic_consultation"
