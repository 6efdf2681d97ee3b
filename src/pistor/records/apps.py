from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "pistor.records"
    label = "records"
