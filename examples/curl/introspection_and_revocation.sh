#!/bin/sh
# An API asks about a token (RFC 7662), and an application gives one back (RFC 7009).
. "$(dirname "$0")/steps.sh"

step 'A service gets a token'
ask 200 "$ISSUER/token" --user demo-service:demo-service-secret \
    --data grant_type=client_credentials --data scope=notes.read
token=$(field access_token)

step 'What is this token? (RFC 7662 §2.1)'
ask 200 "$ISSUER/introspect" --user demo-service:demo-service-secret --data "token=$token"
equals active "$(field active)" true
equals scope "$(field scope)" notes.read

step 'It is given back (RFC 7009 §2.1)'
ask 200 "$ISSUER/revoke" --user demo-service:demo-service-secret --data "token=$token"

step 'Nothing more is said about it (RFC 7662 §2.2)'
ask 200 "$ISSUER/introspect" --user demo-service:demo-service-secret --data "token=$token"
equals active "$(field active)" false
lacks scope
