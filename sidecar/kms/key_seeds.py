# SPDX-License-Identifier: Apache-2.0
"""The `keys` of a `kms.yaml`: CMKs that are there from the start, under ids known beforehand.

    keys:
      - id: 11111111-2222-4333-8444-555555555555
        aliases: [alias/customers]        # optional
        spec: Aliyun_AES_256              # optional, as all that follows: what CreateKey would take
        usage: ENCRYPT/DECRYPT
        region: cn-hangzhou               # the default one
        account: "1000000000000001"       # needed where there are several

So whatever needs a CMK can name it before the KMS core was ever started.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sidecar.kms.service.names import is_key_id, new_alias_name
from sidecar.kms.service.specs import DEFAULT_SPEC, SPECS
from sidecar.strict_yaml import Entry, nearest


@dataclass(frozen=True, slots=True)
class KeySeed:
    """A CMK that has to be there, and its names."""

    key_id: str
    account: str
    region: str
    key_spec: str
    key_usage: str
    aliases: tuple[str, ...] = ()


class KeyReader:
    """Reads `keys`; the first of `regions` is the default one."""

    def __init__(self, accounts: Sequence[str], regions: Sequence[str]) -> None:
        self._accounts = accounts
        self._regions = regions
        self._taken: set[tuple[str, ...]] = set()

    def read(self, entry: Entry) -> tuple[KeySeed, ...]:
        return tuple(map(self._seed, entry.items()))

    def _seed(self, entry: Entry) -> KeySeed:
        region = entry.optional("region", self._region, self._regions[0])
        account = self._account(entry)
        spec = entry.optional("spec", lambda one: one.one_of(SPECS), DEFAULT_SPEC)
        usages = [str(usage) for usage in SPECS[spec].algorithms]
        seed = KeySeed(
            key_id=self._id(entry.get("id")),
            account=account,
            region=region,
            key_spec=spec,
            key_usage=entry.optional("usage", lambda one: one.one_of(usages), usages[0]),
            aliases=entry.optional(
                "aliases", lambda some: self._aliases(some, (account, region)), ()
            ),
        )
        entry.finish()
        return seed

    def _id(self, entry: Entry) -> str:
        if not is_key_id(entry.text()):
            raise entry.error("expected a key id: up to 64 letters, digits and -")
        return self._once(entry, ())

    def _aliases(self, entry: Entry, place: tuple[str, str]) -> tuple[str, ...]:
        return tuple(self._alias(one, place) for one in entry.items())

    def _alias(self, entry: Entry, place: tuple[str, str]) -> str:
        try:
            new_alias_name(entry.text())
        except ValueError:
            raise entry.error("expected an alias such as alias/customers") from None
        return self._once(entry, place)

    def _region(self, entry: Entry) -> str:
        return entry.one_of(self._regions)

    def _account(self, entry: Entry) -> str:
        if len(self._accounts) == 1 and entry.find("account") is None:
            return self._accounts[0]
        one = entry.get("account")
        if one.text() not in self._accounts:
            problem = f"no account has the id {one.text()!r}"
            raise one.error(problem + nearest(one.text(), self._accounts))
        return one.text()

    def _once(self, entry: Entry, where: tuple[str, ...]) -> str:
        name = entry.text()
        if (*where, name) in self._taken:
            raise entry.error(f"{name} stands here twice")
        self._taken.add((*where, name))
        return name
