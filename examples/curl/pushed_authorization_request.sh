#!/bin/sh
# Pushed authorization requests (RFC 9126): the application says what it asks for on its own connection, and the browser carries a name for it alone.
. "$(dirname "$0")/steps.sh"

new_verifier
step 'The application pushes its request, and authenticates with it (§2.1)'
ask 201 "$ISSUER/par" --user demo-web:demo-web-secret --data response_type=code \
    --data-urlencode "redirect_uri=$CALLBACK" --data 'scope=notes.read' \
    --data "code_challenge=$challenge" --data code_challenge_method=S256
request=$(field request_uri)

step 'The browser brings the name of it (§4)'
authorize client_id=demo-web "request_uri=$request"
ask 200 "$ISSUER/token" --user demo-web:demo-web-secret --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
