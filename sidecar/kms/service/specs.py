# SPDX-License-Identifier: Apache-2.0
"""What a CMK can be: key specs, what they are for, and the algorithms of each.

The names of the HMAC specs and of their usage stand in no document of the vendor's; they are ours,
made after its algorithms and its other usages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sidecar.hsm.probing import Kind


class Usage(StrEnum):
    """KeyUsage, in the API's spelling."""

    ENCRYPT = "ENCRYPT/DECRYPT"
    SIGN = "SIGN/VERIFY"
    MAC = "GENERATE/VERIFY"


class Level(StrEnum):
    """ProtectionLevel: where private and secret material is used."""

    HSM = "HSM"
    """In the token, which never hands it out."""
    SOFTWARE = "SOFTWARE"
    """In this process, for the length of a call; at rest it is sealed by the token."""


DEFAULT_SPEC = "Aliyun_AES_256"
ALIYUN = "Aliyun_KMS"
"""The Origin of material that is made here."""
EXTERNAL = "EXTERNAL"
"""The Origin of material that is imported."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One key spec; `algorithms` by usage, the first usage being the default."""

    name: str
    kind: Kind
    algorithms: Mapping[Usage, tuple[str, ...]]

    @property
    def is_symmetric(self) -> bool:
        """Whether Encrypt, Decrypt and GenerateDataKey work with it."""
        return self.kind.family in ("AES", "SM4")

    @property
    def is_importable(self) -> bool:
        """Whether a CMK of it may have material of somebody else's making."""
        return self.name in ("Aliyun_AES_256", "Aliyun_SM4")

    @property
    def has_public_key(self) -> bool:
        return self.kind.family in ("RSA", "EC", "SM2")

    @property
    def size(self) -> int:
        """Bytes of secret material, for kinds that are nothing but random bytes."""
        return _SIZES[self.kind.size]

    def allows(self, usage: str, algorithm: str) -> bool:
        """Whether a CMK of this spec and `usage` knows the algorithm."""
        return usage in self.algorithms and algorithm in self.algorithms[Usage(usage)]


_SIZES = {
    "128": 16,
    "192": 24,
    "256": 32,
    "sm3": 32,
    "sha224": 28,
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
}
_ENCRYPTING = {Usage.ENCRYPT: ("SYMMETRIC_DEFAULT",)}
_RSA = {
    Usage.SIGN: ("RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"),
    Usage.ENCRYPT: ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"),
}
_ECDSA = {Usage.SIGN: ("ECDSA_SHA_256",)}
_SM2 = {Usage.SIGN: ("SM2DSA",), Usage.ENCRYPT: ("SM2PKE",)}

SPECS = {
    spec.name: spec
    for spec in (
        Spec("Aliyun_AES_256", Kind("AES", "256"), _ENCRYPTING),
        Spec("Aliyun_AES_192", Kind("AES", "192"), _ENCRYPTING),
        Spec("Aliyun_AES_128", Kind("AES", "128"), _ENCRYPTING),
        Spec("Aliyun_SM4", Kind("SM4", "128"), _ENCRYPTING),
        Spec("RSA_2048", Kind("RSA", "2048"), _RSA),
        Spec("RSA_3072", Kind("RSA", "3072"), _RSA),
        Spec("RSA_4096", Kind("RSA", "4096"), _RSA),
        Spec("EC_P256", Kind("EC", "secp256r1"), _ECDSA),
        Spec("EC_P256K", Kind("EC", "secp256k1"), _ECDSA),
        Spec("EC_SM2", Kind("SM2", "256"), _SM2),
        Spec("HMAC_SM3", Kind("HMAC", "sm3"), {Usage.MAC: ("HMAC_SM3",)}),
        *(
            Spec(f"HMAC_SHA_{bits}", Kind("HMAC", f"sha{bits}"), {Usage.MAC: (f"HMAC_SHA_{bits}",)})
            for bits in ("224", "256", "384", "512")
        ),
    )
}
