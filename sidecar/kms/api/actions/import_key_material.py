# SPDX-License-Identifier: Apache-2.0
"""ImportKeyMaterial: the material of a CMK of Origin EXTERNAL, wrapped for its import token.

The same material may come again, after it was deleted or expired or to change when it expires; no
other may.
"""

from sidecar.hsm import BadCiphertext, KeyMissing
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.importing import EXPIRES, IMPORT_TOKEN, MATERIAL, external_only
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.faults import Fault
from sidecar.kms.service import importing
from sidecar.kms.service.states import KeyState, nameable
from sidecar.kms.store import Cmk, Material, import_tokens
from sidecar.kms.store.import_tokens import Grant


def check(call: Call) -> None:
    external_only(call)
    if call[EXPIRES] and call[EXPIRES] <= call.now:
        raise Fault.invalid_parameter(EXPIRES.name)
    _grant(call)


def act(call: Call) -> Answer:
    cmk, is_first = call.cmk, not call.cmk.primary_version
    if is_first:
        cmk = cmk._replace(primary_version=call.new_id())
    material = _receive(call, cmk)
    if is_first:
        call.shelf.add_version(cmk.key_id, cmk.primary_version, call.now, material)
    else:
        call.shelf.materials.keep(cmk.primary_version, material)
    call.shelf.change(
        cmk,
        primary_version=cmk.primary_version,
        material_expires_at=call[EXPIRES] or None,
        state=KeyState.ENABLED if cmk.state == KeyState.PENDING_IMPORT else cmk.state,
    )
    return {}


def _receive(call: Call, cmk: Cmk) -> Material:
    """One answer for all that can be wrong with material: no oracle for what is wrapped."""
    try:
        size = importing.material_bytes(cmk)
        clear = importing.receive(call.token, _grant(call), call[MATERIAL], size)
        return importing.put(call.token, call.shelf, cmk, clear)
    except BadCiphertext as error:
        raise Fault.invalid_key_material() from error
    except KeyMissing as error:
        # Its pair is gone: a crash, or a copy of an older database.
        raise Fault.invalid_import_token() from error


def _grant(call: Call) -> Grant:
    """The right that the token stands for, for this CMK and now."""
    given = import_tokens.find(call.connection, call[IMPORT_TOKEN])
    if given is None or given.key_id != call.cmk.key_id:
        raise Fault.invalid_import_token()
    if given.expires_at <= call.now:
        raise Fault.expired_import_token()
    return given


ACTION = Action(
    name="ImportKeyMaterial",
    parameters=(KEY_ID, MATERIAL, IMPORT_TOKEN, EXPIRES),
    target=the_key_by_id,
    states=nameable,
    check=check,
    act=act,
    is_write=True,
)
