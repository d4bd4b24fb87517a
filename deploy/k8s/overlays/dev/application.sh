#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary client of ArcadeDB's HTTP API: writes a customer and reads it back, every ten seconds.
# It knows one URL and one password, and nothing of sealing.
set -eu

command() {
  printf '{"language":"sql","command":"%s","params":%s}' "$1" "$2" |
    curl --silent --show-error --fail-with-body --max-time 10 --json @- \
      --variable password@/var/run/crm-store/password --expand-user 'root:{{password:trim}}' \
      http://127.0.0.1:8080/api/v1/command/crm
  echo
}

number=0
while :; do
  number=$((number + 1))
  command 'CREATE DOCUMENT TYPE Customer IF NOT EXISTS' '{}' &&
    command 'UPDATE Customer SET id = :id, name = :name, email = :email, ssn = :ssn UPSERT WHERE id = :id' \
      "{\"id\":\"c-$number\",\"name\":\"Ada\",\"email\":\"ada@example.com\",\"ssn\":\"078-05-1120\"}" &&
    command 'SELECT FROM Customer WHERE id = :id' "{\"id\":\"c-$number\"}" || :
  sleep 10
done
