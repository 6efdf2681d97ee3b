"""What was amended, and the signed content with its corrections."""

from __future__ import annotations

import json

from pistor.care.amendment import Content, amended
from pistor.records.signed import amendments_of
from pistor.records.treatment import Amendment, Treatment


def signed_content(visit: Treatment) -> Content:
    """What was signed, as data. Empty where nothing is."""
    return dict(json.loads(visit.signed_content)) if visit.signed_content else {}


def amended_content(visit: Treatment) -> Content:
    """What was signed with every correction made since: what is really known to have been given. Empty where nothing is signed."""
    return amended(signed_content(visit), [change for row in amendments_of(visit) for change in row.changes])


def steps_of(visit: Treatment) -> list[tuple[Amendment, Content, Content]]:
    """Each amendment in its order, with the content before and after it."""
    content, steps = signed_content(visit), []
    for row in amendments_of(visit):
        after = amended(content, row.changes) if row.changes else content
        steps.append((row, content, after))
        content = after
    return steps
