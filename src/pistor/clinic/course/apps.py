from django.apps import AppConfig


class CourseConfig(AppConfig):
    name = "pistor.clinic.course"
    label = "clinic_course"
