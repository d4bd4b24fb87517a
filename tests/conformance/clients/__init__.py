# SPDX-License-Identifier: Apache-2.0
"""Whole clients of the vendor's that use a KMS, unmodified, each in an environment of its own.

Their packages want old versions of what the product uses. The scripts beside this file are run
there, with what they need to know in the environment, and end with 0 where all went well.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.fixtures.kms import RunningKms

HERE = Path(__file__).parent
CORE = ("aliyun-python-sdk-core==2.16.1", "aliyun-python-sdk-kms==2.16.5", "cryptography==41.0.7")
PACKAGES: Mapping[str, tuple[str, ...]] = {
    # The vendor's encryption SDK for Python, by the name under which the index has it.
    "encryption_sdk": ("bestv-aliyun-encryption-sdk==0.1.2",),
    "transfer_client": ("alibabacloud-dkms-transfer-python==0.1.3",),
}


def run() -> dict[str, str]:
    """What each client says in the end: nothing where all went well."""
    with tempfile.TemporaryDirectory() as name:
        kms = RunningKms(Path(name) / "kms", ("127.0.0.1",))
        kms.start()
        try:
            return {client: _run(client, Path(name), kms) for client in PACKAGES}
        finally:
            kms.close()


def _run(client: str, folder: Path, kms: RunningKms) -> str:
    python = folder / client / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder / client], check=True)
    install = [*uv, "pip", "install", "--python", python]
    for packages in (
        PACKAGES[client],
        CORE,
    ):  # whose pins by the former are too old for this Python
        subprocess.run([*install, *packages], check=True, timeout=600)
    key = kms.call("DescribeKey", KeyId=kms.make_key())["KeyMetadata"]
    told = {
        "KMS_ADDRESS": kms.address,
        "KMS_KEY_ID": key["KeyId"],
        "KMS_KEY_ARN": key["Arn"],
        "KMS_REGION": kms.region,
        "KMS_ACCESS_KEY": kms.access_key.id,
        "KMS_SECRET": kms.access_key.secret,
        "ALIBABA_CLOUD_CA_BUNDLE": str(kms.ca),
    }
    done = subprocess.run(
        [python, "-W", "ignore", HERE / f"{client}.py"],
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stderr.strip() if done.returncode else ""
