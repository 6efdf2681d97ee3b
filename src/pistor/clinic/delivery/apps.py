from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "pistor.clinic.delivery"
    label = "clinic_delivery"
