#!/bin/sh
# The client credentials grant (RFC 6749 §4.4): a service acts for itself.
. "$(dirname "$0")/steps.sh"

step 'The client authenticates and asks for a token (§4.4.2)'
ask 200 "$ISSUER/token" --user demo-service:demo-service-secret \
    --data grant_type=client_credentials --data scope=notes.read
token=$(field access_token)
lacks refresh_token

step 'It calls the API with the token (RFC 6750 §2.1)'
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'A wrong secret gets nothing, and says nothing else (§5.2)'
ask 401 "$ISSUER/token" --user demo-service:another-secret --data grant_type=client_credentials
equals error "$(field error)" invalid_client
