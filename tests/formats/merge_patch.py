# SPDX-License-Identifier: Apache-2.0
"""JSON Merge Patch; answers are documents."""

from tests.formats.json import Json


class MergePatch(Json):
    name = "JSON Merge Patch"
    content_type = b"application/merge-patch+json"
    method = b"PATCH"


FORMAT = MergePatch()
