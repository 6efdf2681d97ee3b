from django.apps import AppConfig


class PhotosConfig(AppConfig):
    name = "pistor.clinic.photos"
    label = "clinic_photos"
