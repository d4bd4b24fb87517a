# SPDX-License-Identifier: Apache-2.0
"""An ordinary application: it keeps customers in ArcadeDB and has never heard of encryption.

    application.py URL TENANT add < customer.json       stores a customer, prints what came back
    application.py URL TENANT get ID                    prints a customer
    application.py URL TENANT find EMAIL                prints the customers with that address

Exit code 1, and the store's answer on standard error, when the store says no.
"""

import json
import sys
from typing import Any

import httpx

AUTH = ("root", "playwithdata")
COLUMNS = ("id", "name", "city", "ssn", "email", "card", "credit_limit", "notes")
ADD = "INSERT INTO Customer SET " + ", ".join(f"{name} = :{name}" for name in COLUMNS)
GET = "SELECT FROM Customer WHERE id = :id"
FIND = "SELECT FROM Customer WHERE email = :email"


def main() -> None:
    url, tenant, verb, *words = sys.argv[1:]
    store = httpx.Client(
        base_url=url, auth=AUTH, headers={"X-Tenant-Id": tenant}, timeout=30, trust_env=False
    )
    if verb == "add":
        kind, statement, params = "command", ADD, sys.stdin.read()
    else:
        kind, statement, name = ("query", GET, "id") if verb == "get" else ("query", FIND, "email")
        params = json.dumps({name: words[0]})
    answer = store.post(
        f"/api/v1/{kind}/crm",
        # The customer goes out exactly as it came in: 1.10 stays 1.10.
        content=f'{{"language":"sql","command":"{statement}","params":{params}}}',
        headers={"Content-Type": "application/json"},
    )
    if answer.is_error:
        print(f"{answer.status_code} {answer.text}", file=sys.stderr)
        sys.exit(1)
    rows: list[dict[str, Any]] = json.loads(answer.text, parse_float=str)["result"]
    for row in rows:
        print(json.dumps({name: row[name] for name in COLUMNS if name in row}, ensure_ascii=False))


if __name__ == "__main__":
    main()
