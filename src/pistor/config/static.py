"""How static files are stored for serving."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Files by names that change with what is in them; so are the names by which scripts fetch one another, or an update would mix old and new."""

    support_js_module_import_aggregation = True
