# SPDX-License-Identifier: Apache-2.0
"""What callers of RAM's API are told: the vendor's codes, which name the kind of thing."""

from sidecar.kms.faults import Fault


def not_there(kind: str) -> Fault:
    """There is no such `kind`: `User`, `Role`, `User.AccessKey`."""
    return Fault(404, f"EntityNotExist.{kind}", f"The {kind.lower()} does not exist.")


def there_already(kind: str) -> Fault:
    return Fault(409, f"EntityAlreadyExists.{kind}", f"The {kind.lower()} exists already.")


def still_has(kind: str, what: str) -> Fault:
    """It cannot be deleted before what hangs on it."""
    return Fault(
        409, f"DeleteConflict.{kind}.{what}", f"The {kind.lower()} still has a {what.lower()}."
    )


def too_many(kind: str) -> Fault:
    return Fault(409, f"LimitExceeded.{kind}", f"There are too many: {kind.lower()}.")


def seeded(kind: str) -> Fault:
    """What the configuration says is changed in the configuration."""
    return Fault(
        409,
        f"InvalidOperation.{kind}.Seeded",
        f"The {kind.lower()} stands in kms.yaml: change it there, and restart.",
    )


def bad_document(name: str, why: str) -> Fault:
    return Fault(400, f"InvalidParameter.{name}", f"{name} is not a policy: {why}"[:300])
