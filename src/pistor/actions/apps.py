from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "pistor.actions"
    label = "actions"
