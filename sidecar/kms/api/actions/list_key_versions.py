# SPDX-License-Identifier: Apache-2.0
"""ListKeyVersions: the versions of a CMK, page by page, newest first."""

from sidecar.kms.api import paging
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.service.metadata import version_metadata

PAGE_SIZE = paging.page_size(0, 101)


def act(call: Call) -> Answer:
    versions, key_id = call.shelf.versions, call.cmk.key_id
    page = versions.page(key_id, paging.offset(call, PAGE_SIZE), call[PAGE_SIZE])
    return paging.page(
        call,
        PAGE_SIZE,
        versions.count(key_id),
        ("KeyVersions", "KeyVersion"),
        [version_metadata(version) for version in page],
    )


ACTION = Action(
    name="ListKeyVersions",
    parameters=(KEY_ID, paging.PAGE_NUMBER, PAGE_SIZE),
    target=the_key,
    act=act,
    is_write=False,
)
