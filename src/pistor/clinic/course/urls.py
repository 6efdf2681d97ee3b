from django.urls import path

from pistor.clinic.course import plan_pdf, views

app_name = "course"
urlpatterns = [path("", views.show, name="show"), path("plan.pdf", plan_pdf.plan_pdf, name="plan_pdf")]
