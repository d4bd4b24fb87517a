# SPDX-License-Identifier: Apache-2.0
"""ListAliasesByKeyId: the aliases of one CMK, page by page, in the order of their names."""

from sidecar.kms.api import paging
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.service.metadata import alias_metadata
from sidecar.kms.store import Alias

PAGE_SIZE = paging.page_size(0, 101)


def act(call: Call) -> Answer:
    where = [Alias.key_id == call.cmk.key_id]
    labels = call.shelf.list_aliases(paging.offset(call, PAGE_SIZE), call[PAGE_SIZE], where)
    return paging.page(
        call,
        PAGE_SIZE,
        call.shelf.count_aliases(where),
        ("Aliases", "Alias"),
        [alias_metadata(call.place, label) for label in labels],
    )


ACTION = Action(
    name="ListAliasesByKeyId",
    parameters=(KEY_ID, paging.PAGE_NUMBER, PAGE_SIZE),
    target=the_key_by_id,
    act=act,
    is_write=False,
)
