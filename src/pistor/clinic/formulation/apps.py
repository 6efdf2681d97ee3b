from django.apps import AppConfig


class FormulationConfig(AppConfig):
    name = "pistor.clinic.formulation"
    label = "clinic_formulation"
