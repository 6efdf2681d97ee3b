from django.urls import path

from pistor.clinic.consultation import views

app_name = "consultation"
urlpatterns = [
    path("", views.show, name="show"),
    path("import/", views.bring, name="import"),
    path("proposals/", views.decide, name="proposals"),
]
