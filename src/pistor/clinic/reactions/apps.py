from django.apps import AppConfig


class ReactionsConfig(AppConfig):
    name = "pistor.clinic.reactions"
    label = "clinic_reactions"
