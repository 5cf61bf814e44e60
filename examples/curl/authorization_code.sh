#!/bin/sh
# The authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636): an application acts for Alice, whose password it never sees.
. "$(dirname "$0")/steps.sh"

new_verifier
state=$(random)

step 'The application sends the browser to grantor (§4.1.1)'
authorize response_type=code client_id=demo-web "redirect_uri=$CALLBACK" \
    'scope=openid notes.read' "state=$state" \
    "code_challenge=$challenge" code_challenge_method=S256

step 'The browser is back with a code (§4.1.2), and grantor has named itself (RFC 9207)'
code=$(parameter code)
equals state "$(parameter state)" "$state"
equals iss "$(parameter iss)" "$ISSUER"

step 'The application redeems the code, proving that it was the one who asked (§4.1.3, RFC 7636 §4.5)'
ask 200 "$ISSUER/token" --user demo-web:demo-web-secret --data grant_type=authorization_code \
    --data "code=$code" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
token=$(field access_token)

step 'Who is it? (OpenID Connect Core §5.3)'
ask 200 "$ISSUER/userinfo" --header "Authorization: Bearer $token"

step 'It reads the notes of Alice (RFC 6750 §2.1)'
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'A code counts once: its second use gets nothing, and ends what the first one gave (§4.1.2)'
ask 400 "$ISSUER/token" --user demo-web:demo-web-secret --data grant_type=authorization_code \
    --data "code=$code" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
equals error "$(field error)" invalid_grant
ask 401 "$ISSUER/userinfo" --header "Authorization: Bearer $token"
