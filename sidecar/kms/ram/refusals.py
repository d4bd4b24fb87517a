# SPDX-License-Identifier: Apache-2.0
"""What callers of RAM's API are told: the vendor's codes, which name the kind of thing."""

import re

from sidecar.kms.faults import Fault


def not_there(kind: str) -> Fault:
    """There is no such `kind`: `User`, `Role`, `User.AccessKey`."""
    return Fault(404, f"EntityNotExist.{kind}", f"The {_words(kind)} does not exist.")


def unknown_provider(arn: str) -> Fault:
    """A trust policy names a provider that nobody configured."""
    told = f"The OIDC provider {arn} does not exist: providers stand in kms.yaml."
    return Fault(404, "EntityNotExist.OIDCProvider", told)


def there_already(kind: str) -> Fault:
    return Fault(409, f"EntityAlreadyExists.{kind}", f"The {_words(kind)} exists already.")


def still_has(kind: str, what: str) -> Fault:
    """It cannot be deleted before what hangs on it."""
    article = "an" if what[0] in "AEIO" else "a"
    return Fault(
        409,
        f"DeleteConflict.{kind}.{what}",
        f"The {_words(kind)} still has {article} {_words(what)}.",
    )


def too_many(kind: str) -> Fault:
    return Fault(409, f"LimitExceeded.{kind}", f"There can be no further {_words(kind)}.")


def seeded(kind: str) -> Fault:
    """What the configuration says is changed in the configuration."""
    return Fault(
        409,
        f"InvalidOperation.{kind}.Seeded",
        f"The {_words(kind)} stands in kms.yaml: change it there, and restart.",
    )


def bad_document(name: str, why: str) -> Fault:
    return Fault(400, f"InvalidParameter.{name}", f"{name} is not a policy: {why}"[:300])


def _words(kind: str) -> str:
    """`User.AccessKey` is the access key of the user."""
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", kind).lower()
    return " of the ".join(reversed(spelt.split(".")))
