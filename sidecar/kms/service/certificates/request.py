# SPDX-License-Identifier: Apache-2.0
"""Certificate signing requests (PKCS #10, RFC 2986), signed by whoever holds the key."""

from collections.abc import Sequence

from asn1crypto import csr, keys, pem
from asn1crypto import x509 as asn1
from cryptography import x509

from sidecar.kms.service.certificates.digests import SM2DSA, digest
from sidecar.kms.service.holder import Holder

_SIGNING = {
    "RSA_2048": ("RSA_PKCS1_SHA_256", "sha256_rsa"),
    "EC_P256": ("ECDSA_SHA_256", "sha256_ecdsa"),
    "EC_SM2": (SM2DSA, "1.2.156.10197.1.501"),  # GM/T 0006: SM2 with SM3
}


def make_request(
    holder: Holder, key_spec: str, public: bytes, subject: x509.Name, domains: Sequence[str]
) -> str:
    """A request for `subject` and `domains`, in PEM; `public` is the DER of the key."""
    algorithm, identifier = _SIGNING[key_spec]
    told = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1.Name.load(subject.public_bytes()),
            "subject_pk_info": keys.PublicKeyInfo.load(public),
            "attributes": _attributes(domains),
        }
    )
    signature = holder.sign(algorithm, digest(algorithm, public, told.dump()))
    request = csr.CertificationRequest(
        {
            "certification_request_info": told,
            "signature_algorithm": {"algorithm": identifier},
            "signature": signature,
        }
    )
    text: bytes = pem.armor("CERTIFICATE REQUEST", request.dump())
    return text.decode("ascii")


def _attributes(domains: Sequence[str]) -> list[dict[str, object]]:
    """The extensions that are asked for (RFC 2985, section 5.4.2)."""
    if not domains:
        return []
    names = [asn1.GeneralName("dns_name", domain) for domain in domains]
    extension = {"extn_id": "subject_alt_name", "critical": False, "extn_value": names}
    return [{"type": "extension_request", "values": [[extension]]}]
