# SPDX-License-Identifier: Apache-2.0
"""What a caller of the KMS API is told when a call is not carried out.

One class, many constructors: a fault is a documented code, its HTTP status and its message. The
messages name parameters, states and ARNs; they never hold the value of a parameter, because they
are logged, audited and sent over the wire. Codes the vendor documents are spelt as it spells them.
"""

from collections.abc import Mapping
from typing import Self

from sidecar.errors import SidecarError
from sidecar.signing import SignatureFailure


class Fault(SidecarError):
    """A refusal of the KMS API: `fault_code` and `http_status` are part of the API's contract."""

    def __init__(
        self, http_status: int, code: str, message: str, detail: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        """What the client is told; `why` is the same where it may be logged."""
        self.http_status = http_status
        self.fault_code = code
        self.detail = detail
        """RAM's `AccessDeniedDetail`, where a policy is the reason."""

    @classmethod
    def unsigned(cls, failure: SignatureFailure) -> Self:
        """Nothing is proven about who calls. What was signed here is told to this client only."""
        fault = cls(failure.status, failure.code, failure.why)
        fault.message = failure.message
        return fault

    @classmethod
    def dry_run_passed(cls) -> Self:
        """With DryRun a call is never carried out; this says that it would have been."""
        return cls(
            400, "DryRunOperationError", "The request would have succeeded, but DryRun is set."
        )

    @classmethod
    def dry_run_refusal(cls, fault: "Fault") -> Self:
        """With DryRun, what would have been refused as `fault`."""
        is_denied = fault.fault_code == "Forbidden.NoPermission"
        code = "AccessDeniedError" if is_denied else "ValidationError"
        return cls(fault.http_status, code, fault.why, fault.detail)

    @classmethod
    def missing_parameter(cls, name: str) -> Self:
        return cls(400, "MissingParameter", f'The parameter "{name}" is needed but not provided.')

    @classmethod
    def invalid_parameter(cls, name: str) -> Self:
        return cls(400, "InvalidParameter", f'The specified parameter "{name}" is not valid.')

    @classmethod
    def line_too_long(cls) -> Self:
        return cls(414, "RequestURITooLong", "The request line is too long.")

    @classmethod
    def unknown_action(cls) -> Self:
        return cls(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        )

    @classmethod
    def unsupported_operation(cls, what: str = "This action") -> Self:
        return cls(400, "UnsupportedOperation", f"{what} is not supported.")

    @classmethod
    def unsupported_origin(cls) -> Self:
        """Not for a key of imported material, or for no other."""
        return cls(400, "Unsupported.Origin", "This key origin is not valid for this api.")

    @classmethod
    def unsupported_level(cls) -> Self:
        """The token cannot hold such a key."""
        return cls(
            400,
            "Unsupported.ProtectionLevel",
            "This protection level is not valid for this region.",
        )

    @classmethod
    def invalid_key_material(cls) -> Self:
        """It does not open, is no key of this kind, or is not the one that the CMK had."""
        return cls(400, "InvalidKeyMaterial", "key material is invalid.")

    @classmethod
    def invalid_import_token(cls) -> Self:
        return cls(400, "InvalidImportToken", "import token is invalid.")

    @classmethod
    def expired_import_token(cls) -> Self:
        return cls(400, "ExpiredImportToken", "import token is expired.")

    @classmethod
    def key_not_found(cls) -> Self:
        return cls(404, "Forbidden.KeyNotFound", "The specified Key is not found.")

    @classmethod
    def alias_not_found(cls) -> Self:
        return cls(404, "Forbidden.AliasNotFound", "The specified Alias is not found.")

    @classmethod
    def certificate_not_found(cls) -> Self:
        return cls(404, "Certificate.NotFound", "The specified certificate is not found.")

    @classmethod
    def alias_exists(cls) -> Self:
        return cls(400, "AliasAlreadyExists", "AliasName Already Exists.")

    @classmethod
    def limit_exceeded(cls) -> Self:
        return cls(
            400,
            "Rejected.LimitExceeded",
            "The request was rejected because user create resource limit was exceeded.",
        )

    @classmethod
    def protected(cls) -> Self:
        """The vendor documents no code for it."""
        return cls(
            409,
            "Rejected.DeletionProtected",
            "The request was rejected because the key is protected against deletion.",
        )

    @classmethod
    def other_scope(cls) -> Self:
        return cls(400, "IncompleteSignature", "The signature is for another service or region.")

    @classmethod
    def throttled(cls) -> Self:
        """The account asks more often than it may; SDKs try this one again."""
        return cls(429, "Rejected.Throttling", "QPS Limit Exceeded")

    @classmethod
    def wrong_state(cls, state: str) -> Self:
        """The key cannot be used in its state; `state` becomes the code's last word."""
        return cls(
            409,
            f"Rejected.{state}",
            f"The request was rejected because the key state is {state}.",
        )

    @classmethod
    def wrong_status(cls, status: str) -> Self:
        """The certificate cannot be used in its status."""
        return cls(
            409,
            f"Rejected.{status}",
            f"The request was rejected because the certificate status is {status}.",
        )

    @classmethod
    def state_not_modifiable(cls) -> Self:
        return cls(409, "Rejected.StateModifiedFailed", "Keystate modified failed.")

    @classmethod
    def no_permission(cls, arn: str, detail: Mapping[str, str] | None = None) -> Self:
        return cls(
            403,
            "Forbidden.NoPermission",
            f"This operation for {arn} is forbidden by permission system.",
            detail,
        )

    @classmethod
    def internal(cls) -> Self:
        return cls(500, "InternalFailure", "Internal Failure.")

    @classmethod
    def unavailable(cls) -> Self:
        """The token or the database is away; SDKs retry this one."""
        return cls(503, "ServiceUnavailableTemporary", "Service Unavailable Temporary.")
