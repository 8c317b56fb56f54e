#!/bin/bash
# Runs once in a new PostgreSQL container, after roles.sql: passwords from the secrets, the database, and its schema's owner.
set -eu
for role in migrator app worker portfolio; do
    password=$(cat "/run/secrets/${role}_password")
    psql -v ON_ERROR_STOP=1 -v role="ballium_$role" -v password="$password" -U postgres <<'SQL'
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
psql -v ON_ERROR_STOP=1 -U postgres -c 'CREATE DATABASE ballium OWNER ballium_owner'
