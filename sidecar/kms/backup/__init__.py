# SPDX-License-Identifier: Apache-2.0
"""A KMS core in one file, taken while it serves, and a core made from such a file.

    backup.json   what it is: version, folder, whether the token is in it
    kms.db        the database as it was at one moment, as SQLite whatever it is kept in
    files/…       the folder: SoftHSM token, PINs, secrets, certificates, kms.yaml

A gzipped tar of these, 0600; with a passphrase it is sealed whole (`sealing`). It holds what the
token holds, so without a passphrase it is as secret as the token itself.
"""

from sidecar.kms.backup.restoring import restore
from sidecar.kms.backup.taking import take

__all__ = ["restore", "take"]
