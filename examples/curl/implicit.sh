#!/bin/sh
# The implicit grant (RFC 6749 §4.2), for an old application in a browser: OAuth 2.1 has left it out, and grantor refuses it until it is switched on.
. "$(dirname "$0")/steps.sh"

step 'An application of today is told that it may not'
ask 303 --get "$ISSUER/authorize" --data-urlencode response_type=token --data-urlencode client_id=demo-cli \
    --data-urlencode "redirect_uri=$CALLBACK" --data-urlencode scope=notes.read
equals error "$(parameter error)" unsupported_response_type

step 'Somebody decides that an old one must'
"$GRANTOR" client create --data "$DATA" --id old-page --name 'An old page' --public --redirect-uri "$CALLBACK" \
    --profile openid --allow-retired-grants --grant implicit --response-type token --scope notes.read 2>&1

step 'The token comes in the fragment, which no server sees (§4.2.2)'
state=$(random)
authorize response_type=token client_id=old-page "redirect_uri=$CALLBACK" scope=notes.read "state=$state"
equals state "$(parameter state)" "$state"
equals token_type "$(parameter token_type)" Bearer
token=$(parameter access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"
