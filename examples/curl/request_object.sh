#!/bin/sh
# Signed requests (RFC 9101), pushed (RFC 9126): what the application asks for is signed with its key, so that nobody can ask for something else in its name.
. "$(dirname "$0")/steps.sh"

new_key app
"$GRANTOR" client create --data "$DATA" --id signing-app --name 'An application that signs' --secret signing-app-secret \
    --redirect-uri "$CALLBACK" --scope notes.read --jwks "$work/app.keys" --request-alg ES256 \
    --require-signed-request --require-par >"$work/made"

# request SCOPE: a request object for that scope, good for five minutes (§4).
request() {
    now=$(date +%s)
    sign_jwt app '"kid":"1","typ":"oauth-authz-req+jwt"' "$(printf '"iss":"signing-app","aud":"%s","nbf":%s,"exp":%s,%s' "$ISSUER" "$now" $((now + 300)) \
        "\"client_id\":\"signing-app\",\"response_type\":\"code\",\"redirect_uri\":\"$CALLBACK\",\"scope\":\"$1\",\"code_challenge\":\"$challenge\",\"code_challenge_method\":\"S256\"")"
}

push() {
    status=$1
    shift
    ask "$status" "$ISSUER/par" --user signing-app:signing-app-secret "$@"
}

new_verifier
step 'The application pushes what it signed (RFC 9126 §3)'
object=$(request notes.read)
push 201 --data "request=$object"
uri=$(field request_uri)

step 'The browser brings the name of it, and whatever else it brings does not count (RFC 9101 §6.3)'
authorize client_id=signing-app "request_uri=$uri" 'scope=notes.read notes.write'
ask 200 "$ISSUER/token" --user signing-app:signing-app-secret --data grant_type=authorization_code \
    --data "code=$(parameter code)" --data-urlencode "redirect_uri=$CALLBACK" --data "code_verifier=$verifier"
equals scope "$(field scope)" notes.read
token=$(field access_token)
ask 200 "$ISSUER/demo/notes" --header "Authorization: Bearer $token"

step 'With another scope in it, the signature is no signature (§5.1)'
wider=$(request 'notes.read notes.write' | cut -d . -f 2)
push 400 --data "request=$(printf '%s' "$object" | cut -d . -f 1).$wider.$(printf '%s' "$object" | cut -d . -f 3)"
equals error "$(field error)" invalid_request_object

step 'Nor does it get anything unsigned, or in the browser'
push 400 --data response_type=code --data-urlencode "redirect_uri=$CALLBACK" --data scope=notes.read \
    --data "code_challenge=$challenge" --data code_challenge_method=S256
equals error "$(field error)" invalid_request
ask 303 --get "$ISSUER/authorize" --data client_id=signing-app --data "request=$(request notes.read)"
equals error "$(parameter error)" invalid_request
