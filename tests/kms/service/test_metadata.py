# SPDX-License-Identifier: Apache-2.0
"""What DescribeKey tells, in the API's spelling."""

from sidecar.kms.service.metadata import key_metadata, timestamp
from sidecar.kms.store import Cmk


def test_dates_are_whole_seconds_of_utc() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00Z"
    assert timestamp(1_764_000_000) == "2025-11-24T16:00:00Z"


def test_dates_that_are_not_set_are_empty_texts() -> None:
    cmk = Cmk(
        *("k", "1", "r", "1", "words", "Aliyun_AES_256", "ENCRYPT/DECRYPT", "Aliyun_KMS"),
        *("HSM", "Enabled", "v", 0),
    )
    told = key_metadata(cmk)
    assert told["Arn"] == "acs:kms:r:1:key/k"
    assert (told["DeleteDate"], told["MaterialExpireTime"]) == ("", "")
    assert (told["CreationDate"], told["PrimaryKeyVersion"]) == ("1970-01-01T00:00:00Z", "v")
