from django.urls import path

from pistor.clinic.treatment import views

app_name = "treatment"
urlpatterns = [
    path("", views.show, name="show"),
    path("gate/", views.missing, name="gate"),
    path("amend/", views.amend, name="amend"),
    path("summary.pdf", views.summary, name="summary"),
]
