# SPDX-License-Identifier: Apache-2.0
"""An ordinary application: it keeps customers in ArcadeDB and has never heard of encryption.

    application.py URL TENANT add < customer.json       stores a customer, prints what came back
    application.py URL TENANT get ID                    prints a customer
    application.py URL TENANT find EMAIL                prints the customers with that address

Exit code 1, and the store's answer on standard error, when the store says no.
"""

import json
import sys

import httpx

AUTH = ("root", "playwithdata")
COLUMNS = ("id", "city", "name", "ssn", "email", "card", "balance", "notes")
ADD = "INSERT INTO Customer SET " + ", ".join(f"{name} = :{name}" for name in COLUMNS)
GET = "SELECT FROM Customer WHERE id = :id"
FIND = "SELECT FROM Customer WHERE email = :email"


def main() -> None:
    url, tenant, verb, *words = sys.argv[1:]
    if verb == "add":
        kind, statement, params = "command", ADD, sys.stdin.read()
    elif verb == "get":
        kind, statement, params = "query", GET, json.dumps({"id": words[0]})
    else:
        kind, statement, params = "query", FIND, json.dumps({"email": words[0]})
    answer = httpx.post(
        f"{url}/api/v1/{kind}/crm",
        content=f'{{"language":"sql","command":"{statement}","params":{params}}}',
        headers={"Content-Type": "application/json", "X-Tenant-Id": tenant},
        auth=AUTH,
        timeout=30,
        trust_env=False,
    )
    if answer.is_error:
        print(f"HTTP {answer.status_code} {answer.text}", file=sys.stderr)
        sys.exit(1)
    print(answer.text)


if __name__ == "__main__":
    main()
