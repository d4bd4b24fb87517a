# SPDX-License-Identifier: Apache-2.0
"""Why a request does not count as signed, each under the gateway's documented code.

`why` may be logged. `message` is what the client is told; only `SignatureMismatch` says more
there than in `why`, because clients compare the string that the server signed with their own.
"""

from sidecar.errors import Refused


class SignatureFailure(Refused):
    """The request is not proven to come from the holder of an access key."""

    status = 400
    code = "IncompleteSignature"

    @property
    def message(self) -> str:
        return self.why


class IncompleteSignature(SignatureFailure):
    """The signature's own parts are cut, twice there, or do not cover what they must."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"The request signature does not conform to Alibaba Cloud standards: {detail}."
        )


class MissingPart(SignatureFailure):
    """A parameter that every signed request has is absent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is mandatory for this action.")
        self.code = f"Missing{name}"  # type: ignore[misc]  # the gateway names the parameter in the code


class BadEncoding(SignatureFailure):
    """Query or form body are not URL-encoded UTF-8, or name a parameter twice."""

    code = "InvalidParameter.Format"


class UnsupportedMethod(SignatureFailure):
    """Signed in a way that is not spoken here."""

    code = "InvalidSignatureMethod"

    def __init__(self) -> None:
        super().__init__("Specified signature method is not valid.")


class BadTimestamp(SignatureFailure):
    """The time is not written as YYYY-MM-DDThh:mm:ssZ."""

    code = "InvalidTimeStamp.Format"

    def __init__(self) -> None:
        super().__init__("Specified time stamp or date value is not well formatted.")


class ExpiredTimestamp(SignatureFailure):
    """The request's clock is too far from ours, in either direction."""

    code = "InvalidTimeStamp.Expired"

    def __init__(self) -> None:
        super().__init__("Specified time stamp or date value is expired.")


class UnknownAccessKey(SignatureFailure):
    """Nobody has this access key."""

    status = 404
    code = "InvalidAccessKeyId.NotFound"

    def __init__(self) -> None:
        super().__init__("Specified access key is not found.")


class InactiveAccessKey(SignatureFailure):
    """This access key was set aside."""

    code = "InvalidAccessKeyId.Inactive"

    def __init__(self) -> None:
        super().__init__("Specified access key is disabled.")


class SignatureMismatch(SignatureFailure):
    """Another secret, or something signed was changed on the way."""

    code = "SignatureDoesNotMatch"

    def __init__(self, string_to_sign: str) -> None:
        super().__init__("Specified signature is not matched with our calculation.")
        self._string_to_sign = string_to_sign

    @property
    def message(self) -> str:
        """For this client only: a V1 string to sign holds the request's parameters."""
        return f"{self.why} server string to sign is:{self._string_to_sign}"


class NonceUsed(SignatureFailure):
    """The same signed request came before."""

    code = "SignatureNonceUsed"

    def __init__(self) -> None:
        super().__init__("Specified signature nonce was used already.")
