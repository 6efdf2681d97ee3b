from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "pistor.clinic.stock"
    label = "clinic_stock"
