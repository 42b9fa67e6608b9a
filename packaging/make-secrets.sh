#!/bin/sh
# Makes the secrets of compose.production.yaml in ./secrets; those that exist stay as they are.
set -eu

# The directory keeps others out. A container reads its files as a user of its own, to whom they are mounted one by one.
mkdir -p secrets
chmod 700 secrets
umask 022

write() {
  [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

random() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

write postgres_password "$(random)"
write mongo_password "$(random)"
write secret_key "$(random)"
write admin_password "$(random)"
write database_url "postgresql://reprise:$(cat secrets/postgres_password)@postgres/reprise"
write mongodb_url "mongodb://reprise:$(cat secrets/mongo_password)@mongo/reprise?authSource=admin"
echo "The password of the first admin is in secrets/admin_password."
