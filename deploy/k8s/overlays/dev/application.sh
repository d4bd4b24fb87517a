#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary client of ArcadeDB's HTTP API: writes a customer and reads it back, every ten seconds.
# It knows one URL and one password, and nothing of sealing. Usage: application.sh URL PASSWORD_FILE
set -eu
url=$1
password_file=$2

sql() {
  printf 'user = "root:%s"' "$(cat "$password_file")" |
    curl --silent --show-error --max-time 10 --config - \
      --json "{\"language\":\"sql\",\"command\":\"$1\",\"params\":$2}" "$url/api/v1/command/crm"
  echo
}

while :; do
  id=$(date +%s)
  sql 'CREATE DOCUMENT TYPE Customer IF NOT EXISTS' '{}'
  sql 'INSERT INTO Customer SET id = :id, name = :name, email = :email, ssn = :ssn' \
    "{\"id\":\"$id\",\"name\":\"Ada\",\"email\":\"ada@example.com\",\"ssn\":\"078-05-1120\"}"
  sql 'SELECT FROM Customer WHERE id = :id' "{\"id\":\"$id\"}"
  sleep 10
done
