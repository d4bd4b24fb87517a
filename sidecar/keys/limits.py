# SPDX-License-Identifier: Apache-2.0
"""Every bound of the keyring in one place, with the reason for its number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Ages are in seconds on the keyring's clock, usage in messages and plaintext bytes.

    The soft limits bound what one leaked data key exposes and how long a disabled CMK lives on;
    they are policy, not cryptography: Cobblestone keys last for 2^55 messages of 32 MiB (C2SP
    chunked-encryption, "Security"). The hard limits hold even while the KMS is away. They stand
    at NIST SP 800-38D's 2^32 invocations (section 8.3), as if every message drew its nonce under
    the data key itself, and at 1 TiB: far inside the bound of every suite, SM4 included, so the
    few messages that one request may add after the check change nothing.
    """

    max_age: float = 3600.0
    max_messages: int = 2**20
    max_bytes: int = 2**30
    grace: float = 3600.0
    hard_messages: int = 2**32
    hard_bytes: int = 2**40

    open_age: float = 6 * 3600.0
    open_grace: float = 18 * 3600.0  # with `open_age`: reads live through a day without the KMS

    refresh_from: float = 0.7  # each key draws the fraction of its limits at which its successor
    refresh_to: float = 0.9  # is fetched, so that replicas started together drift apart
    retry_first: float = 1.0
    retry_most: float = 30.0

    cmk_age: float = 300.0  # how soon a moved alias is noticed
    cmk_recheck: float = 5.0  # at most so often is an alias looked up because an EDK failed it

    sealing_keys: int = 4096
    tenants: int = 4096
    opened_per_tenant: int = 8192
    opened: int = 65_536  # about 2 KiB each
    negatives: int = 16_384
    negative_age: float = 15.0

    decrypts_per_tenant: int = 16
    waiting_per_tenant: int = 2048  # one answer may list a thousand records, each under its own key
