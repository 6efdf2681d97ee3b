"""Template tags for what every page shows the same way: findings, grades, numbers, dates."""

from __future__ import annotations

from django import template

register = template.Library()
