#!/bin/sh
# The refresh token grant (RFC 6749 §6): an application goes on while Alice is away. grantor rotates refresh tokens (OAuth 2.1 §4.3.1).
. "$(dirname "$0")/steps.sh"

# refresh TOKEN STATUS ARGUMENT…
refresh() {
    token=$1
    status=$2
    shift 2
    ask "$status" "$ISSUER/token" --data client_id=demo-cli --data grant_type=refresh_token \
        --data "refresh_token=$token" "$@"
}

new_verifier
step 'Alice lets the application in, also while she is away: offline_access (OpenID Connect Core §11)'
authorize response_type=code client_id=demo-cli "redirect_uri=$CALLBACK" \
    'scope=openid offline_access notes.read notes.write' \
    "code_challenge=$challenge" code_challenge_method=S256 prompt=consent
ask 200 "$ISSUER/token" --data client_id=demo-cli --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
first=$(field refresh_token)

step 'Later it refreshes (§6): a new access token, and a new refresh token'
refresh "$first" 200
second=$(field refresh_token)

step 'It may ask for less, for this one token'
refresh "$second" 200 --data scope=notes.read
equals scope "$(field scope)" notes.read
third=$(field refresh_token)

step 'It can never ask for more'
refresh "$third" 400 --data 'scope=notes.read email'
equals error "$(field error)" invalid_scope

step 'A refresh token that is two generations old was stolen from somebody: the whole family ends'
refresh "$first" 400
equals error "$(field error)" invalid_grant
refresh "$third" 400
equals error "$(field error)" invalid_grant
