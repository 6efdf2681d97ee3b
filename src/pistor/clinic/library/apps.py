from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "pistor.clinic.library"
    label = "clinic_library"
