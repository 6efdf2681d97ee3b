from django.urls import path

from pistor.clinic.treatment import signed, views

app_name = "treatment"
urlpatterns = [
    path("", views.show, name="show"),
    path("gate/", views.missing, name="gate"),
    path("amend/", signed.amend, name="amend"),
    path("correct/", signed.correct, name="correct"),
    path("discharge/", signed.leave, name="discharge"),
    path("summary.pdf", signed.summary, name="summary"),
    path("summaries/<uuid:summary_id>.pdf", signed.kept_summary, name="kept_summary"),
]
