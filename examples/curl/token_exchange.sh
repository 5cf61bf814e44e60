#!/bin/sh
# Token exchange (RFC 8693): an API gets a token with which it acts for Alice at the next API, and the token says so.
. "$(dirname "$0")/steps.sh"

"$GRANTOR" client create --data "$DATA" --id notes-api --name 'The notes API' --secret notes-api-secret \
    --grant urn:ietf:params:oauth:grant-type:token-exchange --scope 'notes.read notes.write' \
    --introspects urn:demo:notes >"$work/made"

new_verifier
step 'Alice lets an application read and change her notes'
authorize response_type=code client_id=demo-web "redirect_uri=$CALLBACK" \
    'scope=notes.read notes.write' "code_challenge=$challenge" code_challenge_method=S256
ask 200 "$ISSUER/token" --user demo-web:demo-web-secret --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
token=$(field access_token)

exchange() {
    status=$1
    shift
    ask "$status" "$ISSUER/token" --user notes-api:notes-api-secret \
        --data grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
        --data "subject_token=$token" \
        --data subject_token_type=urn:ietf:params:oauth:token-type:access_token "$@"
}

step 'The application calls the API, and the API exchanges what it was given for less (§2.1)'
exchange 200 --data scope=notes.read
equals issued_token_type "$(field issued_token_type)" urn:ietf:params:oauth:token-type:access_token
equals scope "$(field scope)" notes.read
exchanged=$(field access_token)

step 'Whose is it, and who acts? (§4.1)'
ask 200 "$ISSUER/introspect" --user notes-api:notes-api-secret --data "token=$exchanged"
equals 'client_id of the actor' "$(field client_id)" notes-api

step 'It never gets more than the application had'
exchange 400 --data 'scope=notes.read email'
equals error "$(field error)" invalid_scope

step 'Nobody else can exchange it'
ask 400 "$ISSUER/token" --user demo-service:demo-service-secret \
    --data grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
    --data "subject_token=$token" --data subject_token_type=urn:ietf:params:oauth:token-type:access_token
equals error "$(field error)" unauthorized_client

step 'When the application gives its token back, what came of it ends too'
ask 200 "$ISSUER/revoke" --user demo-web:demo-web-secret --data "token=$token"
ask 200 "$ISSUER/introspect" --user notes-api:notes-api-secret --data "token=$exchanged"
equals active "$(field active)" false
